"""cost: what was used and what it cost, from the ledger and from BigQuery's jobs."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cli.costs import prices, usage
from cli.costs.display import daily_reads, dollars, size
from cli.costs.usage import Use
from cli.environment import Deployment, open_deployment
from cli.errors import Exit, OperatorError
from cli.options import Json, Selector
from local import table_layout
from local.console import open_console
from local.table_layout import Column, Layout, Row, number

if TYPE_CHECKING:
    from google.cloud import bigquery

MOST_JOBS = 50_000
USED = Layout(
    (
        Column("day"),
        *map(number, ("queries", "billed", "metrics", "TMDB", "429", "cost")),
    ),
    has_box=False,
)
LEDGER = """
SELECT
  DATE(logged_at, 'UTC') AS day,
  COALESCE(SUM(bytes_billed), 0) AS metrics_bytes,
  COALESCE(SUM(tmdb_requests), 0) AS tmdb_requests,
  COALESCE(SUM(tmdb_throttled), 0) AS tmdb_throttled,
  COUNT(*)
  + COALESCE(SUM(IF(event = 'BATCH_DONE' AND mode != 'history', written, 0)), 0)
    AS rows_streamed
FROM tmdb_analytics.ingestion_log
WHERE DATE(logged_at, 'UTC') BETWEEN @from_date AND @to_date
GROUP BY day
ORDER BY day
"""
NOT_COUNTED = (
    "?: the BigQuery emulator bills nothing and counts no bytes, so what BigQuery "
    "would bill is not known here. `tmdb-traction plan` estimates it."
)


def cost(
    selector: Selector,
    *,
    days: Annotated[
        int, typer.Option(min=1, max=180, help="How many UTC days, today included.")
    ] = 30,
    month: Annotated[
        bool, typer.Option("--month", help="This month to date instead.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what days and months used: queries, bytes billed, TMDB requests, dollars.

    Days are real days, even if TMDB's day is simulated. Bytes are those of every query
    in the project, from BigQuery's job list; "metrics" is the part that compute_metrics
    has recorded in the ledger. Costs of Cloud Run, Pub/Sub and alerts are not included.

    $ tmdb-traction cost --days 7
    $ tmdb-traction cost --month --json
    """
    today = datetime.now(UTC).date()
    first = today.replace(day=1) if month else today - timedelta(days=days - 1)
    with open_deployment(selector) as deployment:
        ledger = deployment.tables.select(LEDGER, from_date=first, to_date=today)
        jobs = (
            list(_jobs(deployment.client, first))
            if ledger or deployment.is_metered
            else []
        )
        used = usage.by_day(ledger, jobs, is_metered=deployment.is_metered)
        if not used:
            raise OperatorError(
                Exit.NOT_FOUND,
                f"{deployment.name} has done nothing since {first}",
                "look at more days, --days 90, or load first: tmdb-traction load",
            )
    if as_json:
        print(json.dumps(_as_json(first, today, used, deployment)))
    else:
        show(open_console(), used, deployment, has_all=len(jobs) < MOST_JOBS)


def show(
    console: Console, used: dict[date, Use], deployment: Deployment, *, has_all: bool
) -> None:
    """Print a line for each day and month."""
    rows = [
        Row((str(day), *_cells(use, use.usd)), ends_section=day == max(used))
        for day, use in used.items()
    ]
    rows += [
        Row((name, *_cells(use, use.usd)), "bold")
        for name, use in usage.by_month(used).items()
    ]
    table_layout.show(console, USED, rows, title=f"Used by {deployment.name}")
    if movies := deployment.tracked_movies:
        read = daily_reads(movies, deployment.details_per_day)
        console.print(f"Each day reads: {read} (docs/concepts/cost.md).")
    if not deployment.is_metered:
        console.print(NOT_COUNTED)
        return
    for name, use in usage.by_month(used).items():
        beyond = use.usd_beyond_free
        console.print(
            f"{name}: {dollars(use.usd or 0)} by the price list, "
            f"{dollars(beyond or 0)} beyond the month's free allowance"
        )
    console.print(f"Prices read in {prices.READ_IN}: cli/costs/prices.py.", style="dim")
    if not has_all:
        console.print(f"only the newest {MOST_JOBS:,} jobs were read", style="yellow")


def _cells(use: Use, usd: float | None) -> list[str]:
    return [
        f"{use.queries:,}",
        _size(use.bytes_billed),
        _size(use.metrics_bytes),
        f"{use.tmdb_requests:,}",
        f"{use.tmdb_throttled:,}",
        "?" if usd is None else dollars(usd),
    ]


def _size(count: int | None) -> str:
    return "?" if count is None else size(count)


def _jobs(client: "bigquery.Client", first: date) -> Iterator[tuple[date, int | None]]:
    """Yield day and bytes billed of every query of the project since a day."""
    from google.cloud import bigquery

    since = datetime.combine(first, time(), UTC)
    jobs = client.list_jobs(
        all_users=True, min_creation_time=since, max_results=MOST_JOBS
    )
    for job in jobs:
        if isinstance(job, bigquery.QueryJob) and job.created:
            yield job.created.astimezone(UTC).date(), job.total_bytes_billed


def _as_json(
    first: date, today: date, used: dict[date, Use], deployment: Deployment
) -> dict[str, object]:
    months = usage.by_month(used)
    return {
        "from": str(first),
        "to": str(today),
        "is_metered": deployment.is_metered,
        "note": None if deployment.is_metered else NOT_COUNTED,
        "prices_read_in": prices.READ_IN,
        "days": [{"day": str(day), **use.to_json()} for day, use in used.items()],
        "months": [
            {"month": name, **use.to_json(), "usd_beyond_free": use.usd_beyond_free}
            for name, use in months.items()
        ],
    }
