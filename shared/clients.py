"""Clients: the connections that ingest_changes and fetch_details open once.

compute_metrics has its own (functions/compute_metrics/clients.py): it never calls TMDB,
and installs no library for that.
"""

from dataclasses import dataclass, field

from shared import bigquery, logs, pubsub, tmdb
from shared.batches import KnownBatches
from shared.config import Platform, Settings
from shared.interfaces import Movies, Tables, Topics
from shared.ledger import Ledger
from shared.once import once


@dataclass(frozen=True, slots=True)
class Clients:
    """What a function reads and writes, and what its deployment decides.

    batches: what this instance knows of them.
    """

    tmdb: Movies
    tables: Tables
    ledger: Ledger
    topics: Topics
    settings: Settings
    batches: KnownBatches = field(default_factory=KnownBatches)


@once  # per instance: warm starts reuse connections
def connect() -> Clients:
    """Open every connection; a missing setting is a KeyError that names it."""
    settings, platform = Settings.from_env(), Platform.from_env()
    logs.setup(settings.project_id, settings.log_level)
    tables = bigquery.connect(settings, platform)
    return Clients(
        tmdb=tmdb.connect(settings, platform),
        tables=tables,
        ledger=Ledger(tables, platform.revision),
        topics=pubsub.connect(settings),
        settings=settings,
    )
