"""What functions serve: the optional function may be missing."""

from cli.deployment import served_archives
from tests.cli.answers import WELL, deployed
from tests.cli.fake_programs import Machine

OPTIONAL = "render-dashboard"


def test_a_function_that_a_deployment_need_not_have_is_not_missed(
    machine: Machine,
) -> None:
    machine.install("gcloud", WELL)
    functions = served_archives.of_code("dev-")
    found = served_archives.look("my-project", "us-central1", functions)
    assert f"dev-{OPTIONAL}" in {one.name for one in functions}
    assert {one.name for one in found} == {
        "dev-ingest-changes",
        "dev-fetch-details",
        "dev-compute-metrics",
    }
    assert {one.message for one in found} == {served_archives.MISSING}


def test_where_it_is_it_must_serve_what_was_deployed(machine: Machine) -> None:
    machine.install("gcloud", WELL | deployed(OPTIONAL, served="b" * 64))
    functions = served_archives.of_code("")
    found = served_archives.look("my-project", "us-central1", functions)
    [one] = [one for one in found if one.name == OPTIONAL]
    assert one.ok is False


def test_one_that_terraform_has_made_is_missed(machine: Machine) -> None:
    machine.install("gcloud", WELL)
    made = [served_archives.Function("render_dashboard", OPTIONAL)]
    [one] = served_archives.look("my-project", "us-central1", made)
    assert one.message == served_archives.MISSING
