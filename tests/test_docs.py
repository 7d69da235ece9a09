"""The documents agree with the code: names, links, settings, columns."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest
import yaml

from functions.ingest_changes.plan import Selected
from local.archives import FUNCTIONS, archive, contents
from local.demo_display import ATTRIBUTION
from shared.config import Settings
from shared.ledger import _plan_row
from shared.runs import Batch, Event, Mode, Run
from tests.sql.googlesql import googlesql
from tests.terraform.terraform_mutations import MISTAKES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
SCHEMAS = {path.stem: path for path in (ROOT / "sql/schemas").glob("*.json")}
VIEWS = sorted(path.stem for path in (ROOT / "sql/views").glob("*.sql"))
PAGES = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
    ROOT / "sql/README.md",
]


def _columns(table: str) -> list[str]:
    fields = json.loads(SCHEMAS[table].read_text())["fields"]
    return [field["name"] for field in fields]


class Recorder(Mapping[str, str]):
    """An environment that records which variables were read."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        if name in ("GOOGLE_CLOUD_PROJECT", "TMDB_TOKEN_SECRET"):
            return "x"
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_readme_names_every_function(name: str) -> None:
    assert f"`functions/{name}`" in README


@pytest.mark.parametrize("name", [*SCHEMAS, *VIEWS])
def test_the_architecture_names_every_table_and_view(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs/concepts/architecture.md").read_text()


def test_the_configuration_names_every_setting() -> None:
    env = Recorder()
    Settings.from_env(env)
    page = (ROOT / "docs/reference/configuration.md").read_text()
    assert {name for name in env.names if f"`{name}`" not in page} == set()


def test_the_readme_is_short() -> None:
    """A newcomer reads it in five minutes; longer texts have a page in docs/."""
    assert len(README.split()) < 1_300


def test_the_readme_counts_the_mistakes_that_are_made_on_purpose() -> None:
    mutants = yaml.safe_load((ROOT / "tests/sql/mutants.yaml").read_text())
    assert f"; {len(mutants)} mutants of the SQL" in README
    assert f"; {len(MISTAKES)} deliberate mistakes" in README


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_section_that_is_linked_is_there(page: Path) -> None:
    found = re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text())
    for target, section in found:
        text = ((page.parent / target) if target else page).read_text()
        headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        anchors = {
            re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings
        }
        assert section in anchors, section


def test_every_alerts_chapter_says_when_it_is_resolved() -> None:
    text = (ROOT / "docs/runbook.md").read_text()
    chapters = dict(re.findall(r"(?ms)^## ([a-z-]+)\n(.*?)(?=^## |\Z)", text))
    alerts = yaml.safe_load((ROOT / "terraform/alerts.yaml").read_text())["alerts"]
    assert chapters.keys() == {name.replace("_", "-") for name in alerts}
    for name, chapter in chapters.items():
        is_said = re.search(r"\bResolved when\b|\bNothing is broken\b", chapter)
        assert is_said, name


@pytest.mark.parametrize(
    "file",
    [*PAGES, *(ROOT / "terraform").glob("*.tf"), *(ROOT / "terraform").glob("*.yaml")],
    ids=lambda file: file.name,
)
def test_every_day_in_a_query_to_paste_is_a_day_of_utc(file: Path) -> None:
    """A project's default time zone may be another; our days are UTC everywhere."""
    text = file.read_text()
    assert not re.findall(r"\bCURRENT_DATE\b(?!\(['\"]UTC['\"]\))", text)
    assert not re.findall(r"(?<![A-Z_.])DATE\([\w.]+\)", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_metrics_page_explains_every_stored_metric() -> None:
    page = (ROOT / "docs/concepts/metrics.md").read_text()
    keys = {"movie_id", "calculation_date", "popularity", "vote_count"}
    missing = set(_columns("movie_metrics_aggregated")) - keys
    assert {name for name in missing if f"`{name}`" not in page} == set()


def test_tmdb_is_attributed() -> None:
    assert ATTRIBUTION in " ".join(README.split())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_installs_what_it_needs_by_hash_and_no_more(function: str) -> None:
    text = (ROOT / "functions" / function / "requirements.txt").read_text()
    names = re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE)
    assert "functions-framework" in names
    assert not {"pytest", "rich", "duckdb", "local-bigquery"} & set(names)
    assert text.count("--hash=sha256:") >= len(names)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_archive_is_the_same_for_the_same_files(function: str) -> None:
    files = contents(function)
    assert archive(files) == archive(dict(files))
    assert {"main.py", "requirements.txt", f"functions/{function}/main.py"} <= set(
        files
    )
    others = [name for name in FUNCTIONS if name != function]
    assert not [path for path in files if any(f"/{name}/" in path for name in others)]


def test_what_python_writes_has_the_tables_columns() -> None:
    day = date(2026, 3, 1)
    landed = {"run_id", "run_date", *Selected(1).to_row(), "loaded_at"}
    assert landed == {*_columns("tracked_movies_raw")}
    planned = _plan_row(Run(Mode.DAILY, day), Batch(1, 1), "2026-03-01T00:00:00Z")
    assert list(planned) == _columns("batch_plan")


def test_the_ledgers_schema_names_every_event() -> None:
    fields = json.loads(SCHEMAS["ingestion_log"].read_text())["fields"]
    [event] = [field for field in fields if field["name"] == "event"]
    assert {kind for kind in Event if kind not in event["description"]} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_query_of_a_page_is_one_that_google_takes(page: Path) -> None:
    for query in re.findall(r"```sql\n(.*?)```", page.read_text(), re.DOTALL):
        assert googlesql().analyze(query)
