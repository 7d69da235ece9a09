"""Cells: which clients are measured in which weather, and what is due in each."""

from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

from benchmarks.peers.landing import MOVIES_PER_PAGE

LIMIT = 40
"""Requests a second of one key, where TMDB limits at all."""
POLITE = 30
"""The rate that a deployment of ours is set to by default."""
DUPLICATES = 0.25

WEATHERS: dict[str, dict[str, float]] = {
    "fine": {},
    "2 % 503": {"fail_503_share": 0.02},
    "30 s outage": {"outage_start_s": 10, "outage_s": 30},
    "25 % duplicates": {},
}
"""Weather -> the faults of TMDB. Duplicates are of the calls: Pub/Sub delivers a
quarter of our messages twice; other clients are called again, for the first quarter of
the list.
"""


@dataclass(frozen=True, slots=True)
class Client:
    """One way to load movies. `module` is empty for our functions on the local stack.

    environment: the file of requirements/ that it is installed from; "" for ours.
    share: of the movies that it loads, where all of them would take many minutes.
    """

    name: str
    module: str
    environment: str = ""
    options: tuple[str, ...] = ()
    rate: float = LIMIT
    share: float = 1.0

    @property
    def requirements(self) -> Path | None:
        """The file of its packages, each with its version; None for ours."""
        name = f"requirements/{self.environment}.txt"
        return Path(__file__).parent / name if self.environment else None

    @property
    def packages(self) -> dict[str, str]:
        """Package -> version of what it is installed with."""
        pins = self.requirements.read_text() if self.requirements else ""
        return dict(line.split("==") for line in pins.split())


CLIENTS = {
    client.name: client
    for client in (
        Client("ours: functions", ""),
        Client("ours: functions, polite", "", rate=POLITE),
        Client("ours: client alone", "ours"),
        Client("asyncio", "asyncio_client", "asyncio"),
        Client("dlt rest_api", "dlt_rest_api", "dlt"),
        Client("dlt rest_api, limiter", "dlt_rest_api", "dlt", ("--limited",)),
        Client("tmdbv3api, threads", "thread_pool", "thread_pool"),
        Client("predecessor", "predecessor", "predecessor", share=0.1),
    )
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One client in one weather. limit: TMDB's, and the client's own; 0 for none."""

    client: Client
    weather: str = "fine"
    latency_ms: int = 120
    limit: float = LIMIT
    movies: int = 1_000

    @property
    def rate(self) -> float:
        """Requests a second that the client is set to; 0 for no limit."""
        return min(self.limit, self.client.rate)

    @property
    def due(self) -> int:
        """Movies that the client is to land: whole pages."""
        pages = ceil(self.movies * self.client.share / MOVIES_PER_PAGE)
        return pages * MOVIES_PER_PAGE

    @property
    def bound_s(self) -> float | None:
        """Seconds that the fewest requests take at the rate; None without a limit."""
        requests = self.due + ceil(self.due / MOVIES_PER_PAGE)
        return requests / self.rate if self.rate else None


def matrix(movies: int, *, full: bool) -> list[Cell]:
    """Return the cells; without `full` only fine weather at 120 ms, with a limit."""
    every = CLIENTS.values()
    if not full:
        return [Cell(client, movies=movies) for client in every]
    limited = [
        Cell(client, weather, latency_ms, movies=movies)
        for weather, latencies in _LATENCIES.items()
        for latency_ms in latencies
        for client in every
        if latency_ms == LATENCIES_MS[0] or client.rate != POLITE
    ]
    unlimited = [
        Cell(client, "fine", latency_ms, 0, movies)
        for latency_ms in LATENCIES_MS
        for client in every
        if client.rate != POLITE and not client.options
    ]
    return limited + unlimited


LATENCIES_MS = (120, 300)
_LATENCIES = {
    "fine": LATENCIES_MS,
    "2 % 503": LATENCIES_MS[:1],
    "30 s outage": LATENCIES_MS[:1],
    "25 % duplicates": LATENCIES_MS[:1],
}


@dataclass(frozen=True, slots=True)
class Result:
    """What one cell came to; a row of the JSON.

    wall_s: of all its processes, starts included. load_s: from the first request that
    it wants to make to its last row stored. cpu_s, peak_mib: of its processes. load:
    of the machine when it began.
    """

    client: str
    weather: str
    latency_ms: int
    limit: float
    rate: float
    due: int
    landed: int
    wall_s: float
    load_s: float
    bound_s: float | None
    requests: int
    throttled: int
    cpu_s: float
    peak_mib: float
    load: float
    failure: str = ""
    packages: dict[str, str] = field(default_factory=dict)
    """Its own requirements, with their versions."""
