"""doctor: is everything there that a deployment needs? One line and one remedy each."""

from typing import Annotated

import typer

from ops import checks, report
from ops.target import TERRAFORM, Folder, Project, Region, Target, token

TMDB_URL = "https://api.themoviedb.org/3"

TmdbUrl = Annotated[str, typer.Option(help="TMDB's API.", envvar="TMDB_BASE_URL")]


def doctor(
    project: Project = "",
    region: Region = "",
    tmdb_url: TmdbUrl = TMDB_URL,
    folder: Folder = TERRAFORM,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document instead of lines.")
    ] = False,
) -> None:
    """Check tools, logins, project, billing, APIs, region and the token in TMDB_TOKEN.

    Changes nothing. Exit code 1 when something is to be mended.
    """
    target = Target.of(project, region, folder)
    findings = checks.run(checks.of_target(target, token(), tmdb_url))
    report.show(findings, as_json=as_json)
    if not report.all_well(findings):
        raise typer.Exit(1)
