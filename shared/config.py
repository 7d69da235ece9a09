"""Settings of a deployment, read from the environment, in this module only.

Terraform sets these variables; on this machine local/stack.py does. A missing required
variable is a KeyError at start. What the product decides (thresholds, windows) is in
sql/10_metric_thresholds.sql instead.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from shared.deadlines import FETCH_S
from shared.messages import LARGEST_LIMIT

ALL = "all"
"""What TRACKED_MOVIES says instead of a number."""
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


WIKIDATA_URL = "https://www.wikidata.org/w/api.php"
TMDB_BASE_URL = "https://api.themoviedb.org/3"
MAX_DELIVERY_ATTEMPTS = 20
"""Defaults of the settings."""


def _number[T: (int, float)](
    env: Mapping[str, str],
    name: str,
    kind: Callable[[str], T],
    default: T,
    *,
    most: T | None = None,
) -> T:
    text = env.get(name)
    if text is None:
        return default
    try:
        value = kind(text)
    except ValueError as error:
        raise ValueError(f"{name} is {text!r}; write a number") from error
    if value <= 0:
        raise ValueError(f"{name} is {text}; write a number above 0")
    if most is not None and value > most:
        raise ValueError(f"{name} is {text}; write {most} or less")
    return value


def _tracked_movies(env: Mapping[str, str]) -> int | None:
    if env.get("TRACKED_MOVIES") == ALL:
        return None
    return _number(env, "TRACKED_MOVIES", int, 1_000, most=LARGEST_LIMIT)


def _log_level(env: Mapping[str, str]) -> str:
    text = env.get("LOG_LEVEL", "INFO")
    if text.upper() not in LOG_LEVELS:
        raise ValueError(f"LOG_LEVEL is {text!r}; write {', '.join(LOG_LEVELS)}")
    return text.upper()


@dataclass(frozen=True, slots=True)
class Settings:
    """One deployed function's settings; each docstring names its variable."""

    project_id: str
    """GOOGLE_CLOUD_PROJECT, required."""
    tmdb_token_secret: str
    """TMDB_TOKEN_SECRET, required: projects/P/secrets/S, without a version."""
    dataset: str
    """BIGQUERY_DATASET."""
    location: str
    """BIGQUERY_LOCATION: region or multi-region of the dataset and its jobs."""
    topic_prefix: str
    """TOPIC_PREFIX: put before every topic name, "" for none."""
    tmdb_base_url: str
    """TMDB_BASE_URL: the API, ending in its version."""
    tmdb_exports_url: str
    """TMDB_EXPORTS_URL: folder of the daily ID exports."""
    tmdb_requests_per_second: float
    """TMDB_REQUESTS_PER_SECOND: of one instance. TMDB's own ceiling is near 40."""
    tmdb_share: float
    """TMDB_SHARE: of that rate, while another function may ask TMDB too."""
    tmdb_retry_s: float
    """TMDB_RETRY_S: how long one request is retried before it counts as failed."""
    tracked_movies: int | None
    """TRACKED_MOVIES: how many of the most popular movies are tracked; None where it
    says "all": every feature film of TMDB's export."""
    details_per_day: int
    """DETAILS_PER_DAY: of how many tracked movies a run asks TMDB for details."""
    history_days: int
    """HISTORY_DAYS: how far back history is read; TMDB keeps about 3 months."""
    run_stalled_s: float
    """RUN_STALLED_S: without an event for so long, missing batches are republished."""
    run_deadline_s: float
    """RUN_DEADLINE_S: after this time a run is closed with what it has."""
    fetch_deadline_s: float
    """FETCH_DEADLINE_S: after this time a batch requests no more movies; what it has is
    stored, the rest is redelivered. See shared/deadlines.py."""
    max_delivery_attempts: int
    """MAX_DELIVERY_ATTEMPTS: of one message, before Pub/Sub moves it to dead-letters;
    the last one of a batch records what is missing. The same as the subscriptions'."""
    max_bytes_billed: int
    """MAX_BYTES_BILLED: a query that would read more is refused by BigQuery."""
    dashboard_bucket: str
    """DASHBOARD_BUCKET: where render_dashboard writes its page; "" for none, and then
    compute_metrics requests none."""
    wikipedia_contact: str
    """WIKIPEDIA_CONTACT: the operator's address, named to Wikidata; "" for none, and
    then nothing of Wikipedia is read."""
    wikidata_url: str
    """WIKIDATA_URL: Wikidata's API."""
    log_level: str
    """LOG_LEVEL: one of LOG_LEVELS, in upper or lower case."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Self:
        """Read the settings; KeyError names a missing one, ValueError a bad one."""
        env = os.environ if env is None else env
        return cls(
            project_id=env["GOOGLE_CLOUD_PROJECT"],
            tmdb_token_secret=env["TMDB_TOKEN_SECRET"],
            dataset=env.get("BIGQUERY_DATASET", "tmdb_analytics"),
            location=env.get("BIGQUERY_LOCATION", "US"),
            topic_prefix=env.get("TOPIC_PREFIX", ""),
            tmdb_base_url=env.get("TMDB_BASE_URL", TMDB_BASE_URL),
            tmdb_exports_url=env.get(
                "TMDB_EXPORTS_URL", "https://files.tmdb.org/p/exports"
            ),
            tmdb_requests_per_second=_number(
                env, "TMDB_REQUESTS_PER_SECOND", float, 30.0
            ),
            tmdb_share=_number(env, "TMDB_SHARE", float, 1.0, most=1.0),
            tmdb_retry_s=_number(env, "TMDB_RETRY_S", float, 60.0),
            tracked_movies=_tracked_movies(env),
            details_per_day=_number(
                env, "DETAILS_PER_DAY", int, LARGEST_LIMIT, most=LARGEST_LIMIT
            ),
            history_days=_number(env, "HISTORY_DAYS", int, 90),
            run_stalled_s=_number(env, "RUN_STALLED_S", float, 1_200.0),
            run_deadline_s=_number(env, "RUN_DEADLINE_S", float, 10_800.0),
            fetch_deadline_s=_number(env, "FETCH_DEADLINE_S", float, FETCH_S),
            max_delivery_attempts=_number(
                env, "MAX_DELIVERY_ATTEMPTS", int, MAX_DELIVERY_ATTEMPTS
            ),
            max_bytes_billed=_number(env, "MAX_BYTES_BILLED", int, 20 * 1024**3),
            dashboard_bucket=env.get("DASHBOARD_BUCKET", ""),
            wikipedia_contact=env.get("WIKIPEDIA_CONTACT", ""),
            wikidata_url=env.get("WIKIDATA_URL", WIKIDATA_URL),
            log_level=_log_level(env),
        )


@dataclass(frozen=True, slots=True)
class Platform:
    """What Cloud Run, or the local stack, says about this instance."""

    service: str
    """K_SERVICE: the function's name, "local" outside Cloud Run."""
    revision: str
    """K_REVISION: the deployed revision, recorded in the ledger as code_version."""
    bigquery_emulator_url: str | None
    """BIGQUERY_EMULATOR_HOST, with its scheme: http://127.0.0.1:9050."""
    secretmanager_emulator: str | None
    """SECRET_MANAGER_EMULATOR_HOST: host:port, plain gRPC."""
    storage_emulator_url: str | None
    """STORAGE_EMULATOR_HOST, with its scheme: http://127.0.0.1:9023."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Self:
        """Read the environment; no variable is required."""
        env = os.environ if env is None else env
        return cls(
            service=env.get("K_SERVICE", "local"),
            revision=env.get("K_REVISION", "local"),
            bigquery_emulator_url=env.get("BIGQUERY_EMULATOR_HOST"),
            secretmanager_emulator=env.get("SECRET_MANAGER_EMULATOR_HOST"),
            storage_emulator_url=env.get("STORAGE_EMULATOR_HOST"),
        )
