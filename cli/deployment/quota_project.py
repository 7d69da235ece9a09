"""Quota: the project whose APIs a call is counted on is the one a command is about.

A login may name another project for that (`quota_project_id` of the application default
credentials), in which the APIs are off: 403, "API not used in project OTHER".
"""

import json
import os
import sys
from pathlib import Path

VARIABLE = "GOOGLE_CLOUD_QUOTA_PROJECT"
"""Google's libraries read it, and it wins over the login's own."""
CREDENTIALS = "application_default_credentials.json"


def count_on(project: str) -> None:
    """Have every client that this process opens from now on count on the project."""
    os.environ[VARIABLE] = project


def named() -> str:
    """Return the project that the login names, or the environment; "" for none."""
    if found := os.environ.get(VARIABLE, ""):
        return found
    try:
        written = json.loads(_file().read_text())
    except (OSError, ValueError):
        return ""
    return str(written.get("quota_project_id", "")) if isinstance(written, dict) else ""


def _file() -> Path:
    """Return where Google's libraries look for the application default credentials."""
    if named_file := os.environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
        return Path(named_file)
    if folder := os.environ.get("CLOUDSDK_CONFIG"):
        return Path(folder) / CREDENTIALS
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", "")) / "gcloud" / CREDENTIALS
    return Path.home() / ".config/gcloud" / CREDENTIALS
