"""How long an initial load of 1,000 movies takes, and whether it loses any.

python -m benchmarks.initial_load: the local stack from its deployed archives, the
simulator at 120 ms and TMDB's 40 requests/s, the client at its polite 30/s, in three
weathers: fine, 2 % of answers 503, one outage of 30 s. Prints a table.

Details: seconds from the first details request to the last, against the bound
requests / 30. Whole: from the call to the published metrics.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.table import Table

from local.console import open_console
from local.run_progress import wait_until_published
from local.stack import Options, Stack
from shared.runs import Mode, Run

DAY = date(2026, 6, 1)
RATE = 30
OUTAGE_AFTER_S = 10

WEATHERS: dict[str, dict[str, float]] = {
    "fine": {},
    "2 % 503": {"fail_503_share": 0.02},
    "30 s outage": {"outage_start_s": OUTAGE_AFTER_S, "outage_s": 30},
}


@dataclass(frozen=True, slots=True)
class Result:
    """One load: movies landed, requests for details, their seconds, 429s."""

    weather: str
    landed: int
    requests: int
    details_s: float
    whole_s: float
    throttled: int
    peak_per_s: int

    @property
    def ratio(self) -> float:
        """Details seconds against the bound that the rate sets."""
        return self.details_s / (self.requests / RATE)


def load(weather: str, faults: dict[str, float], movies: int) -> Result:
    """Run one initial load from nothing."""
    options = Options(
        settings={
            "TRACKED_MOVIES": str(movies),
            "HISTORY_DAYS": "1",
            "TMDB_REQUESTS_PER_SECOND": str(RATE),
            "TMDB_RETRY_S": "60",
        },
        simulator=(f"--today={DAY}", "--rate-limit=40", "--latency-ms=120"),
        time_scale=1.0,
    )
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), options) as stack:
        began = time.monotonic()
        stack.steer_simulator({"faults": faults})
        status, answer = stack.call("ingest_changes", {"mode": "initial"} | _on(DAY))
        if status != 200:  # noqa: PLR2004 - HTTP's OK
            sys.exit(f"ingest_changes answered {status}: {answer}")
        run_id = Run(Mode.INITIAL, DAY).run_id
        [state] = wait_until_published(stack.client, [run_id], 600)
        whole_s = time.monotonic() - began
        stats = stack.simulator_stats()
    return Result(
        weather=weather,
        landed=state["fetched"],
        requests=state["tmdb_requests"],
        details_s=stats["last_details_request_s"] - stats["first_details_request_s"],
        whole_s=whole_s,
        throttled=stats["throttled"],
        peak_per_s=stats["peak_requests_per_s"],
    )


def _on(day: date) -> dict[str, str]:
    return {"run_date": day.isoformat()}


def main() -> None:
    """Load in every weather and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movies", type=int, default=1_000)
    movies = parser.parse_args().movies
    console = open_console()
    table = Table(title=f"Initial load of {movies:,} movies", title_justify="left")
    table.add_column("weather")
    for column in ("landed", "requests", "details s", "bound s", "ratio"):
        table.add_column(column, justify="right")
    for column in ("whole s", "429s", "peak/s"):
        table.add_column(column, justify="right")
    for weather, faults in WEATHERS.items():
        console.print(f"{weather} ...")
        result = load(weather, faults, movies)
        table.add_row(
            weather,
            f"{result.landed:,}",
            f"{result.requests:,}",
            f"{result.details_s:.1f}",
            f"{result.requests / RATE:.1f}",
            f"{result.ratio:.2f}",
            f"{result.whole_s:.1f}",
            str(result.throttled),
            str(result.peak_per_s),
        )
    console.print(table)


if __name__ == "__main__":
    main()
