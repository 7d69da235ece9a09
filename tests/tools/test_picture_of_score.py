"""The picture of the worked example: what is drawn is what the columns say."""

import math
import re
from xml.etree import ElementTree as ET

import pytest

from local.archives import ROOT
from tools import picture_of_score
from tools.worked_example import Example, computed

pytestmark = pytest.mark.emulator

PAGE = ROOT / "docs/concepts/metrics.md"


@pytest.fixture(scope="module")
def example() -> Example:
    return computed()


@pytest.fixture(scope="module")
def drawn(example: Example) -> ET.Element:
    return ET.fromstring(picture_of_score.svg(example))  # noqa: S314 - our own


def _of(drawn: ET.Element, tag: str, kind: str) -> list[ET.Element]:
    found = drawn.iter(f"{{{picture_of_score.XMLNS}}}{tag}")
    return [each for each in found if each.get("class") == kind]


def test_the_columns_are_those_worked_by_hand(example: Example) -> None:
    row = example.explained
    # Now sqrt(32 x 50); days 3 to 6: 25 x 16 = 20 x 20, so 20. Last week
    # 64 x 25 = 50 x 32 = 40 x 40, so 40.
    assert row["popularity_now"] == pytest.approx(40)
    assert row["popularity_expected"] == pytest.approx(20)
    assert row["expected_level"] == "days_3_to_6"
    assert example.level(13, 7) == pytest.approx(40)
    z_popularity = math.log(2) / (0.13 * math.sqrt(1 + 4 / 20))
    assert row["z_popularity"] == pytest.approx(z_popularity)
    # 27 days of 8 votes: (1 + 216) / (2 + 27) a day. Last week 56 in 7 days.
    expected = 3 * (7 * 217 / 29 + 56) / 14
    assert row["votes_3d"] == 90
    assert row["votes_3d_expected"] == pytest.approx(expected)
    even = [math.asinh(math.sqrt(0.1 * (n + 3 / 8))) for n in (90, expected)]
    z_votes = 2 / math.sqrt(0.1) * (even[0] - even[1])
    weight = math.sqrt(90 / 91)
    surge = (z_popularity + weight * z_votes) / math.sqrt(1 + weight**2)
    assert row["surge"] == pytest.approx(surge)
    assert row["viral_coefficient"] == pytest.approx(100 * (1 - 2 ** (-surge / 4)))


def test_every_level_is_drawn_at_its_height(
    example: Example, drawn: ET.Element
) -> None:
    ticks = {
        float(text.text or ""): float(line.get("y1", ""))
        for text, line in zip(
            [t for t in _of(drawn, "text", "mute") if t.get("text-anchor") == "end"],
            _of(drawn, "line", "grid"),
            strict=True,
        )
    }
    low, high = min(ticks), max(ticks)

    def popularity_at(height: float) -> float:
        share = (ticks[low] - height) / (ticks[low] - ticks[high])
        return float(low * (high / low) ** share)

    row = example.explained
    levels = {
        "now": row["popularity_now"],
        "expected": row["popularity_expected"],
        "other": example.level(13, 7),
    }
    for kind, popularity in levels.items():
        [line] = _of(drawn, "line", f"level {kind}")
        assert line.get("y1") == line.get("y2")
        height = float(line.get("y1", ""))
        assert popularity_at(height) == pytest.approx(popularity, rel=0.002)
    heights = [float(dot.get("cy", "")) for dot in _of(drawn, "circle", "day")]
    assert [popularity_at(height) for height in heights] == pytest.approx(
        [example.popularity[age] for age in range(13, -1, -1)], rel=0.002
    )
    [noise] = _of(drawn, "rect", "noise")
    alarm = row["popularity_expected"] * math.exp(3 * row["popularity_noise"])
    assert popularity_at(float(noise.get("y", ""))) == pytest.approx(alarm, rel=0.002)


def test_the_page_says_what_the_picture_says(
    example: Example, drawn: ET.Element
) -> None:
    row, words = example.explained, " ".join(drawn.itertext())
    [text] = re.findall(r"(?s)\nExample: a second wave.*?\n\n", PAGE.read_text())
    decimals = {"popularity_noise": 3, "weight_of_votes": 3, "votes_3d_expected": 1}
    decimals |= {"z_popularity": 2, "z_votes": 2, "surge": 2, "viral_coefficient": 1}
    for column, places in decimals.items():
        number = f"{row[column]:.{places}f}"
        assert number in words, column
        assert number in text, column


def test_the_picture_is_what_the_tool_draws(example: Example) -> None:
    kept = picture_of_score.PICTURE.read_text()
    assert kept == picture_of_score.svg(example), "stale: make docs"
