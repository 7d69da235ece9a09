"""Lock the emulator's data folder for one process.

The operating system holds the lock and releases it when the process ends, however it
ends, so no stale lock is left. The file only names the process.
"""

import fcntl
import os
import shutil
import time
from pathlib import Path

from emulators.bigquery.versions import BigQueryEmulatorError

LEAST_FREE_BYTES = 64_000_000
"""With less, the emulator could fail in the middle of a run."""

_NAME = "holder.pid"
_MB = 1_000_000
_CLOSING_S = 20.0
_POLL_S = 0.05


class FolderHeldError(BigQueryEmulatorError):
    """Another process uses the folder.

    pid: of the process that started that emulator; None while it is unknown.
    """

    def __init__(self, folder: Path, pid: int | None) -> None:
        holder = f"process {pid}" if pid else "another process"
        super().__init__(f"{folder} is in use by {holder}: wait for its end, or end it")
        self.pid = pid


class FolderUnusableError(BigQueryEmulatorError):
    """The folder cannot be created or written."""

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(
            f"{folder} cannot be written ({error.strerror}): make it writable, or use "
            "another folder"
        )


class FolderFullError(BigQueryEmulatorError):
    """The folder's disk has too little free space for a run."""

    def __init__(self, folder: Path, free_bytes: int, least_bytes: int) -> None:
        super().__init__(
            f"{folder} has {free_bytes / _MB:,.0f} MB free and needs "
            f"{least_bytes / _MB:,.0f} MB: free some space, or use another folder"
        )


def take(folder: Path, least_free_bytes: int = LEAST_FREE_BYTES) -> int:
    """Create and lock a folder for an emulator that this process is about to start.

    Return the lock file's descriptor; the lock lasts while any process has it open.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = os.open(folder / _NAME, os.O_RDWR | os.O_CREAT, 0o666)
        free_bytes = shutil.disk_usage(folder).free
    except OSError as error:
        raise FolderUnusableError(folder, error) from error
    try:
        if free_bytes < least_free_bytes:
            raise FolderFullError(folder, free_bytes, least_free_bytes)  # noqa: TRY301 - the lock file is closed below
        _lock(held, folder)
        os.ftruncate(held, 0)
        os.pwrite(held, str(os.getpid()).encode(), 0)
    except OSError as error:
        os.close(held)
        raise FolderUnusableError(folder, error) from error
    except BaseException:
        os.close(held)
        raise
    return held


def _lock(held: int, folder: Path) -> None:
    give_up_at = time.monotonic() + _CLOSING_S
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = _holder(held)
            # If that process was killed, its emulator writes its files and ends soon.
            if (pid and _lives(pid)) or time.monotonic() > give_up_at:
                raise FolderHeldError(folder, pid) from None
            time.sleep(_POLL_S)
        else:
            return


def _holder(held: int) -> int | None:
    text = os.pread(held, 20, 0)
    return int(text) if text.isdigit() else None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another user's process: it is running
    return True
