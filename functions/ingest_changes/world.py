"""The world of ingest_changes: every connection it needs, opened once."""

from dataclasses import dataclass

from shared import bigquery, logs, pubsub, tmdb
from shared.config import MAX_DELIVERY_ATTEMPTS, Platform, Settings
from shared.interfaces import Movies, Tables, Topics
from shared.ledger import Ledger
from shared.once import once


@dataclass(frozen=True, slots=True)
class World:
    """What the function reads and writes, and how many movies and days it wants."""

    tmdb: Movies
    tables: Tables
    ledger: Ledger
    topics: Topics
    tracked_movies: int
    history_days: int
    run_stalled_s: float
    run_deadline_s: float
    max_delivery_attempts: int = MAX_DELIVERY_ATTEMPTS


@once  # per instance: warm starts reuse connections
def connect() -> World:
    """Open every connection; a missing setting is a KeyError that names it."""
    settings, platform = Settings.from_env(), Platform.from_env()
    logs.setup(settings.project_id, settings.log_level)
    tables = bigquery.connect(settings, platform)
    return World(
        tmdb=tmdb.connect(settings, platform),
        tables=tables,
        ledger=Ledger(tables, platform.revision),
        topics=pubsub.connect(settings),
        tracked_movies=settings.tracked_movies,
        history_days=settings.history_days,
        run_stalled_s=settings.run_stalled_s,
        run_deadline_s=settings.run_deadline_s,
        max_delivery_attempts=settings.max_delivery_attempts,
    )
