"""Options that mean the same on every command, and how their values are read."""

import inspect
import os
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Self

import typer

from local.tables import DATASET

DATA = Path(__file__).parents[1] / ".data"
PREFIX = ""


def day(text: str | date) -> date:
    """Parse a day; typer names the option of a wrong value."""
    if isinstance(text, date):
        return text
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise typer.BadParameter(f"{text}: not a day of the calendar") from error
    raise typer.BadParameter(f"{text!r}: write a day as YYYY-MM-DD")


def moment(text: str | datetime) -> datetime:
    """Parse a moment in UTC; a day means its end."""
    if isinstance(text, datetime):
        return text
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return datetime.combine(day(text), time.max, UTC)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?Z?", text):
        try:
            return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
        except ValueError as error:
            raise typer.BadParameter(f"{text}: not a valid time") from error
    raise typer.BadParameter(f"{text!r}: write YYYY-MM-DD or YYYY-MM-DDTHH:MM, in UTC")


def dataset_name(text: str) -> str:
    """Check a dataset's name, which becomes a part of statements."""
    if not re.fullmatch(r"\w+", text, re.ASCII):
        raise typer.BadParameter(f"{text!r}: write letters, digits and underscores")
    return text


@dataclass(frozen=True, slots=True)
class Selector:
    """The options that select a deployment; without a project, on this machine."""

    project: str | None
    dataset: str
    prefix: str
    data: Path

    @classmethod
    def of(cls, project: str | None, dataset: str, prefix: str, data: Path) -> Self:
        """Check the options; only a project has a dataset and a prefix.

        On this machine both have fixed names; the environment may still have those of a
        project.
        """
        if project:
            return cls(project, dataset, prefix, data)
        for option, value, usual, variable in (
            ("--dataset", dataset, DATASET, "BIGQUERY_DATASET"),
            ("--prefix", prefix, PREFIX, "TOPIC_PREFIX"),
        ):
            if value not in (usual, os.environ.get(variable)):
                raise typer.BadParameter(
                    f"{value!r} is in a project: name it (--project) or leave this out",
                    param_hint=option,
                )
        return cls(None, DATASET, PREFIX, data)


Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")
]
From = Annotated[
    date | None,
    typer.Option("--from", parser=day, metavar="YYYY-MM-DD", help="First UTC day."),
]
To = Annotated[
    date | None,
    typer.Option("--to", parser=day, metavar="YYYY-MM-DD", help="Last UTC day."),
]
On = Annotated[
    date | None,
    typer.Option(
        "--day",
        parser=day,
        metavar="YYYY-MM-DD",
        help="UTC day; the newest by default.",
    ),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        parser=moment,
        metavar="MOMENT",
        help="UTC day (its end) or YYYY-MM-DDTHH:MM; now by default.",
    ),
]

_PROJECT = Annotated[
    str | None,
    typer.Option(
        envvar="PROJECT",
        help="Google Cloud project; without one, this machine: `make local`, else "
        "what `make demo` has stored.",
    ),
]
_DATASET = Annotated[
    str,
    typer.Option(
        envvar="BIGQUERY_DATASET", parser=dataset_name, help="Dataset of the project."
    ),
]
_PREFIX = Annotated[
    str,
    typer.Option(
        envvar="TOPIC_PREFIX", help="What the project's topic names begin with."
    ),
]
_DATA = Annotated[
    Path,
    typer.Option(help="Folder of the data on this machine.", show_default=".data"),
]

SELECTOR_OPTIONS = [
    inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind
    )
    for name, kind, default in (
        ("project", _PROJECT, None),
        ("dataset", _DATASET, DATASET),
        ("prefix", _PREFIX, PREFIX),
        ("data", _DATA, DATA),
    )
]


def span(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """Check a range of days; a missing end equals the other one."""
    from_date, to_date = first or last or today, last or first or today
    if to_date < from_date:
        raise typer.BadParameter(
            f"{to_date} is before {from_date}: write --from the earlier day",
            param_hint="--to",
        )
    if to_date > today:
        raise typer.BadParameter(
            f"{to_date} is in the future: today is {today} (UTC)",
            param_hint="--from" if from_date > today else "--to",
        )
    return from_date, to_date
