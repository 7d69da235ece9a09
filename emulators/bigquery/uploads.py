"""Patch the emulator to load compressed files as BigQuery does, and read files once.

It reads the file's name, which an upload lacks. Here the first bytes decide.
https://cloud.google.com/bigquery/docs/batch-loading-data

Before, it read an upload of JSON lines for its columns, its bad rows, its types and its
rows, and derived a schema from the lines each time. Now it stores a small upload in a
temporary table first. Cost: none. If that fails, the emulator reads the file as before,
and its error is the same.
"""

import gzip
import shutil
from pathlib import Path
from typing import Any

import duckdb
from local_bigquery.jobs import load, runner
from local_bigquery.models import JobConfigurationLoad, TableFieldSchema

READ_ONCE_BYTES = 4_000_000
"""A larger upload is read as before: a copy would take memory."""

_GZIP = b"\x1f\x8b"
_ONCE = "__uploaded_rows"
_stock_load = runner.HANDLERS["load"]
_stock_reader = load._reader  # noqa: SLF001 - no public way


def patch_uploads() -> None:
    """Replace the function that runs a load job, and the one that opens its files."""
    runner.HANDLERS["load"] = _load
    load._reader = _reader  # noqa: SLF001 - no public way


def _load(cursor: object, config: object, upload: str | None) -> Any:  # noqa: ANN401 - as the emulator's
    if upload:
        _decompress(Path(upload))
    return _stock_load(cursor, config, upload)


def _decompress(file: Path) -> None:
    with file.open("rb") as compressed:
        if compressed.read(len(_GZIP)) != _GZIP:
            return
    whole = file.with_suffix(".whole")
    with gzip.open(file, "rb") as lines, whole.open("wb") as text:
        shutil.copyfileobj(lines, text)
    whole.replace(file)


def _reader(
    cursor: duckdb.DuckDBPyConnection,
    files: str,
    config: JobConfigurationLoad,
    fields: list[TableFieldSchema],
) -> str:
    """Return what the rows of a load are selected from."""
    reader: str = _stock_reader(cursor, files, config, fields)
    if config.sourceUris or not reader.startswith("read_json("):
        return reader
    [(size,)] = cursor.execute(f"SELECT sum(size) FROM read_blob({files})").fetchall()
    if size > READ_ONCE_BYTES:
        return reader
    try:
        cursor.execute(
            f"CREATE OR REPLACE TEMP TABLE {_ONCE} AS SELECT * FROM {reader}"
        )
    except duckdb.Error:
        return reader
    return f"temp.main.{_ONCE}"
