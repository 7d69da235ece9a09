"""validate: run the checks of sql/checks over stored days."""

import json
from datetime import date

from rich.console import Console
from rich.text import Text

from cli.costs.display import several
from cli.environment import Deployment, open_deployment
from cli.errors import Exit, OperatorError, leave
from cli.options import From, Json, Selector, To, span
from functions.compute_metrics import checks
from functions.compute_metrics.checks import Finding, Severity
from local.console import open_console

NEWEST_PUBLISHED = """
SELECT MAX(snapshot_date) AS day FROM tmdb_analytics.catalogue_days
WHERE is_published AND snapshot_date <= CURRENT_DATE('UTC')
"""
COMPUTED = """
SELECT COUNT(*) AS days FROM tmdb_analytics.catalogue_days
WHERE snapshot_date BETWEEN @from_date AND @to_date
"""

_MARKS = {
    Severity.FAIL: ("✗ fail", "red"),
    Severity.HOLD: ("! hold", "yellow"),
    Severity.WARN: ("! warn", "yellow"),
}


def validate(
    selector: Selector,
    *,
    from_date: From = None,
    to_date: To = None,
    as_json: Json = False,
) -> None:
    """Run every check of sql/checks over days; by default the newest published one.

    Prints the findings, with a few of the offending rows. A check marked `warn`
    informs, `fail` withholds a day, and `hold` means that an operator has withheld it.
    Changes nothing: `compute_metrics` publishes.

    The stored rows are checked. A published day whose recomputation failed has stayed
    as it was; the event CHECK_FAILED in `ingestion_log` has what was found then.

    $ tmdb-traction validate
    $ tmdb-traction validate --from 2026-03-01 --to 2026-03-07
    """
    every = checks.read()
    with open_deployment(selector) as deployment:
        first, last = _days(deployment, from_date, to_date)
        rows = deployment.tables.select(
            checks.as_one_query(every), from_date=first, to_date=last
        )
    found = checks.findings(rows)
    failed = [one for one in found if one.is_failure]
    if as_json:
        print(json.dumps(_as_json(first, last, len(every), found)))
    else:
        show(open_console(), first, last, len(every), found)
    leave(Exit.FAILED if failed else Exit.DONE)


def show(
    console: Console, first: date, last: date, count: int, found: list[Finding]
) -> None:
    """Print findings, the failures first, and how many there are."""
    for one in sorted(found, key=lambda one: (one.severity, one.check, one.day)):
        mark = _MARKS[one.severity]
        noun = "row" if one.rows == 1 else "rows"
        about = f" {one.day}: {one.rows} {noun}"
        console.print(Text.assemble(mark, " ", (one.check, "bold"), about))
        for example in one.examples:
            console.print(f"    {example}")
        if (more := one.rows - len(one.examples)) > 0:
            console.print(f"    and {more} more")
    failed = sum(one.is_failure for one in found)
    days = f"{first}" if first == last else f"{first} to {last}"
    mark = ("✗", "red") if failed else ("✓", "green")
    counted = f"{several(failed, 'failure')}, {several(len(found) - failed, 'warning')}"
    console.print(Text.assemble(mark, f" {days}: {count} checks, {counted}"))
    if failed:
        console.print(
            "  fix the cause (sql/checks/<check>.sql says what it means), then "
            f"tmdb-traction backfill --from {first} --to {last} --again"
        )


def _days(
    deployment: Deployment, first: date | None, last: date | None
) -> tuple[date, date]:
    if first or last:
        first, last = span(first, last, deployment.today)
    else:
        [row] = deployment.tables.select(NEWEST_PUBLISHED)
        if not row["day"]:
            raise OperatorError(
                Exit.NOT_FOUND,
                f"{deployment.name} has no published day yet",
                "tmdb-traction load, or name days: --from and --to",
            )
        first = last = row["day"]
    [row] = deployment.tables.select(COMPUTED, from_date=first, to_date=last)
    if not row["days"]:
        raise OperatorError(
            Exit.NOT_FOUND,
            f"--from {first} --to {last}: no such day is computed",
            f"tmdb-traction backfill --from {first} --to {last}",
        )
    return first, last


def _as_json(
    first: date, last: date, count: int, found: list[Finding]
) -> dict[str, object]:
    return {
        "from": str(first),
        "to": str(last),
        "checks": count,
        "findings": [
            {
                "check": one.check,
                "severity": one.severity,
                "day": str(one.day),
                "rows": one.rows,
                "examples": one.examples,
            }
            for one in found
        ],
    }
