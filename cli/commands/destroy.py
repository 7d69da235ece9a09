"""destroy: delete the deployment, and with --delete-data also its data."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from cli.deployment.options import TERRAFORM, Folder, Project, Region
from cli.deployment.shell import ask, show
from cli.deployment.terraform_root import TerraformRoot
from cli.errors import Exit, leave
from cli.options import DryRun

POOLS = (
    "google_iam_workload_identity_pool.",
    "google_iam_workload_identity_pool_provider.",
)
"""For 30 days Google refuses to create deleted ones again. They are kept: they cost
nothing, and give no access, because their service account is deleted."""
APIS = ("data.", "google_project_service.", "time_sleep.apis")
DATA = (
    "google_bigquery_dataset.",
    "google_bigquery_table.",
    "google_storage_bucket.dashboard",
)
KEPT = (*APIS, *DATA, "terraform_data.data_location", *POOLS)
"""The data and what it depends on. They stay in the state too, so that the next
deployment uses them."""
UNUSED_TOKENS = {
    "TF_VAR_tmdb_token": "destroy.needs.none",
    "TF_VAR_alert_slack_token": "xoxb-destroy-needs-none",
}
"""Ephemeral values are not in the state, but the variables need a value."""


def destroy(
    project: Project = "",
    region: Region = "",
    folder: Folder = TERRAFORM,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask about the rest.")
    ] = False,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Delete dataset and tables as well.")
    ] = False,
    really_delete: Annotated[
        str, typer.Option(metavar="DATASET", help="The dataset's name, to confirm.")
    ] = "",
    dry_run: DryRun = False,
) -> None:
    """Delete the deployment and keep the data, unless --delete-data is given.

    The next deployment uses the kept data. --delete-data asks for the dataset's name.

    $ tmdb-traction destroy --dry-run
    $ tmdb-traction destroy --delete-data
    """
    root = TerraformRoot.of(project, region, folder)
    if show("terraform", "init", "-input=false", cwd=folder):
        leave(Exit.FAILED)
    listed = ask("terraform", "state", "list", cwd=folder)
    if not listed.is_ok:
        typer.echo(f"no state to destroy by: {listed.first_error}", err=True)
        leave(Exit.FAILED)
    addresses = listed.out.splitlines()

    def terraform(command: str, *options: str) -> None:
        done = show(
            "terraform", *(["plan", f"-{command}"] if dry_run else [command]),
            "-input=false", *root.variables(), *options,
            *(["-auto-approve"] if (yes or delete_data) and not dry_run else []),
            cwd=folder, env=UNUSED_TOKENS,
        )  # fmt: skip
        if done:
            leave(Exit.FAILED)

    protected = [one for one in addresses if one.startswith(DATA)]
    if dry_run and delete_data:
        typer.echo("Would also lift the protection of these, and delete them:")
        typer.echo("\n".join(protected))
    if not delete_data or dry_run:
        if not (targets := without_data(addresses)):
            typer.echo("Only the data is left; --delete-data deletes it.")
            return
        terraform("destroy", *(f"-target={address}" for address in targets))
        typer.echo(
            "A dry run: nothing was destroyed."
            if dry_run
            else "The data is kept. `make deploy` uses it again."
        )
        return
    dataset = _dataset(folder)
    typed = really_delete or typer.prompt(
        f"This deletes every row of {root.project}.{dataset}. Type the dataset's name"
    )
    if typed != dataset:
        typer.echo(f"{typed} is not {dataset}: nothing was deleted.", err=True)
        leave(Exit.FAILED)
    # The protection is in the state: it has to be removed there first.
    lifted = "-var=delete_data=true"
    terraform("apply", lifted, *(f"-target={address}" for address in protected))
    if not any(one.startswith(POOLS) for one in addresses):
        terraform("destroy", lifted)
        return
    rest = [one for one in addresses if not one.startswith((*APIS, *POOLS))]
    terraform("destroy", lifted, *(f"-target={address}" for address in rest))
    typer.echo("The identity pool of GitHub is kept: Google keeps its name anyway.")


def without_data(addresses: Iterable[str]) -> list[str]:
    """Leave out the data and what it depends on."""
    return [address for address in addresses if not address.startswith(KEPT)]


def _dataset(folder: Path) -> str:
    """Return the dataset's name from the state."""
    result = ask("terraform", "show", "-json", cwd=folder)
    values = json.loads(result.out or "{}").get("values") or {}
    for resource in values.get("root_module", {}).get("resources", []):
        if resource["type"] == "google_bigquery_dataset":
            return str(resource["values"]["dataset_id"])
    typer.echo("the state has no dataset: nothing to delete by it", err=True)
    return leave(Exit.FAILED)
