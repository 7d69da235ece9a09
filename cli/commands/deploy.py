"""deploy: check, show Terraform's plan, ask, and apply exactly that plan.

Then it does what Terraform cannot: check that each function serves its archive, and
have compute-metrics create the views.
"""

import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated

import typer

from cli import output
from cli.commands.doctor import TMDB_URL, TmdbUrl
from cli.deployment import preflight, served_archives
from cli.deployment.options import (
    TERRAFORM,
    Folder,
    Project,
    Region,
    token,
)
from cli.deployment.shell import ask
from cli.deployment.terraform_root import (
    CHANGES,
    NOTHING_TO_CHANGE,
    Resource,
    Settings,
    TerraformRoot,
    of_type,
)
from cli.errors import Exit, OperatorError, leave
from cli.options import DryRun
from cli.output import agree
from shared.messages import METRICS_REQUESTS, ViewsRequest

VIEWS = json.dumps(ViewsRequest().to_json())
MOVE = (
    'docs/reference/configuration.md, "Another dataset or location", says how to move '
    "the data; `tmdb-traction destroy --delete-data` deletes it"
)


def deploy(
    project: Project = "",
    region: Region = "",
    tmdb_url: TmdbUrl = TMDB_URL,
    folder: Folder = TERRAFORM,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Apply without asking.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Check, show Terraform's plan, ask and apply; after every change.

    TMDB's token is read from TMDB_TOKEN or from a prompt. The first deployment stores
    it; raise tmdb_token_version to store another one.

    A function whose build has failed is built again, even if nothing has changed.

    $ tmdb-traction deploy --project my-project
    $ tmdb-traction deploy --dry-run
    """
    root = TerraformRoot.of(project, region, folder)
    credential = token()
    if not credential and sys.stdin.isatty():
        credential = typer.prompt("TMDB token", hide_input=True).strip()
    findings = preflight.run(preflight.of_target(root, credential, tmdb_url))
    output.show(findings)
    if not output.all_well(findings):
        leave(Exit.FAILED)
    root = replace(root, credential=credential)
    if not root.init():
        leave(Exit.FAILED)
    settings = root.settings()
    _refuse_a_move(settings, root.resources())
    planned = root.plan()
    if planned not in (NOTHING_TO_CHANGE, CHANGES):
        leave(Exit.FAILED)
    if planned == CHANGES and not dry_run:
        agree("Apply this plan?", yes=yes, otherwise="Nothing was changed.")
        _apply(root)
    _build_again(root, yes=yes, dry_run=dry_run)
    if dry_run:
        typer.echo("A dry run: nothing was changed.")
        return
    make_views(root, settings.prefix)


def _apply(root: TerraformRoot) -> None:
    """Apply the plan; after an error, show which functions are behind."""
    if root.apply():
        return
    findings = _look(root)
    if findings and not output.all_well(findings):
        output.show(findings)
    typer.echo(
        "Not everything could be made. On a new project Google may need some "
        "minutes to settle: `make deploy` again continues, and builds "
        "again what is behind."
    )
    leave(Exit.FAILED)


def _look(root: TerraformRoot) -> list[output.Finding]:
    functions = served_archives.of_state(root.resources())
    return (
        served_archives.look(root.project, root.region, functions) if functions else []
    )


def _build_again(root: TerraformRoot, *, yes: bool, dry_run: bool) -> None:
    """Build each function that is behind once more; return what is still behind."""
    findings = _look(root)
    if output.all_well(findings):
        return
    output.show(findings)
    behind = served_archives.behind(
        findings, served_archives.of_state(root.resources())
    )
    if dry_run:
        return
    if behind:
        typer.echo(
            f"Building again: {', '.join(behind)}. The current code keeps serving "
            "until the new build is there."
        )
        again = (f'-replace=terraform_data.build["{key}"]' for key in behind)
        if root.plan(*again) != CHANGES:
            leave(Exit.FAILED)
        agree("Apply this plan?", yes=yes, otherwise="Nothing was changed.")
        _apply(root)
        findings = _look(root)
    if not output.all_well(findings):
        if behind:
            output.show(findings)
        leave(Exit.FAILED)


def _refuse_a_move(settings: Settings, resources: Iterable[Resource]) -> None:
    """Raise if the tables are in another dataset or location than configured.

    Terraform would replace the dataset: BigQuery would refuse to delete one that has
    tables, after half of the plan; or, with delete_data, all rows would be deleted.
    """
    resources = list(resources)
    if not of_type(resources, "google_bigquery_table"):
        return
    for one in of_type(resources, "google_bigquery_dataset"):
        there = one["values"]
        for variable, wanted, found in (
            ("dataset", settings.dataset, str(there["dataset_id"])),
            ("bigquery_location", settings.location, str(there["location"])),
        ):
            if wanted.lower() != found.lower():
                raise OperatorError(
                    Exit.FAILED,
                    f"{variable} is {wanted}, but the tables are in {found}: "
                    "that would delete them",
                    f'write {variable} = "{found}" in terraform.tfvars; {MOVE}',
                )


def make_views(root: TerraformRoot, prefix: str) -> None:
    """Request the views: before the first run nothing else creates them."""
    called = ask(
        "gcloud", "functions", "call", f"{prefix}compute-metrics",
        f"--project={root.project}", f"--region={root.region}", f"--data={VIEWS}",
    )  # fmt: skip
    if called.is_ok:
        typer.echo("The views and thresholds are made.")
        return
    # A new grant may take minutes to take effect; Pub/Sub redelivers until then.
    topic = f"{prefix}{METRICS_REQUESTS}"
    published = ask(
        "gcloud", "pubsub", "topics", "publish", topic,
        f"--project={root.project}", f"--message={VIEWS}",
    )  # fmt: skip
    if not published.is_ok:
        raise OperatorError(
            Exit.FAILED,
            f"the views are not made: {called.first_error}",
            f"you need run.routes.invoke on {prefix}compute-metrics "
            f"(roles/run.invoker), then `make deploy` again; {published.first_error}",
        )
    typer.echo(
        f"The views could not be made yet: {called.first_error}. Their request waits "
        f"in {topic}, which delivers it until it works: tmdb-traction dead-letters"
    )
