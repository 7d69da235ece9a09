"""load: plan, confirm and start the initial run."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from cli.commands.status import code_of
from cli.costs import display, load_plan
from cli.costs.load_plan import HistoryDays, Limit, Rate
from cli.deployment.options import TERRAFORM
from cli.deployment.terraform_root import TerraformRoot
from cli.environment import Deployment, open_deployment
from cli.errors import Exit, OperatorError, leave
from cli.options import DryRun, Json, Selector, Yes
from cli.output import agree
from local import run_states
from local.console import open_console
from shared.messages import INGEST_REQUESTS, IngestRequest
from shared.runs import Mode, Run

CALL_TIMEOUT_S = 540
"""The timeout of a function."""


def load(
    selector: Selector,
    *,
    limit: Limit = None,
    history_days: HistoryDays = None,
    rate: Rate = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Track the most popular movies: show the plan, ask, start the initial run.

    It publishes on ingest-requests what `gcloud functions call ingest-changes` would
    post. --history-days and --rate only affect the estimate, not the deployment. A
    second load of the same day is the same run. Follow it with `status --watch`.

    $ tmdb-traction load --limit 250
    $ tmdb-traction load --dry-run
    """
    console = open_console(quiet=as_json)
    with open_deployment(selector) as deployment:
        run = Run(Mode.INITIAL, deployment.today)
        # Raises at once if no function runs.
        topics = None if dry_run else deployment.topics
        if topics:
            _leave_if_begun(console, deployment, run, as_json=as_json)
        title, made = load_plan.plan_of_load(
            deployment, selector, limit, history_days, rate
        )
        setting = load_plan.setting_of(selector, rate)
        display.show(console, f"{title}, on {deployment.name}", made, setting)
        # Without a limit the deployment's own number applies.
        request = IngestRequest(Mode.INITIAL, run.run_date, limit)
        about = {"request": request.to_json(), "plan": made.to_json()}
        if topics:
            if as_json and not yes:
                raise OperatorError(Exit.USAGE, "--json cannot ask", "write --yes too")
            agree("Start it?", yes=yes)
            topics.publish(INGEST_REQUESTS, [request.to_json()])
    if as_json:
        print(json.dumps({"run_id": run.run_id, "is_started": not dry_run, **about}))
    elif dry_run:
        console.print(f"would publish on {INGEST_REQUESTS}: {request.to_json()}")
    else:
        _say_how_to_follow(console, run, Run(Mode.HISTORY, run.run_date))
    if selector.project:
        show_call(console, selector.project, selector.prefix, request)


def show_call(
    console: Console, project: str, prefix: str, request: IngestRequest
) -> None:
    """Print the call that starts the same run and shows the function's answer."""
    region = TerraformRoot.of(project, "", TERRAFORM).region
    call = curl(project, region, f"{prefix}ingest-changes", request.to_json())
    console.print("The same as a call, which shows the function's answer:")
    console.print(f"  {call}", soft_wrap=True)


def curl(project: str, region: str, function: str, body: Mapping[str, Any]) -> str:
    """Return a call that shows the answer and waits for it.

    `gcloud functions call` shows "400 Client Error" instead of our answer, and gives up
    after 300 s.
    """
    flags = f"--project={project} --region={region}"
    value = "--format='value(serviceConfig.uri)'"
    uri = f"gcloud functions describe {function} {flags} {value}"
    header = "Authorization: Bearer $(gcloud auth print-identity-token)"
    return (
        f'curl --max-time {CALL_TIMEOUT_S} --header "{header}" '
        f'--json {shlex.quote(json.dumps(body))} "$({uri})"'
    )


def _leave_if_begun(
    console: Console, deployment: Deployment, run: Run, *, as_json: bool
) -> None:
    """Exit if the day's load has begun: a second request would change nothing."""
    if not (state := run_states.of_id(deployment.tables, run.run_id)):
        return
    if as_json:
        print(json.dumps({"is_started": False, **state.to_json()}))
    console.print(f"{run.run_id} has already started: {state.in_words()}")
    console.print(f"  tmdb-traction status {run.run_id}")
    leave(code_of([state]))


def _say_how_to_follow(console: Console, *runs: Run) -> None:
    ids = " ".join(run.run_id for run in runs)
    requested = f" {runs[0].run_id}, which requests its history"
    console.print(Text.assemble(("requested", "green"), requested))
    console.print("Follow it:")
    console.print(f"  tmdb-traction status --watch {ids}", soft_wrap=True)
