"""Bytes read: what a page, a view and a day's metrics read of any catalogue."""

import json
import re

import pytest

from cli.costs import bytes_read
from cli.costs.bytes_read import BytesRead
from cli.costs.display import size
from cli.costs.prices import GIB
from tests.conftest import ROOT
from tests.sql import bytes_read as resolved
from tests.sql.googlesql import googlesql
from tests.sql.liveness import Scan, scans

CATALOGUE = 1_100_000
BOUND = GIB
SIZES = (1_000, 10_000, 100_000, CATALOGUE)
METRICS = "tmdb_analytics.movie_metrics_aggregated"


def _scans(sql: str) -> list[Scan]:
    return scans(googlesql().inlined(sql))


def test_the_estimate_is_of_the_sql_as_it_is() -> None:
    """`make docs` writes the file again."""
    stored = json.loads((ROOT / "cli/costs/bytes_read.json").read_text())
    assert stored == resolved.everything()


def test_as_many_movies_lead_as_their_threshold_says() -> None:
    thresholds = (ROOT / "sql/10_metric_thresholds.sql").read_text()
    assert f"{bytes_read.LEADING_MOVIES} AS leading_max_rank" in thresholds


def test_the_page_of_the_whole_catalogue_reads_less_than_a_gib() -> None:
    assert 0 < bytes_read.of_movies(CATALOGUE).page < BOUND


def test_a_view_of_the_newest_day_reads_less_than_a_third_of_that() -> None:
    assert 0 < bytes_read.of_movies(CATALOGUE).largest_view < BOUND / 3


def test_what_reads_two_columns_of_all_days_is_above_the_bound() -> None:
    sql = f"SELECT movie_id, popularity FROM {METRICS}"
    # 2 columns of 8 bytes, 180 days.
    assert resolved.of_query(sql) == {"movie_metrics_aggregated": 2_880}
    assert 2_880 * CATALOGUE > BOUND


READ = {
    f"SELECT popularity FROM {METRICS}": ({"popularity"}, None),
    f"""
    SELECT popularity FROM (
      SELECT popularity, vote_count AS unread FROM {METRICS}
      WHERE calculation_date = @to_date
    )
    """: ({"popularity", "calculation_date"}, 1),
    f"""
    WITH past AS (SELECT * FROM {METRICS})
    SELECT COUNT(movie_id) FROM past
    WHERE calculation_date BETWEEN DATE_SUB(@from_date, INTERVAL 8 DAY) AND @to_date
    """: ({"movie_id", "calculation_date"}, 9),
    f"""
    SELECT movie_id FROM {METRICS}
    WHERE calculation_date > DATE_SUB(@from_date, INTERVAL 8 DAY)
    AND calculation_date <= DATE_ADD(@to_date, INTERVAL 1 DAY)
    """: ({"movie_id", "calculation_date"}, 9),
    f"""
    SELECT popularity AS named FROM {METRICS}
    WHERE calculation_date IN (@newest_day, @newest_day_with_votes)
    UNION ALL SELECT 1.0 ORDER BY named
    """: ({"popularity", "calculation_date"}, 2),
}


@pytest.mark.parametrize(("sql", "columns", "days"), [(q, *r) for q, r in READ.items()])
def test_a_column_is_read_where_something_comes_of_it(
    sql: str, columns: set[str], days: int | None
) -> None:
    [scan] = _scans(sql)
    assert (set(scan.columns), scan.days) == (columns, days)


def test_a_column_counts_once_a_query_and_for_its_most_days() -> None:
    sql = (
        f"SELECT movie_id FROM {METRICS} WHERE calculation_date = @to_date\n"
        f"UNION ALL SELECT movie_id FROM {METRICS} WHERE calculation_date\n"
        "BETWEEN DATE_SUB(@to_date, INTERVAL 1 DAY) AND @to_date"
    )
    assert resolved.of_query(sql) == {"movie_metrics_aggregated": 2 * (8 + 8)}


def test_the_places_that_are_kept_are_those_of_the_thresholds() -> None:
    text = (ROOT / "sql/10_metric_thresholds.sql").read_text()
    assert f" {bytes_read.LEADING_MOVIES} AS leading_max_rank" in text


def _line(movies: int, read: BytesRead) -> str:
    sizes = (read.page, read.largest_view, read.metrics, read.publication)
    return f"| {movies:,} | {' | '.join(map(size, sizes))} |"


def test_the_document_has_these_numbers() -> None:
    text = (ROOT / "docs/concepts/cost.md").read_text()
    documented = re.findall(r"^\| [\d,]+ \|.*iB \|$", text, re.MULTILINE)
    assert documented == [_line(each, bytes_read.of_movies(each)) for each in SIZES]
