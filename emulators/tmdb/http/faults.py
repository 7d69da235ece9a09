"""The faults that the simulator injects.

Set them in the constructor, on the command line or by POST /_sim/state.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date

from emulators.tmdb.http.malformed import MALFORMED_KINDS


class UnknownFieldError(ValueError):
    """An unknown field, or a value it cannot have; the message names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """All faults, off by default. Shares are of all requests, from 0 to 1.

    fail_503_share: 503 with an HTML page instead of JSON.
    fail_500_share: 500, status code 11.
    reset_share: the connection is reset before any answer.
    truncated_share: the connection closes in the middle of the body.
    forbidden_share: 403 with an HTML page of a CDN, whatever the credential.
    unauthorized_share: 401, status code 7, whatever the credential.
    odd_status_share: `odd_status`, with an HTML page.
    odd_status: the status of such an answer, such as 408, 425, 499 or 520 to 529.
    html_share: 200 with an HTML page (API only, as are the next three).
    empty_object_share: 200 with {}.
    empty_share: 200 without a body.
    bare_gzip_share: a gzip body without the header Content-Encoding.
    slow_share: the answer takes `slow_s` longer.
    slow_s: seconds a slow answer takes.
    stale_popularity_share: details show yesterday's popularity (a server's cache).
    storm_429_start_s: seconds from setting the faults until a storm of 429.
    storm_429_s: length of the storm in seconds: every API request gets 429.
    storm_404_start_s: seconds from setting the faults until a storm of 404.
    storm_404_s: length of the storm in seconds: /movie/{id} finds no movie at all.
    outage_start_s: seconds from setting the faults until an outage.
    outage_s: length of the outage in seconds: every request gets 503.
    short_pages: list pages (discover, popular, trending, changes) with
        `short_page_rows` rows while more pages follow.
    short_page_rows: rows of a short page.
    repeated_pages: list pages that repeat the rows of the page before.
    empty_pages: list pages without rows while more pages follow.
    poison_movies: ids whose details always fail with 500.
    malformed_movies: ids whose details arrive broken, and how: popularity_text ("abc"),
        id_missing, not_an_object, truncated_json, html (with 200), empty_object,
        empty, date_with_time, odd_fields (odd types in fields that no metric needs),
        bare_gzip (as of bare_gzip_share).
    missing_exports: days without an export file.
    forbidden_exports: the file server answers 403 for every file.
    truncated_exports: days whose export ends after two thirds of its bytes.
    corrupt_exports: days whose export has 64 bytes overwritten.
    export_delay_s: seconds from setting the faults, or from a new day, until today's
        export appears.
    unannounced_gzip: bodies are compressed even if the client does not accept it.
    """

    fail_503_share: float = 0.0
    fail_500_share: float = 0.0
    reset_share: float = 0.0
    truncated_share: float = 0.0
    forbidden_share: float = 0.0
    unauthorized_share: float = 0.0
    odd_status_share: float = 0.0
    odd_status: int = 520
    html_share: float = 0.0
    empty_object_share: float = 0.0
    empty_share: float = 0.0
    bare_gzip_share: float = 0.0
    slow_share: float = 0.0
    slow_s: float = 2.0
    stale_popularity_share: float = 0.0
    storm_429_start_s: float = 0.0
    storm_429_s: float = 0.0
    storm_404_start_s: float = 0.0
    storm_404_s: float = 0.0
    outage_start_s: float = 0.0
    outage_s: float = 0.0
    short_pages: tuple[int, ...] = ()
    short_page_rows: int = 7
    repeated_pages: tuple[int, ...] = ()
    empty_pages: tuple[int, ...] = ()
    poison_movies: tuple[int, ...] = ()
    malformed_movies: Mapping[int, str] = field(default_factory=dict)
    missing_exports: tuple[date, ...] = ()
    forbidden_exports: bool = False
    truncated_exports: tuple[date, ...] = ()
    corrupt_exports: tuple[date, ...] = ()
    export_delay_s: float = 0.0
    unannounced_gzip: bool = False

    @property
    def by_chance(self) -> bool:
        """Whether any fault is random."""
        return any(
            getattr(self, item.name) for item in fields(self) if "_share" in item.name
        )

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> "Faults":
        """Read JSON values (dates as YYYY-MM-DD); absent fields are off."""
        types = {item.name: str(item.type) for item in fields(cls)}
        read: dict[str, object] = {}
        for name, value in values.items():
            if name not in types:
                raise UnknownFieldError(f"faults.{name}: no such fault")
            try:
                read[name] = _READERS[types[name]](value)
            except (TypeError, ValueError) as error:
                raise UnknownFieldError(f"faults.{name}: {error}") from error
            if name.endswith("_share") and not 0 <= float(str(read[name])) <= 1:
                raise UnknownFieldError(f"faults.{name}: a share is from 0 to 1")
        return cls(**read)  # type: ignore[arg-type]

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> "Faults":
        """Read options: lists with commas, `id=kind` for malformed movies."""
        types = {item.name: str(item.type) for item in fields(cls)}
        values: dict[str, object] = {}
        for name, text in texts.items():
            parts = [part.strip() for part in text.split(",") if part.strip()]
            if types.get(name, "").startswith("tuple"):
                values[name] = parts
            elif name == "malformed_movies":
                values[name] = dict(part.split("=", 1) for part in parts)
            else:
                values[name] = text
        return cls.from_json(values)

    def to_json(self) -> dict[str, object]:
        """Return the faults as JSON, for `from_json`."""
        shown: dict[str, object] = json.loads(json.dumps(asdict(self), default=str))
        return shown


def _flag(value: object) -> bool:
    if value in (True, "true", "1"):
        return True
    if value in (False, "false", "0"):
        return False
    raise ValueError(f"{value!r} is neither true nor false")


def _number(value: object) -> float:
    number = float(str(value))
    if number < 0:
        raise ValueError("must not be negative")
    return number


def _items(value: object) -> list[object]:
    if not isinstance(value, list | tuple):
        raise TypeError("wants a list")
    return list(value)


def _kinds(value: object) -> dict[int, str]:
    if not isinstance(value, Mapping):
        raise TypeError('wants {"movie id": "kind"}')
    for kind in value.values():
        if kind not in MALFORMED_KINDS:
            raise ValueError(f"{kind!r} is none of {', '.join(MALFORMED_KINDS)}")
    return {int(str(movie)): str(kind) for movie, kind in value.items()}


_READERS: Mapping[str, Callable[[object], object]] = {
    str(float): _number,
    str(int): lambda value: int(str(value)),
    str(bool): _flag,
    str(tuple[int, ...]): lambda value: tuple(int(str(v)) for v in _items(value)),
    str(tuple[date, ...]): lambda value: tuple(
        date.fromisoformat(str(v)) for v in _items(value)
    ),
    str(Mapping[int, str]): _kinds,
}
