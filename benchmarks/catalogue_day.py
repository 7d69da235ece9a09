"""A day with every movie tracked, end to end on the local stack: what it left and when.

python -m benchmarks.catalogue_day [--movies 100000] [--details 2000]. The simulated
TMDB has so many movies, the deployment tracks all and asks for the details of some: a
first load, then the next day's run, by real functions over Pub/Sub and BigQuery.
"""

import argparse
import json
import sys
import tempfile
import time
from datetime import date, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from local.run_progress import wait_until_published
from local.stack import Options, Stack
from shared.runs import Mode, Run

FIRST_DAY = date(2026, 6, 1)
TIMEOUT_S = 1_500.0
LEFT = """
SELECT
  days.snapshot_date,
  days.is_published,
  days.movies_observed,
  days.movies_expected,
  days.popularity_coverage,
  days.coverage,
  (
    SELECT COUNT(*) FROM tmdb_analytics.movie_metrics_aggregated
    WHERE calculation_date = days.snapshot_date
  ) AS movies_with_metrics,
  (
    SELECT COUNT(vote_count) FROM tmdb_analytics.movie_daily_snapshots
    WHERE snapshot_date = days.snapshot_date
  ) AS movies_with_votes
FROM tmdb_analytics.catalogue_days AS days
WHERE days.snapshot_date = @run_date
"""


def main() -> None:
    """Run two days and print, as JSON, what each left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movies", type=int, default=100_000)
    parser.add_argument("--details", type=int, default=2_000)
    options = parser.parse_args()
    settings = {
        "TRACKED_MOVIES": "all",
        "DETAILS_PER_DAY": str(options.details),
        "HISTORY_DAYS": "2",
    }
    simulator = (f"--movies={options.movies}", f"--today={FIRST_DAY}")
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder), Options(settings, simulator)) as stack,
    ):
        for run in (
            Run(Mode.INITIAL, FIRST_DAY),
            Run(Mode.DAILY, FIRST_DAY + timedelta(days=1)),
        ):
            print(json.dumps(_day(stack, run), default=str), flush=True)


def _day(stack: Stack, run: Run) -> dict[str, Any]:
    stack.set_today(run.run_date)
    began = time.monotonic()
    body = {"mode": run.mode, "run_date": run.run_date.isoformat()}
    status, answer = stack.call("ingest_changes", body)
    planned_s = time.monotonic() - began
    if status != HTTPStatus.OK:
        sys.exit(f"ingest_changes answered {status}: {answer}")
    [state] = wait_until_published(stack.tables, [run.run_id], TIMEOUT_S)
    [left] = stack.tables.select(LEFT, run_date=run.run_date)
    seconds = {"planned_s": planned_s, "published_s": time.monotonic() - began}
    return {"run_id": run.run_id, "state": state["state"], **seconds, **left}


if __name__ == "__main__":
    main()
