"""Timeouts, retries and errors of every call of BigQuery's client."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.api_core.retry import Retry
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery

from shared.bigquery_errors import Verdict, classify
from shared.errors import (
    CostLimitError,
    PipelineError,
    RowsRejectedError,
    StatementError,
    WarehouseUnavailableError,
)

REQUEST_TIMEOUT_S = 60.0
"""Of one HTTP request; Google's client repeats failed ones itself up to this long."""
JOB_TIMEOUT_S = 480.0
"""Of one query or load: below the 540 s that a function has."""
ROWS_OF_A_PAGE = 20_000
"""Of a query's result. As one answer, 200,000 ids would take 100 MiB of objects."""
RETRY = bigquery.DEFAULT_RETRY.with_timeout(REQUEST_TIMEOUT_S)
APPEND_PAUSE_S = 0.2
"""Before rows that were refused for a moment are appended again; doubled each time."""
NO_JOB_RETRY = None
"""By default Google's client retries a failed query for 20 minutes, longer than a
function may run. Instead, Pub/Sub redelivers the message."""

_ERRORS = (
    GoogleAPICallError,
    RetryError,
    GoogleAuthError,
    requests.RequestException,
    TimeoutError,
)
"""What Google's client raises for errors that are not in our code."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How calls are repeated: `of_requests` by Google's client, of rows by us."""

    of_requests: Retry = RETRY
    append_pause_s: float = APPEND_PAUSE_S


RETRIES = Retries()


@contextmanager
def errors_as(
    ours: type[RowsRejectedError | StatementError], doing: str, dataset: str
) -> Iterator[None]:
    """Raise WarehouseUnavailableError for a transient error, else `ours`.

    CostLimitError is the StatementError of what would bill too much.
    """
    try:
        yield
    except _ERRORS as error:
        known = classify(error)
        raised: type[PipelineError] = ours
        if known.verdict is Verdict.TRANSIENT:
            raised = WarehouseUnavailableError
        elif known.is_over_cost_limit and ours is StatementError:
            raised = CostLimitError
        raise raised(
            f"{doing}: {type(error).__name__}: {error}",
            field=dataset,
            hint=known.hint,
        ) from error
