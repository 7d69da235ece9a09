"""dashboard: write the page of the newest published day and open it in a browser."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.environment import Deployment, open_deployment
from cli.errors import Exit, OperatorError
from cli.options import Json, Selector
from functions.render_dashboard import links
from functions.render_dashboard.payload import Links
from local import page
from local.console import open_console

NAME = "dashboard.html"


def dashboard(
    selector: Selector,
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            help="File to write; an earlier one is replaced.",
            show_default=f".data/{NAME}",
        ),
    ] = None,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Do not open it in a browser.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the dashboard's page of the newest published day, and open it.

    It reads the tables with your own credentials, so no dashboard has to be deployed.
    Without a terminal or a display the page is only written.

    $ tmdb-traction dashboard
    $ tmdb-traction dashboard --no-open --out page.html
    """
    target = out or selector.data / NAME
    # A device would be replaced by the file.
    if target.exists() and not target.is_file():
        raise typer.BadParameter(f"{target} cannot be a file", param_hint="--out")
    if out is None:
        selector.data.mkdir(parents=True, exist_ok=True)
    elif not out.parent.is_dir():
        raise typer.BadParameter(f"{out.parent} is not a folder", param_hint="--out")
    with open_deployment(selector) as deployment:
        written = page.write(
            deployment.tables,
            deployment.today,
            _source(deployment),
            target,
            _links(deployment),
        )
    day = written["header"]["popularity_date"]
    if day is None:
        raise OperatorError(
            Exit.NOT_FOUND,
            f"no day is published: {target} says what is missing",
            "tmdb-traction status prints the state of the runs",
        )
    is_open = not (no_open or as_json) and page.open_if_seen(target)
    if as_json:
        print(json.dumps({"file": str(target), "snapshot_date": day}))
        return
    opened = " (opened in your browser)" if is_open else ""
    message = f"The dashboard of {day}: {target.resolve().as_uri()}{opened}"
    open_console(soft_wrap=True).print(message)


def _links(deployment: Deployment) -> Links:
    """Return links into Google's console; none for the local stack."""
    if not deployment.is_metered:
        return {}
    return links.of_project(deployment.project, deployment.prefix, deployment.dataset)


def _source(deployment: Deployment) -> str:
    is_simulated = deployment.stack is not None and deployment.stack.simulator
    return "simulated movies" if is_simulated else deployment.name
