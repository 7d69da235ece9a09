"""doctor: check everything that a deployment needs, one line each."""

from typing import Annotated

import typer

from cli import output
from cli.deployment import preflight
from cli.deployment.options import (
    TERRAFORM,
    Folder,
    Project,
    Region,
    token,
)
from cli.deployment.terraform_root import TerraformRoot
from cli.errors import Exit, leave
from cli.options import Json

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

    $ tmdb-traction doctor --project my-project
    """
    root = TerraformRoot.of(project, region, folder)
    # Not a check of deploy, which repairs what this check finds.
    questions = [
        *preflight.of_target(root, token(), tmdb_url),
        preflight.functions(root),
    ]
    findings = preflight.run(questions)
    output.show(findings, as_json=as_json)
    leave(Exit.DONE if output.all_well(findings) else Exit.FAILED)
