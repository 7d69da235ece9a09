"""Clients: the connections that compute_metrics opens once."""

from dataclasses import dataclass

from shared import bigquery, logs, pubsub
from shared.config import Platform, Settings
from shared.interfaces import Tables, Topics
from shared.ledger import Ledger
from shared.once import once


@dataclass(frozen=True, slots=True)
class Clients:
    """What the function reads and writes, and whether there is a page to request."""

    tables: Tables
    ledger: Ledger
    topics: Topics
    has_dashboard: bool = False


@once  # per instance: warm starts reuse connections
def connect() -> Clients:
    """Open every connection; a missing setting is a KeyError that names it."""
    settings, platform = Settings.from_env(), Platform.from_env()
    logs.setup(settings.project_id, settings.log_level)
    tables = bigquery.connect(settings, platform)
    return Clients(
        tables=tables,
        ledger=Ledger(tables, platform.revision),
        topics=pubsub.connect(settings),
        has_dashboard=bool(settings.dashboard_bucket),
    )
