"""Pure: what was done when, its sums, and the seconds in which nothing was done."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.runs import Event

_WORK_OF = {
    Event.RUN_PLANNED: "ingest_changes",
    Event.RUN_REPUBLISHED: "ingest_changes",
    Event.NOTHING_TO_DO: "ingest_changes",
    Event.BATCH_DONE: "fetch_details",
    Event.BATCH_DEFERRED: "fetch_details",
    Event.METRICS_DONE: "compute_metrics",
    Event.CHECK_FAILED: "compute_metrics",
    Event.COMPUTATION_FAILED: "compute_metrics",
}
"""The function that writes an event at the end of its work."""


@dataclass(frozen=True, slots=True)
class Span:
    """Work of a function, or a query of it.

    kind: of a query, what it is; "" for the function's own work.
    """

    function: str
    began_at: datetime
    ended_at: datetime
    kind: str = ""
    bytes_billed: int = 0

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended_at - self.began_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Kind:
    """Queries of one kind by one function."""

    function: str
    kind: str
    count: int
    seconds: float
    longest_s: float
    bytes_billed: int


def work(ledger: Iterable[Mapping[str, Any]]) -> list[Span]:
    """Return the functions' work, from rows with event, logged_at and seconds."""
    return [
        Span(
            _WORK_OF[event],
            row["logged_at"] - timedelta(seconds=row["seconds"] or 0.0),
            row["logged_at"],
        )
        for row in ledger
        if (event := Event(row["event"])) in _WORK_OF
    ]


def covered_s(spans: Iterable[Span]) -> float:
    """Return the seconds in which at least one span was at work."""
    total = 0.0
    until: datetime | None = None
    for span in sorted(spans, key=lambda span: span.began_at):
        began_at = span.began_at if until is None else max(span.began_at, until)
        if span.ended_at > began_at:
            total += (span.ended_at - began_at).total_seconds()
            until = span.ended_at
    return total


def whole_s(spans: Sequence[Span]) -> float:
    """Return the seconds from the first beginning to the last end; 0 for no span."""
    if not spans:
        return 0.0
    began_at = min(span.began_at for span in spans)
    return (max(span.ended_at for span in spans) - began_at).total_seconds()


def by_kind(queries: Iterable[Span]) -> list[Kind]:
    """Sum up queries, those that took longest first."""
    groups: defaultdict[tuple[str, str], list[Span]] = defaultdict(list)
    for query in queries:
        groups[query.function, query.kind].append(query)
    kinds = [
        Kind(
            function,
            kind,
            len(spans),
            sum(span.seconds for span in spans),
            max(span.seconds for span in spans),
            sum(span.bytes_billed for span in spans),
        )
        for (function, kind), spans in groups.items()
    ]
    return sorted(kinds, key=lambda kind: (-kind.seconds, kind.function, kind.kind))


def kind_of(sql: str) -> str:
    """Return the name that a statement's first comment gives, else its first words."""
    for line in sql.splitlines():
        text = line.strip()
        if text.startswith("--"):
            name, colon, _ = text.removeprefix("--").strip().partition(":")
            if colon and " " not in name:
                return name
        elif text:
            break
    words = " ".join(
        line for line in sql.splitlines() if not line.strip().startswith("--")
    ).split()
    return " ".join(words[:6])
