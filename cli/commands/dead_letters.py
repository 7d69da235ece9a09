"""dead-letters and replay-dead-letters: list and republish what was not processed.

The subscription `dead-letters` keeps each message for 31 days.
"""

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from cli.costs.display import several
from cli.environment import nothing_runs, running
from cli.errors import Exit, OperatorError, leave
from cli.options import DryRun, Json, Selector
from local import table_layout
from local.console import open_console
from local.table_layout import Column, Layout, Row, text
from local.tables import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cli.runs.dead_letter_queue import Box, Letter

LETTERS = Layout((Column("message"), text("why"), text("what to do")), has_lines=True)
"""A message: its id, topic, run and time of publication, each on a line."""

Wait = Annotated[
    float,
    typer.Option(min=0.1, help="Seconds without another letter until that is all."),
]


def dead_letters(
    selector: Selector, *, wait_s: Wait = 5.0, as_json: Json = False
) -> None:
    """List messages that could not be processed, and what to do; change nothing.

    $ tmdb-traction dead-letters
    """
    with _box(selector, wait_s) as box:
        letters = list(box.letters())
        box.put_back(letters)
    if as_json:
        print(json.dumps([letter.to_json() for letter in letters]))
    else:
        show(open_console(soft_wrap=True), letters)
    leave(Exit.FAILED if letters else Exit.DONE)


def replay_dead_letters(
    selector: Selector,
    *,
    wait_s: Wait = 5.0,
    only: Annotated[
        str | None, typer.Option(help="Only messages of this run id.")
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Republish dead letters to their topics, after the cause is fixed.

    A message is removed from dead-letters only after Pub/Sub has accepted the new one.

    $ tmdb-traction replay-dead-letters --dry-run
    $ tmdb-traction replay-dead-letters --only daily-2026-03-01
    """
    outcomes: list[dict[str, str]] = []
    console = open_console(soft_wrap=True, quiet=as_json)
    with _box(selector, wait_s) as box:
        for letter in list(box.letters()):
            if only not in (None, letter.run_id):
                box.put_back([letter])
                continue
            outcome, why = _replay(box, letter, dry_run=dry_run)
            what = f"message {letter.message_id} of {letter.run_id or 'no run'}"
            if outcome == "stays":
                console.print(Text.assemble(("stays", "red"), f" {what}: {why}"))
            else:
                console.print(f"{outcome} {letter.topic}: {what}")
            about = {"message_id": letter.message_id, "topic": letter.topic}
            about |= {"run_id": letter.run_id, "outcome": outcome, "why": why}
            outcomes.append(about)
    if as_json:
        print(json.dumps(outcomes))
    stayed = any(one["outcome"] == "stays" for one in outcomes)
    leave(Exit.FAILED if stayed else Exit.DONE)


def _replay(box: "Box", letter: "Letter", *, dry_run: bool) -> tuple[str, str]:
    """Return whether a message was republished, and otherwise why not."""
    if not letter.topic:
        box.put_back([letter])
        return "stays", "its topic is unknown"
    if dry_run:
        box.put_back([letter])
        return "would go to", ""
    problem = box.replay(letter)
    return ("stays", problem) if problem else ("published to", "")


def show(console: Console, letters: "Sequence[Letter]") -> None:
    """Print the messages as a table, or that there are none."""
    if not letters:
        console.print("no dead letters")
        return
    table_layout.show(
        console, LETTERS, map(_row, letters), title=several(len(letters), "dead letter")
    )
    console.print("after the fix: tmdb-traction replay-dead-letters")


def _row(one: "Letter") -> Row:
    message = (one.message_id, one.topic, one.run_id, one.published_at[:19])
    why = f"{one.field}: {one.reason}" if one.field else one.reason
    return Row(("\n".join(filter(None, message)), why, one.hint))


@contextmanager
def _box(selector: Selector, wait_s: float) -> "Iterator[Box]":
    from google.api_core.exceptions import NotFound
    from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient

    from cli.runs.dead_letter_queue import Box

    name = selector.project
    if not name and (stack := running(selector)):
        os.environ["PUBSUB_EMULATOR_HOST"] = stack.pubsub
    if not name and "PUBSUB_EMULATOR_HOST" in os.environ:
        name = PROJECT
    if not name:
        raise nothing_runs()
    publisher = PublisherClient()
    try:
        with SubscriberClient() as subscriber:
            yield Box(subscriber, publisher, name, selector.prefix, wait_s)
    except NotFound as error:
        raise OperatorError(
            Exit.NOT_FOUND,
            str(error.message),
            f"was terraform applied to {name}? make deploy",
        ) from error
    finally:
        publisher.stop()
