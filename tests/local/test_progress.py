"""Progress fits 80 columns; it is live on a terminal, and lines elsewhere."""

from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from local.progress import Pace, Steps

RUNS = ["initial-2026-06-01", "history-2026-06-01"]
STARTING = "starting the emulators and the functions"


def _console(*, is_terminal: bool) -> tuple[Console, StringIO]:
    file = StringIO()
    return Console(width=80, file=file, force_terminal=is_terminal), file


def _lines(file: StringIO) -> list[str]:
    # A live display returns to the beginning of its line.
    return Text.from_ansi(file.getvalue().replace("\r", "\n")).plain.splitlines()


def test_elsewhere_than_on_a_terminal_each_step_is_a_line() -> None:
    console, file = _console(is_terminal=False)
    with Steps(console) as steps:
        steps.say(STARTING)
        steps.done("up in 3 s")
        steps.add(RUNS[0], "planning")
        steps.move(RUNS[0], 5, 5, "computing metrics")
        steps.print_done("published after 2.0 s")
    assert _lines(file) == [
        f"{STARTING} ...",
        "  ✓ up in 3 s",
        "  ✓ published after 2.0 s",
    ]


def test_on_a_terminal_it_is_whole_at_80_columns_and_says_what_is_done() -> None:
    console, file = _console(is_terminal=True)
    with Steps(console) as steps:
        # Drawn between steps, as a terminal shows them one after the other.
        steps.say(STARTING)
        steps.refresh()
        steps.done("up in 3 s")
        for run_id in RUNS:
            steps.add(run_id, "planning")
        steps.refresh()
        steps.move(RUNS[0], 5, 5, "computing metrics")
        steps.move(RUNS[1], 12, 90, "12/90 batches")
        steps.refresh()
    lines = _lines(file)
    assert max(map(cell_len, lines)) <= 80
    text = "\n".join(lines)
    assert "…" not in text
    for part in (STARTING, "planning", "12/90 batches", "computing metrics", *RUNS):
        assert part in text


def test_a_bar_that_was_removed_may_be_moved_again() -> None:
    console, file = _console(is_terminal=True)
    with Steps(console) as steps:
        steps.add(RUNS[0])
        steps.remove(RUNS[0])
        drawn = file.getvalue()
        steps.move(RUNS[0], 5, 5, "computing metrics")
        steps.refresh()
    assert RUNS[0] not in file.getvalue().removeprefix(drawn)


def test_nothing_is_known_at_first() -> None:
    pace = Pace()
    assert pace.is_new
    assert pace.rate is None
    pace.see(0, 10)
    assert not pace.is_new
    assert pace.rate is None
    assert pace.seconds_left(100) is None


def test_the_rest_takes_as_long_as_the_last_seconds_say() -> None:
    pace = Pace()
    for second in range(5):
        pace.see(second, 30 * second)
    assert pace.rate == pytest.approx(30)
    # 1,000 - 120 = 880 left, at 30 a second.
    assert pace.seconds_left(1_000) == pytest.approx(880 / 30)


def test_what_is_long_ago_does_not_count() -> None:
    pace = Pace()
    for second in range(0, 100, 5):
        pace.see(second, 30 * min(second, 50))
    assert pace.rate == 0
    assert pace.seconds_left(3_000) is None
