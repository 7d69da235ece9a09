"""doctor: is everything there that a deployment needs? One line and one remedy each."""

from typing import Annotated

import typer

from ops import checks, report
from ops.exits import Exit, leave
from ops.options import Json
from ops.target import TERRAFORM, Folder, Project, Region, Target, token

TMDB_URL = "https://api.themoviedb.org/3"

TmdbUrl = Annotated[str, typer.Option(help="TMDB's API.", envvar="TMDB_BASE_URL")]


def doctor(
    project: Project = "",
    region: Region = "",
    tmdb_url: TmdbUrl = TMDB_URL,
    folder: Folder = TERRAFORM,
    *,
    as_json: Json = False,
) -> None:
    """Check tools, logins, project, billing, APIs, policies, region, token, functions.

    Changes nothing.
    """
    target = Target.of(project, region, folder)
    # Not among the checks of deploy, which mends what this one finds.
    asked = [*checks.of_target(target, token(), tmdb_url), checks.functions(target)]
    findings = checks.run(asked)
    report.show(findings, as_json=as_json)
    leave(Exit.DONE if report.all_well(findings) else Exit.AMISS)
