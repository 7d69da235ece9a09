"""Numbers that an estimate assumes, each with its source."""

from collections.abc import Mapping
from dataclasses import dataclass

from functions.ingest_changes.plan import band_of
from shared.messages import LARGEST_LIMIT

MB = 1_000_000

ROW_BYTES: Mapping[str, int] = {
    "batch_plan": 150,
    "catalogue_days": 30,
    "chart_history": 220,
    "check_findings": 150,
    "ingestion_log": 130,
    "latest_movie_metrics": 348,
    "leading_movie_days": 40,
    "movie_breakouts": 106,
    "movie_articles": 62,
    "movie_attention_daily": 40,
    "movie_daily_snapshots": 71,
    "movie_details_raw": 1_000,
    "movie_metrics_aggregated": 150,
    "movie_popularity_raw": 53,
    "movie_viral_signals": 110,
    "movies": 900,
    "outlook_days": 24,
    "tracked_movies": 65,
    "tracked_movies_raw": 62,
}
"""A row's logical bytes by BigQuery's rules; measured on simulated movies, and more
for the two with descriptions, because real ones are longer."""

MOVIES_EXPORTED = 1_100_000
"""Feature films of a daily export, late in 2026; so many are tracked where all are."""
EXPORT_MB = 25.0
"""One daily ID export, compressed: 24.7 MB on 2026-11-22."""
EXPORT_S = 2.7
"""Reading one: measured on one core, which is what ingest_changes has."""
MAX_GIB_BILLED = 20
"""terraform/variables.tf's max_gib_billed, where nobody says more."""
METRICS_S = 60.0
"""One computation on BigQuery, seven queries and the checks: assumed, not measured."""
MEMORY_GIB = {
    "ingest_changes": 1.0,
    "fetch_details": 0.5,
    "compute_metrics": 0.5,
    "render_dashboard": 2.0,  # optional, so in no estimate
}

LISTS = 6
LIST_ROWS = 100
"""Rows that a list has at most, a day and vintage: top_list_max_rows."""

TABLES_PER_BATCH = 3
"""fetch_details reads the ledger twice and the landing rows at most once a batch."""
TABLES_PER_EXPORT = 3
TABLES_PER_RUN = 12
"""Choosing movies, planning a run, its status at the end, the days of its metrics."""

PAGE_VIEWS_GIB = 7
"""A day of Wikipedia's page views in English, before BigQuery's clusters reduce it."""
PAGE_VIEW_DAYS = 35
"""That are read the first time: BACKFILL_DAYS of compute_metrics/attention.py."""

TABLES_PER_SWEEP = 3
"""The plans, the ledger and the landing rows of the last 14 days."""
SWEEPS_PER_DAY = 96
"""Every 15 minutes: sweep_schedule of terraform/variables.tf."""
TABLES_PER_MISSED_DAY = 3
MISSED_DAY_SWEEPS_PER_DAY = 44
"""From 13:00 UTC a sweep asks besides whether the day has a run."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a deployment is set to, and how large TMDB's exports are there."""

    requests_per_second: float = 30.0
    max_gib_billed: int = MAX_GIB_BILLED
    export_mb: float = EXPORT_MB
    export_s: float = EXPORT_S
    metrics_s: float = METRICS_S


SIMULATED = Setting(export_mb=0.1, export_s=0.2, metrics_s=8.0)
"""Of the local stack with the simulated TMDB, as measured on 2 shared cores."""


def movies_with_details(movies: int, details_per_day: int | None = None) -> int:
    """Return how many of the tracked movies a run asks TMDB for."""
    return min(movies, details_per_day or LARGEST_LIMIT)


def movies_with_popularity(movies: int) -> int:
    """Return how many movies have their popularity kept: no more than there are."""
    return min(band_of(movies), MOVIES_EXPORTED)


def listed_rows(movies: int) -> int:
    """Return how many rows the lists of a day have at most."""
    return LISTS * min(movies, LIST_ROWS)
