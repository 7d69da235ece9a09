"""Compute the bytes that the page, the views and the metrics read of each table.

python -m tests.sql.bytes_read > cli/costs/bytes_read.json, or `make docs`

Columns and pruning come from Google's resolved tree. They are multiplied by BigQuery's
widths and the number of days: bytes for each row that a table has per day. A column
counts once in a query, because BigQuery bills it once for any number of scans
(https://boonepeter.github.io/posts/unnecessary_bigquery_optimization/).
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cli.costs.bytes_read import FIXED, KEPT_DAYS, OTHERWISE_KEPT, days_read
from functions.compute_metrics import checks
from functions.render_dashboard import queries
from shared import first_days, sql_files
from tests.sql.googlesql import SCHEMAS, body, googlesql
from tests.sql.liveness import Scan, scans

type Bytes = dict[str, dict[str, int]]
"""Query -> table -> bytes for each row per day; VOTES for columns that need votes."""
type ByDays = dict[str, dict[str, int]]
"""Table -> days -> bytes of the columns of which so many days are read."""

LATEST = "latest_movie_metrics"
VOTES = f"{LATEST} votes"
EVERY_DAY = {
    "v_movie_score_explained",
    "v_popularity_7d_moving_average",
    "v_popularity_wow_comparison",
    "v_run_status",
    "v_viral_coefficient_scores",
    "v_vote_engagement_timeline",
}
"""Views of all stored days; no other view may read all movies of them."""
_SHOWN_DAYS = {
    "dashboard/days": queries.DAYS_KEPT,
    "dashboard/outlook": queries.OUTLOOK_DAYS,
    "dashboard/runs": queries.RUN_DAYS,
    "queries/chart_vintages": 1,
}
_WIDTHS = {
    "BOOLEAN": 1,
    "DATE": 8,
    "FLOAT": 8,
    "INTEGER": 8,
    "RECORD": 100,
    "STRING": 22,
    "TIMESTAMP": 8,
}
"""https://cloud.google.com/bigquery/pricing#data: a text is its UTF-8 and 2 bytes."""
_WIDER = {
    "batch_plan.movie_ids": 50 * 8,
    "latest_movie_metrics.expected_level": 14,
    "latest_movie_metrics.history": 7,
    "movie_daily_snapshots.popularity_source": 9,
    "movie_viral_signals.expected_level": 14,
    "movie_viral_signals.history": 7,
    "movies.genres": 36,
    "movies.overview": 400,
}
"""Of repeated and long columns, and of texts of which all values are known."""


def everything() -> dict[str, Mapping[str, Any]]:
    """Return the bytes of the page, of each view of the newest day, and of metrics.

    Of metrics the most that a computation reads; and, of the queries that read less on
    a usual day, how much.
    """
    texts = _texts()
    metrics = {name: by_days(most(sql)) for name, sql in texts.items()}
    of_usual_day = {name: by_days(usual(sql)) for name, sql in texts.items()}
    less = {name: read for name, read in of_usual_day.items() if read != metrics[name]}
    return {"page": _page(), "views": _views(), "metrics": metrics, "usual": less}


def _page() -> Bytes:
    source = Path(queries.__file__).read_text()
    names = set(re.findall(r'"((?:dashboard|queries)/\w+)"', source))
    files = sql_files.SQL.glob("dashboard/*.sql")
    assert names >= {f"dashboard/{path.stem}" for path in files}
    return {
        name: of_query(
            (sql_files.SQL / f"{name}.sql").read_text(),
            _SHOWN_DAYS.get(name, queries.DAYS_SHOWN),
        )
        for name in sorted(names)
    }


def _views() -> Bytes:
    return {
        view.view: of_query(body(view.sql))
        for view in sorted(sql_files.views(), key=lambda view: view.view)
        if view.view not in EVERY_DAY
    }


def _texts() -> dict[str, str]:
    gate = sql_files.of_folder("gate")
    texts = {statement.name: statement.sql for statement in sql_files.daily()}
    texts |= {
        name: gate[name] for name in ("publish", "record", "latest_movie_metrics")
    }
    texts["checks"] = checks.as_one_query(checks.read())
    texts |= sql_files.windows()
    return texts


def usual(sql: str) -> str:
    """Return a statement as it reads on a usual day, by sql/windows.

    No class is carried on, nothing of the past is to be stored, and the newest day has
    votes.
    """
    sql = first_days.with_days(sql, dict.fromkeys(sql_files.windows(), "@from_date"))
    return sql.replace("@newest_day_with_votes", "@newest_day")


def most(sql: str) -> str:
    """Return a statement as it reads where every window is at its widest."""
    return first_days.at_earliest(sql, sql_files.windows())


def of_query(sql: str, shown_days: int = 1) -> dict[str, int]:
    """Return table -> bytes; @from_date to @to_date are so many days."""
    return {
        table: sum(_days(table, days, shown_days) * size for days, size in read.items())
        for table, read in by_days(sql).items()
    }


def by_days(sql: str) -> ByDays:
    """Return table -> days that a query of one day reads -> bytes.

    FIXED days are as many for a range of days: those before the first.
    """
    of_two = sql.replace("@to_date", "DATE_ADD(@from_date, INTERVAL 1 DAY)")
    columns: dict[tuple[str, str], tuple[int, bool]] = {}
    for scan, wider in zip(_scans(sql), _scans(of_two), strict=True):
        days = scan.days
        if days is None:
            days = OTHERWISE_KEPT.get(scan.table, KEPT_DAYS)
        for column in scan.columns:
            of = (scan.table, column)
            before, is_growing = columns.get(of, (0, False))
            columns[of] = (max(before, days), is_growing or wider != scan)
    found: dict[str, Counter[str]] = {}
    for (table, column), read in sorted(columns.items(), key=lambda one: one[::-1]):
        days, is_growing = read
        if not days:
            continue
        name = VOTES if table == LATEST and "vote" in column else table
        key = f"{days}" if is_growing else f"{days}{FIXED}"
        found.setdefault(name, Counter())[key] += _width(table, column)
    return {table: dict(sizes) for table, sizes in sorted(found.items())}


@cache
def _scans(sql: str) -> list[Scan]:
    return scans(googlesql().inlined(sql))


def _days(table: str, days: str, shown_days: int) -> int:
    name = LATEST if table == VOTES else table
    kept = OTHERWISE_KEPT.get(name, KEPT_DAYS)
    return days_read(days, shown_days, kept)


def _width(table: str, column: str) -> int:
    [kind] = [of["type"] for of in SCHEMAS[table]["fields"] if of["name"] == column]
    return _WIDER.get(f"{table}.{column}") or _WIDTHS[kind]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(everything(), indent=2) + "\n")
