"""backfill: what the tables say of a day, read from the emulator."""

from datetime import date
from typing import Any

import pytest

from cli.commands import backfill
from cli.runs.backfill_plan import Known, Need, decide
from emulators.bigquery import BigQueryEmulator
from tests.datasets import own_dataset

pytestmark = pytest.mark.emulator

DAY = date(2026, 6, 10)
AFTER = date(2026, 6, 11)
TODAY = date(2026, 6, 12)


def _snapshot(day: date, movie_id: int, source: str) -> dict[str, Any]:
    return {
        "movie_id": movie_id,
        "snapshot_date": day.isoformat(),
        "is_tracked": True,
        "popularity": 1.5,
        "popularity_source": source,
        "ingestion_timestamp": "2026-06-10T09:00:00+00:00",
    }


def test_a_day_with_popularity_from_details_only_is_still_to_be_loaded(
    emulator: BigQueryEmulator,
) -> None:
    """10 June ran before its export, which no run has loaded; 11 June has its own."""
    snapshots = [_snapshot(DAY, movie_id, "details") for movie_id in (1, 2)]
    snapshots += [_snapshot(AFTER, 1, "export"), _snapshot(AFTER, 2, "details")]
    with own_dataset(emulator, "backfill") as tables:
        assert not tables.append("movie_daily_snapshots", snapshots, list("abcd"))
        known = backfill.read(tables, DAY, AFTER, TODAY, AFTER)
    assert known == {
        DAY: Known(movies=2, exported=0),
        AFTER: Known(movies=2, exported=1),
    }
    todo = decide([DAY, AFTER], known, TODAY, AFTER, again=False)
    assert todo.needs == {DAY: Need.LOAD, AFTER: Need.COMPUTE}
