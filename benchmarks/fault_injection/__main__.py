"""Run seeds of fault injection and print the results by fault.

Every run must end in a state that is true, with no row lost or doubled. For a seed that
fails it prints the command that repeats it, and the exit code is 1.
"""

import argparse
import sys
import tempfile
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import batched
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from benchmarks.fault_injection import FAULTS, Outcome, Runner, fault_of
from local.console import open_console

SEEDS_PER_STACK = 40
"""Then a new one: tables that only grow slow the last runs, not the pipeline."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the seeds; 0 when all ended as they had to."""
    options = _options(arguments)
    seeds = [options.seed] if options.seed is not None else range(options.seeds)
    if options.fault:
        seeds = [seed for seed in seeds if options.fault in fault_of(seed)]
    console = open_console()
    outcomes: list[Outcome] = []
    failures: list[tuple[int, str]] = []
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    # Ctrl-C ends the soak early: the results so far are printed.
    with suppress(KeyboardInterrupt), Progress(*columns, console=console) as progress:
        task = progress.add_task("starting", total=len(seeds))
        for part in batched(seeds, SEEDS_PER_STACK, strict=False):
            left = list(part)
            while left:
                played = _play(left, outcomes, failures, progress, task)
                left = left[played:]
    _show(console, outcomes, failures)
    return 1 if failures else 0


def _play(
    seeds: Sequence[int],
    outcomes: list[Outcome],
    failures: list[tuple[int, str]],
    progress: Progress,
    task: TaskID,
) -> int:
    """Play seeds on one stack until one fails; how many were played."""
    with (
        tempfile.TemporaryDirectory(prefix="chaos-") as data,
        Runner(Path(data), seeds[0]) as runner,
    ):
        for played, seed in enumerate(seeds, start=1):
            name = fault_of(seed)
            progress.update(task, description=f"seed {seed}: {name}")
            try:
                outcomes.append(runner.play(seed))
                if not progress.console.is_terminal:
                    print(outcomes[-1], flush=True)
            except Exception:  # noqa: BLE001 - every failure is printed, none ends the soak
                failures.append((seed, traceback.format_exc(limit=-2)))
                progress.console.print(f"seed {seed} ({name}) failed", style="red")
                progress.console.print(failures[-1][1])
                progress.advance(task)
                # What it left behind must not be blamed on the next seed.
                return played
            progress.advance(task)
    return len(seeds)


def _show(
    console: Console, outcomes: Sequence[Outcome], failures: Sequence[tuple[int, str]]
) -> None:
    by_fault: defaultdict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_fault[outcome.fault].append(outcome)
    failed = Counter(fault_of(seed) for seed, _ in failures)
    table = Table(title="From the tick to the final state, in seconds")
    table.add_column("fault")
    for name in ("runs", "processes killed", "wrong", "median", "max"):
        table.add_column(name, justify="right")
    table.add_column("ended")
    for fault in FAULTS:
        ended = by_fault[fault]
        if not ended and not failed[fault]:
            continue
        seconds = [outcome.seconds for outcome in ended] or [float("nan")]
        table.add_row(
            fault,
            str(len(ended) + failed[fault]),
            str(sum(outcome.crashes for outcome in ended)),
            str(failed[fault]),
            f"{median(seconds):.1f}",
            f"{max(seconds):.1f}",
            _count(outcome.state for outcome in ended),
        )
    console.print(table)
    console.print(f"{len(outcomes)} of {len(outcomes) + len(failures)} runs right")
    for seed, _ in failures:
        console.print(f"again: python -m benchmarks.fault_injection --seed {seed}")


def _count(states: Iterable[str]) -> str:
    return ", ".join(f"{n} {state}" for state, n in Counter(states).most_common())


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.fault_injection", description=__doc__
    )
    parser.add_argument("--seeds", type=int, default=len(FAULTS), help="0 to N-1")
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument("--fault", help="only the seeds of this fault")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
