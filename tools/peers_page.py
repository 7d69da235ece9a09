"""Write what benchmarks/results/peers.json says: tables of a page, and a picture.

python -m tools.peers_page: docs/reference/peers.md, below its mark, and
docs/images/peers.svg. The picture is of fine weather, 40 requests a second and 120 ms.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape

from local.archives import ROOT
from tools.picture_of_score import STYLE, XMLNS

RESULTS = ROOT / "benchmarks/results/peers.json"
PAGE = ROOT / "docs/reference/peers.md"
PICTURE = ROOT / "docs/images/peers.svg"

PIXELS_PER_RATIO = 150
WIDEST = 3.0
WIDTH, LEFT, TOP, ROW, FOOT = 830, 230, 84, 34, 34

BARS = """
.bar { fill: var(--line); }
.ours { fill: var(--expected); }
.lost { fill: var(--now); }
.bound { stroke: var(--ink); stroke-dasharray: 4 3; }
"""

MARK = "<!-- below: python -m tools.peers_page -->\n"
"""What is above it in the page is written by hand."""

HEADER = (
    "| client | s | x bound | landed | requests | 429s | CPU s | MiB | load |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|\n"
)

type Row = Mapping[str, Any]


def page(written: str, rows: Sequence[Row]) -> str:
    """Return the page with a table for each weather, limit and latency."""
    parts = [written.partition(MARK)[0], MARK]
    for (weather, limit, latency_ms), group in groupby(rows, _place):
        limited = f"{limit:g} requests a second" if limit else "no limit"
        parts.append(f"\n## {weather}, {limited}, {latency_ms} ms\n\n{HEADER}")
        parts += [_line(row) for row in group]
    return "".join(parts)


def picture(rows: Sequence[Row]) -> str:
    """Return the picture of the first table."""
    shown = [row for row in rows if _place(row) == _place(rows[0]) and row["bound_s"]]
    height = TOP + ROW * len(shown) + FOOT
    body = "\n".join(_bars(shown))
    return (
        f'<svg xmlns="{XMLNS}" viewBox="0 0 {WIDTH} {height}" role="img">\n'
        f"<title>Seconds of each client as multiples of the bound</title>\n"
        f"<style>{STYLE}{BARS}</style>\n"
        f'<rect class="ground" width="{WIDTH}" height="{height}"/>\n{body}\n</svg>\n'
    )


def _place(row: Row) -> tuple[str, float, int]:
    return row["weather"], row["limit"], row["latency_ms"]


def _line(row: Row) -> str:
    ratio = f"{row['load_s'] / row['bound_s']:.2f}" if row["bound_s"] else ""
    failure = f", {row['failure']}" if row["failure"] else ""
    return (
        f"| {row['client']}{failure} | {row['load_s']:.1f} | {ratio} | "
        f"{row['landed']:,} of {row['due']:,} | {row['requests']:,} | "
        f"{row['throttled']:,} | {row['cpu_s']:.1f} | {row['peak_mib']:.0f} | "
        f"{row['load']:g} |\n"
    )


def _bars(rows: Sequence[Row]) -> Iterator[str]:
    title = "1,000 movies: seconds, divided by the bound"
    yield f'<text class="title" x="20" y="32">{title}</text>'
    yield (
        '<text class="mute" x="20" y="56">1.0 is the fewest requests at the rate; '
        "rows lost and 429s beside the bar</text>"
    )
    for number, row in enumerate(rows):
        y = TOP + ROW * number
        ratio = row["load_s"] / row["bound_s"]
        width = min(ratio, WIDEST) * PIXELS_PER_RATIO
        lost = row["due"] - row["landed"]
        kind = "lost" if lost else "ours" if row["client"].startswith("ours") else "bar"
        text = [f"{ratio:.2f} x"]
        text += [f"{lost:,} rows lost"] if lost else []
        text += [f"{row['throttled']:,} x 429"] if row["throttled"] else []
        yield f'<text x="20" y="{y + 18}">{escape(row["client"])}</text>'
        yield (
            f'<rect class="{kind}" x="{LEFT}" y="{y + 4}" width="{width:.0f}" '
            f'height="20"/>'
        )
        inside = ratio >= WIDEST
        x = LEFT + (10 if inside else width + 8)
        style = ' style="fill: var(--ground)"' if inside else ""
        yield f'<text x="{x:.0f}" y="{y + 19}"{style}>{", ".join(text)}</text>'
    x, bottom = LEFT + PIXELS_PER_RATIO, TOP + ROW * len(rows)
    yield f'<line class="bound" x1="{x}" x2="{x}" y1="{TOP - 6}" y2="{bottom}"/>'
    yield f'<text class="mute" x="{x - 18}" y="{bottom + 18}">bound</text>'


def main() -> None:
    """Write both files."""
    rows = json.loads(RESULTS.read_text())
    PAGE.write_text(page(PAGE.read_text(), rows))
    PICTURE.write_text(picture(rows))


if __name__ == "__main__":
    main()
