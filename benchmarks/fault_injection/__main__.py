"""Run seeds of fault injection and print the results by fault.

Every run must end in a state that is true, with no row lost or doubled. For a seed that
fails it prints the command that repeats it, and the exit code is 1.
"""

import argparse
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import batched
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.fault_injection import FAULTS, Outcome, Runner, fault_of
from local.console import open_console
from local.progress import Bars, Pace, time_left

SEEDS_PER_STACK = 40
"""Then a new one: tables that only grow slow the last runs, not the pipeline."""

BAR = "fault injection"


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the seeds; 0 when all ended as they had to."""
    options = _options(arguments)
    seeds = [options.seed] if options.seed is not None else range(options.seeds)
    if options.fault:
        seeds = [seed for seed in seeds if options.fault in fault_of(seed)]
    console = open_console()
    outcomes: list[Outcome] = []
    failures: list[tuple[int, str]] = []
    # Ctrl-C ends the soak early: the results so far are printed.
    with (
        suppress(KeyboardInterrupt),
        Bars(console, is_shown=console.is_terminal) as bars,
    ):
        soak = _Soak(console, bars, len(seeds), outcomes, failures)
        for part in batched(seeds, SEEDS_PER_STACK, strict=False):
            left = list(part)
            while left:
                left = left[soak.play(left) :]
    _show(console, outcomes, failures)
    return 1 if failures else 0


class _Soak:
    """Plays seeds; appends to `outcomes` or `failures`, and moves its bar."""

    def __init__(
        self,
        console: Console,
        bars: Bars,
        total: int,
        outcomes: list[Outcome],
        failures: list[tuple[int, str]],
    ) -> None:
        self._console, self._bars, self._total = console, bars, total
        self._outcomes, self._failures = outcomes, failures
        self._pace = Pace()
        bars.add(BAR, "starting", total=total)

    def play(self, seeds: Sequence[int]) -> int:
        """Play seeds on one stack until one fails; how many were played."""
        with (
            tempfile.TemporaryDirectory(prefix="chaos-") as data,
            Runner(Path(data), seeds[0]) as runner,
        ):
            for played, seed in enumerate(seeds, start=1):
                self._show_progress(seed)
                try:
                    self._outcomes.append(runner.play(seed))
                    if not self._console.is_terminal:
                        print(self._outcomes[-1], flush=True)
                except Exception:  # noqa: BLE001 - every failure is printed, none ends the soak
                    failure = traceback.format_exc(limit=-2)
                    self._failures.append((seed, failure))
                    name = fault_of(seed)
                    self._console.print(f"seed {seed} ({name}) failed", style="red")
                    self._console.print(failure)
                    # What it left behind must not be blamed on the next seed.
                    return played
        return len(seeds)

    def _show_progress(self, seed: int) -> None:
        played = len(self._outcomes) + len(self._failures)
        self._pace.see(time.monotonic(), played)
        about = f"{played}/{self._total}, seed {seed}: {fault_of(seed)}"
        left = time_left(self._pace.seconds_left(self._total))
        self._bars.move(BAR, played, self._total, about, left)


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
