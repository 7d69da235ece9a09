"""Announce movies that break out: write the log line that raises viral_breakout.

The alert (terraform/alerts.yaml) shows the line's `headline`. Each movie is announced
once a day: the ledger records the announced ones, so a run that is published again with
late batches announces only the others.
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
"""Movies in the headline; more would not fit into a notification."""
LONGEST_TITLE = 60


def announce(run: Run, clients: Clients) -> None:
    """Log the movies that broke out on the run's day, if any is not announced yet.

    Only daily runs announce: a history run is about past days, and an initial load has
    no votes of earlier days. The day is already published, so a permanent error is only
    logged; after a TransientError the message is redelivered.
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
    # After the log line: after a crash in between it is logged twice, never not at all.
    clients.ledger.record(
        run,
        [(Event.BREAKOUT_ANNOUNCED, {"movie_id": row["movie_id"]}) for row in rows],
    )


def headline(rows: Sequence[Row]) -> str:
    """Return title, coefficient and link of the first few."""
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
