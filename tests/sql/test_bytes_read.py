"""Bytes that a page, a view and a day's metrics read, by the number of movies."""

import json
import re

import pytest

from cli.costs import bytes_read
from cli.costs.bytes_read import BytesRead, Catalogue
from cli.costs.display import size
from cli.costs.prices import GIB
from shared import sql_files
from shared.messages import LARGEST_LIMIT
from tests.conftest import ROOT
from tests.sql import bytes_read as resolved
from tests.sql.googlesql import SCHEMAS, googlesql
from tests.sql.liveness import Scan, scans

CATALOGUE = 1_100_000
BOUND = GIB
SIZES = (1_000, 10_000, 100_000, CATALOGUE)
METRICS = "tmdb_analytics.movie_metrics_aggregated"


def _scans(sql: str) -> list[Scan]:
    return scans(googlesql().inlined(sql))


@pytest.mark.exhaustive
def test_the_estimate_is_of_the_sql_as_it_is() -> None:
    """`make docs` writes the file again."""
    stored = json.loads((ROOT / "cli/costs/bytes_read.json").read_text())
    assert stored == resolved.everything()


def test_details_and_votes_are_of_so_many_movies_as_a_run_asks_for() -> None:
    all_of_them = Catalogue(CATALOGUE, CATALOGUE)
    some = Catalogue(CATALOGUE, 1_000)
    for table in ("movie_details_raw", "latest_movie_metrics votes"):
        assert all_of_them.rows_per_day(table) == CATALOGUE
        assert some.rows_per_day(table) == 1_000
    # 20 batches of 50 movies.
    assert some.rows_per_day("batch_plan") == 20
    few = bytes_read.of_movies(CATALOGUE, details_per_day=1_000)
    many = bytes_read.of_movies(CATALOGUE)
    assert few.metrics < many.metrics
    assert many == bytes_read.of_movies(CATALOGUE, details_per_day=LARGEST_LIMIT)


@pytest.mark.parametrize(
    ("movies", "kept"), [(1_000, 5_000), (200_000, 300_000), (CATALOGUE, CATALOGUE)]
)
def test_popularity_is_kept_of_a_band_and_of_no_more_movies_than_there_are(
    movies: int, kept: int
) -> None:
    assert Catalogue(movies, 1).rows_per_day("movie_popularity_raw") == kept


LEAST = 10 * 1024**2


def test_a_computation_reads_as_many_more_days_as_it_computes() -> None:
    found = Catalogue(1_000_000, 100_000)
    queries = {
        "a query": {"movie_daily_snapshots": {"1": 8, "47": 16}, "movies": {"1": 8}},
        # Of the newest day, however many are computed.
        "latest_movie_metrics": {"movie_viral_signals": {"2 fixed": 8}},
    }
    # 8 bytes of 10 days and 16 of 56; the movies' 8 MB are billed as 10 MiB.
    expected = 1_000_000 * (8 * 10 + 16 * 56) + LEAST + 16_000_000
    assert bytes_read.of_computation(found, 10, queries) == expected


def test_a_computation_reads_no_more_days_than_are_kept() -> None:
    queries = {
        "a query": {
            "movie_daily_snapshots": {"47": 16},
            "movie_details_raw": {"8": 100},
        }
    }
    loaded = Catalogue(1_000_000, 1_000_000, days=60, details_days=1)
    expected = 1_000_000 * (16 * 60 + 100)
    assert bytes_read.of_computation(loaded, 60, queries) == expected
    kept = Catalogue(1_000_000, 1_000_000)
    # 136 days of the 180, and the 30 that details are kept.
    expected = 1_000_000 * (16 * 136 + 100 * 30)
    assert bytes_read.of_computation(kept, 90, queries) == expected


def test_days_are_kept_as_long_as_the_schemas_say() -> None:
    read = {table for tables in bytes_read.of_metrics().values() for table in tables}
    found = Catalogue(1, 1)
    kept = {table: SCHEMAS[table]["partition_expiration_days"] for table in read}
    assert kept == {table: found.kept_days(table) for table in read} | {"movies": 180}


def test_the_page_of_the_whole_catalogue_reads_less_than_a_gib() -> None:
    assert 0 < bytes_read.of_movies(CATALOGUE).page < BOUND


def test_the_readers_of_wikipedia_add_what_their_page_says() -> None:
    more = bytes_read.of_movies(CATALOGUE, articles=bytes_read.MOST_ARTICLES).page
    more -= bytes_read.of_movies(CATALOGUE).page
    # 5 columns of 8 bytes, 180 days, 17,500 movies.
    assert more == 126_000_000
    text = (ROOT / "docs/concepts/wikipedia.md").read_text()
    assert f"{size(more)} more" in text


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
    f"""
    SELECT popularity FROM {METRICS}
    WHERE calculation_date IN (@newest_day, @newest_day)
    """: ({"popularity", "calculation_date"}, 1),
    f"""
    SELECT popularity FROM {METRICS} WHERE calculation_date BETWEEN
    LEAST(DATE_SUB(@from_date, INTERVAL 3 DAY), @from_date) AND @from_date
    """: ({"popularity", "calculation_date"}, 4),
    f"""
    SELECT popularity FROM {METRICS} WHERE calculation_date
    BETWEEN @from_date AND DATE_SUB(@from_date, INTERVAL 1 DAY)
    """: ({"popularity", "calculation_date"}, 0),
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
    metrics = (read.metrics, read.most_metrics, read.publication)
    sizes = (read.page, read.largest_view, *metrics)
    return f"| {movies:,} | {' | '.join(map(size, sizes))} |"


def test_columns_are_told_apart_by_their_days() -> None:
    sql = (
        f"SELECT day.popularity FROM {METRICS} AS day INNER JOIN {METRICS} AS past\n"
        "ON day.movie_id = past.movie_id\n"
        "WHERE day.calculation_date BETWEEN @from_date AND @to_date\n"
        "AND past.calculation_date\n"
        "BETWEEN DATE_SUB(@from_date, INTERVAL 6 DAY) AND @to_date"
    )
    assert resolved.by_days(sql) == {"movie_metrics_aggregated": {"1": 8, "7": 16}}
    # One day, and 7; of 10 days 10, and 16.
    assert resolved.of_query(sql) == {"movie_metrics_aggregated": 8 + 7 * 16}
    assert resolved.of_query(sql, 10) == {"movie_metrics_aggregated": 80 + 16 * 16}


def test_days_before_the_first_stay_as_many() -> None:
    sql = (
        f"SELECT popularity FROM {METRICS} WHERE calculation_date\n"
        "BETWEEN DATE_SUB(@from_date, INTERVAL 46 DAY)\n"
        "AND DATE_SUB(@from_date, INTERVAL 1 DAY)"
    )
    assert resolved.by_days(sql) == {"movie_metrics_aggregated": {"46 fixed": 16}}
    assert resolved.of_query(sql, 90) == {"movie_metrics_aggregated": 46 * 16}


def test_no_day_is_no_byte() -> None:
    sql = (
        f"SELECT popularity FROM {METRICS} WHERE calculation_date\n"
        "BETWEEN @first_past_day AND DATE_SUB(@from_date, INTERVAL 1 DAY)"
    )
    assert resolved.by_days(resolved.usual(sql)) == {}
    of_46 = {"movie_metrics_aggregated": {"46 fixed": 16}}
    assert resolved.by_days(resolved.most(sql)) == of_46


def test_a_usual_day_reads_the_past_only_where_some_movies_are_not_tracked() -> None:
    most = bytes_read.of_metrics()
    every_movie = bytes_read.of_usual_metrics(Catalogue.of(CATALOGUE))
    assert {query for query in most if most[query] != every_movie[query]} == {
        "20_movies",
        "35_movie_daily_snapshots",
        "60_movie_metrics_aggregated",
        "70_leading_movie_days",
        "latest_movie_metrics",
    }
    some = bytes_read.of_usual_metrics(Catalogue.of(10_000))
    assert {query for query in most if some[query] != every_movie[query]} == {
        "35_movie_daily_snapshots",
        "70_leading_movie_days",
    }
    # Of popularity alone 24 bytes of 46 days, which levels compare, are more than this.
    assert BOUND < 24 * 46 * CATALOGUE < bytes_read.of_movies(CATALOGUE).metrics


def test_what_decides_reads_less_than_a_tenth_of_what_it_saves() -> None:
    windows = sql_files.windows()
    found = Catalogue.of(CATALOGUE)
    usual, most = bytes_read.of_usual_metrics(found), bytes_read.of_metrics()
    deciding = {name: usual[name] for name in windows}
    assert deciding == {name: most[name] for name in windows}
    a_day = [
        bytes_read.of_computation(found, 1, queries)
        for queries in (deciding, usual, most)
    ]
    assert a_day[0] < (a_day[2] - a_day[1]) / 10


def test_the_document_has_these_numbers() -> None:
    text = (ROOT / "docs/concepts/cost.md").read_text()
    documented = re.findall(r"^\| [\d,]+ \|.*iB \|$", text, re.MULTILINE)
    assert documented == [_line(each, bytes_read.of_movies(each)) for each in SIZES]
