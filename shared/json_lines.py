"""JSON lines: rows in; the compressed file that a load job takes out."""

import gzip
import json
from collections.abc import Iterable
from io import BytesIO
from itertools import batched

from shared.interfaces import Row

ROWS_AT_ONCE = 1_000
"""Rows compressed together, for the sake of time."""


def compressed(rows: Iterable[Row]) -> BytesIO:
    """Return rows as JSON lines; 1.1 million popularities of a day take 12 MB.

    Google's client sends a file in pieces of 100 MB, which memory would have to hold.
    BigQuery recognises gzip, and the name of the file does not matter:
    https://cloud.google.com/bigquery/docs/batch-loading-data
    """
    file = BytesIO()
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1, mtime=0) as lines:
        for some in batched(rows, ROWS_AT_ONCE, strict=False):
            lines.write(b"".join(json.dumps(row).encode() + b"\n" for row in some))
    return file
