"""The plan of a first deployment keeps every rule."""

from pathlib import Path

import pytest

from shared.config import Settings
from shared.runs import Mode
from tests.terraform import rules
from tests.terraform.driver import REPOSITORY, Json, Root
from tests.terraform.rules.reading import of_type


@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.__name__)
def test_the_deployment_keeps_the_rule(rule: rules.Rule, plan: Json) -> None:
    assert list(rule(plan)) == []


@pytest.mark.parametrize("rule", rules.OF_THE_TEXT, ids=lambda rule: rule.__name__)
def test_the_files_keep_the_rule(rule: rules.TextRule, root: Root) -> None:
    assert list(rule(root.text())) == []


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for pattern in ("*.tf", "*.yaml", "*.example", "tests/*.hcl")
        for path in (REPOSITORY / "terraform").glob(pattern)
    ),
    ids=lambda path: path.name,
)
def test_a_line_has_at_most_120_characters(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > 120] == []


def test_settings_differ_from_their_defaults_only_where_terraform_decides(
    plan: Json,
) -> None:
    for function in of_type(plan, "google_cloudfunctions2_function"):
        env = function["values"]["service_config"][0]["environment_variables"]
        required = ("GOOGLE_CLOUD_PROJECT", "TMDB_TOKEN_SECRET")
        defaults = Settings.from_env({name: env[name] for name in required})
        deployed = Settings.from_env(env)
        differing = {
            name
            for name in Settings.__dataclass_fields__
            if getattr(deployed, name) != getattr(defaults, name)
        }
        assert differing <= {"dashboard_bucket", "tmdb_share", "wikipedia_contact"}


def test_both_that_ask_tmdb_stay_below_its_ceiling(plan: Json) -> None:
    rates = {
        function["index"]: settings.tmdb_requests_per_second * settings.tmdb_share
        for function in of_type(plan, "google_cloudfunctions2_function")
        for env in (function["values"]["service_config"][0]["environment_variables"],)
        for settings in (Settings.from_env(env),)
    }
    assert rates["ingest_changes"] + rates["fetch_details"] < 40


def test_what_is_scheduled_are_modes_that_the_code_has(plan: Json) -> None:
    jobs = {job["index"] for job in of_type(plan, "google_cloud_scheduler_job")}
    assert jobs == {"daily", "sweep", "weekly"}
    assert jobs <= set(Mode)


def test_terraforms_own_tests_pass(root: Root) -> None:
    assert "Success!" in root.run("test", "-no-color")


def test_the_configuration_is_valid_without_a_warning(root: Root) -> None:
    output = root.run("validate", "-no-color")
    assert "The configuration is valid." in output
    assert "Warning" not in output
