"""The state of a run that fetched all but two movies, for tests to change."""

from datetime import UTC, datetime

from local.run_states import RunState

RUN_ID = "daily-2026-06-01"
_ROW = {
    "run_id": RUN_ID,
    "mode": "daily",
    "run_date": "2026-06-01",
    "state": "PUBLISHED",
    "batches_total": 20,
    "batches_done": 20,
    "expected": 1_000,
    "fetched": 998,
    "not_found": 2,
    "failed": 0,
    "rows_visible": 998,
    "tmdb_requests": 1_003,
    "tmdb_throttled": 3,
    "republished": 0,
    "coverage": 1.0,
    "is_check_failed": False,
    "started_at": datetime(2026, 6, 1, 9, tzinfo=UTC),
    "last_seen_at": datetime(2026, 6, 1, 9, 1, 35, tzinfo=UTC),
    "seconds": 95.4,
    "code_version": "abc1234",
}


def run_state(**changes: object) -> RunState:
    """Return the state of that run with some columns changed."""
    return RunState({**_ROW, **changes})
