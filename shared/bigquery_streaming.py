"""Stream rows into a table and return the rows that BigQuery rejects.

BigQuery writes the good rows of a request and rejects the others one by one. Rows that
were rejected for a transient reason are sent again with the same insert ids.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import sleep
from typing import Any

from google.api_core.exceptions import NotFound
from google.cloud import bigquery

from shared import bigquery_calls as calls
from shared import clock
from shared.bigquery_errors import is_row_transient
from shared.errors import RowsRejectedError, WarehouseUnavailableError
from shared.interfaces import Refusal, Rows

ROWS_PER_APPEND = 500
"""Google's advice for one streaming request: 500 rows."""
APPENDS = 5
"""Requests for rows with a transient error; the pauses between add up to 6 s."""
NEW_TABLE = timedelta(minutes=10)
"""For this time after its creation, streaming may not find a table."""


@dataclass(frozen=True, slots=True)
class Streaming:
    """Streams rows into the tables of one dataset."""

    client: bigquery.Client
    dataset: str
    retries: calls.Retries

    def append(self, table: str, rows: Rows, row_ids: Sequence[str]) -> list[Refusal]:
        """Stream rows; return those that BigQuery refused, the others are written.

        `row_ids` lets BigQuery drop the second copy when a request is repeated within
        about a minute; longer-term duplicates are collapsed by the readers.
        """
        refusals: list[Refusal] = []
        for start in range(0, len(rows), ROWS_PER_APPEND):
            part = range(start, min(start + ROWS_PER_APPEND, len(rows)))
            refusals += self._append(table, rows, row_ids, part)
        return refusals

    def _append(
        self, table: str, rows: Rows, row_ids: Sequence[str], part: Sequence[int]
    ) -> list[Refusal]:
        """Stream the rows at these places; repeat those with a transient error."""
        refusals: list[Refusal] = []
        for attempt in range(APPENDS):
            if attempt:
                sleep(self.retries.append_pause_s * 2**attempt)
            again: list[int] = []
            reason = ""
            for answer in self._insert_all(table, rows, row_ids, part):
                place = part[answer["index"]]
                reason = _reason(answer["errors"])
                if is_row_transient(answer["errors"]):
                    again.append(place)
                else:
                    refusals.append(Refusal(place, reason))
            if not again:
                return sorted(refusals, key=lambda refusal: refusal.index)
            part = again
        raise WarehouseUnavailableError(
            f"append to {table}: {len(part)} rows were refused {APPENDS} times, "
            f"the last with {reason}",
            field=table,
            hint="retried automatically",
        )

    def _insert_all(
        self, table: str, rows: Rows, row_ids: Sequence[str], part: Sequence[int]
    ) -> Sequence[Mapping[str, Any]]:
        """Send one request; return its refusals, `index` counting within `part`."""
        target = f"{self.client.project}.{self.dataset}.{table}"
        with calls.errors_as(RowsRejectedError, f"append to {table}", self.dataset):
            try:
                answer: Sequence[Mapping[str, Any]] = self.client.insert_rows_json(
                    target,
                    [rows[place] for place in part],
                    row_ids=[row_ids[place] for place in part],
                    skip_invalid_rows=True,
                    retry=self.retries.of_requests,
                    timeout=calls.REQUEST_TIMEOUT_S,
                )
            except NotFound as error:
                # Streaming may not find a new table for minutes.
                made = self.client.get_table(
                    target, retry=self.retries.of_requests
                ).created
                if made is None or clock.now() - made > NEW_TABLE:
                    raise
                raise WarehouseUnavailableError(
                    f"append to {table}: made at {made:%H:%M:%S}, not yet open to "
                    f"streaming: {error}",
                    field=table,
                    hint="retried automatically, for the first minutes of a table",
                ) from error
        return answer


def _reason(errors: Sequence[Mapping[str, str]]) -> str:
    return "; ".join(
        f"{error.get('location', '')}: {error.get('message') or error.get('reason')}"
        for error in errors
    )
