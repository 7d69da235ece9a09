"""Print findings, and ask before something is started."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import typer

from cli.errors import Exit, leave
from local.console import open_console


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. ok: None if another finding has to be fixed first."""

    name: str
    ok: bool | None
    message: str
    hint: str = ""


def all_well(findings: Sequence[Finding]) -> bool:
    """Return whether every check has passed."""
    return all(finding.ok for finding in findings)


def show(findings: Sequence[Finding], *, as_json: bool = False) -> None:
    """Print findings: for people, or one JSON document for programs."""
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
        return
    console = open_console(soft_wrap=True)
    width = max(len(finding.name) for finding in findings)
    signs = {True: ("✓", "green"), False: ("✗", "red"), None: ("-", "dim")}
    for finding in findings:
        sign, colour = signs[finding.ok]
        console.print(sign, style=colour, end=" ")
        console.print(f"{finding.name:<{width}}  {finding.message}")
        if not finding.ok and finding.hint:
            console.print(f"{'':<{width + 2}}  {finding.hint}", style="bold")


def agree(question: str, *, yes: bool, otherwise: str = "Nothing was started.") -> None:
    """Ask, except with --yes; after a no, print `otherwise` and exit."""
    if yes:
        return
    if not typer.confirm(question):
        typer.echo(otherwise)
        leave(Exit.FAILED)
