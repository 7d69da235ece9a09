"""Live bars on terminals of any width, and lines without a terminal."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import typer
from rich.console import Console
from rich.text import Text

from cli.errors import Exit
from cli.runs.progress import MOST_BARS, Watch
from local.run_states import RunState
from tests.run_rows import RUN_ID, run_state
from tools.record_terminal import shown


def _state(name: str, batches: int, run_id: str = RUN_ID) -> RunState:
    return run_state(
        run_id=run_id,
        state=name,
        batches_done=batches,
        fetched=50 * batches,
        rows_visible=50 * batches,
        not_found=0,
        started_at=datetime.now(UTC) - timedelta(seconds=10),
    )


def _looks() -> list[list[RunState]]:
    """Return the states of a run that began 10 s ago, query by query."""
    seen = [("PLANNED", 0), ("FETCHING", 6), ("METRICS", 20), ("PUBLISHED", 20)]
    return [[], *([_state(name, batches)] for name, batches in seen)]


def _follow(
    console: Console, looks: list[list[RunState]], *, as_json: bool = False
) -> list[RunState]:
    rest = iter(looks)
    with Watch(console, [RUN_ID], as_json=as_json) as watch:
        return watch.until_ended(
            lambda: next(rest), every_s=0, wait_s=60, sleep=lambda _: None
        )


@pytest.mark.parametrize("width", [60, 80, 112, 200])
def test_a_bar_fits_its_terminal_and_ends_published(width: int) -> None:
    sent = StringIO()
    console = Console(file=sent, force_terminal=True, width=width, highlight=False)
    [state] = _follow(console, _looks())
    assert state.name == "PUBLISHED"
    lines = [Text.from_ansi(line).plain for line in shown(sent.getvalue())]
    text = " ".join(lines)
    assert RUN_ID in text
    assert "1,000/1,000, 20/20 batches, 3 x 429" in text
    assert "published in 95 s" in " ".join(text.split())
    assert max(map(len, lines)) <= width


def test_a_look_in_the_middle_has_rate_and_time_left() -> None:
    sent = StringIO()
    console = Console(file=sent, force_terminal=True, width=120, highlight=False)
    with Watch(console, [RUN_ID], as_json=False) as watch:
        watch.until_ended(
            lambda: [_state("FETCHING", 6)] if "s left" not in sent.getvalue() else [],
            every_s=0,
            wait_s=0,
            sleep=lambda _: watch.bars.refresh(),
        )
    # 300 movies in the 10 s since it began: 30 a second, 700 left.
    assert "30/s" in sent.getvalue()
    assert "23 s left" in sent.getvalue()


def test_elsewhere_every_change_is_a_json_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    twice = [look for look in _looks() for _ in range(2)]
    _follow(Console(file=StringIO(), width=80), twice)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    states = [line["state"] for line in lines]
    assert states == ["PLANNED", "FETCHING", "METRICS", "PUBLISHED"]
    assert lines[1]["movies_per_second"] == pytest.approx(30, rel=0.05)


def test_more_runs_than_bars_are_counted() -> None:
    sent = StringIO()
    console = Console(file=sent, force_terminal=True, width=120, highlight=False)
    ids = [f"history-2026-06-01-2026-05-{day:02}" for day in range(1, MOST_BARS + 4)]
    ended = [_state("PUBLISHED", 20, run_id) for run_id in ids]
    with Watch(console, ids, as_json=False) as watch:
        assert watch.until_ended(lambda: ended, every_s=0, wait_s=0) == ended
    assert "and 3 more runs" in sent.getvalue()


def test_ctrl_c_ends_the_watch_and_not_the_runs() -> None:
    sent = StringIO()
    console = Console(file=sent, force_terminal=True, width=80)
    with (
        pytest.raises(typer.Exit) as ended,
        Watch(console, [RUN_ID], as_json=False) as watch,
    ):
        watch.until_ended(_interrupted, every_s=0, wait_s=60)
    assert ended.value.exit_code == Exit.INTERRUPTED
    assert "the runs continue" in sent.getvalue()


def _interrupted() -> list[RunState]:
    raise KeyboardInterrupt
