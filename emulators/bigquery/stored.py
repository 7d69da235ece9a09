"""Store translations in files, for all processes on this machine.

A file has one translation. Its name is a digest of all that the translation depends on,
except the catalogue: the statement, the types of its parameters, the versions of the
packages and the text of this package. Its first line is a digest of the rest, which
repeats the name: a truncated, changed or renamed file is ignored. A file is written
under a temporary name first, so many processes may write at once. The folder and its
files must belong to this user, and no other user may write them.
"""

import hashlib
import json
import os
import sys
import tempfile
import threading
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from emulators.bigquery.versions import TRIED

LARGEST_BYTES = 64_000_000
"""Of the whole folder; the files used longest ago are deleted first."""

_ABANDONED_S = 600.0
_UNFINISHED = ".part"
_OTHERS_MAY_WRITE = 0o022

type Json = Any


def code() -> str:
    """Return a digest of the code that translates."""
    found = hashlib.sha256(sys.version.encode())
    for name in sorted(TRIED):
        found.update(f"{name} {metadata.version(name)}\n".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()


class Files:
    """A folder of values by their keys.

    No method raises an OSError: without a usable folder, every `get` returns None.
    """

    def __init__(self, folder: Path, largest_bytes: int = LARGEST_BYTES) -> None:
        self._folder = folder
        self._largest_bytes = largest_bytes
        self._code = code()
        self._written_bytes = largest_bytes  # so that the first write checks the folder
        self._lock = threading.Lock()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._is_ours = _is_ours(folder.stat())
        except OSError:
            self._is_ours = False

    def get(self, key: Json) -> Json:
        """Return the value of a key; None if it is missing or damaged."""
        name = self._name(key)
        path = self._folder / name
        try:
            with path.open("rb") as file:
                if not (self._is_ours and _is_ours(os.fstat(file.fileno()))):
                    return None
                digest, _, body = file.read().partition(b"\n")
            os.utime(path)
        except OSError:
            return None
        if digest != hashlib.sha256(body).hexdigest().encode():
            return None
        try:
            stored_name, value = json.loads(body)
        except (ValueError, TypeError):  # written by another program
            return None
        return value if stored_name == name else None

    def put(self, key: Json, value: Json) -> None:
        """Write a value; do nothing if the folder cannot be written."""
        if not self._is_ours:
            return
        name = self._name(key)
        body = json.dumps([name, value]).encode()
        content = hashlib.sha256(body).hexdigest().encode() + b"\n" + body
        try:
            self._make_room(len(content))
            handle, path = tempfile.mkstemp(_UNFINISHED, dir=self._folder)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(path).rename(self._folder / name)
        except OSError:
            return

    def _name(self, key: Json) -> str:
        text = json.dumps([self._code, key], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _make_room(self, more_bytes: int) -> None:
        """Delete the files used longest ago if the folder is too large.

        Checked whenever an eighth of the allowed size has been written.
        """
        with self._lock:
            self._written_bytes += more_bytes
            if self._written_bytes < self._largest_bytes / 8:
                return
            self._written_bytes = 0
        found = sorted(
            (about.st_mtime, about.st_size, entry.path)
            for entry in os.scandir(self._folder)
            if (about := entry.stat(follow_symlinks=False))
        )
        total = sum(size for _, size, _ in found)
        for used_at, size, path in found:
            is_left = path.endswith(_UNFINISHED) and (
                used_at < time.time() - _ABANDONED_S
            )
            if is_left or total > self._largest_bytes / 2:
                Path(path).unlink(missing_ok=True)
                total -= size


def _is_ours(about: os.stat_result) -> bool:
    return about.st_uid == os.getuid() and not about.st_mode & _OTHERS_MAY_WRITE
