"""plan: estimate what a load or a backfill takes and costs."""

import json
from contextlib import nullcontext
from dataclasses import asdict

from cli.commands.backfill import plan_of_backfill
from cli.costs import bytes_read
from cli.costs.display import show
from cli.costs.load_plan import (
    AllMovies,
    DetailsPerDay,
    HistoryDays,
    Limit,
    MaxGibBilled,
    Rate,
    plan_of_load,
    setting_of,
)
from cli.environment import open_deployment
from cli.options import From, Json, Selector, To
from local.console import open_console


def plan(  # noqa: PLR0913 - its options
    selector: Selector,
    *,
    limit: Limit = None,
    all_movies: AllMovies = False,
    details_per_day: DetailsPerDay = None,
    history_days: HistoryDays = None,
    rate: Rate = None,
    max_gib_billed: MaxGibBilled = None,
    from_date: From = None,
    to_date: To = None,
    as_json: Json = False,
) -> None:
    """Estimate the calls, minutes, bytes and dollars of a load or a backfill.

    Sends nothing to TMDB and changes nothing. With --from and --to it estimates a
    backfill, without the days that are already stored.

    $ tmdb-traction plan --limit 1000
    $ tmdb-traction plan --all --details-per-day 100000
    $ tmdb-traction plan --from 2026-03-01 --to 2026-03-07
    """
    if from_date or to_date:
        title, made = plan_of_backfill(
            selector, from_date, to_date, limit, max_gib_billed
        )
    else:
        opened = open_deployment(selector) if selector.project else nullcontext()
        with opened as deployment:
            title, made = plan_of_load(
                deployment,
                selector,
                limit,
                history_days,
                rate,
                all_movies=all_movies,
                details_per_day=details_per_day,
                max_gib_billed=max_gib_billed,
            )
    if as_json:
        read = asdict(bytes_read.of_movies(made.movies, made.details))
        print(json.dumps({"plan": title, **made.to_json(), "bytes_read_daily": read}))
    else:
        show(open_console(), title, made, setting_of(selector, rate))
