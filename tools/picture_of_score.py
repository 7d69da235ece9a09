"""Draw how one movie gets its score: docs/images/score.svg.

python -m tools.picture_of_score. The movie is the worked example of
docs/concepts/metrics.md; drawn is what the columns say of it.
"""

import math
from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape

from local.archives import ROOT
from tools.worked_example import Example, Row, computed

PICTURE = ROOT / "docs/images/score.svg"

WIDTH, HEIGHT = 830, 424
LEFT, RIGHT, TOP, BOTTOM = 56, 620, 64, 356
LOWEST, HIGHEST = 12.0, 80.0
OLDEST = 13
TICKS = (12, 20, 30, 40, 60, 80)

XMLNS = "http://www.w3.org/2000/svg"
STYLE = """
svg { --ground: #fff; --ink: #1b1d21; --mute: #565d69; --grid: #e4e1d8; --line: #8b919c;
  --expected: #0b5cad; --now: #a3195b; --band: #0b5cad22; }
@media (prefers-color-scheme: dark) {
  svg { --ground: #14161a; --ink: #eceae4; --mute: #a6acb8; --grid: #2f343d;
    --line: #7d8490; --expected: #74b7f9; --now: #f487b8; --band: #74b7f92b; }
}
text { font: 15px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  fill: var(--ink); }
.title { font-size: 18px; font-weight: 600; }
.mute { fill: var(--mute); }
.ground { fill: var(--ground); }
.grid { stroke: var(--grid); }
.days { fill: none; stroke: var(--line); stroke-width: 1.5; }
.day { fill: var(--line); }
.level { stroke-width: 4; stroke-linecap: round; }
.expected { stroke: var(--expected); }
.other { stroke: var(--line); }
.now, .rise { stroke: var(--now); }
.rise { stroke-width: 2; }
.head { fill: var(--now); }
.noise { fill: var(--band); }
.of-expected { fill: var(--expected); font-weight: 600; }
.of-now { fill: var(--now); font-weight: 600; }
"""
LEVELS = {"last_week": (13, 7), "days_3_to_6": (6, 3)}
NAMES = {"last_week": "last week", "days_3_to_6": "days 3 to 6 before"}


def x(age: float) -> float:
    """Return where a day stands."""
    return LEFT + (OLDEST + 0.5 - age) / (OLDEST + 1) * (RIGHT - LEFT)


def y(popularity: float) -> float:
    """Return where a popularity stands; the scale is logarithmic, as levels are."""
    share = math.log(popularity / LOWEST) / math.log(HIGHEST / LOWEST)
    return BOTTOM - share * (BOTTOM - TOP)


def svg(example: Example) -> str:
    """Draw the levels, the noise around the expected one, and what came of it."""
    row = example.explained
    expected = row["popularity_expected"]
    other = next(name for name in LEVELS if name != row["expected_level"])
    alarm = expected * math.exp(example.breakout_min_surge * row["popularity_noise"])
    middle = x(0.5)
    shapes = [
        _rect("ground", 0, 0, WIDTH, HEIGHT),
        *_axes(),
        _rect("noise", x(6.5), y(alarm), x(-0.5) - x(6.5), y(expected) - y(alarm)),
        *_days(example.popularity),
        _level("other", *LEVELS[other], example.level(*LEVELS[other])),
        _level("expected", *LEVELS[row["expected_level"]], expected),
        _level("now", 1, 0, row["popularity_now"]),
        _line("rise", middle, y(expected), middle, y(row["popularity_now"]) + 12),
        _head(middle, y(row["popularity_now"]) + 4),
        _text("title", LEFT, 30, "A second wave: the level now against two levels"),
        _text(
            "mute",
            x(8.4),
            y(example.level(*LEVELS[other])) - 9,
            f"{NAMES[other]}: {example.level(*LEVELS[other]):.1f}",
            "middle",
        ),
        _text(
            "of-expected",
            x(6.6),
            y(expected) + 5,
            f"{NAMES[row['expected_level']]}: {expected:.1f}",
            "end",
        ),
        _text("of-expected", x(6.6), y(expected) + 26, "the lower: expected", "end"),
        _text(
            "mute",
            x(6.4),
            y(alarm) - 7,
            f"{example.breakout_min_surge:.0f} units of noise: {alarm:.1f}",
        ),
        *_beside(row),
    ]
    return "\n".join(
        [
            f'<svg xmlns="{XMLNS}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            f"<title>{escape(_in_words(row))}</title>",
            f"<style>{STYLE}</style>",
            *shapes,
            "</svg>\n",
        ]
    )


def _in_words(row: Row) -> str:
    return (
        f"Popularity now {row['popularity_now']:.1f}, expected "
        f"{row['popularity_expected']:.1f}: {row['z_popularity']:.2f} units of noise"
    )


def _beside(row: Row) -> Iterator[str]:
    """Write what came of it, right of the chart."""
    factor = row["popularity_now"] / row["popularity_expected"] / row["market_factor"]
    left, top = RIGHT + 16, y(row["popularity_now"])
    lines = [
        ("of-now", f"now: {row['popularity_now']:.1f}"),
        ("", f"{factor:.2f} x expected"),
        ("mute", f"(the market is x {row['market_factor']:.2f})"),
        ("", f"ln {factor:.2f} / {row['popularity_noise']:.3f} ="),
        ("", f"{row['z_popularity']:.2f} units of noise"),
        ("", ""),
        ("", f"{row['votes_3d']:.0f} votes, {row['votes_3d_expected']:.1f} expected:"),
        ("", f"{row['z_votes']:.2f} units of noise"),
        ("mute", f"(weight {row['weight_of_votes']:.3f})"),
        ("", ""),
        ("of-now", f"surge {row['surge']:.2f}"),
        ("of-now", f"viral coefficient {row['viral_coefficient']:.1f}"),
    ]
    for n, (kind, line) in enumerate(lines):
        if line:
            yield _text(kind, left, top + 5 + 21 * n, line)


def _axes() -> Iterator[str]:
    for tick in TICKS:
        yield _line("grid", LEFT, y(tick), RIGHT, y(tick))
        yield _text("mute", LEFT - 8, y(tick) + 5, str(tick), "end")
    yield _text("mute", LEFT, 52, "popularity, logarithmic")
    for age in (13, 7, 6, 3, 1, 0):
        yield _text("mute", x(age), BOTTOM + 24, str(age), "middle")
    yield _text("mute", (LEFT + RIGHT) / 2, BOTTOM + 48, "days ago", "middle")


def _days(popularity: Mapping[int, float]) -> Iterator[str]:
    shown = [(x(age), y(popularity[age])) for age in range(OLDEST, -1, -1)]
    points = " ".join(f"{at:.1f},{up:.1f}" for at, up in shown)
    yield f'<polyline class="days" points="{points}"/>'
    for at, up in shown:
        yield f'<circle class="day" cx="{at:.1f}" cy="{up:.1f}" r="3"/>'


def _level(kind: str, oldest: int, newest: int, popularity: float) -> str:
    ends = x(oldest + 0.4), x(newest - 0.4)
    return _line(f"level {kind}", ends[0], y(popularity), ends[1], y(popularity))


def _line(kind: str, *ends: float) -> str:
    names = zip(("x1", "y1", "x2", "y2"), ends, strict=True)
    return f'<line class="{kind}" {" ".join(f'{n}="{v:.1f}"' for n, v in names)}/>'


def _head(at: float, up: float) -> str:
    return f'<path class="head" d="M{at:.1f} {up:.1f}l-5 10h10z"/>'


def _rect(kind: str, left: float, top: float, width: float, height: float) -> str:
    return (
        f'<rect class="{kind}" x="{left:.1f}" y="{top:.1f}" '
        f'width="{width:.1f}" height="{height:.1f}"/>'
    )


def _text(kind: str, at: float, up: float, words: str, anchor: str = "start") -> str:
    return (
        f'<text class="{kind}" x="{at:.1f}" y="{up:.1f}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )


def main() -> None:
    """Compute the example and draw it."""
    PICTURE.write_text(svg(computed()))
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
