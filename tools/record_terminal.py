"""Record commands in a real terminal of 112 columns, and draw what it shows as SVGs.

python -m tools.record_terminal operate: keep a stack up in a folder of its own, plan,
load and watch as a person would. python -m tools.record_terminal charts: run the demo,
and keep the two charts that it ends with.
"""

import argparse
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import time
from io import StringIO
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from local.archives import ROOT
from local.endpoints import Endpoints

COLUMNS, LINES = 112, 50
IMAGES = ROOT / "docs/images"
MOVIES = 500
REQUESTS_PER_SECOND = 30
"""As at TMDB: the fetching is to be seen."""
UP_S = 60.0
_CONTROL = re.compile(r"\x1b\[(\d*)([A-Za-z])|\x1b\[\?\d+[hl]|\r|\n")


class Screen:
    """The lines of a terminal, as far as rich's live display moves about in them."""

    def __init__(self) -> None:
        self.lines = [""]
        self._row = 0

    def feed(self, sent: str) -> None:
        """Take what a program has written."""
        at = 0
        for found in _CONTROL.finditer(sent):
            self._write(sent[at : found.start()])
            at = found.end()
            match found[0], found[2]:
                case "\n", _:
                    self._row += 1
                    if self._row == len(self.lines):
                        self.lines.append("")
                case _, "A":
                    self._row -= int(found[1] or 1)
                case _, "K":
                    self.lines[self._row] = ""
                case _, "m":
                    self._write(found[0])
                case _:
                    pass
        self._write(sent[at:])

    def _write(self, text: str) -> None:
        self.lines[self._row] += text


def ask(command: list[str], answer: str = "") -> list[str]:
    """Run a command on a terminal; what it had sent, look by look."""
    looks = [""]
    child, terminal = pty.fork()
    if child == 0:
        os.environ |= {"COLUMNS": str(COLUMNS), "LINES": str(LINES)}
        os.environ |= {"TERM": "xterm-256color"}
        os.execv(command[0], command)  # noqa: S606 - our own commands
    if answer:
        os.write(terminal, answer.encode())
    while True:
        try:
            sent = os.read(terminal, 65_536)
        except OSError:
            break  # the other end is gone: Linux says so by an error
        if not sent:
            break
        looks.append(looks[-1] + sent.decode(errors="replace"))
    os.waitpid(child, 0)
    return looks


def shown(sent: str) -> list[str]:
    """Return the lines that stood on the terminal after all that was sent."""
    screen = Screen()
    screen.feed(sent)
    lines = [line.rstrip() for line in screen.lines]
    while lines and not Text.from_ansi(lines[-1]).plain.strip():
        lines.pop()
    return lines


def main() -> None:
    """Record what the command line names."""
    recordings = {"operate": _record_operating, "charts": _record_charts}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", choices=recordings)
    chosen = parser.parse_args().recording
    with tempfile.TemporaryDirectory() as folder:
        title, lines = recordings[chosen](Path(folder))
    _draw(title, lines, IMAGES / f"{chosen}.svg")


def _record_operating(data: Path) -> tuple[str, list[str]]:
    options = [f"--data={data}", f"--rate={REQUESTS_PER_SECOND}"]
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "local.serve", *options],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    ) as server:
        try:
            _wait(data)
            return "the command line, on the local stack", _session(data)
        finally:
            server.send_signal(signal.SIGINT)


def _record_charts(data: Path) -> tuple[str, list[str]]:
    lines = shown(ask([sys.executable, "-m", "local.demo", f"--data={data}"])[-1])
    plain = [Text.from_ansi(line).plain for line in lines]
    first = next(n for n, line in enumerate(plain) if line.startswith("Gaining"))
    end = next(n for n, line in enumerate(plain) if line.startswith("Done in"))
    return "the end of make demo: simulated movies", lines[first : end - 1]


def _wait(data: Path) -> None:
    give_up_at = time.monotonic() + UP_S
    while not Endpoints.read(data):
        if time.monotonic() > give_up_at:
            raise TimeoutError("the local stack did not come up")
        time.sleep(0.2)


def _session(data: Path) -> list[str]:
    cli = [sys.executable, "-m", "cli"]
    where = f"--data={data}"
    limit = f"--limit={MOVIES}"
    lines = [_prompt(f"tmdb-traction plan {limit}")]
    lines += shown(ask([*cli, "plan", limit, where])[-1])
    lines += ["", _prompt(f"tmdb-traction load {limit} --yes")]
    # The plan is above already: what follows it is new.
    lines += shown(ask([*cli, "load", limit, "--yes", where])[-1])[-3:]
    runs = ["initial-2026-06-01", "history-2026-06-01"]
    lines += ["", _prompt(f"tmdb-traction status --watch {' '.join(runs)}")]
    looks = ask([*cli, "status", "--watch", *runs, where])
    for note, look in _moments(looks):
        lines += [f"\x1b[2m# {note}\x1b[0m", *shown(look)]
    lines += ["", _prompt("tmdb-traction status")]
    lines += shown(ask([*cli, "status", where])[-1])
    lines += ["", _prompt("tmdb-traction validate")]
    lines += shown(ask([*cli, "validate", where])[-1])
    return lines


def _moments(looks: list[str]) -> list[tuple[str, str]]:
    """Choose a look in the middle of the fetching, and the last."""
    fetching = [look for look in looks if "/s" in "".join(shown(look)[:1])]
    middle = fetching[len(fetching) // 2] if fetching else looks[len(looks) // 2]
    return [("while it fetches", middle), ("when it has ended", looks[-1])]


def _prompt(command: str) -> str:
    return f"\x1b[1;32m$\x1b[0m \x1b[1m{command}\x1b[0m"


def _draw(title: str, lines: list[str], target: Path) -> None:
    texts = [Text.from_ansi(line) for line in lines]
    console = Console(
        record=True,
        width=max(text.cell_len for text in texts),
        file=StringIO(),
        force_terminal=True,
        legacy_windows=False,
    )
    for text in texts:
        console.print(text, soft_wrap=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    # No font from elsewhere: whoever shows the picture has one of his own.
    plain = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    console.save_svg(str(target), title=title, code_format=plain)


if __name__ == "__main__":
    main()
