"""Patch the emulator to load compressed files as BigQuery does.

It reads the file's name, which an upload lacks. Here the first bytes decide.
https://cloud.google.com/bigquery/docs/batch-loading-data
"""

import gzip
import shutil
from pathlib import Path
from typing import Any

from local_bigquery.jobs import runner

_GZIP = b"\x1f\x8b"
_stock_load = runner.HANDLERS["load"]


def decompress_uploads() -> None:
    """Replace the function that runs a load job."""
    runner.HANDLERS["load"] = _load


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
