"""Estimate the calls, minutes, messages, bytes and dollars of a load or a backfill.

Arithmetic only. What is assumed is in assumptions.py, prices are in prices.py; settings
come from the caller.
"""

from collections.abc import Sequence
from math import ceil

from cli.costs import bytes_read, prices
from cli.costs.assumptions import (
    MISSED_DAY_SWEEPS_PER_DAY,
    SWEEPS_PER_DAY,
    TABLES_PER_BATCH,
    TABLES_PER_EXPORT,
    TABLES_PER_MISSED_DAY,
    TABLES_PER_RUN,
    TABLES_PER_SWEEP,
    Setting,
    listed_rows,
    movies_with_popularity,
)
from cli.costs.bytes_read import Catalogue, Computation
from cli.costs.estimate import Estimate, Work
from cli.costs.prices import Charge
from functions.ingest_changes.plan import LARGEST_DISCOVER
from shared.runs import MOVIES_PER_BATCH


def of_load(
    movies: int,
    history_days: int,
    setting: Setting,
    *,
    details: int | None = None,
    queries: Computation | None = None,
) -> Estimate:
    """Estimate an initial load.

    details: of how many of the movies; None for all of them. queries: what those of
    metrics read; None for what is stored of them.
    """
    from shared.tmdb import MOVIES_PER_PAGE, OVER_FETCH

    details = movies if details is None else details
    batches = ceil(details / MOVIES_PER_BATCH)
    by_export = movies > LARGEST_DISCOVER
    pages = 0 if by_export else ceil(movies * OVER_FETCH / MOVIES_PER_PAGE)
    exports = history_days + by_export
    rate = setting.requests_per_second
    # An initial load lists its movies at the whole rate.
    choosing_s = pages / rate + by_export * setting.export_s
    fetching_s = details / rate
    history_s = history_days * setting.export_s
    runs = 2  # the load, and its history
    rows = {
        "batch_plan": batches + history_days,
        "catalogue_days": history_days,
        "chart_history": listed_rows(movies) * history_days,
        # A marker for each batch; of each run that it is planned, due and computed.
        "ingestion_log": batches + history_days + 3 * runs,
        "movie_daily_snapshots": movies * history_days,
        "movie_details_raw": details,
        "movie_metrics_aggregated": movies * history_days,
        "movie_popularity_raw": movies_with_popularity(movies) * history_days,
        "movie_viral_signals": movies * history_days,
        "movies": details,
        "tracked_movies": movies,
        "tracked_movies_raw": movies,
    }
    return Work(
        history_days=history_days,
        tmdb_requests=pages + details,
        exports=exports,
        # The load's request, its batches, the history's request and its days, and
        # one for the metrics of either.
        messages=1 + batches + 1 + history_days + runs,
        busy_s={
            "ingest_changes": choosing_s + history_s,
            "fetch_details": fetching_s,
            "compute_metrics": runs * setting.metrics_s,
        },
        # The history is read while details are fetched; metrics come one by one.
        seconds=choosing_s
        + max(fetching_s + setting.metrics_s, history_s)
        + setting.metrics_s,
        rows=rows,
        streamed=("movie_details_raw", "ingestion_log"),
        found=Catalogue(movies, details, days=history_days, details_days=1),
        small_reads=TABLES_PER_BATCH * batches
        + TABLES_PER_EXPORT * history_days
        + TABLES_PER_RUN * runs,
        computations=(1, history_days),
    ).estimate(setting, bytes_read.of_metrics() if queries is None else queries)


def of_backfill(
    found: Catalogue,
    loaded: Sequence[int],
    days_computed: int,
    setting: Setting,
    queries: Computation | None = None,
) -> Estimate:
    """Estimate a backfill.

    loaded: for each export day that is loaded, how many days its run computes.
    days_computed: days whose metrics alone are computed, by one request. queries: as in
    of_load.
    """
    movies, days_requested = found.movies, len(loaded)
    computations = [*loaded, *([days_computed] if days_computed else [])]
    rows = {
        "batch_plan": days_requested,
        "catalogue_days": days_requested,
        "chart_history": listed_rows(movies) * (days_requested + days_computed),
        "ingestion_log": 4 * days_requested,
        "movie_daily_snapshots": movies * days_requested,
        "movie_metrics_aggregated": movies * (days_requested + days_computed),
        "movie_popularity_raw": movies_with_popularity(movies) * days_requested,
        "movie_viral_signals": movies * (days_requested + days_computed),
    }
    exports_s = days_requested * setting.export_s
    metrics_s = len(computations) * setting.metrics_s
    return Work(
        history_days=days_requested,
        tmdb_requests=0,
        exports=days_requested,
        messages=2 * days_requested + (days_computed > 0),
        busy_s={"ingest_changes": exports_s, "compute_metrics": metrics_s},
        # Metrics are computed one after another while the exports come in.
        seconds=max(exports_s, metrics_s) if computations else 0.0,
        rows={name: count for name, count in rows.items() if count},
        streamed=("ingestion_log",),
        found=found,
        small_reads=(TABLES_PER_EXPORT + TABLES_PER_RUN) * days_requested,
        computations=computations,
    ).estimate(setting, bytes_read.of_metrics() if queries is None else queries)


def of_sweeps(days: int = 30) -> Charge:
    """Price the queries of the sweeps of a number of days, by default of a month."""
    tables = (
        TABLES_PER_SWEEP * SWEEPS_PER_DAY
        + TABLES_PER_MISSED_DAY * MISSED_DAY_SWEEPS_PER_DAY
    )
    return prices.of_queries(days * tables * prices.LEAST_BYTES_PER_TABLE)
