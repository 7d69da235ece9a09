"""Add up the parts of a load or backfill, and their prices. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from operator import itemgetter
from typing import Any

from cli.costs import bytes_read, prices
from cli.costs.assumptions import MB, MEMORY_GIB, ROW_BYTES, Setting
from cli.costs.bytes_read import Catalogue, Computation
from cli.costs.prices import Charge


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a load or backfill takes.

    seconds: from start to the last published metrics. rows: table -> rows added.
    bytes_*: streamed, loaded by free jobs, stored in the end, billed to queries.
    largest_computation_*: of metrics, by this or on a later day; BigQuery refuses what
    would bill more than max_gib_billed, and a range of days is then halved.
    most_days_computed: that a computation may have below it; 0 where one day is too
    much. largest_day_bytes: of one day, once all days are kept.
    """

    movies: int
    details: int
    history_days: int
    metrics_runs: int
    tmdb_requests: int
    exports: int
    export_mb: float
    messages: int
    seconds: float
    rows: Mapping[str, int]
    bytes_streamed: int
    bytes_loaded: int
    bytes_stored: int
    bytes_queried: int
    largest_computation_days: int
    largest_computation_bytes: int
    max_gib_billed: int
    most_days_computed: int
    largest_day_bytes: int
    charges: tuple[Charge, ...]

    @property
    def usd(self) -> float:
        """By the price list."""
        return sum(charge.usd for charge in self.charges)

    @property
    def usd_beyond_free(self) -> float:
        """In a month that has used nothing of its free allowance yet."""
        return sum(charge.usd_beyond_free for charge in self.charges)

    @property
    def is_split(self) -> bool:
        """Whether BigQuery would refuse a computation, and its parts are computed."""
        return self._is_too_much and not self.is_refused

    @property
    def is_refused(self) -> bool:
        """Whether BigQuery would refuse even the computation of one day."""
        return self._is_too_much and not self.most_days_computed

    @property
    def _is_too_much(self) -> bool:
        return self.largest_computation_bytes > self.max_gib_billed * prices.GIB

    def to_json(self) -> dict[str, Any]:
        """Return every number; dollars to a hundredth of a cent."""
        made = asdict(self)
        del made["charges"]
        return made | {
            "is_refused": self.is_refused,
            "is_split": self.is_split,
            "seconds": round(self.seconds),
            "minutes": round(self.seconds / 60, 1),
            "usd": round(self.usd, 4),
            "usd_beyond_free": round(self.usd_beyond_free, 4),
            "usd_by_price": {
                charge.price.name: round(charge.usd, 4) for charge in self.charges
            },
            "prices_read_in": prices.READ_IN,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be done, before it is summed up and priced.

    busy_s: function -> how long its instance works. found: what the metrics queries
    find. computations: of how many days each is. small_reads: tables read by all other
    queries.
    """

    history_days: int
    tmdb_requests: int
    exports: int
    messages: int
    busy_s: Mapping[str, float]
    seconds: float
    rows: Mapping[str, int]
    streamed: tuple[str, ...]
    found: Catalogue
    small_reads: int
    computations: Sequence[int]

    def estimate(self, setting: Setting, queries: Computation) -> Estimate:
        """Sum up and price."""
        computed = [
            (days, bytes_read.of_computation(self.found, days, queries))
            for days in self.computations
        ]
        queried = self.small_reads * prices.LEAST_BYTES_PER_TABLE
        queried += sum(self._billed(days, queries, setting) for days, _ in computed)
        later = Catalogue(self.found.movies, self.found.details)
        a_day = bytes_read.of_computation(later, 1, queries)
        largest = max(*computed, (1, a_day), (0, 0), key=itemgetter(1))
        streamed = self._bytes_streamed()
        added = logical_bytes(self.rows)
        busy = self.busy_s.items()
        gib_s = sum(MEMORY_GIB[name] * busy_s for name, busy_s in busy)
        # Twice: what comes in, and what is pushed on.
        message_bytes = 2 * self.messages * prices.LEAST_BYTES_PER_MESSAGE
        return Estimate(
            movies=self.found.movies,
            details=self.found.details,
            history_days=self.history_days,
            metrics_runs=len(self.computations),
            tmdb_requests=self.tmdb_requests,
            exports=self.exports,
            export_mb=self.exports * setting.export_mb,
            messages=self.messages,
            seconds=self.seconds,
            rows=self.rows,
            bytes_streamed=streamed,
            bytes_loaded=added.get("movie_popularity_raw", 0),
            bytes_stored=sum(added.values()),
            bytes_queried=queried,
            largest_computation_days=largest[0],
            largest_computation_bytes=largest[1],
            max_gib_billed=setting.max_gib_billed,
            most_days_computed=self._most_days(a_day, queries, setting),
            largest_day_bytes=a_day,
            charges=(
                prices.of_queries(queried),
                Charge(prices.STREAMING, streamed / (200 * MB)),
                Charge(prices.STORAGE, sum(added.values()) / prices.GIB),
                Charge(prices.MESSAGES, message_bytes / prices.TIB),
                Charge(prices.CPU, sum(busy_s for _, busy_s in busy)),
                Charge(prices.MEMORY, gib_s),
            ),
        )

    def _billed(self, days: int, queries: Computation, setting: Setting) -> int:
        """Return what a computation bills, halved until its parts are not refused.

        Without what the refused scripts bill: their statements before the refused one.
        """
        whole = bytes_read.of_computation(self.found, days, queries)
        if days <= 1 or whole <= setting.max_gib_billed * prices.GIB:
            return whole
        parts = (days - days // 2, days // 2)
        return sum(self._billed(part, queries, setting) for part in parts)

    def _most_days(self, a_day: int, queries: Computation, setting: Setting) -> int:
        """Return how many days a computation may have; 0 where one is too much."""
        limit = setting.max_gib_billed * prices.GIB
        days = 0 if a_day > limit else max(self.computations, default=0)
        while days and bytes_read.of_computation(self.found, days, queries) > limit:
            days -= 1
        return days

    def _bytes_streamed(self) -> int:
        least = prices.LEAST_BYTES_PER_STREAMED_ROW
        return sum(
            self.rows.get(name, 0) * max(ROW_BYTES[name], least)
            for name in self.streamed
        )


def logical_bytes(rows: Mapping[str, int]) -> dict[str, int]:
    """Return table -> bytes, for a number of rows per table."""
    return {name: count * ROW_BYTES[name] for name, count in rows.items()}
