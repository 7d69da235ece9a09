"""Fixtures of the commands: a machine with an empty PATH, and a simulated TMDB."""

import os
from pathlib import Path

import pytest

from tests.cli.fake_programs import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    folder = tmp_path / "programs"
    folder.mkdir()
    os.environ["PATH"] = str(folder)
    for name in (
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GOOGLE_CLOUD_QUOTA_PROJECT",
        "TF_VAR_tmdb_token",
        "TMDB_BASE_URL",
        "TMDB_TOKEN",
    ):
        os.environ.pop(name, None)
    os.environ["CLOUDSDK_CONFIG"] = str(tmp_path)
    return Machine(folder)
