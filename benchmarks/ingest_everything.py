"""One process of ingest_changes that tracks every movie: an initial run and history.

python -m benchmarks.ingest_everything EXPORTS BIGQUERY DAY DAYS DETAILS, by
catalogue_scale.py. Prints CPU seconds of the exports and peak memory as JSON.
"""

import json
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from benchmarks.peers.landing import peak_mib
from emulators.tmdb.http.settings import SIMULATED_TOKEN
from functions.ingest_changes.main import run
from local.tables import PROJECT
from shared.bigquery import Warehouse, open_client
from shared.clients import Clients
from shared.config import Settings
from shared.delivery import Delivery
from shared.ledger import Ledger
from shared.messages import INGEST_REQUESTS, IngestRequest
from shared.runs import Mode
from shared.tmdb.client import Tmdb


class Kept:
    """Topics that keep the requests for history days, and forget the batches."""

    def __init__(self) -> None:
        self.requests: list[Mapping[str, Any]] = []

    def publish(self, topic: str, bodies: Iterable[Mapping[str, Any]]) -> int:
        """Keep what ingest_changes asks of itself; count."""
        messages = list(bodies)
        if topic == INGEST_REQUESTS:
            self.requests += messages
        return len(messages)

    def dead_letter(self, data: bytes, attributes: Mapping[str, str]) -> None:
        """Fail: nothing is to end here."""
        raise AssertionError(f"{data!r}: {attributes}")


def main() -> None:
    """Run, and print what it took."""
    exports, warehouse, day_text, days, details = sys.argv[1:]
    day = date.fromisoformat(day_text)
    topics = Kept()
    clients = _clients(exports, warehouse, topics, int(days), int(details))
    began = time.process_time()
    _run(IngestRequest(Mode.INITIAL, day), clients)
    _run(IngestRequest(Mode.HISTORY, day), clients)
    for body in topics.requests:
        request = IngestRequest.from_json(body, day)
        if request.mode is Mode.HISTORY_DAY:
            _run(request, clients)
    cpu_s = time.process_time() - began
    print(json.dumps({"cpu_s": cpu_s, "peak_mib": peak_mib("self")}))


def _clients(
    exports: str, warehouse: str, topics: Kept, days: int, details: int
) -> Clients:
    required = {"GOOGLE_CLOUD_PROJECT": PROJECT, "TMDB_TOKEN_SECRET": "none"}
    settings = replace(
        Settings.from_env({**required, "TRACKED_MOVIES": "all"}),
        details_per_day=details,
        history_days=days,
    )
    tables = Warehouse(open_client(PROJECT, warehouse), "tmdb_analytics", 10**12)
    tmdb = Tmdb(exports, exports, lambda: SIMULATED_TOKEN, rate=100.0, retry_s=5.0)
    return Clients(tmdb, tables, Ledger(tables, "benchmark"), topics, settings)


def _run(request: IngestRequest, clients: Clients) -> None:
    delivery = Delivery("1", datetime.now(UTC), 1, True, b"")  # noqa: FBT003 - pushed
    run(request, delivery, clients)


if __name__ == "__main__":
    main()
