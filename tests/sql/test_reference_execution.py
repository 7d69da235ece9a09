"""The second check again: the cases on GoogleSQL's reference implementation."""

from pathlib import Path

import pytest

from tests.sql import cases
from tests.sql.reference import assert_agrees, text_of


@pytest.mark.parametrize("path", cases.paths(), ids=cases.name_of)
def test_case(path: Path) -> None:
    case = cases.read(path)

    assert_agrees(case, text_of(case))


CLAUSES = [
    (
        "20_movies/newest_description",
        "WHEN MATCHED AND fresh.last_updated > stored.last_updated",
        "WHEN MATCHED",
    ),
    ("20_movies/newest_description", "title = fresh.title,", "title = stored.title,"),
    (
        "30_movie_daily_snapshots/expired_landing",
        "AND stored.snapshot_date = fresh.snapshot_date",
        "",
    ),
    (
        "60_movie_metrics_aggregated/days_replaced_whole",
        "SOURCE AND stored.calculation_date BETWEEN @from_date AND @to_date",
        "SOURCE",
    ),
    ("40_catalogue_days/a_shift_needs_its_peers", "  FALSE\n)", "  TRUE\n)"),
    ("publish/days_of_the_range", "is_published = TRUE", "is_published = NULL"),
    ("publish/days_of_the_range", "withheld_reason = NULL", "withheld_reason = 'x'"),
]
"""A case, a clause around its file's query, and the clause's replacement."""


@pytest.mark.parametrize(("name", "says", "instead"), CLAUSES)
def test_the_clauses_of_a_statement_count(name: str, says: str, instead: str) -> None:
    case = cases.read(cases.HERE / name)
    sql = text_of(case)
    assert sql.count(says) == 1

    with pytest.raises(AssertionError):
        assert_agrees(case, sql.replace(says, instead))
