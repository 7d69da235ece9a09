"""The processes on this machine."""

from pathlib import Path


def processes_of(folder: Path) -> list[str]:
    """Return the commands of all processes that name a folder, or run in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_text().replace("\0", " ")
            place = str((process / "cwd").readlink())
        except OSError:
            continue  # it has just ended
        if str(folder) in command or place.startswith(str(folder)):
            found.append(command)
    return found
