"""The layout: imports point one way, files are short, and each has its test.

Functions meet in messages and tables only.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_IMPORT: dict[str, frozenset[str]] = {
    "shared": frozenset(),
    "emulators": frozenset(),
    "functions": frozenset({"shared"}),
    "local": frozenset({"shared", "functions", "emulators"}),
    "cli": frozenset({"shared", "functions", "emulators", "local"}),
    "benchmarks": frozenset({"shared", "functions", "emulators", "local"}),
    "tools": frozenset({"shared", "functions", "emulators", "local", "cli"}),
}
"""Folder -> the other folders of ours that it may import, as STYLE.md draws it."""


def _imported(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _violations(path: str, text: str) -> list[str]:
    """Return the imports that a file must not have."""
    folder, *below = path.split("/")
    found = []
    for name in _imported(text):
        target, *inside = name.split(".")
        if target in MAY_IMPORT.keys() | {"tests"} and target != folder:
            if target not in MAY_IMPORT[folder]:
                found.append(name)
        elif target == folder == "functions" and inside[0] != below[0]:
            found.append(name)
    return found


def _files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_imports_point_downwards(folder: str) -> None:
    files = _files(folder)
    assert files
    found = {
        path.relative_to(ROOT).as_posix(): names
        for path in files
        if (names := _violations(path.relative_to(ROOT).as_posix(), path.read_text()))
    }
    assert not found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("shared/runs.py", "from functions.ingest_changes import plan"),
        ("shared/runs.py", "import local.stack"),
        ("emulators/pubsub/push.py", "from shared import clock"),
        ("functions/fetch_details/main.py", "from emulators.tmdb import TmdbSimulator"),
        (
            "functions/fetch_details/main.py",
            "from functions.ingest_changes import plan",
        ),
        ("local/stack.py", "from cli.output import agree"),
        ("cli/commands/load.py", "from benchmarks import initial_load"),
        ("tools/data_dictionary.py", "from tests.fakes import FakeTables"),
        ("cli/commands/load.py", "def f():\n    import tests.fakes"),
    ],
)
def test_an_import_upwards_is_noticed(path: str, text: str) -> None:
    assert _violations(path, text)


def test_no_test_module_imports_another() -> None:
    """Code that two tests need is in a module without tests."""
    found = {
        path.relative_to(ROOT).as_posix(): names
        for path in _files("tests")
        if (names := [n for n in _imported(path.read_text()) if _is_of_a_test(n)])
    }
    assert not found


def _is_of_a_test(name: str) -> bool:
    first, *inside = name.split(".")
    return first == "tests" and any(part.startswith("test_") for part in inside)


def test_every_python_folder_has_its_place_in_the_order() -> None:
    folders = {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and not path.name.startswith(".") and any(path.rglob("*.py"))
    }
    assert folders - {"tests", "composer"} == MAY_IMPORT.keys()


LONGEST_FILE, LONGEST_TEST_FILE, LONGEST_CLASS, LONGEST_MAIN = 250, 500, 200, 60
"""In lines. Split a longer file where its subject changes, under a name that a reader
would guess. A function's main.py only connects its parts.
"""

MAY_BE_LONGER = {
    "benchmarks/made_up_dashboard.py": "data: the columns of every query of the page",
    "composer/dags/tmdb_traction.py": "Airflow and Terraform take a DAG as one file",
    "functions/render_dashboard/payload.py": "data: the columns of every query",
}
"""File -> why it is. No other file may be."""


OF_THE_PAGE = ("css", "j2", "js")
"""Endings of the templates of render_dashboard."""
LONGEST_SCRIPT_LINE = 100
"""In characters. Templates may have longer lines, because a sentence is one line."""


def _held_files() -> Iterator[tuple[str, str]]:
    folders = [*MAY_IMPORT, "composer", "tests"]
    of_the_page = [
        path for kind in OF_THE_PAGE for path in ROOT.glob(f"functions/**/*.{kind}")
    ]
    assert of_the_page
    for path in [*(each for name in folders for each in _files(name)), *of_the_page]:
        name = path.relative_to(ROOT).as_posix()
        if "/.venv/" not in name:
            yield name, path.read_text()


def _too_long(name: str, text: str) -> list[str]:
    """Return the file, and the classes or the lines of it, that are too long."""
    longest = LONGEST_TEST_FILE if name.startswith("tests/") else LONGEST_FILE
    if name.startswith("functions/") and name.endswith("/main.py"):
        longest = LONGEST_MAIN
    lines = text.splitlines()
    found = [f"{name}: {len(lines)} lines"] if len(lines) > longest else []
    if name.endswith(".py"):
        found += _long_classes(name, text)
    if name.endswith(".js"):
        found += [
            f"{name}: line {at}"
            for at, line in enumerate(lines, start=1)
            if len(line) > LONGEST_SCRIPT_LINE
        ]
    return found


def _long_classes(name: str, text: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef) and node.end_lineno:
            lines = node.end_lineno - node.lineno + 1
            if lines > LONGEST_CLASS:
                found.append(f"{name}: class {node.name} has {lines} lines")
    return found


def test_no_file_no_class_and_no_line_of_a_script_is_too_long() -> None:
    found = {
        name: too_long
        for name, text in _held_files()
        if name not in MAY_BE_LONGER and (too_long := _too_long(name, text))
    }
    assert not found


def test_what_may_be_longer_exists() -> None:
    assert all((ROOT / name).is_file() for name in MAY_BE_LONGER)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("shared/runs.py", "x = 1\n" * 251),
        ("tests/test_docs.py", "x = 1\n" * 501),
        ("functions/fetch_details/main.py", "x = 1\n" * 61),
        ("tests/test_docs.py", "class A:\n" + "    x = 1\n" * 200),
        ("functions/a/templates/page.css", "a { color: red; }\n" * 251),
        ("functions/a/templates/page.html.j2", "<p></p>\n" * 251),
        ("functions/a/templates/page.js", "let a = 1;\n" * 251),
        ("functions/a/templates/page.js", f"let a = 1; // {'x' * 87}"),
    ],
)
def test_what_is_too_long_is_noticed(name: str, text: str) -> None:
    assert _too_long(name, text)


TESTED_BY = {
    "tests/cli/commands/test_commands.py": (
        "cli/__main__.py cli/command.py cli/errors.py cli/google_errors.py "
        "cli/options.py cli/output.py"
    ),
    "tests/cli/commands/test_deploy.py": (
        "cli/commands/destroy.py cli/commands/remote_state.py "
        "cli/deployment/options.py cli/deployment/shell.py "
        "cli/deployment/terraform_root.py"
    ),
    "tests/cli/commands/test_doctor.py": (
        "cli/deployment/org_policies.py cli/deployment/preflight.py "
        "cli/deployment/preflight_questions.py"
    ),
    "tests/cli/commands/test_smoke.py": (
        "cli/deployment/smoke_proofs.py cli/deployment/smoke_run.py"
    ),
    "tests/cli/commands/test_dead_letters.py": "cli/runs/dead_letter_queue.py",
    "tests/cli/commands/test_withhold.py": (
        "cli/commands/publish.py cli/runs/page_request.py cli/runs/published_days.py"
    ),
    "tests/cli/costs/test_load_estimate.py": (
        "cli/costs/assumptions.py cli/costs/display.py cli/costs/estimate.py "
        "cli/costs/load_plan.py cli/costs/prices.py"
    ),
    "tests/sql/test_bytes_read.py": "cli/costs/bytes_read.py",
    "tests/cli/test_operating.py": (
        "cli/commands/cost.py cli/commands/export.py cli/commands/plan.py "
        "cli/commands/status.py cli/commands/validate.py cli/environment.py"
    ),
    "tests/functions/compute_metrics/test_compute_metrics.py": (
        "functions/compute_metrics/clients.py functions/compute_metrics/compute.py "
        "functions/compute_metrics/deadline.py functions/compute_metrics/main.py"
    ),
    "tests/functions/compute_metrics/test_dashboard_request.py": (
        "functions/compute_metrics/dashboard.py"
    ),
    "tests/functions/fetch_details/test_fetch_details.py": (
        "functions/fetch_details/batch.py functions/fetch_details/main.py "
        "functions/fetch_details/outcome.py"
    ),
    "tests/functions/ingest_changes/test_ingest_changes.py": (
        "functions/ingest_changes/main.py functions/ingest_changes/popularity.py "
        "functions/ingest_changes/publishing.py functions/ingest_changes/start_run.py "
        "functions/ingest_changes/tmdb_reads.py"
    ),
    "tests/functions/render_dashboard/test_page.py": (
        "functions/render_dashboard/empty_parts.py "
        "functions/render_dashboard/encoding.py functions/render_dashboard/wording.py"
    ),
    "tests/test_dashboard.py": (
        "functions/render_dashboard/clients.py functions/render_dashboard/main.py"
    ),
    "tests/terraform/test_cycle.py": "functions/render_dashboard/links.py",
    "tests/shared/test_bigquery.py": (
        "shared/bigquery_calls.py shared/bigquery_streaming.py"
    ),
    "tests/functions/compute_metrics/test_views.py": "shared/bigquery_views.py",
    "tests/shared/test_messages.py": "shared/message_fields.py",
    "tests/shared/test_completion.py": "shared/batches.py",
    "tests/shared/test_delivery.py": "shared/clock.py shared/errors.py",
    "tests/shared/test_scripts.py": "shared/interfaces.py",
    "tests/test_pipeline.py": "shared/clients.py shared/connections.py",
    "tests/shared/tmdb/test_tmdb_client.py": (
        "shared/tmdb/bodies.py shared/tmdb/connection.py shared/tmdb/pages.py "
        "shared/tmdb/tally.py"
    ),
    "tests/shared/tmdb/test_tmdb_exports.py": "shared/tmdb/file_server.py",
}
"""Test file -> modules of shared, functions and cli that it tests beside its own."""


def test_a_module_that_another_file_tests_exists_and_so_does_that_file() -> None:
    named = [*TESTED_BY, *" ".join(TESTED_BY.values()).split()]
    assert [name for name in named if not (ROOT / name).is_file()] == []


def _has_test(name: Path) -> bool:
    folder = ROOT / "tests" / name.parent
    own = (f"test_{name.stem}.py", f"test_{name.parent.name}_{name.stem}.py")
    return any((folder / one).is_file() for one in own)


@pytest.mark.parametrize("folder", ["shared", "functions", "cli"])
def test_a_module_has_its_test(folder: str) -> None:
    """It has a mirror in tests, or a place in the list."""
    listed = set(" ".join(TESTED_BY.values()).split())
    names = [path.relative_to(ROOT) for path in _files(folder)]
    without = [
        name.as_posix()
        for name in names
        if "def " in (ROOT / name).read_text()
        and not _has_test(name)
        and name.as_posix() not in listed
    ]
    assert without == []


def test_an_emulator_has_its_tests() -> None:
    """They call the interface that it emulates; its modules need no test files."""
    without = [
        path.name
        for path in (ROOT / "emulators").iterdir()
        if (path / "__init__.py").is_file()
        and not (
            any((ROOT / "tests/emulators" / path.name).rglob("test_*.py"))
            or _has_test(path.relative_to(ROOT))
        )
    ]
    assert without == []
