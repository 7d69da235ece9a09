"""The clients that compute_metrics opens once."""

from dataclasses import dataclass

from shared import connections
from shared.interfaces import Tables, Topics
from shared.ledger import Ledger
from shared.once import once


@dataclass(frozen=True, slots=True)
class Clients:
    """What the function reads and writes.

    has_dashboard: there is a page to request. has_wikipedia: page views are read too.
    """

    tables: Tables
    ledger: Ledger
    topics: Topics
    has_dashboard: bool = False
    has_wikipedia: bool = False


@once  # per instance: warm starts reuse connections
def connect() -> Clients:
    """Open every connection; a missing setting is a KeyError that names it."""
    common = connections.connect()
    return Clients(
        tables=common.tables,
        ledger=Ledger(common.tables, common.platform.revision),
        topics=common.topics,
        has_dashboard=bool(common.settings.dashboard_bucket),
        has_wikipedia=bool(common.settings.wikipedia_contact),
    )
