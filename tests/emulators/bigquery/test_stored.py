"""Stored translations: `get` returns a value that was stored for its key, or None."""

import multiprocessing
import os
from pathlib import Path

import pytest

from emulators.bigquery import versions
from emulators.bigquery.stored import Files

KEYS = [["SELECT 1", number] for number in range(20)]


def _value(key: list[object], writer: int) -> dict[str, object]:
    return {"key": key, "writer": writer, "sql": f"{writer}" * 5_000}


def _write_and_read(folder: Path, writer: int) -> None:
    """Fail if a value is read that was not stored for its key."""
    files = Files(folder, largest_bytes=200_000)
    for _ in range(10):
        for key in KEYS:
            files.put(key, _value(key, writer))
        for key in KEYS:
            found = files.get(key)
            assert found in (None, *(_value(key, number) for number in range(4)))


def test_many_processes_may_write_and_read_at_once(tmp_path: Path) -> None:
    """The folder is so small that they also delete each other's files."""
    spawn = multiprocessing.get_context("spawn")
    writers = [
        spawn.Process(target=_write_and_read, args=(tmp_path, number))
        for number in range(4)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 4
    assert not list(tmp_path.glob("*.part"))


def test_a_value_is_of_its_key_and_of_this_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Files(tmp_path)
    files.put(["SELECT 1", None], {"sql": "one"})
    assert Files(tmp_path).get(["SELECT 1", None]) == {"sql": "one"}
    assert files.get(["SELECT 1", "merge"]) is None
    monkeypatch.setitem(versions.TRIED, "pytest", "any")  # one package more
    assert Files(tmp_path).get(["SELECT 1", None]) is None


def test_the_folder_stays_small_and_keeps_what_was_used_last(tmp_path: Path) -> None:
    files = Files(tmp_path, largest_bytes=100_000)
    (tmp_path / "left.part").write_bytes(b"x")
    os.utime(tmp_path / "left.part", (0, 0))
    for number in range(100):
        files.put(number, "x" * 4_000)
        os.utime(max(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime))
        assert files.get(0) == "x" * 4_000  # used, so kept
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 100_000
    assert files.get(99) == "x" * 4_000
    assert files.get(1) is None
    assert not (tmp_path / "left.part").exists()


def test_what_others_may_write_is_not_read(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.put("key", "value")
    [path] = tmp_path.iterdir()
    assert path.stat().st_mode & 0o077 == 0
    path.chmod(0o666)
    assert files.get("key") is None
    path.chmod(0o600)
    assert files.get("key") == "value"
    tmp_path.chmod(0o777)
    others = Files(tmp_path)
    others.put("other", "value")
    assert others.get("key") is others.get("other") is None


def test_without_a_folder_nothing_is_found_and_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    files = Files(tmp_path / "file" / "folder")
    files.put("key", "value")
    assert files.get("key") is None
