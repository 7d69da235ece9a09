"""Show what is in progress: live bars on a terminal, plain lines elsewhere."""

from collections import deque
from dataclasses import dataclass, field
from typing import Self, override

from rich import progress as rich_progress
from rich.console import Console
from rich.table import Column
from rich.text import Text

ONE_LINE_FROM = 72
"""Columns that a bar with a few words needs; a narrower terminal shows two lines."""

LOOKS_BACK_S = 20.0
"""The rate is that of the last seconds, so that it shows a slow phase soon."""


@dataclass(slots=True)
class Pace:
    """How fast something is done; moments are in seconds of any clock."""

    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def see(self, moment: float, done: int) -> None:
        """Record how much is done."""
        self._seen.append((moment, done))
        while len(self._seen) > 2 and moment - self._seen[1][0] >= LOOKS_BACK_S:  # noqa: PLR2004 - a rate needs two
            self._seen.popleft()

    @property
    def is_new(self) -> bool:
        """Whether nothing has been seen yet."""
        return not self._seen

    @property
    def rate(self) -> float | None:
        """Done per second; None until two moments are known."""
        if not self._seen:
            return None
        (first, had), (last, has) = self._seen[0], self._seen[-1]
        return (has - had) / (last - first) if last > first else None

    def seconds_left(self, total: int) -> float | None:
        """How long the rest takes at this rate; None while it is unknown."""
        rate = self.rate
        if not rate:
            return None
        return max(0, total - self._seen[-1][1]) / rate


class Bars:
    """Live bars by name, drawn where `is_shown`; a context manager.

    is_transient: the bars disappear at the end.
    one_line_from: columns of a terminal on which a bar takes one line, not two.
    """

    def __init__(
        self,
        console: Console,
        *,
        is_shown: bool,
        is_transient: bool = False,
        one_line_from: int = ONE_LINE_FROM,
    ) -> None:
        self._bars = rich_progress.Progress(
            *_columns(has_one_line=console.width >= one_line_from),
            console=console,
            transient=is_transient,
            disable=not is_shown,
        )
        self._tasks: dict[str, rich_progress.TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the live display; what was printed stays."""
        self._bars.stop()

    def refresh(self) -> None:
        """Draw now, and not at the next tenth of a second."""
        self._bars.refresh()

    def add(
        self,
        name: str,
        about: str = "",
        *,
        total: int | None = None,
        left: Text | None = None,
    ) -> None:
        """Show a bar. `left` ends its line; None: the time since it was added."""
        self._tasks[name] = self._bars.add_task(
            name, total=total, about=about, left=left
        )

    def move(
        self, name: str, done: int, total: int, about: str, left: Text | None = None
    ) -> None:
        """Update a bar; ignore a name that is not shown."""
        if (task := self._tasks.get(name)) is not None:
            self._bars.update(task, completed=done, total=total, about=about, left=left)

    def remove(self, name: str) -> None:
        """Remove a bar."""
        self._bars.remove_task(self._tasks.pop(name))

    def clear(self) -> None:
        """Remove every bar."""
        for name in [*self._tasks]:
            self.remove(name)


class Steps(Bars):
    """Steps of a long command: bars, and a line for what is done."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, is_shown=console.is_terminal, is_transient=True)
        self._console = console

    def say(self, text: str) -> None:
        """Show what is being done, until the next step."""
        self.clear()
        if self._console.is_terminal:
            self.add(text)
        else:
            self._console.print(f"{text} ...")

    def done(self, text: str) -> None:
        """Print that a step is done, in place of every bar."""
        self.clear()
        self.print_done(text)

    def print_done(self, text: str) -> None:
        """Print that something is done; the bars stay."""
        self._console.print(Text.assemble("  ", ("✓", "green"), f" {text}"))


def time_left(seconds: float | None) -> Text:
    """Return how long the rest takes, in words; empty while it is unknown."""
    return Text(f"{seconds:.0f} s left" if seconds else "")


class _Left(rich_progress.ProgressColumn):
    """The end of a bar's line: its `left`, or the elapsed time."""

    @override
    def render(self, task: rich_progress.Task) -> Text:
        left: Text | None = task.fields["left"]
        return Text(f"{int(task.elapsed or 0)} s") if left is None else left


def _columns(*, has_one_line: bool) -> list[rich_progress.ProgressColumn]:
    left = _Left(Column(no_wrap=True))
    if not has_one_line:
        text = "{task.description}\n  {task.fields[about]}"
        return [rich_progress.TextColumn(text, markup=False), _bar(10), left]
    return [
        rich_progress.SpinnerColumn("line", finished_text=" "),
        rich_progress.TextColumn("{task.description}", markup=False),
        _bar(24),
        rich_progress.TextColumn("{task.fields[about]}", markup=False),
        left,
    ]


def _bar(width: int) -> rich_progress.BarColumn:
    return rich_progress.BarColumn(width, complete_style="cyan", finished_style="green")
