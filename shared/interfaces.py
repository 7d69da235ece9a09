"""What the functions need from each vendor: one protocol per vendor.

shared/{tmdb,bigquery,pubsub}.py implement the protocols with the real services,
tests/fakes.py in memory. mypy checks both against these signatures.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from shared.errors import PipelineError

type Row = Mapping[str, Any]
type Rows = Sequence[Row]
type Parameter = str | int | float | date | datetime


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One line of a daily ID export."""

    movie_id: int
    popularity: float | None
    """None if the export has none: that is not a measured 0."""
    is_feature: bool
    """False for adult titles and for `video` (clips, compilations)."""


@dataclass(frozen=True, slots=True)
class ListedMovie:
    """One movie on a discover page."""

    movie_id: int
    popularity: float


@dataclass(frozen=True, slots=True)
class ChangedMovie:
    """One movie of TMDB's list of edits; is_deleted: TMDB has deleted it since."""

    movie_id: int
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of requesting one movie.

    movie: TMDB's JSON, of any shape; None if there is none.
    failure: why it failed after all retries; None if it did not.
    is_outage: TMDB was unavailable; the movie itself is not the cause.
    error: what fails every request, such as a rejected credential.
    answered_at: when TMDB last answered, by its clock; None if it never did.
    """

    movie_id: int
    movie: object = None
    is_found: bool = True
    failure: str | None = None
    is_outage: bool = False
    error: PipelineError | None = None
    requests: int = 1
    throttled: int = 0
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that BigQuery rejected: its index in the request, and the reason."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock: only one script of its name runs at a time.

    name: scripts with the same name exclude each other.
    owner: whose work it is, such as a message's; a redelivery takes over the script
        that an earlier delivery has started, instead of running it again.
    is_redelivered: whether that delivery may have started further scripts since.
    is_divisible: whether the work can be done in parts, if it takes too long.
    """

    name: str
    owner: str
    is_redelivered: bool = False
    is_divisible: bool = False


@dataclass(slots=True)
class Bill:
    """Bytes that BigQuery has billed so far, including failed jobs."""

    bytes_billed: int = 0
    jobs: int = 0

    def add(self, bytes_billed: int | None) -> None:
        """Count one job."""
        self.bytes_billed += bytes_billed or 0
        self.jobs += 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """A script's result: the rows of its last statement, and when it began."""

    rows: list[dict[str, Any]]
    began_at: datetime


class Movies(Protocol):
    """TMDB. Every method raises TmdbUnavailableError or CredentialsError."""

    def now(self) -> datetime:
        """Return the current time by TMDB's clock, in UTC."""

    def pace(self, share: float) -> None:
        """Send requests at this share of the rate from now on."""

    def movies(self, movie_ids: Sequence[int]) -> list[Reply]:
        """Fetch details, in the order of the ids; one bad movie costs no other.

        Raises nothing: why a movie has no details is in its reply.
        """

    def most_popular(self, limit: int) -> list[ListedMovie]:
        """List the `limit` most popular movies, most popular first."""

    def changes(self, day: date) -> list[ChangedMovie]:
        """List movies edited on a UTC day."""

    def has_export(self, day: date) -> bool:
        """Return whether the file server has a day's export, without reading it."""

    def export[T](self, day: date, fold: Callable[[Iterator[ExportRow]], T]) -> T:
        """Fold over one day's export; ExportMissing-, NotYet- or DamagedError."""


class Articles(Protocol):
    """Wikidata. Its method raises WikidataUnavailableError."""

    def titles(self, wikidata_ids: Sequence[str]) -> dict[str, str | None]:
        """Return each item's title on the English Wikipedia; None where it has none."""


class Tables(Protocol):
    """BigQuery. Every method raises WarehouseUnavailableError or a PermanentError."""

    def __hash__(self) -> int:
        """Hash by identity: caches are kept per deployment."""

    def append(self, table: str, rows: Rows, row_ids: Sequence[str]) -> list[Refusal]:
        """Stream rows; return the rejected ones, the others are written."""

    def load_once(self, table: str, rows: Iterable[Row], job_id: str) -> bool:
        """Load rows by one job; False when a job of that id has done it before."""

    def select(self, sql: str, **parameters: Parameter) -> list[dict[str, Any]]:
        """Return a query's rows."""

    def execute(
        self, sql: str, *, timeout_s: float = ..., **parameters: Parameter
    ) -> tuple[int, int]:
        """Run a statement; return rows written and bytes billed."""

    def view_labels(self, key: str) -> dict[str, str]:
        """Return this label of each view that has it and has not been edited since."""

    def run_alone(
        self,
        sql: str,
        *,
        lock: Lock,
        bill: Bill,
        timeout_s: float,
        **parameters: Parameter,
    ) -> Outcome:
        """Run a script while no other with this lock runs; RunBusyError if one does.

        At `timeout_s` it is cancelled, even if its caller no longer waits.
        CostLimitError if it would bill too much; RangeSlowError, at once, if it is
        divisible and an earlier delivery had as much time and did not finish it.
        """


class Topics(Protocol):
    """Pub/Sub. Every method raises QueueUnavailableError."""

    def publish(self, topic: str, bodies: Iterable[Mapping[str, Any]]) -> int:
        """Publish JSON bodies and wait until Pub/Sub has accepted every one."""

    def dead_letter(self, data: bytes, attributes: Mapping[str, str]) -> None:
        """Park a message that cannot be processed, with the reason."""
