"""The estimate, compared with numbers worked by hand."""

import re
from pathlib import Path

import pytest

from cli.costs import assumptions, bytes_read, load_estimate, prices
from cli.costs.assumptions import PAGE_VIEW_DAYS, Setting
from cli.costs.bytes_read import Catalogue, Computation
from cli.costs.display import dollars, duration
from functions.compute_metrics import attention
from functions.ingest_changes.sweep import DAILY_RUN_DUE
from shared.config import Settings

ROOT = Path(__file__).parents[3]
TEN_MIB = 10 * 1024**2
ONE_READ: Computation = {"a query": {"movies": {"1": 8}}}
SETTING = Setting(
    requests_per_second=30,
    export_mb=25,
    export_s=2.7,
    metrics_s=60,
)


def test_a_load_of_a_thousand_movies_and_ninety_days() -> None:
    made = load_estimate.of_load(1_000, 90, SETTING, queries=ONE_READ)

    # 1,000 x 1.2 / 20 = 60 pages, and a request for each movie.
    assert made.tmdb_requests == 1_060
    assert (made.exports, made.export_mb) == (90, 2_250)
    # Its request, 20 batches of 50, the history's request, 90 days, 2 for metrics.
    assert made.messages == 1 + 20 + 1 + 90 + 2
    # 60 pages at 30 a second take 2 s. Details 33 s, their metrics 60 s; the history's
    # 90 x 2.7 = 243 s last longer, then its metrics.
    assert made.seconds == pytest.approx(2 + 243 + 60)
    assert made.rows["movie_popularity_raw"] == 90 * 5_000
    assert made.rows["ingestion_log"] == 20 + 90 + 2 * 3
    # Six lists of 100 movies on each day.
    assert made.rows["chart_history"] == 6 * 100 * 90
    # 1,000 details of 1,000 bytes and 116 events, each billed as 1 KiB.
    assert made.bytes_streamed == 1_116 * 1_024
    assert made.bytes_loaded == 450_000 * 53
    # 20 batches and 90 days read 3 tables each, 2 runs 12, and their metrics 1 table
    # each, all of them smaller than 10 MiB.
    assert made.bytes_queried == (20 * 3 + 90 * 3 + 2 * 12 + 2) * TEN_MIB


def test_a_load_of_all_movies_asks_for_the_details_of_some() -> None:
    made = load_estimate.of_load(
        1_100_000, 90, SETTING, details=200_000, queries=ONE_READ
    )

    # Chosen from the export: no list page, one request for each movie with details.
    assert made.tmdb_requests == 200_000
    assert made.messages == 1 + 4_000 + 1 + 90 + 2
    # An export, 200,000 requests at 30 a second, twice the metrics.
    assert made.seconds == pytest.approx(2.7 + 200_000 / 30 + 60 + 60)
    assert (made.rows["movies"], made.rows["tracked_movies"]) == (200_000, 1_100_000)
    assert made.rows["movie_popularity_raw"] == 90 * 1_100_000


def test_what_a_load_costs() -> None:
    made = load_estimate.of_load(1_000, 90, SETTING, queries=ONE_READ)
    usd = {charge.price.name: charge.usd for charge in made.charges}

    assert usd["BigQuery queries"] == pytest.approx(356 * TEN_MIB / 1024**4 * 6.25)
    assert usd["BigQuery streaming"] == pytest.approx(1_116 * 1_024 / 200e6 * 0.01)
    # 2 + 243 s of ingest_changes, 33.3 s of fetch_details, 120 s of compute_metrics.
    busy_s = 2 + 243 + 1_000 / 30 + 120
    assert usd["Cloud Run CPU"] == pytest.approx(busy_s * 0.000024)
    gib_s = 245 + 0.5 * (1_000 / 30) + 0.5 * 120
    assert usd["Cloud Run memory"] == pytest.approx(gib_s * 0.0000025)
    # All but the streaming is within the monthly free tier.
    assert made.usd_beyond_free == pytest.approx(usd["BigQuery streaming"])
    assert made.usd == pytest.approx(sum(usd.values()))


def test_one_movie_is_a_batch_and_a_page() -> None:
    made = load_estimate.of_load(1, 1, SETTING, queries={})

    assert (made.tmdb_requests, made.messages) == (1 + 1, 1 + 1 + 1 + 1 + 2)
    assert made.rows["chart_history"] == 6


def test_more_movies_than_discover_lists_are_chosen_from_an_export() -> None:
    made = load_estimate.of_load(8_001, 90, SETTING, queries={})

    assert (made.tmdb_requests, made.exports) == (8_001, 91)
    # 8,001 / 30 a second are 266.7 s and outlast the history with their metrics.
    assert made.seconds == pytest.approx(2.7 + 8_001 / 30 + 60 + 60)


def test_a_slow_rate_makes_the_pages_slow_too() -> None:
    slow = Setting(requests_per_second=4, export_s=0, metrics_s=0)

    # 20 movies: 2 pages and 20 details, 4 a second.
    assert load_estimate.of_load(20, 1, slow, queries={}).seconds == pytest.approx(
        0.5 + 5
    )


def test_a_backfilled_day_is_a_run_with_metrics_of_its_own() -> None:
    two_tables: Computation = {
        "a query": {"movie_daily_snapshots": {"10": 71}, "catalogue_days": {"1": 50}}
    }
    found = Catalogue(1_000, 1_000)
    made = load_estimate.of_backfill(found, [300, 5, 3], 2, SETTING, two_tables)

    # 3 days of one request in and one for metrics; one request for the other days.
    assert (made.messages, made.metrics_runs, made.tmdb_requests) == (7, 4, 0)
    assert made.export_mb == 75
    assert made.seconds == pytest.approx(4 * 60)
    assert made.rows["movie_popularity_raw"] == 15_000
    assert made.rows["movie_metrics_aggregated"] == 5_000
    # 5 days are published again, each of them perhaps with other lists.
    assert made.rows["chart_history"] == 5 * 600
    # 180 days are kept, and 180,000 snapshots of 71 bytes are 12.8 MB; those of the
    # 14, 12 and 11 days of the other computations are below the minimum.
    assert made.bytes_queried == (3 * 15 + 3 * 2 + 1) * TEN_MIB + 12_780_000


def test_nothing_to_do_costs_nothing() -> None:
    made = load_estimate.of_backfill(Catalogue(1_000, 1_000), [], 0, SETTING, ONE_READ)

    assert (made.messages, made.seconds, made.usd) == (0, 0, 0)


# 2 GiB for a day of a million movies, 1 GiB more for each further day.
GIB = 1024**3
A_GIB_PER_DAY: Computation = {"a query": {"movie_daily_snapshots": {"2": GIB // 2**20}}}
MOVIES = 2**20


@pytest.mark.parametrize(
    ("history_days", "largest", "most_days", "is_split"),
    [
        # Only so many days are stored, so the window has no more.
        (20, (20, 20 * GIB), 20, False),
        (21, (21, 21 * GIB), 19, True),
        # A later day reads its window: more than the first.
        (1, (1, 2 * GIB), 1, False),
    ],
)
def test_the_largest_computation_is_held_against_what_a_query_may_bill(
    history_days: int, largest: tuple[int, int], most_days: int, *, is_split: bool
) -> None:
    made = load_estimate.of_load(
        MOVIES, history_days, SETTING, details=1, queries=A_GIB_PER_DAY
    )
    found = (made.largest_computation_days, made.largest_computation_bytes)
    assert found == largest
    assert made.most_days_computed == most_days
    assert (made.is_split, made.is_refused) == (is_split, False)
    made_json = made.to_json()
    assert (made_json["is_split"], made_json["is_refused"]) == (is_split, False)


def test_where_one_day_is_too_much_parts_do_not_help() -> None:
    setting = Setting(max_gib_billed=1)
    made = load_estimate.of_load(MOVIES, 1, setting, details=1, queries=A_GIB_PER_DAY)
    assert (made.most_days_computed, made.largest_day_bytes) == (0, 2 * GIB)
    assert (made.is_split, made.is_refused) == (False, True)


def test_a_computation_in_parts_is_billed_by_its_parts() -> None:
    """Each reads a day before its first: 11 and 10 days are 12 and 11 GiB."""
    found = Catalogue(MOVIES, 1)
    as_one = load_estimate.of_backfill(found, [21], 0, SETTING, A_GIB_PER_DAY)
    setting = Setting(max_gib_billed=22)
    as_allowed = load_estimate.of_backfill(found, [21], 0, setting, A_GIB_PER_DAY)
    assert as_one.bytes_queried - as_allowed.bytes_queried == (12 + 11 - 22) * GIB
    # 6, 5, 5 and 5 days.
    low = Setting(max_gib_billed=7)
    in_four = load_estimate.of_backfill(found, [21], 0, low, A_GIB_PER_DAY)
    assert in_four.bytes_queried - as_allowed.bytes_queried == (7 + 3 * 6 - 22) * GIB


@pytest.mark.parametrize("movies", [1_000, 200_000, 1_100_000])
@pytest.mark.parametrize("days", [2, 3, 10, 90])
def test_the_parts_of_a_range_bill_no_more_than_its_days_one_by_one(
    movies: int, days: int
) -> None:
    queries = bytes_read.of_metrics()
    found = Catalogue.of(movies)
    a_day = bytes_read.of_computation(found, 1, queries)
    bills = [bytes_read.of_computation(found, n, queries) for n in range(1, days + 1)]
    assert all(bill <= n * a_day for n, bill in enumerate(bills, 1))


def test_a_free_allowance_is_taken_off_once() -> None:
    charge = prices.of_queries(3 * 1024**4)

    assert charge.usd == pytest.approx(18.75)
    assert charge.usd_beyond_free == pytest.approx(12.5)


def test_a_query_may_bill_what_terraform_and_the_functions_say() -> None:
    variables = (ROOT / "terraform/variables.tf").read_text()
    [default] = re.findall(
        r'variable "max_gib_billed".*?default += (\d+)', variables, re.DOTALL
    )
    names = ("GOOGLE_CLOUD_PROJECT", "TMDB_TOKEN_SECRET")
    settings = Settings.from_env(dict.fromkeys(names, ""))
    assert int(default) == assumptions.MAX_GIB_BILLED
    assert settings.max_bytes_billed == assumptions.MAX_GIB_BILLED * 1024**3


def test_every_tables_rows_have_a_size() -> None:
    schemas = {path.stem for path in (ROOT / "sql/schemas").glob("*.json")}
    assert assumptions.ROW_BYTES.keys() == schemas


def test_the_lists_are_as_long_as_their_threshold_says() -> None:
    thresholds = (ROOT / "sql/10_metric_thresholds.sql").read_text()
    assert f"{assumptions.LIST_ROWS} AS top_list_max_rows" in thresholds
    record = (ROOT / "sql/gate/record.sql").read_text()
    named = set(re.findall(r"STRUCT\('(\w+)'", record))
    assert len(named) == assumptions.LISTS


def test_wikipedia_is_read_as_far_back_as_the_function_reads() -> None:
    assert PAGE_VIEW_DAYS == attention.BACKFILL_DAYS


def test_the_memory_of_each_function_is_terraforms() -> None:
    text = (ROOT / "terraform/functions.tf").read_text()
    memory = dict(re.findall(r"(\w+_\w+) = \{[^{}]*?memory += \"(\w+)\"", text))
    in_gib = {"2Gi": 2.0, "1Gi": 1.0, "512Mi": 0.5}
    assert {
        name: in_gib[size] for name, size in memory.items()
    } == assumptions.MEMORY_GIB


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "about 1 s"),
        (89, "about 89 s"),
        (312, "about 5 min"),
        (27_360, "about 7.6 h"),
    ],
)
def test_durations_are_rounded_to_whole_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("usd", "words"), [(0, "$0.00"), (0.0049, "under $0.01"), (1234.5, "$1,234.50")]
)
def test_little_money_is_not_nothing(usd: float, words: str) -> None:
    assert dollars(usd) == words


def test_what_the_sweeps_of_a_month_cost() -> None:
    # 96 a day read 3 tables each, the 44 after 13:00 three more, 10 MiB at least.
    tables = 30 * (96 * 3 + 44 * 3)
    usd = tables * TEN_MIB / 1024**4 * 6.25
    assert load_estimate.of_sweeps().usd == pytest.approx(usd)
    assert 0.7 < usd < 0.8
    # Less than an eighth of the monthly free tier.
    assert load_estimate.of_sweeps().units < prices.QUERIES.free / 8


def test_the_sweeps_run_as_often_as_the_estimate_says() -> None:
    variables = (ROOT / "terraform/variables.tf").read_text()
    assert '"*/15 * * * *"' in variables
    assert assumptions.SWEEPS_PER_DAY == 24 * 60 // 15
    left = 24 - DAILY_RUN_DUE.hour
    assert left * 60 // 15 == assumptions.MISSED_DAY_SWEEPS_PER_DAY


def test_a_daily_run_is_missed_well_after_its_tick() -> None:
    """20 deliveries, 10 minutes apart at most, take 3 hours and a half."""
    variables = (ROOT / "terraform/variables.tf").read_text()
    [hour] = re.findall(
        r'variable "daily_schedule".*?default += "0 (\d+) ', variables, re.DOTALL
    )
    assert DAILY_RUN_DUE.hour - int(hour) >= 4
    assert DAILY_RUN_DUE.hour <= 20
