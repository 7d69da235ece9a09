"""The simulator's options, and TMDB's /configuration."""

from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path

from emulators.tmdb.http.faults import Faults

SIMULATED_TOKEN = "eyJhbGciOiJIUzI1NiJ9.simulated.read-token"  # noqa: S105 - no secret
SIMULATED_API_KEY = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a simulator.

    seed, movies, start: the catalogue is a function of these three. `start` defaults
        to 1 January of today's year; days from 120 before it to 400 after it exist.
        Two simulators of different years need the same `start` to agree.
    today: TMDB's day; it can be changed later.
    time_of_day: the time at which a simulated day begins. The clock, which is in the
        Date header of every answer, stops at 23:59:59 of that day.
    age_s: the age of every answer, as if from a cache, in its Age header.
    rate_limit: API requests allowed in any one second, 0 = no limit.
    retry_after_s: value of Retry-After on a 429; None = no such header.
    latency_ms: the least time of every answer.
    list_quirks: list pages lag a day behind and drift, as TMDB's do.
    replay_series: a CSV of real daily values to serve instead of the catalogue.
    replay_recorded: a folder of recorded exchanges that take precedence.
    """

    today: date
    time_of_day: time = time(9)
    age_s: int = 0
    seed: int = 7
    movies: int = 3_000
    start: date | None = None
    port: int = 0
    token: str = SIMULATED_TOKEN
    api_key: str = SIMULATED_API_KEY
    rate_limit: float = 0.0
    retry_after_s: int | None = None
    latency_ms: float = 0.0
    list_quirks: bool = True
    faults: Faults = field(default_factory=Faults)
    replay_series: Path | None = None
    replay_recorded: Path | None = None


CONFIGURATION = {
    "change_keys": [
        "adult",
        "air_date",
        "also_known_as",
        "alternative_titles",
        "biography",
        "birthday",
        "budget",
        "cast",
        "certifications",
        "character_names",
        "created_by",
        "crew",
        "deathday",
        "episode",
        "episode_number",
        "episode_run_time",
        "freebase_id",
        "freebase_mid",
        "general",
        "genres",
        "guest_stars",
        "homepage",
        "images",
        "imdb_id",
        "languages",
        "name",
        "network",
        "origin_country",
        "original_name",
        "original_title",
        "overview",
        "parts",
        "place_of_birth",
        "plot_keywords",
        "production_code",
        "production_companies",
        "production_countries",
        "releases",
        "revenue",
        "runtime",
        "season",
        "season_number",
        "season_regular",
        "softcore",
        "spoken_languages",
        "status",
        "tagline",
        "title",
        "translations",
        "tvdb_id",
        "tvrage_id",
        "type",
        "video",
        "videos",
    ],
    "images": {
        "base_url": "http://image.tmdb.org/t/p/",
        "secure_base_url": "https://image.tmdb.org/t/p/",
        "backdrop_sizes": ["w300", "w780", "w1280", "original"],
        "logo_sizes": ["w45", "w92", "w154", "w185", "w300", "w500", "original"],
        "poster_sizes": ["w92", "w154", "w185", "w342", "w500", "w780", "original"],
        "profile_sizes": ["w45", "w185", "h632", "original"],
        "still_sizes": ["w92", "w185", "w300", "original"],
    },
}
