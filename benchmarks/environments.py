"""Environments: virtual environments made by uv from pinned files, outside our lock."""

import hashlib
import subprocess
import sys
from pathlib import Path

from local.archives import ROOT

FOLDER = ROOT / ".cache" / "environments"
UV = str(ROOT / "tools" / "uv")


def python_of(pins: Path, name: str) -> str:
    """Return the interpreter of an environment with these requirements.

    Made when it is missing, or when the file has changed.
    """
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()[:12]
    folder = FOLDER / f"{name}-{digest}"
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        _uv("venv", "--quiet", "--clear", f"--python={sys.executable}", str(folder))
        _uv(
            "pip",
            "install",
            "--quiet",
            "--compile-bytecode",
            f"--python={python}",
            f"--requirement={pins}",
        )
        (folder / "installed").touch()
    return str(python)


def _uv(*arguments: str) -> None:
    subprocess.run([UV, *arguments], check=True)  # noqa: S603 - our own tool
