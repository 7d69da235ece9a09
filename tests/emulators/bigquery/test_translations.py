"""Cached translations equal new ones, whatever the files contain.

Each comparison runs in a separate process, with access to the emulator's internals.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.bigquery.separately import printed_by
from tests.sql.sandbox import sandbox_in

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.emulator


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an emulator with every table and view."""
    folder = tmp_path_factory.mktemp("data")
    with sandbox_in(folder):
        pass
    return folder


@dataclass(frozen=True, slots=True)
class _Cold:
    """A folder of translations by one process, and the output of that process."""

    files: Path
    compared: dict[str, Any]


@pytest.fixture(scope="module")
def cold(data: Path, tmp_path_factory: pytest.TempPathFactory) -> _Cold:
    files = tmp_path_factory.mktemp("translations")
    return _Cold(files, printed_by("both_translators", data, files))


@pytest.mark.exhaustive
def test_what_is_remembered_is_what_stock_translates(cold: _Cold) -> None:
    """Compared for every statement of sql/, byte for byte."""
    assert cold.compared["compared"] > 40
    assert cold.compared["differing"] == []
    assert cold.compared["translated"] > cold.compared["compared"]


@pytest.mark.exhaustive
def test_another_process_translates_nothing_again(data: Path, cold: _Cold) -> None:
    """The stored translations equal those of the original, byte for byte."""
    compared = printed_by("both_translators", data, cold.files)
    assert compared["differing"] == []
    assert compared["translated"] == 0


def _with_digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _cut_off(content: bytes, _other: bytes) -> bytes:
    return content[: len(content) // 2]


def _empty(_content: bytes, _other: bytes) -> bytes:
    return b""


def _one_letter_changed(content: bytes, _other: bytes) -> bytes:
    return content.replace(b"SELECT", b"SELECt", 1) + b" "


def _of_another_statement(_content: bytes, other: bytes) -> bytes:
    return other


def _no_json(_content: bytes, _other: bytes) -> bytes:
    return _with_digest(b"\xff of another program")


def _other_json(_content: bytes, _other: bytes) -> bytes:
    return _with_digest(b"3")


def _of_an_older_format(content: bytes, _other: bytes) -> bytes:
    name, value = json.loads(content.partition(b"\n")[2])
    return _with_digest(json.dumps([name, {"sql": value["sql"]}]).encode())


def _of_another_catalogue(content: bytes, _other: bytes) -> bytes:
    name, value = json.loads(content.partition(b"\n")[2])
    value["sql"] = "SELECT 'of other tables'"
    value["looked_up"] = [
        [question, "other columns"] for question, _ in value["looked_up"]
    ]
    return _with_digest(json.dumps([name, value]).encode())


DAMAGES: Sequence[Callable[[bytes, bytes], bytes]] = (
    _cut_off,
    _empty,
    _one_letter_changed,
    _of_another_statement,
    _no_json,
    _other_json,
    _of_an_older_format,
    _of_another_catalogue,
)


@pytest.mark.exhaustive
def test_a_damaged_file_is_no_translation(
    data: Path, cold: _Cold, tmp_path: Path
) -> None:
    """Every file is damaged, in one of eight ways: all is translated again."""
    contents = {path.name: path.read_bytes() for path in sorted(cold.files.iterdir())}
    assert len(contents) > len(DAMAGES)
    others = [*contents.values()][1:] + [*contents.values()][:1]
    ways = cycle(DAMAGES)
    for (name, content), other in zip(contents.items(), others, strict=True):
        (tmp_path / name).write_bytes(next(ways)(content, other))
    compared = printed_by("both_translators", data, tmp_path)
    assert compared["differing"] == []
    assert compared["translated"] == cold.compared["translated"]


def test_a_changed_view_is_translated_again_with_what_reads_it_only(
    data: Path, tmp_path: Path
) -> None:
    """So is what reads it through another view, and nothing else."""
    copy = tmp_path / "data"
    copy.mkdir()
    for path in data.glob("*.duckdb"):
        (copy / path.name).write_bytes(path.read_bytes())
    steps = printed_by("retranslated", copy)
    everything = ["of inner", "of outer", "of table", "of other", "of nothing"]
    assert steps == {
        "first": everything,
        "second": [],
        "inner view of text": ["of inner", "of outer"],
        "inner view as it was": [],
        "inner view of other text": [],
        "outer view with a column": ["of outer"],
        "another table": [],
        "table with a column": ["of other"],
        "function": everything,
        "not to remember": ["tables", "job", "wildcard"] * 2,
    }
