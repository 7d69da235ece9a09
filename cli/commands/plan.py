"""plan: what a load or a backfill takes and costs, before it is begun."""

import json

from cli.commands.backfill import plan_of_backfill
from cli.costs.planned import (
    HistoryDays,
    Limit,
    Rate,
    plan_of_load,
    setting_of,
    show,
)
from cli.environment import at
from cli.options import From, Json, To, Where
from local.console import open_console


def plan(
    where: Where,
    *,
    limit: Limit = None,
    history_days: HistoryDays = None,
    rate: Rate = None,
    from_date: From = None,
    to_date: To = None,
    as_json: Json = False,
) -> None:
    """Say what a load takes (calls, minutes, bytes, dollars); with days: a backfill.

    Nothing is asked of TMDB and nothing is changed. With --from and --to the days that
    are there already are left out, as `backfill` would.
    """
    if from_date or to_date:
        title, made = plan_of_backfill(where, from_date, to_date, limit)
    elif where.project:
        with at(where) as place:
            title, made = plan_of_load(place, where, limit, history_days, rate)
    else:
        title, made = plan_of_load(None, where, limit, history_days, rate)
    if as_json:
        print(json.dumps({"plan": title, **made.to_json()}))
    else:
        show(open_console(), title, made, setting_of(where, rate))
