"""Measure clients and write benchmarks/results/peers.json.

python -m benchmarks.peers [--full] [--client NAME ...] [--weather NAME ...]. A result
replaces the one of the same cell that the file has.
"""

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.peers.cells import CLIENTS, WEATHERS, Result, matrix
from benchmarks.peers.measure import measure
from local.console import open_console

RESULTS = Path(__file__).parents[1] / "results" / "peers.json"
KEY = ("weather", "limit", "latency_ms", "client")

type Row = dict[str, Any]


def merged(stored: Iterable[Row], fresh: Iterable[Row]) -> list[Row]:
    """Return the rows of both, the fresh one of a cell, in the order of their cells."""
    cells = {tuple(row[name] for name in KEY): row for row in [*stored, *fresh]}
    weathers, clients = list(WEATHERS), list(CLIENTS)
    return sorted(
        cells.values(),
        key=lambda row: (
            weathers.index(row["weather"]),
            -row["limit"],
            row["latency_ms"],
            clients.index(row["client"]),
        ),
    )


def main() -> None:
    """Measure cell by cell; what is measured is stored at once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--movies", type=int, default=1_000)
    parser.add_argument("--client", choices=CLIENTS, action="append")
    parser.add_argument("--weather", choices=WEATHERS, action="append")
    arguments = parser.parse_args()
    console = open_console()
    for cell in matrix(arguments.movies, full=arguments.full):
        if arguments.client and cell.client.name not in arguments.client:
            continue
        if arguments.weather and cell.weather not in arguments.weather:
            continue
        result = measure(cell)
        console.print(line_of(result))
        _keep(result)


def line_of(result: Result) -> str:
    """Return a result as one line."""
    against = f", {result.load_s / result.bound_s:.2f} x" if result.bound_s else ""
    return (
        f"{result.weather}, {result.limit:g}/s, {result.latency_ms} ms: "
        f"{result.client}: {result.load_s:.1f} s{against}, "
        f"{result.landed:,} of {result.due:,}, {result.requests:,} requests, "
        f"{result.throttled} x 429, CPU {result.cpu_s:.1f} s, {result.peak_mib:.0f} MiB"
        + (f", {result.failure}" if result.failure else "")
    )


def _keep(result: Result) -> None:
    stored: list[Row] = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    RESULTS.parent.mkdir(exist_ok=True)
    rows = merged(stored, [asdict(result)])
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
