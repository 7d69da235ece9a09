"""Count API calls on the project that a command is about, as its quota project.

A login may have another quota project (`quota_project_id` of the application default
credentials), in which the APIs are disabled: 403, "API not used in project OTHER".
"""

import json
import os
import sys
from pathlib import Path

VARIABLE = "GOOGLE_CLOUD_QUOTA_PROJECT"
"""Google's libraries prefer it to the login's own."""
CREDENTIALS = "application_default_credentials.json"


def count_on(project: str) -> None:
    """Set the quota project of all clients that this process opens from now on."""
    os.environ[VARIABLE] = project


def named() -> str:
    """Return the quota project of the environment or the login; "" for none."""
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
