"""How Google's emulator is found and started."""

import os
from pathlib import Path

import pytest

from emulators.pubsub import (
    Backend,
    GoogleEmulatorError,
    find_google_emulator,
    start_google_emulator,
)


def held(backend: Backend) -> Backend:
    """Let mypy check that both back ends implement the interface."""
    return backend


def test_without_java_the_error_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GoogleEmulatorError, match=r"needs Java.*or use the emulator"):
        held(start_google_emulator())


def test_the_jar_is_found_below_the_gcloud_on_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sdk = tmp_path / "sdk"
    library = sdk / "platform/pubsub-emulator/lib"
    jar = library / "cloud-pubsub-emulator-9.9.9-all.jar"
    for folder in (library, sdk / "bin", tmp_path / "bin"):
        folder.mkdir(parents=True)
    for name in ("gcloud", "java"):
        (sdk / "bin" / name).write_text("#!/bin/sh\nexit 3\n")
        (sdk / "bin" / name).chmod(0o755)
        (tmp_path / "bin" / name).symlink_to(sdk / "bin" / name)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin:/bin")

    with pytest.raises(GoogleEmulatorError, match=r"not installed.*gcloud components"):
        start_google_emulator(roots=())
    jar.touch()
    assert find_google_emulator(roots=()) == jar
    with pytest.raises(GoogleEmulatorError, match="exit code 3"):
        start_google_emulator(roots=())
