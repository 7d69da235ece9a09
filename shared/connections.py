"""Open the connections that every function needs: BigQuery and Pub/Sub."""

from dataclasses import dataclass

from shared import bigquery, logs, pubsub
from shared.config import Platform, Settings
from shared.interfaces import Tables, Topics


@dataclass(frozen=True, slots=True)
class Connections:
    """Connections of one deployment, and the settings that they were opened with."""

    settings: Settings
    platform: Platform
    tables: Tables
    topics: Topics


def connect() -> Connections:
    """Read the environment, set up logging and open every connection.

    A missing setting is a KeyError that names it.
    """
    settings, platform = Settings.from_env(), Platform.from_env()
    logs.setup(settings.project_id, settings.log_level)
    return Connections(
        settings=settings,
        platform=platform,
        tables=bigquery.connect(settings, platform),
        topics=pubsub.connect(settings),
    )
