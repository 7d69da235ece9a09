"""plan: estimate what a load or a backfill takes and costs."""

import json
from dataclasses import asdict

from cli.commands.backfill import plan_of_backfill
from cli.costs import bytes_read
from cli.costs.display import show
from cli.costs.load_plan import (
    HistoryDays,
    Limit,
    Rate,
    plan_of_load,
    setting_of,
)
from cli.environment import open_deployment
from cli.options import From, Json, Selector, To
from local.console import open_console


def plan(
    selector: Selector,
    *,
    limit: Limit = None,
    history_days: HistoryDays = None,
    rate: Rate = None,
    from_date: From = None,
    to_date: To = None,
    as_json: Json = False,
) -> None:
    """Estimate the calls, minutes, bytes and dollars of a load or a backfill.

    Sends nothing to TMDB and changes nothing. With --from and --to it estimates a
    backfill, without the days that are already stored.

    $ tmdb-traction plan --limit 1000
    $ tmdb-traction plan --from 2026-03-01 --to 2026-03-07
    """
    if from_date or to_date:
        title, made = plan_of_backfill(selector, from_date, to_date, limit)
    elif selector.project:
        with open_deployment(selector) as deployment:
            title, made = plan_of_load(deployment, selector, limit, history_days, rate)
    else:
        title, made = plan_of_load(None, selector, limit, history_days, rate)
    if as_json:
        read = asdict(bytes_read.of_movies(made.movies))
        print(json.dumps({"plan": title, **made.to_json(), "bytes_read_daily": read}))
    else:
        show(open_console(), title, made, setting_of(selector, rate))
