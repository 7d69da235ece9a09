"""Classify errors of BigQuery as transient or permanent, by one table. Pure.

The table is searched from the top. BigQuery identifies most errors by a `reason`; their
HTTP status varies: the error of a failed job comes in a response with status 200, and
Google's client then reports a status of its own, 500 for every reason that it does not
list. So the reason decides. The status decides only where there is no known reason (a
proxy, a page of HTML). The message is compared only where BigQuery gives two opposite
errors the same status and reason.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from google.api_core.exceptions import GoogleAPICallError, RetryError

GOOGLES_TABLE = "https://cloud.google.com/bigquery/docs/error-messages"
CONCURRENT_UPDATES = "https://cloud.google.com/bigquery/docs/troubleshoot-queries"
STREAMING = "https://cloud.google.com/bigquery/docs/streaming-data-into-bigquery"
DML_QUEUE = "https://cloud.google.com/bigquery/docs/troubleshoot-quotas"
COST_LIMIT = "https://cloud.google.com/bigquery/docs/best-practices-costs"
JOB_NOT_FOUND = "https://github.com/googleapis/python-bigquery/issues/2134"
IAM_CHANGES = "https://cloud.google.com/iam/docs/access-change-propagation"
RETRIES = "https://github.com/googleapis/python-bigquery/issues/1790"


OVER_COST_LIMIT = "bytesBilledLimitExceeded"
"""The reason of a statement that would bill more than its job may: BigQuery estimates
it before it runs the statement, which then costs nothing ("Restrict the number of bytes
billed" of COST_LIMIT). The statements before it in a script have run, and are billed.
How many bytes it needs is in the message only."""


class Verdict(StrEnum):
    """Whether the same call may succeed later."""

    TRANSIENT = "transient"
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True)
class Known:
    """One row of the table: what an error looks like, what it means, and the source.

    reason: of error.errors[*]; "" matches every error, known reason or not.
    statuses: HTTP statuses it matches; () matches each. arrives_as: those it is seen
        with, for the tests; 200 is the error of a finished job.
    text: a part of the message, where status and reason do not tell enough.
    """

    verdict: Verdict
    hint: str
    source: str
    reason: str = ""
    statuses: tuple[int, ...] = ()
    arrives_as: tuple[int, ...] = ()
    text: str = ""

    @property
    def is_over_cost_limit(self) -> bool:
        """Whether it is refused for its cost: a shorter range may not be."""
        return self.reason == OVER_COST_LIMIT


_WAIT = "retried automatically"
_QUOTA = (
    "retried automatically; if it persists, see IAM & Admin > Quotas for the limit "
    "that is used up"
)
_TABLES = (
    "check that the tables are as in sql/schemas and that the function may use them "
    "(tmdb-traction doctor, terraform apply)"
)
_BYTES = (
    "raise max_gib_billed (Terraform; MAX_BYTES_BILLED of the function); "
    "`tmdb-traction plan` says how much a computation bills"
)
_RESOURCES = (
    "request fewer days at once (from, to), or lower tracked_movies (Terraform; "
    "TRACKED_MOVIES of the function)"
)
_GRANT = (
    "retried automatically: a new grant takes effect within minutes; if it persists, "
    "check that the caller may use the dataset (tmdb-traction doctor, terraform apply)"
)
_BILLING = "enable billing for the project"


def _transient(
    reason: str, *arrives_as: int, source: str = GOOGLES_TABLE, hint: str = _WAIT
) -> Known:
    return Known(Verdict.TRANSIENT, hint, source, reason, arrives_as=arrives_as)


def _permanent(
    reason: str, *arrives_as: int, source: str = GOOGLES_TABLE, hint: str = _TABLES
) -> Known:
    return Known(Verdict.PERMANENT, hint, source, reason, arrives_as=arrives_as)


def _by_status(verdict: Verdict, *statuses: int, hint: str = _WAIT) -> Known:
    return Known(verdict, hint, GOOGLES_TABLE, statuses=statuses, arrives_as=statuses)


TABLE = (
    # Same status and reason as a mistake in the SQL, but transient.
    Known(
        Verdict.TRANSIENT,
        _WAIT,
        CONCURRENT_UPDATES,
        "invalidQuery",
        arrives_as=(400, 200),
        text="Could not serialize access to table",
    ),
    Known(
        Verdict.TRANSIENT,
        _WAIT,
        CONCURRENT_UPDATES,
        "invalidQuery",
        arrives_as=(400, 200),
        text="Transaction is aborted due to concurrent update",
    ),
    # At most 20 statements wait for one table.
    Known(
        Verdict.TRANSIENT,
        _WAIT,
        DML_QUEUE,
        "resourcesExceeded",
        arrives_as=(400, 200),
        text="Too many DML statements outstanding",
    ),
    # A job that was just made may not be found yet; a table that is not there is ours.
    Known(
        Verdict.TRANSIENT,
        _WAIT,
        JOB_NOT_FOUND,
        "notFound",
        arrives_as=(404,),
        text="Not found: Job",
    ),
    # Caused by a limit, or by a temporary condition at Google.
    _transient("quotaExceeded", 403, 200, hint=_QUOTA),
    _transient("rateLimitExceeded", 403, 429, 200, hint=_QUOTA),
    _transient("jobRateLimitExceeded", 400, 403, 200, source=RETRIES, hint=_QUOTA),
    _transient("userRateLimitExceeded", 403, hint=_QUOTA),
    _transient("backendError", 500, 502, 503, 200),
    _transient("internalError", 500, 200),
    _transient("badGateway", 502),
    _transient("jobBackendError", 400, 200),
    _transient("jobInternalError", 400, 200),
    _transient("tableUnavailable", 400, 200),
    _transient("resourceInUse", 400, 200),
    _transient("timeout", 400, 200),
    _transient("stopped", 200),
    _transient("duplicate", 409, 200),
    _transient("conditionNotMet", 412),
    # A grant takes minutes to take effect, also in a first deployment.
    _transient("accessDenied", 403, 200, source=IAM_CHANGES, hint=_GRANT),
    # Permanent: a change is needed.
    _permanent(OVER_COST_LIMIT, 400, 500, 200, source=COST_LIMIT, hint=_BYTES),
    _permanent("resourcesExceeded", 400, 200, hint=_RESOURCES),
    _permanent("responseTooLarge", 403, 200, hint=_RESOURCES),
    _permanent("billingTierLimitExceeded", 400, 200, hint=_RESOURCES),
    _permanent("billingNotEnabled", 403, 200, hint=_BILLING),
    _permanent("blocked", 403, 200),
    _permanent("policyViolation", 403, 200),
    _permanent("invalidQuery", 400, 200),
    _permanent("invalid", 400, 200),
    _permanent("notFound", 404, 200),
    _permanent("notImplemented", 501, 200),
    # Without a reason that we know. A new service account's tokens are refused for
    # some minutes, hence 401.
    _by_status(Verdict.TRANSIENT, 401, 408, 409, 412, 425, 429),
    _by_status(Verdict.TRANSIENT, 500, 502, 503, 504),
    _by_status(Verdict.PERMANENT, 400, 403, 404, 413, 501, hint=_TABLES),
)

_UNKNOWN_CLIENT_ERROR = Known(Verdict.PERMANENT, _TABLES, GOOGLES_TABLE)
_NO_ANSWER = Known(Verdict.TRANSIENT, _WAIT, GOOGLES_TABLE)
_CLIENT_ERRORS = range(400, 500)


def classify(error: Exception) -> Known:
    """Return the row of the table that an error of Google's client falls under.

    A RetryError wraps the last of the errors that the client retried.
    """
    if isinstance(error, RetryError) and isinstance(error.cause, GoogleAPICallError):
        error = error.cause
    if not isinstance(error, GoogleAPICallError):
        return _NO_ANSWER
    status = int(error.code or 0)
    details = [detail for detail in error.errors if isinstance(detail, Mapping)]
    for known in TABLE:
        if known.statuses and status not in known.statuses:
            continue
        if _describes(known, details):
            return known
    return _UNKNOWN_CLIENT_ERROR if status in _CLIENT_ERRORS else _NO_ANSWER


def is_row_transient(errors: Iterable[Mapping[str, str]]) -> bool:
    """Say whether a row that insertAll refused may be taken later.

    `stopped` means that another row of the request was refused.
    """
    return all(
        any(
            known.reason == error.get("reason") and known.verdict is Verdict.TRANSIENT
            for known in TABLE
            if not known.text
        )
        for error in errors
    )


def _describes(known: Known, details: Iterable[Mapping[str, Any]]) -> bool:
    if not known.reason:
        return True
    return any(
        detail.get("reason") == known.reason
        and known.text in str(detail.get("message") or "")
        for detail in details
    )
