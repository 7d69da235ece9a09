"""Terraform's fixtures: an initialised copy of the root, and its plan."""

import json
import shutil

import pytest

from tests.terraform.driver import Json, Root, TerraformError


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """Return an initialised copy whose archives are small.

    Skips where Terraform or its providers are missing.
    """
    if not shutil.which("terraform"):
        pytest.skip("needs Terraform 1.11 on PATH")
    copy = Root.copy_to(tmp_path_factory.mktemp("root") / "copy")
    copy.shorten()
    done = copy.attempt("init", "-no-color", "-input=false")
    if done.returncode and "provider packages" in done.stdout:
        pytest.skip(
            "needs the providers: a registry, or a mirror in TF_CLI_CONFIG_FILE"
        )
    assert done.returncode == 0, done.stdout
    return copy


@pytest.fixture(scope="session")
def planned_root(root: Root, tmp_path_factory: pytest.TempPathFactory) -> Root:
    """Return a copy that can plan without an account; skip if that is impossible."""
    copy = root.copy(tmp_path_factory.mktemp("plan") / "copy")
    try:
        copy.run("plan", "-no-color", "-input=false", "-out=tfplan")
    except TerraformError as error:
        if "credentials" in str(error):
            pytest.skip("needs a provider that plans without a Google account")
        raise
    return copy


@pytest.fixture(scope="session")
def plan(planned_root: Root) -> Json:
    """Return the plan of the first deployment."""
    plan: Json = json.loads(planned_root.run("show", "-json", "tfplan"))
    return plan
