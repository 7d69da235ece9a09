"""Withhold or publish a day: its state, the reason, and the ledger's event."""

import getpass
import json
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import typer
from rich.text import Text

from cli.environment import Deployment, nothing_runs
from cli.errors import Exit, OperatorError
from cli.options import day
from cli.output import agree
from cli.runs import page_request
from local.console import open_console
from shared.ledger import Ledger
from shared.runs import Event, OperatedDay

WRITTEN_BY = "cli"
"""The ledger's code_version of commands."""
LONGEST_REASON = 500
DAY = """
SELECT is_published, withheld_reason FROM tmdb_analytics.catalogue_days
WHERE snapshot_date BETWEEN @from_date AND @to_date
"""
WHO = "SELECT SESSION_USER() AS who"

Day = Annotated[date, typer.Argument(parser=day, metavar="DAY", help="UTC day.")]
Reason = Annotated[
    str, typer.Option(help="Why; kept in the ledger with who and when. Required.")
]


@dataclass(frozen=True, slots=True)
class Known:
    """The state of a day."""

    day: date
    is_published: bool
    withheld_reason: str | None

    def in_words(self) -> str:
        """Return the state in words."""
        if self.withheld_reason is not None:
            return f"withheld: {self.withheld_reason}"
        return "published" if self.is_published else "not published: a check failed"


def reason_of(text: str) -> str:
    """Check a reason; typer names the option if it is empty."""
    reason = " ".join(text.split())
    if not reason:
        raise typer.BadParameter("say why, for the ledger", param_hint="--reason")
    if len(reason) > LONGEST_REASON:
        raise typer.BadParameter(
            f"{len(reason)} characters: write at most {LONGEST_REASON}",
            param_hint="--reason",
        )
    return reason


def known_of(deployment: Deployment, the_day: date) -> Known:
    """Return the state of a day; OperatorError if it was never computed."""
    rows = deployment.tables.select(DAY, from_date=the_day, to_date=the_day)
    if not rows:
        raise OperatorError(
            Exit.NOT_FOUND,
            f"{deployment.name} has not computed {the_day}",
            f"tmdb-traction backfill --from {the_day}",
        )
    return Known(the_day, rows[0]["is_published"], rows[0]["withheld_reason"])


def is_agreed(
    deployment: Deployment,
    known: Known,
    verb: str,
    *,
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> bool:
    """Ask, except with --yes; no for a dry run."""
    if dry_run:
        return False
    if not deployment.has_topics:  # the demo's data are read-only
        raise nothing_runs()
    if as_json and not yes:
        raise OperatorError(Exit.USAGE, "--json cannot ask", "write --yes too")
    agree(f"{known.day} is {known.in_words()}. {verb.capitalize()} it?", yes=yes)
    return True


def record(deployment: Deployment, the_day: date, event: Event, reason: str) -> None:
    """Record who, why and when, before anything changes."""
    [row] = deployment.tables.select(WHO)
    # The emulator has no users.
    who = row["who"] if deployment.is_metered else getpass.getuser()
    Ledger(deployment.tables, WRITTEN_BY).record(
        OperatedDay(the_day), [(event, {"reason": reason, "requested_by": who})]
    )


def tell(
    known: Known, done: str, page: str, *, is_due: bool, dry_run: bool, as_json: bool
) -> None:
    """Print the state of the day, and of the page ("" if not requested)."""
    is_changed = is_due and not dry_run
    if as_json:
        result = {
            "day": str(known.day),
            "was_published": known.is_published,
            "was_withheld_for": known.withheld_reason,
            "is_changed": is_changed,
            "would_be" if is_due and dry_run else "is": done,
            "page": page or None,
        }
        print(json.dumps(result))
        return
    console = open_console()
    if not is_due:
        console.print(Text(f"{known.day} is {known.in_words()} already"))
    elif dry_run:
        console.print(Text(f"{known.day} would be {done}; it is {known.in_words()}"))
    else:
        console.print(Text.assemble((done, "green"), f" {known.day}"))
    if sentence := page_request.in_words(page):
        console.print(sentence)
