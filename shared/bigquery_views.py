"""Read the labels of views; ours has the hash of the SQL that a view was made from."""

from contextlib import suppress
from datetime import timedelta

from google.api_core.exceptions import BadRequest, NotFound
from google.cloud import bigquery

from shared import bigquery_calls as calls
from shared.errors import StatementError

NEW_VIEW = timedelta(seconds=10)
"""If a view was last modified within this time of its creation, it is unedited."""


def labels_of_views(
    client: bigquery.Client, dataset: str, key: str, new_for: timedelta = NEW_VIEW
) -> dict[str, str]:
    """Return this label of each view that has it and has not been edited since.

    Free metadata requests, no job: a listing, and one for each labelled view.
    CREATE OR REPLACE drops the label; an edit through the API, as the console makes
    it, keeps it and shows in the time of the last change.
    """
    labels: dict[str, str] = {}
    with calls.errors_as(StatementError, "read the labels of the views", dataset):
        listed = client.list_tables(
            f"{client.project}.{dataset}",
            retry=calls.RETRY,
            timeout=calls.REQUEST_TIMEOUT_S,
        )
        for item in [item for item in listed if key in item.labels]:
            # One that was deleted since, or that reads a deleted one, has none.
            with suppress(NotFound, BadRequest):
                view = client.get_table(
                    item, retry=calls.RETRY, timeout=calls.REQUEST_TIMEOUT_S
                )
                if view.modified - view.created < new_for:
                    labels[view.table_id] = view.labels.get(key, "")
    return labels
