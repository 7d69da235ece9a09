"""How long an initial load of 1,000 movies takes, and whether it loses any.

python -m benchmarks.initial_load: the local stack from its deployed archives, the
simulator at 120 ms and TMDB's 40 requests/s, the functions at the rates that Terraform
gives them (30/s, ingest_changes a quarter of it), in three scenarios: no fault, 2 % of
answers 503, one outage of 30 s. Prints a table.

Choosing: from the call to the first details request, so lists and plan. Details: from
the first details request to the last, against the bound requests / 30. Whole: from the
call to the published metrics, against (movies + their list pages) / 30.
"""

import argparse
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from math import ceil
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from local.archives import ROOT
from local.console import open_console
from local.run_progress import wait_until_published
from local.stack import Options, Stack
from shared.runs import Mode, Run
from shared.tmdb import MOVIES_PER_PAGE

DAY = date(2026, 6, 1)
RATE = 30
OUTAGE_AFTER_S = 10

SCENARIOS: dict[str, dict[str, float]] = {
    "no fault": {},
    "2 % 503": {"fail_503_share": 0.02},
    "30 s outage": {"outage_start_s": OUTAGE_AFTER_S, "outage_s": 30},
}


@dataclass(frozen=True, slots=True)
class Result:
    """One load: movies landed, requests for details, their seconds, 429s."""

    scenario: str
    movies: int
    landed: int
    requests: int
    choosing_s: float
    details_s: float
    whole_s: float
    throttled: int
    peak_per_s: int

    @property
    def ratio(self) -> float:
        """Details seconds against the bound that the rate sets."""
        return self.details_s / (self.requests / RATE)

    @property
    def whole_ratio(self) -> float:
        """Seconds from the call to the publication against the bound of the load."""
        return self.whole_s / (requests_due(self.movies) / RATE)


def requests_due(movies: int) -> int:
    """Return the minimum number of requests that list and fetch movies."""
    return movies + ceil(movies / MOVIES_PER_PAGE)


def rates() -> dict[str, dict[str, str]]:
    """Return function -> the rate that Terraform gives it."""
    text = (ROOT / "terraform/functions.tf").read_text()
    shares = re.findall(
        r"^      (\w+) = \{[^}]*?\btmdb_share += ([\d.]+)$", text, re.MULTILINE
    )
    return {
        name: {"TMDB_REQUESTS_PER_SECOND": str(RATE), "TMDB_SHARE": share}
        for name, share in shares
    }


def load(scenario: str, faults: dict[str, float], movies: int) -> Result:
    """Run one initial load from nothing."""
    options = Options(
        settings={
            "TRACKED_MOVIES": str(movies),
            "HISTORY_DAYS": "1",
            "TMDB_RETRY_S": "60",
        },
        settings_of=rates(),
        simulator=(f"--today={DAY}", "--rate-limit=40", "--latency-ms=120"),
        time_scale=1.0,
    )
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), options) as stack:
        began, called_at = time.monotonic(), time.time()
        stack.steer_simulator({"faults": faults})
        status, answer = stack.call("ingest_changes", {"mode": "initial"} | _on(DAY))
        if status != 200:  # noqa: PLR2004 - HTTP's OK
            sys.exit(f"ingest_changes answered {status}: {answer}")
        run_id = Run(Mode.INITIAL, DAY).run_id
        [state] = wait_until_published(stack.tables, [run_id], 600)
        whole_s = time.monotonic() - began
        stats = stack.simulator_stats()
    return Result(
        scenario=scenario,
        movies=movies,
        landed=state["fetched"],
        requests=state["tmdb_requests"],
        choosing_s=stats["first_details_request_s"] - called_at,
        details_s=stats["last_details_request_s"] - stats["first_details_request_s"],
        whole_s=whole_s,
        throttled=stats["throttled"],
        peak_per_s=stats["peak_requests_per_s"],
    )


def _on(day: date) -> dict[str, str]:
    return {"run_date": day.isoformat()}


def main() -> None:
    """Load in every scenario and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movies", type=int, default=1_000)
    parser.add_argument("--scenario", choices=SCENARIOS, action="append")
    arguments = parser.parse_args()
    movies, scenarios = arguments.movies, arguments.scenario or SCENARIOS
    console = open_console()
    title = f"Initial load of {movies:,} movies"
    table = Table(
        title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 0, 0, 1)
    )
    table.add_column("scenario")
    columns = ("landed", "choose s", "details s", "ratio", "whole s", "ratio")
    for column in (*columns, "429s", "peak/s"):
        table.add_column(column, justify="right")
    for scenario in scenarios:
        console.print(f"{scenario} ...")
        result = load(scenario, SCENARIOS[scenario], movies)
        table.add_row(
            scenario,
            f"{result.landed:,}",
            f"{result.choosing_s:.1f}",
            f"{result.details_s:.1f}",
            f"{result.ratio:.2f}",
            f"{result.whole_s:.1f}",
            f"{result.whole_ratio:.2f}",
            str(result.throttled),
            str(result.peak_per_s),
        )
    console.print(table)


if __name__ == "__main__":
    main()
