"""CI: what .ci/run passes to the tests, and that a skipped test fails."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

TARGETS = ("test", "test-exhaustive", "check", "scan", "test-composer")
STANDIN = "#!/bin/sh\necho /from/the/standin\n"
MAKE = '#!/bin/sh\necho "$1 ${TF_CLI_CONFIG_FILE-unset} ${TESTS_MAY_SKIP-unset}"\n'


def _script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def _ci(folder: Path, *, standin: bool, config: str | None) -> list[str]:
    """Run .ci/run with a make that prints its environment; return what it printed."""
    (folder / "checkout/.ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci/run", folder / "checkout/.ci/run")
    _script(folder / "bin/make", MAKE)
    if standin:
        _script(folder / "shared/tools/terraform-standin/setup", STANDIN)
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("TF_CLI_CONFIG_FILE", "TESTS_MAY_SKIP")
    }
    ours = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    if config is not None:
        ours["TF_CLI_CONFIG_FILE"] = config
    done = subprocess.run(
        ["bash", ".ci/run"],  # noqa: S607 - whichever is on PATH
        cwd=folder / "checkout",
        env=kept | ours,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("config", [None, "", "/no/such/file"])
def test_a_mirror_that_is_not_there_gives_way_to_the_standin(
    tmp_path: Path, config: str | None
) -> None:
    printed = _ci(tmp_path, standin=True, config=config)
    assert printed[-len(TARGETS) :] == [
        f"{target} /from/the/standin 0" for target in TARGETS
    ]


def test_a_mirror_that_is_there_is_kept(tmp_path: Path) -> None:
    mirror = tmp_path / "terraformrc"
    mirror.touch()
    printed = _ci(tmp_path, standin=True, config=str(mirror))
    assert printed[0] == f"test {mirror} 0"


def test_without_the_standin_a_test_may_skip(tmp_path: Path) -> None:
    printed = _ci(tmp_path, standin=False, config="/no/such/file")
    assert printed[-len(TARGETS) :] == [f"{target} unset unset" for target in TARGETS]


SKIPPING = """
import pytest

@pytest.fixture
def chromium():
    pytest.skip("needs Chromium")

def test_a_fixture_skips(chromium): pass

@pytest.mark.skipif(True, reason="needs Java")
def test_a_mark_skips(): pass

def test_it_skips_itself(): pytest.skip("needs Terraform")

@pytest.mark.xfail(strict=True)
def test_expected_to_fail(): assert False

def test_passes(): pass
"""


@pytest.mark.parametrize(
    ("may_skip", "summary"),
    [
        ("0", "1 failed, 1 passed, 1 xfailed, 2 errors"),
        ("1", "1 passed, 3 skipped, 1 xfailed"),
    ],
)
def test_a_skipped_test_fails_where_none_may_skip(
    tmp_path: Path, may_skip: str, summary: str
) -> None:
    (tmp_path / "test_some.py").write_text(SKIPPING)
    done = subprocess.run(  # noqa: S603 - our own arguments
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "tests.skips",
            tmp_path,
            "-c/dev/null",
        ],
        cwd=ROOT,
        env={**os.environ, "TESTS_MAY_SKIP": may_skip},
        capture_output=True,
        text=True,
        check=False,
    )
    assert summary in done.stdout, done.stdout
    if may_skip == "0":
        for what in ("Chromium", "Java", "Terraform"):
            assert f"this test was skipped: Skipped: needs {what}" in done.stdout
