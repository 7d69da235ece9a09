"""Add up the parts of a load or backfill, and their prices. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cli.costs import prices
from cli.costs.assumptions import MB, MEMORY_GIB, ROW_BYTES, Setting
from cli.costs.prices import Charge


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a load or backfill takes.

    seconds: from start to the last published metrics. rows: table -> rows added.
    bytes_*: streamed, loaded by free jobs, stored in the end, billed to queries.
    """

    movies: int
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
    charges: tuple[Charge, ...]

    @property
    def usd(self) -> float:
        """By the price list."""
        return sum(charge.usd for charge in self.charges)

    @property
    def usd_beyond_free(self) -> float:
        """In a month that has used nothing of its free allowance yet."""
        return sum(charge.usd_beyond_free for charge in self.charges)

    def to_json(self) -> dict[str, Any]:
        """Return every number; dollars to a hundredth of a cent."""
        made = asdict(self)
        del made["charges"]
        return made | {
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

    busy_s: function -> how long its instance works. stored: table -> bytes that the
    metrics queries find. small_reads: tables read by all other queries.
    """

    movies: int
    history_days: int
    tmdb_requests: int
    exports: int
    messages: int
    busy_s: Mapping[str, float]
    seconds: float
    rows: Mapping[str, int]
    streamed: tuple[str, ...]
    stored: Mapping[str, int]
    small_reads: int
    metrics_runs: int

    def estimate(self, setting: Setting, reads: Iterable[frozenset[str]]) -> Estimate:
        """Sum up and price."""
        queried = self._bytes_queried(reads)
        streamed = self._bytes_streamed()
        added = logical_bytes(self.rows)
        busy = self.busy_s.items()
        gib_s = sum(MEMORY_GIB[name] * busy_s for name, busy_s in busy)
        # Twice: what comes in, and what is pushed on.
        message_bytes = 2 * self.messages * prices.LEAST_BYTES_PER_MESSAGE
        return Estimate(
            movies=self.movies,
            history_days=self.history_days,
            metrics_runs=self.metrics_runs,
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
            charges=(
                prices.of_queries(queried),
                Charge(prices.STREAMING, streamed / (200 * MB)),
                Charge(prices.STORAGE, sum(added.values()) / prices.GIB),
                Charge(prices.MESSAGES, message_bytes / prices.TIB),
                Charge(prices.CPU, sum(busy_s for _, busy_s in busy)),
                Charge(prices.MEMORY, gib_s),
            ),
        )

    def _bytes_queried(self, reads: Iterable[frozenset[str]]) -> int:
        least = prices.LEAST_BYTES_PER_TABLE
        once = sum(
            max(least, self.stored.get(name, 0)) for one in reads for name in one
        )
        return self.small_reads * least + self.metrics_runs * once

    def _bytes_streamed(self) -> int:
        least = prices.LEAST_BYTES_PER_STREAMED_ROW
        return sum(
            self.rows.get(name, 0) * max(ROW_BYTES[name], least)
            for name in self.streamed
        )


def logical_bytes(rows: Mapping[str, int]) -> dict[str, int]:
    """Return table -> bytes, for a number of rows per table."""
    return {name: count * ROW_BYTES[name] for name, count in rows.items()}
