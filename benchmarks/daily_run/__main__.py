"""Where the seconds of a daily run go: per function, per query, and waiting.

python -m benchmarks.daily_run, or `make bench-day`: on the local stack, after an
initial load. With --project, of a deployment's run of a day, from its ledger and its
list of jobs. A function is at work from its first query, or what its events in the
ledger say, to its last; nobody waits while any of them is.
"""

import argparse
import os
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.daily_run import deployment, report, stack
from local.console import open_console
from local.tables import DATASET
from shared.bigquery import open_client


def main() -> None:
    """Measure the days and print the tables."""
    parser = argparse.ArgumentParser("python -m benchmarks.daily_run")
    parser.add_argument("--movies", type=int, default=250)
    parser.add_argument("--days", type=int, default=1, help="days on the local stack")
    parser.add_argument("--project", help="a deployment's, instead of the local stack")
    parser.add_argument("--dataset", default=DATASET)
    parser.add_argument(
        "--date",
        type=date.fromisoformat,
        default=datetime.now(UTC).date(),
        help="the day of the deployment's run; today without it",
    )
    options = parser.parse_args()
    console = open_console()
    if options.project:
        url = os.environ.get("BIGQUERY_EMULATOR_HOST")
        with open_client(options.project, url) as client:
            work, queries = deployment.day(client, options.dataset, options.date)
        if not work:
            sys.exit(f"no daily run of {options.date} is in the ledger")
        report.show(console, work, queries)
        return
    with tempfile.TemporaryDirectory() as folder:
        for work, queries in stack.days(Path(folder), options.movies, options.days):
            report.show(console, work, queries)


if __name__ == "__main__":
    main()
