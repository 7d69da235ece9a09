"""The emulators for the tests of Pub/Sub."""

from collections.abc import Iterator

import pytest

from emulators.pubsub import (
    GoogleEmulatorError,
    PubSubEmulator,
    start_google_emulator,
)
from tests.emulators.pubsub.both_ends import (
    Client,
    connected,
)


@pytest.fixture(scope="session")
def google_address() -> Iterator[str]:
    try:
        emulator = start_google_emulator()
    except GoogleEmulatorError as error:
        pytest.skip(str(error))
    with emulator:
        yield emulator.address


@pytest.fixture
def emulator() -> Iterator[PubSubEmulator]:
    # A hundred times faster: 60 s of back-off are 0.6 s.
    with PubSubEmulator(time_scale=0.01) as pubsub:
        yield pubsub


@pytest.fixture(params=["ours", "google"])
def backend(request: pytest.FixtureRequest) -> str:
    """Run a test against both back ends."""
    return str(request.param)


@pytest.fixture
def both(
    backend: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    if backend == "google":
        address = request.getfixturevalue("google_address")
    else:
        address = request.getfixturevalue("emulator").address
    with connected(address, monkeypatch) as client:
        yield client


@pytest.fixture
def client(
    emulator: PubSubEmulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    with connected(emulator.address, monkeypatch) as client:
        yield client
