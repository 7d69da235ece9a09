"""Rules for the files of sql/: what they read, compare, declare and promise."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from shared import first_days, sql_files
from shared.runs import ENDED
from shared.sql_files import with_run_status
from tests.sql.files import (
    COMPARISONS,
    LEDGER,
    NUMBERED,
    SCHEMAS,
    TEXTS,
    THRESHOLDS,
    TRACKING,
    VIEWS,
    WINDOWS,
)

REFERENCE_FRAME = re.compile(
    r"RANGE BETWEEN (\d+) PRECEDING AND (7|14) PRECEDING"
    r"|day_before AS \([^)]*RANGE BETWEEN (\d+) PRECEDING AND (1) PRECEDING"
)
REFERENCE_INTERVAL = re.compile(
    r"INTERVAL (\d+) DAY\)\s+AND DATE_SUB\(@\w+, INTERVAL (\d+) DAY\)"
)
NOT_REFERENCES = {("13", "7"), ("35", "14")}
"""Means of the last week and of the weeks before, which are no references."""


def parse(name: str) -> exp.Expr:
    return sqlglot.parse_one(TEXTS[name], dialect="bigquery")


def made_by(path: Path) -> str:
    return path.stem.removeprefix(path.stem[:3]) if path in NUMBERED else path.stem


def named_in(name: str) -> set[str]:
    return set(re.findall(r"\btmdb_analytics\.(\w+)", TEXTS[name]))


def columns(fields: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for field in fields:
        yield prefix + field["name"], field
        yield from columns(field.get("fields", []), f"{prefix}{field['name']}.")


def thresholds() -> dict[str, exp.Expr]:
    select = parse(THRESHOLDS).find(exp.Select)
    assert select
    return {column.alias: column.this for column in select.expressions}


@pytest.mark.parametrize("path", [*NUMBERED, *VIEWS], ids=lambda path: path.stem)
def test_a_file_says_what_it_makes(path: Path) -> None:
    comments = re.findall(r"--.*", path.read_text())

    assert comments[0].startswith(f"-- {made_by(path)}: ")
    assert any(comment.startswith("-- Grain: ") for comment in comments)
    assert made_by(path) in named_in(path.stem)
    # The emulator reads an at-sign in a comment as a parameter.
    assert "@" not in "".join(comments)


@pytest.mark.parametrize(
    "path", [*LEDGER, *TRACKING, *WINDOWS], ids=lambda path: path.stem
)
def test_what_a_function_runs_begins_with_its_name(path: Path) -> None:
    assert path.read_text().startswith(f"-- {path.stem}: ")


def test_a_run_that_has_ended_is_not_open() -> None:
    text = (sql_files.SQL / "ledger/open_runs.sql").read_text()
    [listed] = re.findall(r"state NOT IN \((.*)\)", text)
    assert {*re.findall(r"'(\w+)'", listed)} == {*ENDED}


@pytest.mark.parametrize("name", TEXTS)
def test_only_the_thresholds_hold_numbers_to_compare_with(name: str) -> None:
    if name == THRESHOLDS:
        return

    compared = [
        comparison.sql("bigquery")
        for comparison in parse(name).find_all(*COMPARISONS)
        if any(_is_number(side) for side in comparison.iter_expressions())
        and not _is_first_of_its_kind(comparison)
        and not _is_more_than_one(comparison)
    ]

    assert compared == []


def _is_number(side: exp.Expr) -> bool:
    value = side.this if isinstance(side, exp.Neg) else side
    return isinstance(value, exp.Literal) and not value.is_string


def _is_first_of_its_kind(comparison: exp.Expr) -> bool:
    """Return whether it is ROW_NUMBER() = 1."""
    return isinstance(comparison, exp.EQ) and isinstance(comparison.this, exp.Window)


def _is_more_than_one(comparison: exp.Expr) -> bool:
    """Return whether it is COUNT(*) > 1."""
    return isinstance(comparison, exp.GT) and isinstance(comparison.this, exp.Count)


def test_every_threshold_is_read() -> None:
    elsewhere = "".join(text for name, text in TEXTS.items() if name != THRESHOLDS)
    # It is the value of frames, which must be literals.
    unread = {"reference_tolerance_days"}

    assert {name for name in thresholds() if name not in elsewhere} == unread


@pytest.mark.parametrize("name", [path.stem for path in NUMBERED])
def test_a_number_comes_after_what_it_reads(name: str) -> None:
    before = {made_by(path) for path in NUMBERED if path.stem <= name}
    later = {made_by(path) for path in NUMBERED if path.stem > name} - {name[3:]}
    # They read rows of other runs: days before the first requested one.
    views = {path.stem for path in VIEWS}

    assert named_in(name) <= SCHEMAS.keys() | before | views
    assert not named_in(name) & later


@pytest.mark.parametrize("path", NUMBERED[1:], ids=lambda path: path.stem)
def test_the_diagram_shows_what_a_number_reads_and_makes(path: Path) -> None:
    page = (sql_files.SQL / "README.md").read_text()
    number, made = path.stem[:2], made_by(path)
    [read] = re.findall(rf"(?m)^  (.+) --> {number} --> {made}$", page)
    assert {*read.split(" & ")} == named_in(path.stem) - {made, "metric_thresholds"}
    [grain] = re.findall(r"(?m)^-- Grain: (.+)\.$", TEXTS[path.stem])
    assert f'  {made}["{made}<br/>{grain}"]' in page


def test_views_read_tables_and_views_only() -> None:
    known = SCHEMAS.keys() | {path.stem for path in VIEWS} | {"metric_thresholds"}

    assert {path.stem: named_in(path.stem) - known for path in VIEWS} == {
        path.stem: set() for path in VIEWS
    }


def test_the_run_status_needs_no_view() -> None:
    read = named_in("v_run_status") - {"v_run_status", "metric_thresholds"}

    assert read <= SCHEMAS.keys()
    # The thresholds are inlined: they read no table.
    assert "metric_thresholds" not in with_run_status("tmdb_analytics.v_run_status")
    assert named_in(THRESHOLDS) == {"metric_thresholds"}


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_depends_on_the_clock(name: str) -> None:
    """Not what a day's rows are: only that a day after today is never the newest.

    So a query pastes into the console at any time. Lists say when they were published.
    """
    text = TEXTS[name].replace("snapshot_date <= CURRENT_DATE('UTC')", "")
    if name == "record":
        text = text.replace("CURRENT_TIMESTAMP() AS published_at", "")
    assert not re.search(r"(?i)\bCURRENT_(DATE|TIME|DATETIME|TIMESTAMP)\b", text)


@pytest.mark.parametrize("name", [path.stem for path in NUMBERED])
def test_the_days_are_the_only_parameters(name: str) -> None:
    windows = sql_files.windows()
    named = re.findall(r"@(\w+)", TEXTS[name])
    found = {"from_date" if one in windows else one for one in named}

    assert found == (set() if name == THRESHOLDS else {"from_date", "to_date"})


def test_the_frames_of_references_keep_the_tolerance() -> None:
    tolerance = int(thresholds()["reference_tolerance_days"].name)
    frames = {
        (name, *frame)
        for name, text in TEXTS.items()
        for groups in REFERENCE_FRAME.findall(text)
        if (frame := tuple(filter(None, groups))) not in NOT_REFERENCES
    }

    latest = (sql_files.SQL / "gate/latest_movie_metrics.sql").read_text()
    frames |= {
        (f"latest {number}", *frame)
        for number, frame in enumerate(REFERENCE_INTERVAL.findall(latest))
    }

    # 30 and 60 have two each, the newest day's table three, a report one.
    assert len(frames) == 8
    assert {int(oldest) - int(horizon) for _, oldest, horizon in frames} == {tolerance}


@pytest.mark.parametrize(
    "name", [name for name, text in TEXTS.items() if "DATE_SUB(@from_date" in text]
)
def test_a_statement_reads_back_as_far_as_its_widest_window(name: str) -> None:
    text = first_days.at_earliest(TEXTS[name], sql_files.windows())
    read_back = re.findall(r"DATE_SUB\(@from_date, INTERVAL (\d+) DAY\)", text)
    frames = re.findall(r"RANGE BETWEEN (\d+) PRECEDING", TEXTS[name])

    furthest = max(map(int, read_back))

    assert max(map(int, frames), default=0) <= furthest <= 60


@pytest.mark.parametrize("table", SCHEMAS)
def test_every_table_and_column_is_described(table: str) -> None:
    schema = SCHEMAS[table]
    found = dict(columns(schema["fields"]))
    keys = [*schema["primary_key"], *schema["cluster_by"]]

    assert len(schema["description"]) > 20
    assert [
        name for name, field in found.items() if len(field["description"]) < 10
    ] == []
    assert {*keys, schema["partition_by"] or keys[0]} <= found.keys()
    assert {found[name]["mode"] for name in schema["primary_key"]} <= {"REQUIRED"}
    # TMDB's terms: nothing is stored longer than 6 months.
    assert schema["partition_by"] is None or schema["partition_expiration_days"] <= 180


def test_movies_are_what_the_landing_has_of_them() -> None:
    landed = {field["name"]: field for field in SCHEMAS["movie_details_raw"]["fields"]}
    movies = {field["name"]: field for field in SCHEMAS["movies"]["fields"]}

    assert movies.pop("last_updated")
    assert {name: landed[name] for name in movies} == movies
    assert landed.keys() - movies.keys() == {
        *("run_id", "run_date", "batch_no", "fetched_at", "answered_at"),
        *("popularity", "vote_count", "vote_average"),
    }


MERGES = [name for name in sorted(TEXTS) if "\nMERGE " in TEXTS[name]]


@pytest.mark.parametrize("name", MERGES)
def test_a_merge_inserts_each_column_from_its_own_and_in_the_schemas_order(
    name: str,
) -> None:
    """Why it names columns, instead of INSERT ROW: docs/decisions/0008."""
    merge = parse(name).find(exp.Merge)
    assert merge
    [insert] = merge.find_all(exp.Insert)
    named = [column.name for column in insert.this.expressions]
    fields = (name for name, _ in columns(SCHEMAS[merge.this.name]["fields"]))
    assert named == [field for field in fields if field in named]
    for column, value in zip(named, insert.expression.expressions, strict=True):
        assert isinstance(value, exp.Boolean) or value.name == column
