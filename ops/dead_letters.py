"""Dead letters: what could not be processed, listed in words, or published again.

The subscription `dead-letters` keeps every letter for 31 days.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from google.api_core.exceptions import NotFound
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from local.warehouse import PROJECT
from ops.letters import Box, Letter
from ops.warehouse import NOTHING_THERE

SOME = 1
"""Exit code: there are dead letters, or some could not be published again."""

Project = Annotated[
    str | None,
    typer.Option(
        envvar="PROJECT",
        help="Google Cloud project; not needed with PUBSUB_EMULATOR_HOST.",
    ),
]
Prefix = Annotated[
    str, typer.Option(envvar="TOPIC_PREFIX", help="What topic names begin with.")
]
Wait = Annotated[
    float,
    typer.Option(min=0.1, help="Seconds without another letter until that is all."),
]


def dead_letters(
    *,
    project: Project = None,
    prefix: Prefix = "",
    wait_s: Wait = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """List what could not be processed, and what to do about it; nothing is taken.

    Exit codes: 0 none; 1 some; 3 no project, or no such subscription.
    """
    with _box(project, prefix, wait_s) as box:
        letters = list(box.letters())
        box.put_back(letters)
    if as_json:
        print(json.dumps([letter.to_json() for letter in letters]))
    else:
        show(Console(soft_wrap=True), letters)
    raise typer.Exit(SOME if letters else 0)


def replay_dead_letters(
    *,
    project: Project = None,
    prefix: Prefix = "",
    wait_s: Wait = 5.0,
    only: Annotated[str | None, typer.Option(help="Of this run id alone.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Say what would be published.")] = False,
) -> None:
    """Publish parked messages to their topics again, after the cause is mended.

    A letter is taken out of dead-letters only after Pub/Sub has its message.
    Exit codes: 0 all chosen were published; 1 some were not; 3 no project.
    """
    console = Console(soft_wrap=True)
    stayed = 0
    with _box(project, prefix, wait_s) as box:
        for letter in list(box.letters()):
            is_chosen = only in (None, letter.run_id)
            if not is_chosen or dry_run or not letter.topic:
                box.put_back([letter])
            if not is_chosen:
                continue
            what = f"message {letter.message_id} of {letter.run_id or 'no run'}"
            if not letter.topic:
                console.print(f"[red]stays[/] {what}: nobody knows its topic")
                stayed += 1
            elif dry_run:
                console.print(f"would go to {letter.topic}: {what}")
            elif problem := box.replay(letter):
                console.print(f"[red]stays[/] {what}: {escape(problem)}")
                stayed += 1
            else:
                console.print(f"published to {letter.topic}: {what}")
    raise typer.Exit(SOME if stayed else 0)


def show(console: Console, letters: Sequence[Letter]) -> None:
    """Print a table, or that there is nothing to print."""
    if not letters:
        console.print("no dead letters")
        return
    table = Table(title=f"{len(letters)} dead letters", show_lines=True)
    for name in ("message", "topic", "run", "published", "why", "what to do"):
        table.add_column(name, overflow="fold")
    for one in letters:
        why = f"{one.field}: {one.reason}" if one.field else one.reason
        cells = (one.message_id, one.topic, one.run_id, one.published_at[:19], why)
        table.add_row(*(escape(cell) for cell in (*cells, one.remedy)))
    console.print(table)
    console.print("after the fix: make replay-dead-letters")


@contextmanager
def _box(project: str | None, prefix: str, wait_s: float) -> Iterator[Box]:
    name = project or (PROJECT if "PUBSUB_EMULATOR_HOST" in os.environ else None)
    if not name:
        typer.echo(
            "name a project (PROJECT=...), or set PUBSUB_EMULATOR_HOST", err=True
        )
        raise typer.Exit(NOTHING_THERE)
    publisher = PublisherClient()
    try:
        with SubscriberClient() as subscriber:
            yield Box(subscriber, publisher, name, prefix, wait_s)
    except NotFound as error:
        typer.echo(f"{error.message}: was terraform applied to {name}?", err=True)
        raise typer.Exit(NOTHING_THERE) from error
    finally:
        publisher.stop()
