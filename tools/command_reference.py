"""Write docs/reference/commands.md: every command, its options and exit codes.

python -m tools.command_reference, or `make docs`.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import typer

from cli.__main__ import COMMANDS, Command, app
from cli.command import documentation
from cli.errors import MEANINGS
from cli.options import SELECTOR_OPTIONS
from local.archives import ROOT

PAGE = ROOT / "docs/reference/commands.md"
HEAD = """\
# Commands

Made by `make docs` from `cli/commands`; change it there.

`make setup`, and every other target, installs `tmdb-traction` into the virtual
environment. `source .venv/bin/activate` puts it on the path of a shell, and
`tmdb-traction --install-completion` completes commands and options there.

`export PROJECT=my-project` names the project for all commands. Without a project a
command works on this machine: on the stack that `make local` keeps up, else, to read
only, on what `make demo` has stored.

Errors are two lines on stderr, `error:` and `hint:`.
"""


def page() -> str:
    """Return the page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield HEAD
    yield "| group | commands |"
    yield "|---|---|"
    for group, commands in groupby(COMMANDS, lambda one: one.group):
        links = (f"[{one.name}](#{one.name})" for one in commands)
        yield f"| {group} | {', '.join(links)} |"
    yield "\n## Which deployment\n"
    yield "Every command of Runs and Data takes these too.\n"
    yield from _table(
        ("option", "meaning"), _options(_parameters("status"), selector=True)
    )
    yield "\n## Exit codes\n"
    yield from _table(("code", "meaning"), MEANINGS.items())
    yield "\n`make` turns every failure into 2: scripts call `tmdb-traction`."
    for one in COMMANDS:
        yield from _section(one, _parameters(one.name))


def _parameters(name: str) -> list[Any]:
    # typer's own types of commands are private.
    group: Any = typer.main.get_command(app)
    return list(group.commands[name].params)


def _section(command: Command, parameters: list[Any]) -> Iterator[str]:
    paragraphs, examples = documentation(command.work)
    yield f"\n## {command.name}"
    for text in paragraphs:
        yield f"\n{text}"
    yield "\n```sh"
    yield from examples
    yield "```\n"
    if rows := _options(parameters, selector=False):
        yield from _table(("option", "meaning"), rows)
        yield ""
    codes = (f"{code:d} {text}" for code, text in sorted(command.codes.items()))
    yield f"Exit codes: {'; '.join(codes)}."


def _options(parameters: list[Any], *, selector: bool) -> list[tuple[str, str]]:
    """Return name and meaning of those that name the deployment, or of the others."""
    names = {one.name for one in SELECTOR_OPTIONS}
    is_shared = names <= {one.name for one in parameters}
    return [
        (_name(one), _meaning(one))
        for one in parameters
        if one.name != "help" and (is_shared and one.name in names) == selector
    ]


def _name(parameter: Any) -> str:  # noqa: ANN401 - typer's types are private
    name = parameter.opts[-1]
    if name.startswith("--"):
        return f"`{name}`"
    return f"`{parameter.metavar or name.upper()}`"


def _meaning(parameter: Any) -> str:  # noqa: ANN401 - typer's types are private
    parts = [parameter.help or ""]
    default = parameter.default
    if isinstance(parameter.show_default, str):
        parts.append(f"Default: `{parameter.show_default}`.")
    elif isinstance(default, str | int | float) and default not in ("", False):
        parts.append(f"Default: `{default}`.")
    if parameter.envvar:
        parts.append(f"From the environment: `{parameter.envvar}`.")
    return " ".join(filter(None, parts)).replace("|", "\\|")


def _table(
    heads: tuple[str, str], rows: Iterable[tuple[str | int, str]]
) -> Iterator[str]:
    yield f"| {heads[0]} | {heads[1]} |"
    yield "|---|---|"
    for name, meaning in rows:
        shown = name if isinstance(name, str) else int(name)
        yield f"| {shown} | {meaning} |"


if __name__ == "__main__":
    print(page(), end="")
