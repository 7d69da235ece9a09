"""Breakouts: writes the log line that raises the alert viral_breakout.

The alert (terraform/alerts.yaml) shows the line's `headline`. Each movie is announced
once a day: the ledger records which were, so a run that late batches publish again
announces the others.
"""

import logging
from collections.abc import Sequence

from functions.compute_metrics.clients import Clients
from shared import sql_files
from shared.errors import PermanentError
from shared.interfaces import Row
from shared.runs import Event, Mode, Run

log = logging.getLogger(__name__)

MOST_NAMED = 5
"""In the headline; more would not fit into a notification."""
LONGEST_TITLE = 60


def announce(run: Run, clients: Clients) -> None:
    """Log the movies that broke out on the run's day, if any is not announced yet.

    Only daily runs bring news: history is past, and an initial load knows no votes of
    days before. The day is published by then, so what cannot be asked for at all must
    not undo it; what may be asked for later is (a TransientError, redelivered).
    """
    if run.mode is not Mode.DAILY:
        return
    try:
        rows = clients.tables.select(
            sql_files.new_breakouts().sql,
            from_date=run.run_date,
            to_date=run.run_date,
        )
    except PermanentError as error:
        about = {"run_id": run.run_id, **error.to_json()}
        log.warning("breakouts_unknown", extra=about)
        return
    if not rows:
        return
    found = {"count": len(rows), "headline": headline(rows)}
    log.info("breakouts_found", extra={"run_id": run.run_id, **found})
    # After the line: a crash in between announces twice, never not at all.
    clients.ledger.record(
        run,
        [(Event.BREAKOUT_ANNOUNCED, {"movie_id": row["movie_id"]}) for row in rows],
    )


def headline(rows: Sequence[Row]) -> str:
    """Say title, coefficient and link of each, the first few."""
    named = [
        f"{_title(row)} ({row['viral_coefficient']:.0f} of 100) "
        f"https://www.themoviedb.org/movie/{row['movie_id']}"
        for row in rows[:MOST_NAMED]
    ]
    if len(rows) > MOST_NAMED:
        named.append(f"and {len(rows) - MOST_NAMED} more in v_breakouts")
    return "; ".join(named)


def _title(row: Row) -> str:
    title = str(row["title"] or f"movie {row['movie_id']}")
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"
