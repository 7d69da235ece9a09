"""The archives that Terraform uploads equal those of the local stack."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from local import archives
from tests.terraform.driver import Root


@pytest.fixture(scope="module")
def built(planned_root: Root, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the archives, which a plan of the whole sources writes."""
    assert planned_root.module.is_dir()  # skips if no plan is possible
    whole = Root.copy_to(tmp_path_factory.mktemp("whole") / "copy")
    whole.run("init", "-no-color", "-input=false")
    whole.run("plan", "-no-color", "-input=false")
    return whole.module / ".build"


@pytest.mark.parametrize("function", archives.FUNCTIONS)
def test_an_archive_holds_what_the_local_stack_runs(function: str, built: Path) -> None:
    with zipfile.ZipFile(built / f"{function}.zip") as zipped:
        held = {name: zipped.read(name) for name in zipped.namelist()}
    assert held == archives.contents(function)


@pytest.mark.emulator
@pytest.mark.parametrize("function", archives.FUNCTIONS)
def test_an_archive_starts_with_nothing_but_its_own_requirements(
    function: str, built: Path, tmp_path: Path
) -> None:
    # `uv run`, and so `make test`, sets its path.
    if not (uv := os.environ.get("UV") or shutil.which("uv")):
        pytest.skip("needs uv: run by make test, or on PATH")
    source, venv = tmp_path / "source", tmp_path / "venv"
    with zipfile.ZipFile(built / f"{function}.zip") as zipped:
        zipped.extractall(source)

    def run(*command: str) -> str:
        env = {
            name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"
        }
        done = subprocess.run(  # noqa: S603 - our own commands
            command,
            cwd=source,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    python = str(venv / "bin/python")
    run(uv, "venv", "--quiet", f"--python={sys.executable}", str(venv))
    run(uv, "pip", "install", "--quiet", f"--python={python}", "-rrequirements.txt")
    output = run(python, "-c", f"import main; print(main.{function}.__name__)")
    assert output.strip() == function
