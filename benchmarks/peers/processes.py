"""Processes: how much CPU time and memory a client and its children have taken."""

import json
import os
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.landing import peak_mib

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
TIMEOUT_S = 1_200.0


class Used:
    """What processes have used: wall and CPU seconds, MiB at their peaks."""

    def __init__(self) -> None:
        self.wall_s = 0.0
        self.cpu_s = 0.0
        self.peak_mib = 0.0

    def run(
        self, command: Sequence[str], env: Mapping[str, str], folder: Path
    ) -> dict[str, Any]:
        """Run a command to its end; return the JSON of its last line."""
        out, log = folder / "stdout", folder / "stderr"
        began = time.monotonic()
        with out.open("wb") as stdout, log.open("wb") as stderr:
            process = subprocess.Popen(  # noqa: S603 - our own commands
                command, env=env, stdout=stdout, stderr=stderr
            )
            # Popen.wait tells nothing of CPU time.
            _, status, usage = os.wait4(process.pid, 0)
        self.wall_s += time.monotonic() - began
        self.cpu_s += usage.ru_utime + usage.ru_stime
        process.returncode = os.waitstatus_to_exitcode(status)
        lines = out.read_text().splitlines()
        if process.returncode or not lines:
            last = log.read_text()[-2_000:]
            raise RuntimeError(f"{' '.join(command)}: {process.returncode}\n{last}")
        answer: dict[str, Any] = json.loads(lines[-1])
        self.peak_mib = max(self.peak_mib, answer["peak_mib"])
        return answer

    def read(self, pids: Iterable[int]) -> None:
        """Add what running processes and their children have used so far."""
        for pid in _families(pids):
            folder = Path("/proc") / str(pid)
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            self.cpu_s += (int(fields[11]) + int(fields[12])) / TICKS_PER_S
            self.peak_mib += peak_mib(pid)


def _families(pids: Iterable[int]) -> list[int]:
    """Return processes and all that descend from them."""
    found: list[int] = []
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        tasks = Path("/proc") / str(pid) / "task" / str(pid) / "children"
        waiting += [int(child) for child in tasks.read_text().split()]
    return found
