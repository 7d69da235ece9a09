"""withhold: take a published day out of every view, with the reason."""

from cli.environment import at
from cli.options import DryRun, Json, Where, Yes
from cli.runs.published_days import (
    Day,
    Reason,
    is_agreed,
    known_of,
    reason_of,
    record,
    tell,
)
from shared import sql_files
from shared.runs import Event


def withhold(
    where: Where,
    *,
    the_day: Day,
    reason: Reason = "",
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take a day out of every view, until `publish` of the same day.

    Its rows stay, and late batches and backfills still compute them: the day stays
    withheld whatever they write. The views show the newest day that is published.

    $ tmdb-traction withhold 2026-03-01 --reason "votes of the night are missing"
    """
    reason = reason_of(reason)
    with at(where) as place:
        known = known_of(place, the_day)
        is_due = known.withheld_reason is None
        if is_due and is_agreed(
            place, known, "withhold", yes=yes, dry_run=dry_run, as_json=as_json
        ):
            record(place, the_day, Event.DAY_WITHHELD, reason)
            place.tables.execute(
                sql_files.gate()["withhold"].sql,
                from_date=the_day,
                to_date=the_day,
                reason=reason,
            )
    tell(known, "withheld", is_due=is_due, dry_run=dry_run, as_json=as_json)
