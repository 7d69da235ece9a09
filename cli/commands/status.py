"""status: show the state of runs, once or until they end."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from cli import output
from cli.deployment import served_archives
from cli.environment import Deployment, open_deployment
from cli.errors import Exit, OperatorError, leave
from cli.options import Json, Selector
from cli.output import Finding
from cli.runs.progress import Watch
from local import run_states
from local.console import open_console
from local.run_states import RunState
from shared.runs import WELL_ENDED, Mode, Run

SHOWN = 10
LOOK_EVERY_S, LOOK_EVERY_S_AT_GOOGLE = 1.0, 5.0
"""Seconds between queries; BigQuery bills at least 30 MB for one."""


def _run_id(text: str) -> str:
    try:
        return Run.from_id(text).run_id
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is not a run id: write <mode>-<YYYY-MM-DD>, as daily-2026-03-01"
        ) from error


RunIds = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[RUN_ID]...",
        parser=_run_id,
        help="Such as daily-2026-03-01; without any, the newest.",
    ),
]


def status(
    selector: Selector,
    run_ids: RunIds = None,
    *,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again until they have ended.")
    ] = False,
    newest: Annotated[
        int, typer.Option(min=1, max=1000, help="How many runs to list.")
    ] = SHOWN,
    wait_s: Annotated[
        float,
        typer.Option(min=0, help="With --watch: how long a run may take to begin."),
    ] = 120.0,
    as_json: Json = False,
) -> None:
    """Show the state of the newest runs, or of named ones; --watch until they end.

    The exit code of a list is that of the newest run of each mode. For a project,
    functions that do not serve what was deployed are listed first. If the output is not
    a terminal, --watch prints a JSON line at every change.

    $ tmdb-traction status
    $ tmdb-traction status --watch initial-2026-03-01
    """
    with open_deployment(selector) as deployment:
        if watch:
            leave(_watch(deployment, run_ids, wait_s, as_json=as_json))
        if run_ids:
            found = run_states.of_ids(deployment.tables, run_ids)
            judged = found
        else:
            found = run_states.newest(deployment.tables, newest)
            judged = newest_of_each_mode(found)
        if not found:
            raise nothing_found(deployment, run_ids)
        # Only Google bills, and only there a build can fail.
        behind = _behind(selector) if deployment.is_metered and not as_json else []
    if as_json:
        print(json.dumps([state.to_json() for state in found]))
    else:
        if behind:
            output.show(behind)
        show(open_console(), found, with_details=bool(run_ids))
    code = code_of(judged)
    leave(Exit.FAILED if any(one.ok is False for one in behind) else code)


def code_of(states: Iterable[RunState]) -> Exit:
    """Return the exit code of runs: a failed one outweighs one in progress."""
    states = list(states)
    if any(state.has_ended and state.name not in WELL_ENDED for state in states):
        return Exit.FAILED
    return Exit.DONE if all(state.has_ended for state in states) else Exit.IN_PROGRESS


def newest_of_each_mode(states: Iterable[RunState]) -> list[RunState]:
    """Return the newest run of each mode; the runs come newest first."""
    by_mode: dict[str, RunState] = {}
    for state in states:
        by_mode.setdefault(str(state["mode"]), state)
    return list(by_mode.values())


def _behind(selector: Selector) -> list[Finding]:
    """Return the functions that do not serve what was deployed, or cannot be read."""
    found = served_archives.look(
        selector.project or "", "", served_archives.of_code(selector.prefix)
    )
    return [one for one in found if not one.ok]


def show(console: Console, found: list[RunState], *, with_details: bool) -> None:
    """Print a line for each run, with a hint where it needs one."""
    for state in found:
        run_id = (state.run_id, "bold")
        console.print(Text.assemble(sign(state), " ", run_id, f"  {state.in_words()}"))
        if with_details:
            for name, text in details_of(state):
                heading = (f"    {name:<16}", "cyan")
                console.print(Text.assemble(heading, f" {text}"))
        if hint := hint_of(state):
            console.print(f"    {hint}")


def sign(state: RunState) -> tuple[str, str]:
    """Return the mark that a run's line begins with, and its colour."""
    if not state.has_ended:
        return "…", "yellow"
    return ("✓", "green") if state.name in WELL_ENDED else ("✗", "red")


def hint_of(state: RunState) -> str:
    """Return what to do; "" if nothing."""
    day = state["run_date"]
    match state.name:
        case "FAILED" if state["is_check_failed"]:
            return f"tmdb-traction validate --from {day}"
        case "PARTIAL" | "FAILED":
            return (
                "tmdb-traction dead-letters; late batches still count, and missing "
                f"popularity: tmdb-traction backfill --from {day}"
            )
        case _:
            return ""


def details_of(state: RunState) -> list[tuple[str, str]]:
    """Return the details of one run, by name."""
    requests = f"{state['tmdb_requests']:,}, {state['tmdb_throttled']:,} answered 429"
    lines = [
        ("started", _moment(state["started_at"])),
        ("last event", _moment(state["last_seen_at"])),
        ("batches", f"{state['batches_done']:,} of {state['batches_total']:,}"),
        ("not found", f"{state['not_found']:,}"),
        ("failed", f"{state['failed']:,}"),
        ("TMDB requests", requests),
        ("republished", f"{state['republished']:,} times"),
        ("version", state["code_version"] or "-"),
    ]
    return lines if state["mode"] != Mode.HISTORY else lines[:5] + lines[6:]


def _moment(value: datetime | None) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC" if value else "-"


def nothing_found(deployment: Deployment, run_ids: list[str] | None) -> OperatorError:
    """Return the error for missing runs, with a hint."""
    if run_ids:
        known = ", ".join(
            state.run_id for state in run_states.newest(deployment.tables, 3)
        )
        message = f"{deployment.name} has no run {', '.join(run_ids)}"
        hint = f"the newest are {known}" if known else "tmdb-traction load"
        return OperatorError(Exit.NOT_FOUND, message, hint)
    return OperatorError(
        Exit.NOT_FOUND, f"{deployment.name} has no run yet", "tmdb-traction load"
    )


def _watch(
    deployment: Deployment, run_ids: list[str] | None, wait_s: float, *, as_json: bool
) -> Exit:
    """Watch the named runs, or those open now, until they end; return the code."""
    if not run_ids:
        run_ids = [one.run_id for one in run_states.still_open(deployment.tables)]
    if not run_ids:
        run_ids = [one.run_id for one in run_states.newest(deployment.tables, 1)]
        if not run_ids:
            raise nothing_found(deployment, None)
    every_s = LOOK_EVERY_S_AT_GOOGLE if deployment.is_metered else LOOK_EVERY_S
    tables = deployment.tables
    with Watch(open_console(), run_ids, as_json=as_json) as shown:
        found = shown.until_ended(
            lambda: run_states.of_ids(tables, run_ids),
            every_s=every_s,
            wait_s=wait_s,
        )
    if not found:
        raise nothing_found(deployment, run_ids)
    return code_of(found) if len(found) == len(run_ids) else Exit.IN_PROGRESS
