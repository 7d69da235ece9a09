"""publish: put a withheld day back into every view, with the reason."""

from datetime import date

from cli.environment import Deployment, open_deployment
from cli.errors import Exit, OperatorError
from cli.options import DryRun, Json, Selector, Yes
from cli.runs.page_request import request_page
from cli.runs.published_days import (
    WRITTEN_BY,
    Day,
    Reason,
    is_agreed,
    known_of,
    reason_of,
    record,
    tell,
)
from functions.compute_metrics import checks
from shared import sql_scripts
from shared.runs import Event, OperatedDay


def publish(
    selector: Selector,
    *,
    the_day: Day,
    reason: Reason = "",
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Put a withheld day back into every view, with the numbers it has now.

    Runs the checks first: a day that fails one is not published.

    $ tmdb-traction publish 2026-03-01 --reason "votes are complete now"
    """
    reason = reason_of(reason)
    with open_deployment(selector) as deployment:
        known = known_of(deployment, the_day)
        is_due = not known.is_published
        if is_due:
            _refuse_unfit(deployment, the_day)
        if is_due and is_agreed(
            deployment, known, "publish", yes=yes, dry_run=dry_run, as_json=as_json
        ):
            record(deployment, the_day, Event.DAY_PUBLISHED, reason)
            deployment.tables.execute(
                sql_scripts.gate_script("publish", "record"),
                from_date=the_day,
                to_date=the_day,
                run_id=OperatedDay(the_day).run_id,
                code_version=WRITTEN_BY,
            )
        # Also if the day is published already: an earlier command may have ended here.
        page = "" if dry_run else request_page(deployment, the_day)
    tell(known, "published", page, is_due=is_due, dry_run=dry_run, as_json=as_json)


def _refuse_unfit(deployment: Deployment, the_day: date) -> None:
    rows = deployment.tables.select(
        checks.as_one_query(checks.read()), from_date=the_day, to_date=the_day
    )
    failed = [str(one) for one in checks.findings(rows) if one.is_failure]
    if failed:
        raise OperatorError(
            Exit.FAILED,
            f"{the_day} fails {len(failed)} of the checks: {'; '.join(failed)}",
            f"tmdb-traction validate --from {the_day}; after the fix "
            f"tmdb-traction backfill --from {the_day} --to {the_day} --again",
        )
