"""What a function's first import takes: seconds, memory, and its slowest packages.

python -m benchmarks.cold_start. Each function is imported from its archive, as
functions-framework does, in a virtual environment with its requirements only and in a
process of its own; RUNS times, with bytecode compiled before and without any. Printed
are the least CPU seconds (a busy machine adds wall time, and none of these), the peak
memory, and the three packages whose own modules take most wall time.
"""

import json
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from benchmarks.environments import python_of
from emulators import environment
from local.archives import FUNCTIONS, ROOT, stage
from local.console import open_console

RUNS = 5
IMPORT = "import functions_framework, main"
PROBE = f"""
import time
began = time.process_time()
{IMPORT}
cpu_s = time.process_time() - began
import json, sys
[peak] = [l for l in open("/proc/self/status") if l.startswith("VmHWM")]
print(json.dumps([cpu_s, int(peak.split()[1]) / 1024, len(sys.modules)]))
"""
_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")


@dataclass(frozen=True, slots=True)
class Imported:
    """One function: CPU seconds with and without bytecode, MiB, modules, packages.

    slowest: package -> milliseconds of its own modules, the three largest.
    """

    function: str
    cpu_s: float
    uncompiled_s: float
    peak_mib: float
    modules: int
    slowest: dict[str, float]


def measure(function: str) -> Imported:
    """Import a function again and again."""
    pins = ROOT / "functions" / function / "requirements.txt"
    python = python_of(pins, function)
    with tempfile.TemporaryDirectory() as folder:
        path = stage(function, Path(folder))
        compiled = [probe(python, path) for _ in range(RUNS + 1)][1:]
        nowhere = ["-B", "-X", f"pycache_prefix={folder}/none"]
        uncompiled = [probe(python, path, nowhere) for _ in range(2)]
        timings = [
            by_package(_run(importing, path).stderr.splitlines())
            for importing in [[python, "-X", "importtime", "-c", IMPORT]] * RUNS
        ]
    # Wall time: the least of all runs is the least disturbed.
    least = {name: min(run.get(name, 0.0) for run in timings) for name in timings[0]}
    return Imported(
        function=function,
        cpu_s=min(run[0] for run in compiled),
        uncompiled_s=min(run[0] for run in uncompiled),
        peak_mib=max(run[1] for run in compiled),
        modules=int(compiled[0][2]),
        slowest=dict(Counter(least).most_common(3)),
    )


def by_package(lines: Iterable[str]) -> dict[str, float]:
    """Return package -> milliseconds of its modules, from python -X importtime."""
    found: Counter[str] = Counter()
    for line in lines:
        if match := _LINE.match(line):
            parts = match[2].split(".")
            # Google's packages are those two or three levels down.
            depth = {"google": 3 if parts[1:2] == ["cloud"] else 2}.get(parts[0], 1)
            found[".".join(parts[:depth])] += int(match[1])
    return {package: us / 1_000 for package, us in found.items()}


def probe(python: str, folder: Path, options: Iterable[str] = ()) -> list[float]:
    """Return CPU seconds, peak MiB and modules of one import in a new process."""
    done = _run([python, *options, "-c", PROBE], folder)
    numbers: list[float] = json.loads(done.stdout.splitlines()[-1])
    return numbers


def _run(command: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - our own command
        command,
        cwd=folder,
        env=environment.of_child(),
        capture_output=True,
        text=True,
        check=True,
    )


def main() -> None:
    """Print one row for each function."""
    console = open_console()
    table = Table(
        title="Import of each function", title_justify="left", box=SIMPLE_HEAD
    )
    table.add_column("function")
    for column in ("CPU s", "no .pyc", "MiB", "modules"):
        table.add_column(column, justify="right")
    table.add_column("slowest, ms of their own")
    for function in FUNCTIONS:
        made = measure(function)
        table.add_row(
            function,
            f"{made.cpu_s:.2f}",
            f"{made.uncompiled_s:.2f}",
            f"{made.peak_mib:.0f}",
            str(made.modules),
            "\n".join(f"{name} {ms:.0f}" for name, ms in made.slowest.items()),
        )
    console.print(table)


if __name__ == "__main__":
    main()
