"""deploy: doctor, then Terraform's plan, shown; after a yes exactly that is applied."""

import sys
from typing import Annotated

import typer

from ops import checks, report
from ops.doctor import TMDB_URL, TmdbUrl
from ops.exits import Exit, leave
from ops.machine import show
from ops.options import DryRun
from ops.target import TERRAFORM, Folder, Project, Region, Target, token

NOTHING_TO_CHANGE, FAILED, CHANGES = 0, 1, 2
"""What `terraform plan -detailed-exitcode` means."""


def deploy(
    project: Project = "",
    region: Region = "",
    tmdb_url: TmdbUrl = TMDB_URL,
    folder: Folder = TERRAFORM,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Apply without asking, as a pipeline must.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Deploy: check, plan, show, ask, apply. Again for every change.

    TMDB's token comes from TMDB_TOKEN, or is asked for, and is stored by the first
    deployment; raise tmdb_token_version to store another one.
    """
    target = Target.of(project, region, folder)
    credential = token()
    if not credential and sys.stdin.isatty():
        credential = typer.prompt("TMDB token", hide_input=True).strip()
    findings = checks.run(checks.of_target(target, credential, tmdb_url))
    report.show(findings)
    if not report.all_well(findings):
        leave(Exit.AMISS)
    secret = {"TF_VAR_tmdb_token": credential}

    def terraform(*arguments: str) -> int:
        return show("terraform", *arguments, cwd=target.folder, env=secret)

    if terraform("init", "-input=false"):
        leave(Exit.AMISS)
    # Below .build, which is not committed: a plan holds every value but the token.
    saved = ".build/deploy.tfplan"
    (target.folder / ".build").mkdir(exist_ok=True)
    planned = terraform(
        "plan", "-input=false", "-detailed-exitcode", f"-out={saved}",
        *target.variables(),
    )  # fmt: skip
    if planned == NOTHING_TO_CHANGE:
        return
    if planned != CHANGES:
        leave(Exit.AMISS)
    if dry_run:
        typer.echo("A dry run: nothing was changed.")
        return
    if not yes and not typer.confirm("Apply this plan?"):
        typer.echo("Nothing was changed.")
        leave(Exit.AMISS)
    if terraform("apply", "-input=false", saved):
        typer.echo(
            "Not everything could be made. On a new project Google may need some "
            "minutes to settle: make deploy again goes on where this ended."
        )
        leave(Exit.AMISS)
