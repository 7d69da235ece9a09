"""Popularity: one day's values in; the rows of one load job out."""

from collections.abc import Container
from datetime import date

from functions.ingest_changes.survey import Popularity
from shared import clock
from shared.interfaces import Tables
from shared.runs import Run


def store_popularity(
    run: Run,
    export_date: date,
    popularity: Popularity,
    tracked: Container[int],
    tables: Tables,
) -> None:
    """Load one day's popularity by one job: a repetition adds nothing."""
    if not popularity:
        return
    loaded_at = clock.now().isoformat()
    rows = (
        {
            "run_id": run.run_id,
            "export_date": export_date.isoformat(),
            "movie_id": movie_id,
            "popularity": value,
            "is_tracked": movie_id in tracked,
            "loaded_at": loaded_at,
        }
        for movie_id, value in popularity
    )
    job_id = f"popularity_{run.run_id}_{export_date:%Y%m%d}"
    tables.load_once("movie_popularity_raw", rows, job_id)
