"""The demo's progress: whole at 80 columns, moving on a terminal, lines elsewhere."""

from io import StringIO
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from local.demo_display import Progress

RUNS = ["initial-2026-06-01", "history-2026-06-01"]
STARTING = "starting the emulators and the functions"


def _state(run_id: str, done: int, total: int | None) -> dict[str, Any]:
    return {"run_id": run_id, "batches_done": done, "batches_total": total}


def _console(*, is_terminal: bool) -> tuple[Console, StringIO]:
    file = StringIO()
    return Console(width=80, file=file, force_terminal=is_terminal), file


def _lines(file: StringIO) -> list[str]:
    # A live display goes back to the beginning of its line.
    return Text.from_ansi(file.getvalue().replace("\r", "\n")).plain.splitlines()


def _play(progress: Progress) -> None:
    progress.say(STARTING)
    progress.done("up in 3 s")
    progress.begin(RUNS)
    progress.update([_state(RUNS[0], 0, None), _state(RUNS[1], 0, None)])
    progress.update([_state(RUNS[0], 5, 5), _state(RUNS[1], 12, 90)])
    progress.finish(_state(RUNS[0], 5, 5) | {"fetched": 250, "expected": 250})
    progress.update([_state(RUNS[0], 5, 5), _state(RUNS[1], 90, 90)])
    progress.finish(_state(RUNS[1], 90, 90) | {"fetched": 1_234, "expected": 22_500})


def test_elsewhere_than_on_a_terminal_each_step_is_a_line() -> None:
    console, file = _console(is_terminal=False)
    with Progress(console) as progress:
        _play(progress)
    starting, up, initial, history = _lines(file)
    assert starting == f"{STARTING} ..."
    assert up == "  ✓ up in 3 s"
    said = "  ✓ initial-2026-06-01: 250 of 250 fetched, published after "
    assert initial.startswith(said)
    assert history.startswith("  ✓ history-2026-06-01: 1,234 of 22,500 fetched")


def test_on_a_terminal_it_is_whole_at_80_columns_and_says_what_is_done() -> None:
    console, file = _console(is_terminal=True)
    with Progress(console) as progress:
        # Printed between steps, as a terminal shows them one after the other.
        progress.say(STARTING)
        progress.refresh()
        progress.done("up in 3 s")
        progress.begin(RUNS)
        progress.refresh()
        progress.update([_state(RUNS[0], 5, 5), _state(RUNS[1], 12, 90)])
        progress.refresh()
    lines = _lines(file)
    assert max(map(cell_len, lines)) <= 80
    said = "\n".join(lines)
    assert "…" not in said
    for part in (STARTING, "planning", "12/90 batches", "computing metrics", *RUNS):
        assert part in said


def test_a_run_that_has_ended_may_be_reported_again() -> None:
    console, file = _console(is_terminal=True)
    with Progress(console) as progress:
        _play(progress)
    assert any("✓ history-2026-06-01" in line for line in _lines(file))
