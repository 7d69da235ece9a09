"""Check a finished scenario: return a sentence for each violated invariant.

The expected values come from the simulator, not from what the pipeline reports.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

from google.cloud import bigquery

from benchmarks.fault_injection.scenario import Scenario
from emulators.tmdb.catalogue.source import Source
from functions.fetch_details.outcome import FEW_MISSING, MISSING_SHARE
from local.run_states import RunState

MIN_COVERAGE = 0.99
"""published_min_coverage of sql/10_metric_thresholds.sql; a test compares them."""

_PLANNED = """
SELECT DISTINCT movie_id FROM tmdb_analytics.batch_plan, UNNEST(movie_ids) AS movie_id
WHERE run_id = @run_id
"""
_LANDED = """
SELECT movie_id, popularity, vote_count FROM tmdb_analytics.movie_details_raw
WHERE run_id = @run_id
"""
_EXPORTED = """
SELECT movie_id, popularity FROM tmdb_analytics.movie_popularity_raw
WHERE export_date = @day AND is_tracked
"""
_SNAPSHOTS = """
SELECT movie_id, vote_count FROM tmdb_analytics.movie_daily_snapshots
WHERE snapshot_date = @day AND is_tracked
"""
_METRICS = """
SELECT movie_id FROM tmdb_analytics.movie_metrics_aggregated
WHERE calculation_date = @day
"""
_NOT_FOUND = """
SELECT plan.batch_no, ARRAY_LENGTH(plan.movie_ids) AS movies, log.movie_id
FROM tmdb_analytics.batch_plan AS plan
INNER JOIN tmdb_analytics.ingestion_log AS log USING (run_id, batch_no)
WHERE run_id = @run_id AND log.event = 'MOVIE_NOT_FOUND'
"""
_EVENTS = """
SELECT event, COUNT(*) AS n FROM tmdb_analytics.ingestion_log
WHERE run_id = @run_id GROUP BY event
"""


def problems(
    scenario: Scenario, status: RunState, letters: Iterable[bytes], source: Source
) -> Iterator[str]:
    """Yield what is wrong; nothing is what one hopes for."""
    rows = _Rows(scenario)
    planned = {row["movie_id"] for row in rows(_PLANNED)}
    values_of = {
        movie: _values_at_tmdb(movie, scenario.days, source) for movie in planned
    }
    there = {movie for movie, values in values_of.items() if values}
    denied = _denied(rows) if scenario.may_miss else set()
    due = there - scenario.failing - denied
    yield from _wrong_rows(rows, due, values_of, set() if scenario.is_expired else due)
    yield from _wrong_counts(status, planned, there, due)
    events = {row["event"]: row["n"] for row in rows(_EVENTS)}
    published = events.get("METRICS_DONE", 0)
    # A run that was closed too early is computed again with what came late, and so is
    # one whose end was not visible yet.
    may_repeat = scenario.is_late or events.get("RUN_CLOSED")
    if published != 1 and not (published and may_repeat):
        yield f"metrics were published {published} times: {events}"
    if set(letters) != scenario.parked:
        yield f"dead letters are {set(letters)}, not {scenario.parked}"


def _denied(rows: Callable[[str], list[dict[str, Any]]]) -> set[int]:
    """Return the movies that were not found, of batches that miss only a few."""
    missing: dict[tuple[int, int], set[int]] = {}
    for row in rows(_NOT_FOUND):
        missing.setdefault((row["batch_no"], row["movies"]), set()).add(row["movie_id"])
    return {
        movie_id
        for (_, movies), ids in missing.items()
        if len(ids) <= max(FEW_MISSING, MISSING_SHARE * movies)
        for movie_id in ids
    }


def _values_at_tmdb(movie_id: int, days: Iterable[date], source: Source) -> set[Any]:
    """Return (popularity, votes) as TMDB may have told them; empty when it has none."""
    details = [source.details(movie_id, day) for day in days]
    return {(one["popularity"], one["vote_count"]) for one in details if one}


def _wrong_rows(
    rows: "_Rows", due: set[int], values_of: dict[int, set[Any]], kept: set[int]
) -> Iterator[str]:
    landed = rows(_LANDED)
    if (ids := {row["movie_id"] for row in landed}) != kept:
        yield f"lost: {sorted(kept - ids)}, nobody asked for: {sorted(ids - kept)}"
    for row in landed:
        if (row["popularity"], row["vote_count"]) not in values_of.get(
            row["movie_id"], ()
        ):
            yield f"TMDB never told {row}"
    known = {row["movie_id"] for row in rows(_EXPORTED)} | due
    for table, sql in (("snapshots", _SNAPSHOTS), ("metrics", _METRICS)):
        stored = [row["movie_id"] for row in rows(sql)]
        if len(stored) != len(set(stored)):
            yield f"{table}: {len(stored) - len(set(stored))} rows are doubled"
        if set(stored) != known:
            yield (
                f"{table}: lost {sorted(known - set(stored))}, "
                f"too many {sorted(set(stored) - known)}"
            )
    voted = {
        row["movie_id"] for row in rows(_SNAPSHOTS) if row["vote_count"] is not None
    }
    if voted != due:
        yield f"votes of {sorted(voted ^ due)} are wrong"


def _wrong_counts(
    status: RunState, planned: set[int], there: set[int], due: set[int]
) -> Iterator[str]:
    real = {
        "expected": len(planned),
        "not_found": len(planned - there),
        "failed": len(there - due),
        "fetched": len(due),
        "written": len(due),
    }
    counted = {name: status[name] for name in real}
    if counted != real:
        yield f"v_run_status counts {counted}, but it was {real}"
    state = "PUBLISHED" if len(due) >= MIN_COVERAGE * len(there) else "PARTIAL"
    if status["state"] != state:
        yield f"the run ended {status['state']}, but is {state}"


class _Rows:
    """Queries about one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self._client = scenario.stack.client
        self._config = bigquery.QueryJobConfig(
            query_parameters=[
                bigquery.ScalarQueryParameter("run_id", "STRING", scenario.run.run_id),
                bigquery.ScalarQueryParameter("day", "DATE", scenario.day),
            ]
        )

    def __call__(self, sql: str) -> list[dict[str, Any]]:
        """Return a query's rows."""
        found = self._client.query_and_wait(sql, job_config=self._config)
        return [dict(row.items()) for row in found]
