"""smoke: test a deployment with a run of 20 movies.

Tests what no test on this machine can: Google's build of the archives, IAM, quotas,
the push subscriptions, BigQuery itself. Needs `gcloud auth application-default login`.
"""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli import output
from cli.deployment import smoke_proofs
from cli.deployment.options import TERRAFORM, Folder
from cli.deployment.shell import ask
from cli.deployment.terraform_root import TerraformRoot
from cli.errors import Exit, leave
from cli.options import DryRun, Json
from shared.messages import INGEST_REQUESTS

TIMEOUT_S = 1_200.0


def smoke(
    project: Annotated[
        str,
        typer.Option(
            envvar="PROJECT", help="Project that you mean; refused if it is another."
        ),
    ],
    folder: Folder = TERRAFORM,
    *,
    as_json: Json = False,
    dry_run: DryRun = False,
    timeout_s: Annotated[float, typer.Option(help="How long to wait.")] = TIMEOUT_S,
) -> None:
    """Test a deployment with a real daily run and a day of history; takes minutes.

    On a new deployment it starts a daily run of 20 movies; an initial load on the same
    day is still a run of its own. On a loaded deployment it uses the day's own run,
    with all its movies, and starts it only if it is missing.

    $ tmdb-traction smoke --project my-project
    """
    from cli.deployment import smoke_run

    result = ask("terraform", "output", "-json", "names", cwd=folder)
    if not result.is_ok:
        raise typer.BadParameter(
            f"nothing is deployed from {folder}: run `make deploy`"
        )
    names = json.loads(result.out)
    if names["project_id"] != project:
        raise typer.BadParameter(f"{folder} is deployed to {names['project_id']}")
    today = datetime.now(UTC).date()
    if dry_run:
        for request in smoke_run.requests(today, is_loaded=False):
            typer.echo(f"would publish on {INGEST_REQUESTS}: {request.to_json()}")
        return
    root = TerraformRoot.of(project, names["region"], folder)
    findings = smoke_proofs.of_google(root, names["prefix"])
    with smoke_run.opened(names) as pipeline:
        findings += smoke_run.prove(pipeline, today, timeout_s=timeout_s)
    output.show(findings, as_json=as_json)
    if not as_json:
        typer.echo("\n".join(smoke_proofs.verdict(findings)))
    leave(Exit.DONE if output.all_well(findings) else Exit.FAILED)
