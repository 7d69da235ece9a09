"""The clients that ingest_changes and fetch_details open once.

compute_metrics and render_dashboard have a clients.py of their own: they never call
TMDB, and their archives install no library for it.
"""

from dataclasses import dataclass, field

from shared import connections, tmdb, wikidata
from shared.batches import KnownBatches
from shared.config import Settings
from shared.interfaces import Articles, Movies, Tables, Topics
from shared.ledger import Ledger
from shared.once import once


@dataclass(frozen=True, slots=True)
class Clients:
    """What a function reads and writes, and what its deployment decides.

    batches: what this instance knows of them. wikidata: None where the deployment has
        no wikipedia.
    """

    tmdb: Movies
    tables: Tables
    ledger: Ledger
    topics: Topics
    settings: Settings
    batches: KnownBatches = field(default_factory=KnownBatches)
    wikidata: Articles | None = None


@once  # per instance: warm starts reuse connections
def connect() -> Clients:
    """Open every connection; a missing setting is a KeyError that names it."""
    common = connections.connect()
    return Clients(
        tmdb=tmdb.connect(common.settings, common.platform),
        tables=common.tables,
        ledger=Ledger(common.tables, common.platform.revision),
        topics=common.topics,
        settings=common.settings,
        wikidata=wikidata.connect(common.settings),
    )
