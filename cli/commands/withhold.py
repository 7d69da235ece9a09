"""withhold: take a published day out of every view, with the reason."""

from cli.environment import open_deployment
from cli.options import DryRun, Json, Selector, Yes
from cli.runs.page_request import request_page
from cli.runs.published_days import (
    Day,
    Reason,
    is_agreed,
    known_of,
    reason_of,
    record,
    tell,
)
from shared import sql_scripts
from shared.runs import Event


def withhold(
    selector: Selector,
    *,
    the_day: Day,
    reason: Reason = "",
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take a day out of every view, until `publish` of the same day.

    Its rows are kept. Late batches and backfills may still compute them, but the day
    stays withheld. The views show the newest day that is published.

    $ tmdb-traction withhold 2026-03-01 --reason "votes of the night are missing"
    """
    reason = reason_of(reason)
    with open_deployment(selector) as deployment:
        known = known_of(deployment, the_day)
        is_due = known.withheld_reason is None
        if is_due and is_agreed(
            deployment, known, "withhold", yes=yes, dry_run=dry_run, as_json=as_json
        ):
            record(deployment, the_day, Event.DAY_WITHHELD, reason)
            deployment.tables.execute(
                sql_scripts.gate_script("withhold"),
                from_date=the_day,
                to_date=the_day,
                reason=reason,
            )
        # Also if the day is withheld already: an earlier command may have ended here.
        page = "" if dry_run else request_page(deployment, the_day)
    tell(known, "withheld", page, is_due=is_due, dry_run=dry_run, as_json=as_json)
