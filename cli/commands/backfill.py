"""backfill: request popularity and metrics of days that lack them."""

import json
from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from cli.costs import display, load_estimate, load_plan
from cli.costs.assumptions import Setting
from cli.costs.bytes_read import Catalogue
from cli.costs.display import several
from cli.costs.estimate import Estimate
from cli.environment import Deployment, open_deployment
from cli.errors import Exit, OperatorError
from cli.options import DryRun, From, Json, Selector, To, Yes, span
from cli.output import agree
from cli.runs import backfill_plan
from cli.runs.backfill_plan import Known, Need, Todo, as_spans
from functions.ingest_changes.plan import EXPORTS_KEPT_DAYS, oldest_export
from local.console import open_console
from shared.days import days_of
from shared.interfaces import Tables
from shared.messages import INGEST_REQUESTS, METRICS_REQUESTS
from shared.runs import Mode, Run

TRACKED = """
SELECT COUNTIF(retired_on IS NULL) AS movies FROM tmdb_analytics.tracked_movies
"""
STORED = """
SELECT
  export_date AS day,
  COUNT(DISTINCT movie_id) AS movies,
  COUNT(DISTINCT movie_id) AS exported,
  0 AS metrics
FROM tmdb_analytics.movie_popularity_raw
WHERE export_date BETWEEN @from_date AND @to_date AND COALESCE(is_tracked, TRUE)
GROUP BY export_date
UNION ALL
SELECT
  snapshot_date AS day,
  COUNT(*) AS movies,
  COUNTIF(popularity_source = 'export') AS exported,
  0 AS metrics
FROM tmdb_analytics.movie_daily_snapshots
WHERE snapshot_date BETWEEN @from_date AND @to_date AND COALESCE(is_tracked, TRUE)
GROUP BY snapshot_date
UNION ALL
SELECT calculation_date AS day, 0 AS movies, 0 AS exported, COUNT(*) AS metrics
FROM tmdb_analytics.movie_metrics_aggregated
WHERE calculation_date BETWEEN @from_date AND @to_date
GROUP BY calculation_date
"""
NEWEST = """
SELECT MAX(snapshot_date) AS day FROM tmdb_analytics.catalogue_days
WHERE snapshot_date <= @today
"""
ASKED = """
SELECT
  plans.export_date AS day,
  plans.run_id,
  plans.run_date,
  EXISTS (
    SELECT 1 FROM tmdb_analytics.ingestion_log AS events
    WHERE events.run_id = plans.run_id
      AND events.run_date = plans.run_date
      AND events.run_date BETWEEN @from_date AND @today
      AND events.batch_no = plans.batch_no
      AND events.event = 'BATCH_DONE'
  ) AS is_done
FROM tmdb_analytics.batch_plan AS plans
WHERE plans.export_date BETWEEN @from_date AND @to_date
  AND plans.run_date BETWEEN @from_date AND @today
"""


def backfill(
    selector: Selector,
    *,
    from_date: From = None,
    to_date: To = None,
    again: Annotated[
        bool, typer.Option("--again", help="Also the days that are stored already.")
    ] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Load popularity of past days from TMDB's exports and compute their metrics.

    TMDB keeps exports for about 90 days; for older days only metrics are computed.
    TMDB has no votes of past days. Only missing days are requested, so a repetition
    continues where it stopped; --again requests the other days too.

    $ tmdb-traction backfill --from 2026-03-01 --to 2026-03-07
    $ tmdb-traction backfill --from 2026-03-01 --again --dry-run
    """
    console = open_console(quiet=as_json)
    if not from_date and not to_date:
        raise typer.BadParameter("write the first day", param_hint="--from")
    with open_deployment(selector) as deployment:
        first, last = span(from_date, to_date, deployment.today)
        todo = todo_of(deployment, first, last, again=again)
        movies = _tracked(deployment.tables)
        setting = load_plan.setting_of(selector, None, deployment)
        made = _estimate(deployment, todo, movies, setting)
        _show(console, todo)
        if made.messages:
            title = f"Backfill of {movies:,} movies on {deployment.name}"
            display.show(console, title, made, setting)
        if made.messages and not dry_run:
            topics = deployment.topics
            if as_json and not yes:
                raise OperatorError(Exit.USAGE, "--json cannot ask", "write --yes too")
            agree("Start it?", yes=yes)
            computed = [one.to_json() for one in todo.metrics_requests()]
            topics.publish(METRICS_REQUESTS, computed)
            loaded = [one.to_json() for one in todo.ingest_requests()]
            topics.publish(INGEST_REQUESTS, loaded)
    is_started = bool(made.messages) and not dry_run
    if as_json:
        print(json.dumps(_as_json(todo, made, is_started=is_started)))
    elif is_started:
        _say_what_next(console, todo)
    else:
        console.print("nothing was started")


def plan_of_backfill(
    selector: Selector,
    from_date: date | None,
    to_date: date | None,
    limit: int | None,
    max_gib_billed: int | None = None,
) -> tuple[str, Estimate]:
    """Return a backfill's title, and the estimate of what is missing."""
    with open_deployment(selector) as deployment:
        first, last = span(from_date, to_date, deployment.today)
        todo = todo_of(deployment, first, last, again=False)
        movies = limit or _tracked(deployment.tables)
        title = f"Backfill of {movies:,} movies, {first} to {last}"
        setting = load_plan.setting_of(selector, None, deployment, max_gib_billed)
        return title, _estimate(deployment, todo, movies, setting)


def todo_of(deployment: Deployment, first: date, last: date, *, again: bool) -> Todo:
    """Read what is stored and decide what each day needs."""
    today = deployment.today
    run_date = _run_date(deployment.tables, last, today)
    known = read(deployment.tables, first, last, today, run_date)
    days = days_of(first, last)
    todo = backfill_plan.decide(days, known, today, run_date, again=again)
    if set(todo.needs.values()) == {Need.TOO_OLD}:
        raise typer.BadParameter(
            f"TMDB keeps its exports for {EXPORTS_KEPT_DAYS} days, and "
            f"nothing is stored of these: write "
            f"{oldest_export(today)} or later",
            param_hint="--from",
        )
    return todo


def _run_date(tables: Tables, last: date, today: date) -> date:
    """Return the runs' date: the newest day that is stored, or will be."""
    [row] = tables.select(NEWEST, today=today)
    return max(row["day"] or last, last)


def read(
    tables: Tables, first: date, last: date, today: date, run_date: date
) -> dict[date, Known]:
    """Return what is known of each day."""
    known: defaultdict[date, Known] = defaultdict(Known)
    for row in tables.select(STORED, from_date=first, to_date=last):
        had = known[row["day"]]
        known[row["day"]] = replace(
            had,
            movies=max(had.movies, row["movies"]),
            exported=max(had.exported, row["exported"]),
            metrics=max(had.metrics, row["metrics"]),
        )
    requests = tables.select(ASKED, from_date=first, to_date=last, today=today)
    for row in requests:
        day, had = row["day"], known[row["day"]]
        is_own = row["run_id"] == Run(Mode.HISTORY, run_date, day).run_id
        known[day] = replace(
            had,
            has_run=had.has_run or is_own,
            is_open=had.is_open or (row["run_date"] >= run_date and not row["is_done"]),
            is_tried=had.is_tried or row["is_done"],
        )
    return dict(known)


def _tracked(tables: Tables) -> int:
    [row] = tables.select(TRACKED)
    if not row["movies"]:
        raise OperatorError(
            Exit.NOT_FOUND,
            "no movie is tracked yet, so there is no day to fill",
            "tmdb-traction load",
        )
    return int(row["movies"])


def _estimate(
    deployment: Deployment, todo: Todo, movies: int, setting: Setting
) -> Estimate:
    found = Catalogue.of(movies, deployment.details_per_day)
    return load_estimate.of_backfill(found, todo.run_days, todo.request_days, setting)


_REQUESTED = ("requested", "green")


def _show(console: Console, todo: Todo) -> None:
    for need in Need:
        if days := todo.of(need):
            count = several(len(days), "day")
            console.print(Text.assemble((count, "cyan"), f" {need}: {as_spans(days)}"))


def _say_what_next(console: Console, todo: Todo) -> None:
    if todo.to_load:
        runs = several(len(todo.to_load), "run")
        follow = f" {runs}; follow them: tmdb-traction status --watch"
        console.print(Text.assemble(_REQUESTED, follow))
    if days := todo.to_compute:
        console.print(
            Text.assemble(
                _REQUESTED,
                f" metrics of {as_spans(days)}; `status` does not list them: "
                f"tmdb-traction validate --from {days[0]} --to {days[-1]}",
            )
        )


def _as_json(todo: Todo, made: Estimate, *, is_started: bool) -> dict[str, object]:
    requests = [one.to_json() for one in todo.metrics_requests()]
    requests += [one.to_json() for one in todo.ingest_requests()]
    return {
        "is_started": is_started,
        "days": {str(day): need.name for day, need in sorted(todo.needs.items())},
        "requests": requests,
        "plan": made.to_json(),
    }
