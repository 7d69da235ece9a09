"""Calls: what a person pastes names the function, its project and its region."""

import json
import re
import shlex
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from cli.commands.load import curl, show_call
from local.archives import FUNCTIONS
from shared.messages import IngestRequest
from shared.runs import Mode
from tests.conftest import ROOT

NAMES = [name.replace("_", "-") for name in FUNCTIONS]
PAGES = [
    ROOT / "README.md",
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("sql/*.md")),
]
COMMAND = re.compile(r"gcloud (?:beta )?functions (?:call|describe) [^`\n]*")
BODY = {"mode": "initial", "limit": 1000}


def _shown() -> list[tuple[Path, str]]:
    """Return every command about a function with arguments."""
    return [
        (page, command)
        for page in PAGES
        for command in COMMAND.findall(page.read_text())
        if len(command.split()) > 3 and "`" not in command
    ]


def test_every_call_on_a_page_names_function_project_and_region() -> None:
    shown = [one for one in _shown() if "--" in one[1]]
    assert len(shown) >= 5
    for page, command in shown:
        name = command.split(" functions ")[1].split()[1]
        assert name in NAMES, (page.name, command)
        assert "--project=my-project" in command, (page.name, command)
        assert "--region=us-central1" in command, (page.name, command)


def test_the_outputs_name_the_deployed_function() -> None:
    text = (ROOT / "terraform/outputs.tf").read_text()
    # The command is joined from two lines.
    written = re.findall(r'"gcloud functions call ([^"]*)",\s*"([^"]*)"', text)
    assert written
    for name, command in written:
        assert name == "${google_cloudfunctions2_function.this[key].name}"
        assert "--project=${var.project_id} --region=${var.region}" in command


def test_a_curl_posts_the_body_with_an_identity_and_waits() -> None:
    call = curl("my-project", "us-central1", "dev-ingest-changes", BODY)
    words = shlex.split(call)
    assert words[:3] == ["curl", "--max-time", "540"]
    assert json.loads(words[words.index("--json") + 1]) == BODY
    assert "$(gcloud auth print-identity-token)" in call
    assert "dev-ingest-changes --project=my-project --region=us-central1" in call


def test_the_page_shows_the_same_curl() -> None:
    call = curl("my-project", "us-central1", "ingest-changes", BODY)
    assert call in (ROOT / "docs/concepts/runs.md").read_text()


@pytest.mark.parametrize("prefix", ["", "dev-"])
def test_a_load_shows_the_call(prefix: str) -> None:
    shown = StringIO()
    console = Console(file=shown, width=80)
    show_call(console, "mine", prefix, IngestRequest(Mode.INITIAL, limit=7))
    text = shown.getvalue()
    assert f"gcloud functions describe {prefix}ingest-changes --project=mine" in text
    assert "--region=us-central1" in text
    assert '"limit": 7' in text
