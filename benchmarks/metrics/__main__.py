"""python -m benchmarks.metrics: evaluate the metrics and print the tables.

About a minute per test seed of 1,000 movies x 240 days, and 15 s per dev seed.
"""

import argparse
import json

from rich.console import Console

from benchmarks.metrics.computed import Measures
from benchmarks.metrics.report import tables
from benchmarks.metrics.statements import bench
from benchmarks.metrics.study import find_thresholds, judge
from local.console import open_console

DEV_SEEDS = (21, 22, 23)
TEST_SEEDS = (41, 42, 43, 44, 45, 46)
QUICK = (250, 120)


def evaluate(
    size: tuple[int, int], dev_seeds: list[int], test_seeds: list[int], console: Console
) -> list[Measures]:
    """Set the thresholds, then measure every test seed."""
    with bench() as emulated:
        thresholds = find_thresholds(emulated, dev_seeds, size)
        console.print("thresholds:", json.dumps(thresholds, indent=2))
        measured = []
        for seed in test_seeds:
            console.print(f"seed {seed} ...")
            measured.append(judge(emulated, seed, size, thresholds))
    return measured


def look(console: Console) -> list[Measures]:
    """Evaluate one small seed each, in half a minute: no verdict."""
    return evaluate(QUICK, [DEV_SEEDS[0]], [TEST_SEEDS[0]], console)


def main() -> None:
    """Evaluate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movies", type=int, default=1_000)
    parser.add_argument("--days", type=int, default=240)
    parser.add_argument("--dev-seeds", type=int, nargs="+", default=DEV_SEEDS)
    parser.add_argument("--seeds", type=int, nargs="+", default=TEST_SEEDS)
    parser.add_argument(
        "--quick", action="store_true", help="one small seed each: a look, no verdict"
    )
    parser.add_argument("--markdown", action="store_true", help="tables for a document")
    given = parser.parse_args()
    console = open_console()
    if given.quick:
        measured = look(console)
    else:
        size = (given.movies, given.days)
        measured = evaluate(size, list(given.dev_seeds), list(given.seeds), console)
    for table in tables(measured, markdown=given.markdown):
        console.print(table)


if __name__ == "__main__":
    main()
