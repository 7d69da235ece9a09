"""python -m benchmarks.metrics: evaluate the scores and print the tables.

About ten minutes on two quiet cores: two simulators, eight test seeds each, of 1,000
movies x 240 days.
"""

import argparse

from rich.console import Console

from benchmarks.metrics.computed import Measures
from benchmarks.metrics.report import tables
from benchmarks.metrics.simulators import SIMULATORS
from benchmarks.metrics.statements import bench
from benchmarks.metrics.study import Seeds, prepare
from local.console import open_console

SEEDS = Seeds(
    oracle=range(121, 137), tuning=(141, 142), test=(*range(151, 155), *range(161, 165))
)
SIZE = (1_000, 240)
QUICK_SEEDS, QUICK_SIZE = Seeds(oracle=(121,), tuning=(141,), test=(151,)), (250, 120)


def evaluate(size: tuple[int, int], seeds: Seeds, console: Console) -> list[Measures]:
    """Return the measures of every simulator and test seed."""
    measured = []
    with bench() as emulated:
        for simulator in SIMULATORS:
            console.print(f"simulator {simulator}: oracle and thresholds ...")
            study = prepare(emulated, simulator, seeds, size)
            for seed in seeds.test:
                console.print(f"simulator {simulator}: seed {seed} ...")
                measured.append(study.judge(emulated, seed))
            for name, threshold in study.thresholds.items():
                console.print(f"threshold of {name}: {threshold:.4g}")
    return measured


def main() -> None:
    """Evaluate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="one small seed each: a look, no verdict"
    )
    parser.add_argument("--markdown", action="store_true", help="tables for a document")
    given = parser.parse_args()
    console = open_console()
    size, seeds = (QUICK_SIZE, QUICK_SEEDS) if given.quick else (SIZE, SEEDS)
    measured = evaluate(size, seeds, console)
    for table in tables(measured, markdown=given.markdown):
        console.print(table)


if __name__ == "__main__":
    main()
