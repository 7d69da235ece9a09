"""Decide what each day of a backfill needs, from what is known of it. Pure.

A day whose popularity is requested becomes a run of its own, and its metrics are
computed from that day to the run's; the metrics of the other days are requested at
once. The run is dated the newest day with snapshots, not today: before today's daily
run the check `freshness` would miss today's rows and fail the run.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from functions.ingest_changes.plan import oldest_export
from shared.messages import IngestRequest, MetricsRequest
from shared.runs import Mode


class Need(StrEnum):
    """What a day needs; the value is for the output."""

    LOAD = "popularity to load, metrics to compute"
    COMPUTE = "metrics to compute"
    THERE = "there already"
    UNDER_WAY = "requested, in progress"
    ASKED = "already requested: again after the next daily run"
    NO_EXPORT = "TMDB had no usable export of it"
    TOO_OLD = "older than TMDB's exports"


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of one day.

    movies: with popularity. exported: with popularity of the day's export; the others
    have that of their details. metrics: number of rows. has_run: the run that a
    backfill would request exists. is_open: a run of that date has not loaded the day
    yet. is_tried: a run has loaded it, whatever it found.
    """

    movies: int = 0
    exported: int = 0
    metrics: int = 0
    has_run: bool = False
    is_open: bool = False
    is_tried: bool = False


@dataclass(frozen=True, slots=True)
class Todo:
    """What a backfill requests, by runs of one date."""

    run_date: date
    needs: Mapping[date, Need]

    @property
    def to_load(self) -> list[date]:
        """Export days to request."""
        return self.of(Need.LOAD)

    @property
    def to_compute(self) -> list[date]:
        """Days whose metrics are not computed by the run of a loaded day."""
        first = min(self.to_load, default=date.max)
        return [day for day in self.of(Need.COMPUTE) if day < first]

    @property
    def run_days(self) -> list[int]:
        """For each export day to request, how many days its run computes."""
        return [(self.run_date - day).days + 1 for day in self.to_load]

    @property
    def request_days(self) -> int:
        """How many days the one request for the other days computes."""
        days = self.to_compute
        return (days[-1] - days[0]).days + 1 if days else 0

    def of(self, need: Need) -> list[date]:
        """Return the days of one need, in order."""
        return sorted(day for day, what in self.needs.items() if what is need)

    def ingest_requests(self) -> list[IngestRequest]:
        """Return a request for every export day.

        The newest day comes first, because the metrics of the others read it.
        """
        return [
            IngestRequest(Mode.HISTORY_DAY, self.run_date, export_date=day)
            for day in reversed(self.to_load)
        ]

    def metrics_requests(self) -> list[MetricsRequest]:
        """Return the one request for the other days, if there are any."""
        days = self.to_compute
        return [MetricsRequest(None, days[0], days[-1])] if days else []


def need(day: date, known: Known, today: date, *, again: bool) -> Need:
    """Decide what one day needs."""
    if known.is_open:
        return Need.UNDER_WAY
    is_too_old = day < oldest_export(today)
    is_tried = known.is_tried or known.has_run
    if not again and (known.exported or (known.movies and (is_too_old or is_tried))):
        return Need.THERE if known.metrics else Need.COMPUTE
    if known.movies and (is_too_old or known.has_run):
        return Need.COMPUTE
    if is_too_old:
        return Need.TOO_OLD
    if known.has_run:
        return Need.ASKED if again else Need.NO_EXPORT
    return Need.NO_EXPORT if known.is_tried and not again else Need.LOAD


def decide(
    days: Iterable[date],
    known: Mapping[date, Known],
    today: date,
    run_date: date,
    *,
    again: bool,
) -> Todo:
    """Decide what every day needs."""
    nothing = Known()
    return Todo(
        run_date,
        {day: need(day, known.get(day, nothing), today, again=again) for day in days},
    )


def as_spans(days: Sequence[date]) -> str:
    """Write days as ranges: 2026-03-01 to 2026-03-05, 2026-03-09."""
    spans: list[list[date]] = []
    for day in days:
        if spans and day - spans[-1][1] == timedelta(days=1):
            spans[-1][1] = day
        else:
            spans.append([day, day])
    return ", ".join(
        f"{first} to {last}" if first < last else f"{first}" for first, last in spans
    )
