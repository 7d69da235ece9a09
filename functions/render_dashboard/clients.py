"""The clients that render_dashboard opens once."""

from dataclasses import dataclass

from functions.render_dashboard import links
from functions.render_dashboard.payload import Links
from functions.render_dashboard.storage import Bucket
from shared import connections
from shared.config import TMDB_BASE_URL, Platform, Settings
from shared.interfaces import Tables, Topics
from shared.once import once


@dataclass(frozen=True, slots=True)
class Clients:
    """What the function reads and writes.

    source: whose data the page shows. links: where its readers find more of them.
    """

    tables: Tables
    topics: Topics
    bucket: Bucket
    source: str
    links: Links


@once  # per instance: warm starts reuse connections
def connect() -> Clients:
    """Open every connection; a missing setting is a KeyError that names it."""
    common = connections.connect()
    settings, platform = common.settings, common.platform
    if not settings.dashboard_bucket:
        raise KeyError("DASHBOARD_BUCKET")
    return Clients(
        tables=common.tables,
        topics=common.topics,
        bucket=Bucket(settings.dashboard_bucket, platform.storage_emulator_url),
        source=_source(settings, platform),
        links=_links(settings, platform),
    )


def _source(settings: Settings, platform: Platform) -> str:
    if not platform.bigquery_emulator_url:
        return f"project {settings.project_id}"
    is_simulated = settings.tmdb_base_url != TMDB_BASE_URL
    return "simulated movies" if is_simulated else "this machine"


def _links(settings: Settings, platform: Platform) -> Links:
    if platform.bigquery_emulator_url:
        return {}
    return links.of_project(
        settings.project_id, settings.topic_prefix, settings.dataset
    )
