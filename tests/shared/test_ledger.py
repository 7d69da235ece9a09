"""The ledger, with Google's client, on the BigQuery emulator."""

from datetime import UTC, date, datetime, timedelta

import pytest

from emulators.bigquery import BigQueryEmulator
from local import tables as local_tables
from shared.bigquery import Warehouse
from shared.ledger import Ledger
from shared.runs import Batch, Event, ExportDay, Mode, Run, cut_into_batches
from tests.shared.landed_rows import DAY, RUN, count_rows, detail_row, popularity_row

pytestmark = pytest.mark.emulator

DAY_S_OWN = Run(Mode.DAILY, DAY)
MOST = 200_000
"""Details of a day: by default more than are tracked."""


@pytest.fixture
def ledger(tables: Warehouse) -> Ledger:
    return Ledger(tables, "test")


def test_a_plan_is_stored_once_and_read_back(ledger: Ledger) -> None:
    batches = cut_into_batches(range(1, 72))
    assert ledger.stored_plan(RUN) is None
    assert ledger.store_plan(RUN, batches)
    assert not ledger.store_plan(RUN, batches[:1])
    stored = ledger.stored_plan(RUN)
    assert stored is not None
    assert list(stored.batches) == batches
    assert (stored.is_published, stored.done) == (False, frozenset())
    assert 0 <= stored.age_s < 60


def test_a_stored_plan_knows_what_is_done(ledger: Ledger) -> None:
    ledger.store_plan(RUN, cut_into_batches(range(1, 72)))
    ledger.record(RUN, [(Event.RUN_PLANNED, {"batch_count": 2, "expected": 71})])
    ledger.record(RUN, [(Event.BATCH_DONE, {"batch_no": 2})])
    stored = ledger.stored_plan(RUN)
    assert stored is not None
    assert stored.is_published
    assert [batch.batch_no for batch in stored.missing()] == [1]
    assert list(ledger.batches_done(RUN)) == [2]


def test_a_run_is_complete_when_rows_and_markers_are_visible(
    tables: Warehouse, ledger: Ledger
) -> None:
    ledger.store_plan(RUN, [Batch(1, 2, (1, 2)), Batch(2, 2, (3,))])
    done = {"expected": 2, "fetched": 2, "written": 2, "not_found": 0, "failed": 0}
    ledger.record(RUN, [(Event.BATCH_DONE, {"batch_no": 1, **done})])
    one = {"batch_no": 2, **done, "expected": 1, "fetched": 1, "written": 1}
    ledger.record(RUN, [(Event.BATCH_DONE, one)])
    tables.append("movie_details_raw", [detail_row(1), detail_row(2)], ["1", "2"])
    status = ledger.status(RUN)
    assert status is not None
    # Both markers are visible, but one of their rows is not yet.
    assert (status.batches_done, status.is_complete) == (2, False)
    tables.append("movie_details_raw", [detail_row(3, 2)], ["3"])
    status = ledger.status(RUN)
    assert status is not None
    assert status.is_complete
    assert (status.expected, status.fetched) == (3, 3)


def test_a_published_run_stays_published_when_its_detail_rows_have_expired(
    tables: Warehouse, ledger: Ledger, emulator: BigQueryEmulator
) -> None:
    ledger.store_plan(RUN, [Batch(1, 1, (1, 2))])
    done = {"batch_no": 1, "expected": 2, "fetched": 2, "written": 2}
    tables.append("movie_details_raw", [detail_row(1), detail_row(2)], ["x", "y"])
    for event in (
        (Event.BATCH_DONE, done),
        (Event.METRICS_REQUESTED, {}),
        (Event.METRICS_DONE, {}),
    ):
        ledger.record(RUN, [event])
    for days, left in ((29, 2), (30, 0)):
        now = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=days)
        with local_tables.connect(emulator.url) as client:
            local_tables.expire_partitions(client, now, tables._dataset)
        assert count_rows(tables, "movie_details_raw") == left
        status = ledger.status(RUN)
        assert status is not None
        assert (status.is_complete, status.is_published) == (True, True)
    assert count_rows(tables, "ingestion_log") == 3


def test_a_batch_that_is_redelivered_is_seen_at_work(
    tables: Warehouse, ledger: Ledger
) -> None:
    """Otherwise the sweep would republish what Pub/Sub redelivers."""
    planned_at = datetime.now(UTC) - timedelta(minutes=25)
    plan = {
        "run_id": RUN.run_id,
        "run_date": RUN.run_date.isoformat(),
        "mode": "daily",
        "batch_no": 1,
        "batch_count": 1,
        "movie_ids": [1, 2],
        "created_at": planned_at.isoformat(),
    }
    tables.load_once("batch_plan", [plan], "plan")
    [before] = ledger.open_runs(DAY)
    ledger.record(RUN, [(Event.BATCH_DEFERRED, {"batch_no": 1, "reason": "404"})])
    [after] = ledger.open_runs(DAY)
    assert before.quiet_s >= 25 * 60
    assert after.quiet_s < 25 * 60 - 600
    assert (after.batches_done, after.is_complete) == (0, False)


def test_a_marker_twice_counts_once(tables: Warehouse, ledger: Ledger) -> None:
    ledger.store_plan(RUN, [Batch(1, 1, (1, 2))])
    done = {"batch_no": 1, "expected": 2, "fetched": 2, "written": 2}
    for _ in range(2):
        ledger.record(RUN, [(Event.BATCH_DONE, done)])
        tables.append("movie_details_raw", [detail_row(1), detail_row(2)], ["x", "y"])
    status = ledger.status(RUN)
    assert status is not None
    assert (status.fetched, status.batches_done, status.is_complete) == (2, 1, True)


def test_a_movie_was_not_found_before_unless_it_was_fetched_since(
    tables: Warehouse, ledger: Ledger
) -> None:
    """1: two days ago. 2: fetched since. 3: today only. 4: too long ago."""

    def not_found(days_ago: int, movie_id: int) -> None:
        run = Run(Mode.DAILY, DAY - timedelta(days=days_ago))
        gone = {"movie_id": movie_id, "batch_no": 1}
        ledger.record(run, [(Event.MOVIE_NOT_FOUND, gone)])

    for days_ago, movie_id in ((2, 1), (3, 2), (0, 3), (9, 4)):
        not_found(days_ago, movie_id)
    since = (DAY - timedelta(days=2)).isoformat()
    tables.append("movie_details_raw", [detail_row(2) | {"run_date": since}], ["2"])
    assert ledger.not_found_before(RUN) == {1}


@pytest.mark.parametrize("gap", [1, 2, 14, 15, 40, 100])
def test_catching_up_starts_at_the_last_complete_run_however_long_ago(
    ledger: Ledger, gap: int
) -> None:
    """Its landed rows have expired, so only the ledger shows it."""
    complete = Run(Mode.DAILY, DAY - timedelta(days=gap))
    older = Run(Mode.INITIAL, DAY - timedelta(days=gap + 3))
    incomplete = Run(Mode.DAILY, DAY - timedelta(days=max(gap - 1, 1)))
    weekly = Run(Mode.WEEKLY, DAY - timedelta(days=1))
    assert ledger.last_complete_run(DAY, MOST) is None
    for no, run in ((2, complete), (2, older), (1, weekly), (1, DAY_S_OWN)):
        counts = {"batch_count": no, "written": 1, "fetched": 1}
        for batch_no in range(1, no + 1):
            done = {"batch_no": batch_no, **counts}
            ledger.record(run, [(Event.BATCH_DONE, done)])
    if incomplete != complete:
        half = {"batch_no": 1, "batch_count": 2}
        ledger.record(incomplete, [(Event.BATCH_DONE, half)])
    assert ledger.last_complete_run(DAY, MOST) == complete.run_date


def _track(tables: Warehouse, count: int) -> None:
    row = {
        "tracked_since": "2026-02-01",
        "last_in_top_on": "2026-02-20",
        "updated_by_run": "daily-2026-02-20",
    }
    rows = [row | {"movie_id": movie_id} for movie_id in range(1, count + 1)]
    tables.load_once("tracked_movies", rows, "tracked")


@pytest.mark.parametrize(
    ("limit", "most", "is_whole"),
    [(3, MOST, True), (2, MOST, False), (2, 2, True), (1, 2, False)],
)
def test_an_initial_run_is_a_days_run_if_it_fetched_as_many_as_a_day_does(
    tables: Warehouse,
    ledger: Ledger,
    limit: int,
    most: int,
    is_whole: bool,  # noqa: FBT001
) -> None:
    """A run of a few movies (make smoke) hides no missed tick and ends no gap."""
    _track(tables, 3)
    initial = Run(Mode.INITIAL, date(2026, 2, 20))
    ledger.store_plan(initial, [Batch(1, 1, tuple(range(1, limit + 1)))])
    ledger.record(initial, [(Event.RUN_PLANNED, {"batch_count": 1, "expected": limit})])
    done = {"batch_no": 1, "batch_count": 1, "expected": limit}
    ledger.record(initial, [(Event.BATCH_DONE, done)])
    assert ledger.missed_day(initial.run_date, most).is_planned is is_whole
    last = initial.run_date if is_whole else None
    assert ledger.last_complete_run(DAY, most) == last


def test_export_days_are_loaded_or_requested_days(
    tables: Warehouse, ledger: Ledger
) -> None:
    """28 February: loaded, requested once. The 27th: requested by two runs."""
    days = [DAY - timedelta(days=n) for n in (2, 1)]
    for run_date in (DAY, DAY + timedelta(days=1)):
        run = Run(Mode.HISTORY, run_date)
        wanted = days if run_date == DAY else days[:1]
        ledger.store_plan(run, [Batch(1, 1, (), day) for day in wanted])
    rows = [popularity_row(n, export_date=days[1].isoformat()) for n in (1, 2)]
    too_old = popularity_row(1, export_date="2026-01-31")
    tables.load_once("movie_popularity_raw", [*rows, too_old], "loaded")
    known = ledger.export_days(date(2026, 2, 1), DAY)
    assert sorted(known, key=lambda export: export.day) == [
        ExportDay(days[0], is_loaded=False, requests=2),
        ExportDay(days[1], is_loaded=True, requests=1),
    ]


def test_a_published_day_without_an_export_lacks_it_until_it_is_requested(
    tables: Warehouse, ledger: Ledger
) -> None:
    assert not ledger.missed_day(DAY, MOST).is_without_export
    day = {
        "snapshot_date": DAY.isoformat(),
        "is_catalogue_shift": False,
        "is_published": True,
    }
    assert not tables.append("catalogue_days", [day], ["day"])
    assert ledger.missed_day(DAY, MOST).is_without_export
    other = popularity_row(1, export_date="2026-02-28")
    tables.load_once("movie_popularity_raw", [other], "other")
    ledger.store_plan(Run(Mode.HISTORY, DAY), [Batch(1, 1, (), DAY)])
    assert ledger.missed_day(DAY, MOST).is_without_export
    ledger.store_plan(Run(Mode.HISTORY, DAY, DAY), [Batch(1, 1, (), DAY)])
    assert not ledger.missed_day(DAY, MOST).is_without_export


def test_a_published_day_with_its_export_lacks_nothing(
    tables: Warehouse, ledger: Ledger
) -> None:
    day = {
        "snapshot_date": DAY.isoformat(),
        "is_catalogue_shift": False,
        "is_published": True,
    }
    assert not tables.append("catalogue_days", [day], ["day"])
    tables.load_once("movie_popularity_raw", [popularity_row(1)], "loaded")
    assert not ledger.missed_day(DAY, MOST).is_without_export


def test_a_history_run_leaves_its_own_day_until_that_is_published(
    tables: Warehouse, ledger: Ledger
) -> None:
    """The day's votes may still be fetched: with popularity only it is incomplete."""
    run = Run(Mode.HISTORY, DAY)
    before = DAY - timedelta(days=1)
    days = [date(2026, 2, 27), before, DAY]
    ledger.store_plan(run, [Batch(n, 3, (), d) for n, d in enumerate(days, 1)])
    assert ledger.metrics_range(run) == (days[0], before)
    alone = Run(Mode.HISTORY, DAY, DAY)
    ledger.store_plan(alone, [Batch(1, 1, (), DAY)])
    assert ledger.metrics_range(alone) == (DAY, DAY)
    published = {
        "snapshot_date": DAY.isoformat(),
        "movies_observed": 1,
        "has_votes": True,
        "is_catalogue_shift": False,
        "is_published": True,
    }
    tables.load_once("catalogue_days", [published], "a_published_day")
    assert ledger.metrics_range(run) == (days[0], DAY)
    assert ledger.metrics_range(RUN) == (DAY, DAY)


def test_an_event_keeps_who_wrote_it_and_when(
    tables: Warehouse, ledger: Ledger
) -> None:
    before = datetime.now(UTC)
    ledger.record(RUN, [(Event.MOVIE_FAILED, {"movie_id": 13, "reason": "why"})])
    [row] = tables.select("SELECT * FROM tmdb_analytics.ingestion_log")
    assert (row["code_version"], row["mode"], row["reason"]) == ("test", "daily", "why")
    assert before <= row["logged_at"] <= datetime.now(UTC)
