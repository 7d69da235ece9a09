"""Variables: each described, checked, in order, and in the document that lists them."""

import re
from pathlib import Path

from shared.messages import LARGEST_LIMIT
from tests.terraform.driver import REPOSITORY
from tests.terraform.variables import BLOCKS, TEXT

DOCUMENT: Path = REPOSITORY / "docs/reference/configuration.md"


def test_variables_are_in_alphabetical_order() -> None:
    assert len(BLOCKS) == TEXT.count('variable "')
    assert list(BLOCKS) == sorted(BLOCKS)


def test_every_variable_is_described_typed_and_checked() -> None:
    for name, block in BLOCKS.items():
        assert "  description = " in block, name
        assert "  type" in block, name
        is_checked = "  validation {" in block or re.search(r"type\s+= bool", block)
        assert is_checked, name


def test_every_refusal_says_what_to_write() -> None:
    messages = re.findall(r'error_message = "(.*)"', TEXT)
    assert len(messages) == TEXT.count("validation {")
    for message in messages:
        assert message.startswith(("Write ", "Set ")), message


def test_the_document_lists_every_variable_and_no_other() -> None:
    section = DOCUMENT.read_text().partition("## Variables")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert listed == list(BLOCKS)


def test_every_new_home_of_an_old_knob_is_there() -> None:
    homes = "".join(
        path.read_text()
        for pattern in ("terraform/*.tf", "sql/10_*.sql", "shared/*.py")
        for path in REPOSITORY.glob(pattern)
    )
    section = DOCUMENT.read_text().partition("## Where config.yaml has gone")[2]
    moved = section.partition("\n## ")[0]
    for row in re.findall(r"^\| [^|]+ \| ([^|]+) \|$", moved, re.MULTILINE):
        for home in re.findall(r"`([^`]+)`", row):
            is_there = (REPOSITORY / home).is_file() if "/" in home else home in homes
            assert is_there, home


def test_no_more_movies_are_allowed_than_the_code_takes() -> None:
    for name in ("tracked_movies", "details_per_day"):
        [most] = re.findall(rf"var\.{name}\)? <= (\d+)", BLOCKS[name])
        assert int(most) == LARGEST_LIMIT


def test_rows_are_kept_as_long_as_the_metrics_look_back() -> None:
    """Today's and yesterday's day: a partition expires at this age of its day."""
    [least] = re.findall(r"var\.retention_days >= (\d+)", BLOCKS["retention_days"])
    read_back = [
        int(days)
        for files in ("[0-9][0-9]_*.sql", "windows/*.sql")
        for path in (REPOSITORY / "sql").glob(files)
        for days in re.findall(
            r"DATE_SUB\(@from_date, INTERVAL (\d+) DAY\)", path.read_text()
        )
    ]
    assert int(least) == max(read_back) + 2
    assert "var.history_days <= var.retention_days" in BLOCKS["history_days"]
