"""Every error the pipeline raises on purpose, and what the caller should do about it.

PipelineError
├── TransientError                 answered 503: Pub/Sub delivers the message again
│   ├── TmdbUnavailableError       TMDB did not answer in time, or answered 429/5xx
│   ├── TmdbIncompleteError        a list came back shorter than TMDB says it is
│   ├── WarehouseUnavailableError  BigQuery did not take the rows or the job
│   ├── QueueUnavailableError      Pub/Sub did not take a message
│   ├── WikidataUnavailableError   Wikidata did not answer, or refused
│   ├── SecretsUnavailableError    Secret Manager did not answer
│   ├── StorageUnavailableError    Cloud Storage did not take the page
│   ├── ExportMissingError         TMDB has no export of a day (tmdb/exports.py)
│   │   └── ExportNotYetError      it is not due, or the file server serves none
│   ├── ExportDamagedError         an export is truncated or corrupt
│   ├── RunBusyError               another delivery of the same run is at work
│   ├── BatchIncompleteError       too much of a batch could not be stored
│   ├── DeadlineError              a computation took longer than a function may
│   │   └── RangeSlowError         so did a range of days before, with as much time
│   └── BatchSlowError             a batch took longer than a function may
└── PermanentError                 to dead-letters and acknowledged, or 4xx/5xx
    ├── BadMessageError            the message is invalid
    ├── CredentialsError           TMDB refused our credential, or there is none
    ├── RowsRejectedError          BigQuery refused rows that we built
    ├── StatementError             BigQuery refused one of our SQL files
    │   └── CostLimitError         it would bill more than max_gib_billed
    └── StorageRefusedError        Cloud Storage refused the page
"""


class PipelineError(Exception):
    """An error whose `field` names what is wrong, and whose `hint` says what to do."""

    status = 500

    def __init__(self, reason: str, *, field: str = "", hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field
        self.hint = hint

    def to_json(self) -> dict[str, str]:
        """Return the error as the JSON body of an answer; empty parts left out."""
        parts = {
            "error": type(self).__name__,
            "reason": self.reason,
            "field": self.field,
            "hint": self.hint,
        }
        return {name: text for name, text in parts.items() if text}


class TransientError(PipelineError):
    """The same work may succeed later; Pub/Sub redelivers the message."""

    status = 503


class TmdbUnavailableError(TransientError):
    """TMDB stayed unreachable, throttling or failing for the whole retry budget."""


class TmdbIncompleteError(TransientError):
    """A TMDB list had fewer movies than its own total after every page was read."""


class WarehouseUnavailableError(TransientError):
    """BigQuery could not be reached, or is out of quota for a while."""


class QueueUnavailableError(TransientError):
    """Pub/Sub could not be reached; some messages may have been taken."""


class WikidataUnavailableError(TransientError):
    """Wikidata did not answer, throttled us to the end, or refused our request."""


class SecretsUnavailableError(TransientError):
    """Secret Manager could not be reached."""


class StorageUnavailableError(TransientError):
    """Cloud Storage could not be reached, or another rendering wrote meanwhile."""


class RunBusyError(TransientError):
    """Another delivery planned this run moments ago and may still be publishing."""


class DeadlineError(TransientError):
    """A computation took longer than a function may; its jobs are cancelled."""


class RangeSlowError(DeadlineError):
    """An earlier delivery had as much time for this range, and it was not enough."""


class BatchSlowError(TransientError):
    """A batch was not done in time; the rest of it is redelivered."""


class BatchIncompleteError(TransientError):
    """More of a batch is missing than odd movies explain; the rest of it is stored."""


class PermanentError(PipelineError):
    """The same work cannot succeed unless something is changed."""


class BadMessageError(PermanentError):
    """The message is invalid; `field` names the wrong part."""

    status = 400


class CredentialsError(PermanentError):
    """TMDB does not accept our credential, or the secret cannot be read."""


class RowsRejectedError(PermanentError):
    """BigQuery refused rows that passed our own checks: schema and code disagree."""


class StatementError(PermanentError):
    """BigQuery refused a SQL statement of ours."""


class CostLimitError(StatementError):
    """BigQuery refused a statement that would bill more than it may."""


class StorageRefusedError(PermanentError):
    """Cloud Storage refused the page; the bucket or a grant must change."""
