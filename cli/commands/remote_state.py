"""remote-state: keep Terraform's state in a bucket, where a team and CI find it."""

from typing import Annotated

import typer

from cli.deployment.options import TERRAFORM, Folder, Project, Region
from cli.deployment.shell import ask, show
from cli.deployment.terraform_root import TerraformRoot
from cli.errors import Exit, leave
from cli.options import DryRun


def remote_state(
    project: Project = "",
    region: Region = "",
    folder: Folder = TERRAFORM,
    *,
    bucket: Annotated[
        str,
        typer.Option(help="Name of the bucket; PROJECT-terraform-state by default."),
    ] = "",
    dry_run: DryRun = False,
) -> None:
    """Move Terraform's state to a versioned, private bucket; once per team.

    Creates the bucket and writes backend.tf. Commit that file, so that all use it.

    $ tmdb-traction remote-state --project my-project
    """
    root = TerraformRoot.of(project, region, folder)
    url = f"gs://{bucket or f'{root.project}-terraform-state'}"
    about = [url, f"--project={root.project}"]
    if dry_run:
        typer.echo(f"would make {url}, write this and move the state there:")
        typer.echo(backend(url), nl=False)
        return
    if not ask("gcloud", "storage", "buckets", "describe", *about).is_ok:
        made = ask(
            "gcloud", "storage", "buckets", "create", *about,
            f"--location={root.region}",
            "--uniform-bucket-level-access", "--public-access-prevention",
        )  # fmt: skip
        if not made.is_ok:
            typer.echo(f"{url} could not be made: {made.error.strip()}", err=True)
            leave(Exit.FAILED)
    versioned = ask("gcloud", "storage", "buckets", "update", *about, "--versioning")
    if not versioned.is_ok:
        typer.echo(f"{url} keeps no versions: {versioned.error.strip()}", err=True)
        leave(Exit.FAILED)
    (folder / "backend.tf").write_text(backend(url))
    typer.echo(f"{folder / 'backend.tf'} is written: commit it.")
    if show("terraform", "init", "-migrate-state", cwd=folder):
        leave(Exit.FAILED)


def backend(url: str) -> str:
    """Return backend.tf: variables are not allowed in it."""
    return (
        "# Written by `tmdb-traction remote-state`. The bucket keeps versions.\n"
        "terraform {\n"
        '  backend "gcs" {\n'
        f'    bucket = "{url.removeprefix("gs://")}"\n'
        '    prefix = "tmdb-traction"\n'
        "  }\n"
        "}\n"
    )
