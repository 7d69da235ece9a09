"""Compute what days and months used and cost, from jobs and ledger rows. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from cli.costs import prices


@dataclass(frozen=True, slots=True)
class Use:
    """What a day, or a month, has used.

    queries, bytes_billed: of the project, as BigQuery tells; bytes None where nobody
    counts them. metrics_bytes: what compute_metrics wrote into the ledger, a part of
    it. Rows are events and movies landed, which are streamed.
    """

    queries: int = 0
    bytes_billed: int | None = 0
    metrics_bytes: int | None = 0
    tmdb_requests: int = 0
    tmdb_throttled: int = 0
    rows_streamed: int = 0

    def __add__(self, other: "Use") -> "Use":
        """Add up; what is unknown of a part is unknown of the whole."""
        return Use(
            queries=self.queries + other.queries,
            bytes_billed=_sum(self.bytes_billed, other.bytes_billed),
            metrics_bytes=_sum(self.metrics_bytes, other.metrics_bytes),
            tmdb_requests=self.tmdb_requests + other.tmdb_requests,
            tmdb_throttled=self.tmdb_throttled + other.tmdb_throttled,
            rows_streamed=self.rows_streamed + other.rows_streamed,
        )

    @property
    def charges(self) -> tuple[prices.Charge, ...]:
        """What can be priced of it: queries and streaming."""
        streamed = self.rows_streamed * prices.LEAST_BYTES_PER_STREAMED_ROW
        return (
            prices.of_queries(self.bytes_billed or 0),
            prices.Charge(prices.STREAMING, streamed / 200e6),
        )

    @property
    def usd(self) -> float | None:
        """By the price list; None where the bytes are not known."""
        if self.bytes_billed is None:
            return None
        return sum(charge.usd for charge in self.charges)

    @property
    def usd_beyond_free(self) -> float | None:
        """Of a whole month, beyond its free allowance; None where not known."""
        if self.bytes_billed is None:
            return None
        return sum(charge.usd_beyond_free for charge in self.charges)

    def to_json(self) -> dict[str, Any]:
        """Return every number; null for what is not known."""
        made = {name: getattr(self, name) for name in self.__slots__}
        return made | {"usd": None if self.usd is None else round(self.usd, 6)}


def by_day(
    ledger: Iterable[Mapping[str, Any]],
    jobs: Iterable[tuple[date, int | None]],
    *,
    is_metered: bool,
) -> dict[date, Use]:
    """Gather the ledger's days and the jobs (day, bytes billed) by UTC day."""
    unknown = Use() if is_metered else Use(bytes_billed=None, metrics_bytes=None)
    days: defaultdict[date, Use] = defaultdict(lambda: unknown)
    for row in ledger:
        days[row["day"]] = replace(
            unknown,
            metrics_bytes=row["metrics_bytes"] if is_metered else None,
            tmdb_requests=row["tmdb_requests"],
            tmdb_throttled=row["tmdb_throttled"],
            rows_streamed=row["rows_streamed"],
        )
    for day, billed in jobs:
        days[day] += Use(queries=1, bytes_billed=billed or 0)
    return dict(sorted(days.items()))


def by_month(days: Mapping[date, Use]) -> dict[str, Use]:
    """Add days up to months, such as 2026-03."""
    months: dict[str, Use] = {}
    for day, use in sorted(days.items()):
        month = f"{day:%Y-%m}"
        months[month] = months[month] + use if month in months else use
    return months


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
