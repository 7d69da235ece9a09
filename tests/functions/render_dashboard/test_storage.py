"""The bucket: writes to the emulator, and the meaning of the service's answers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from emulators.storage import StorageEmulator
from functions.render_dashboard.storage import (
    BY_REASON,
    BY_STATUS,
    NO_OBJECT,
    Bucket,
    classify,
)
from shared.errors import StorageRefusedError, StorageUnavailableError
from tests.answering import answering, http

PAGE = "index.html"
METADATA = {"snapshot_date": "2026-06-01"}


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[StorageEmulator]:
    with StorageEmulator(tmp_path, ["pages"]) as emulator:
        yield emulator


def _known(storage: StorageEmulator) -> dict[str, Any]:
    url = f"{storage.url}/storage/v1/b/pages/o/{PAGE}"
    known: dict[str, Any] = requests.get(url, timeout=10).json()
    return known


def test_a_page_is_written_whole_with_its_metadata(storage: StorageEmulator) -> None:
    bucket = Bucket("pages", storage.url)
    assert bucket.generation(PAGE) == NO_OBJECT
    bucket.replace(PAGE, b"<p>\r\n--\xc3\xa9", METADATA, generation=NO_OBJECT)
    known = _known(storage)
    assert known["metadata"] == METADATA
    assert known["contentType"] == "text/html; charset=utf-8"
    assert known["cacheControl"] == "private, no-cache"
    assert bucket.generation(PAGE) == int(known["generation"])
    page = requests.get(f"{storage.url}/pages/{PAGE}", timeout=10)
    assert page.content == b"<p>\r\n--\xc3\xa9"


def test_a_page_that_was_written_meanwhile_is_not_replaced(
    storage: StorageEmulator,
) -> None:
    """Of two concurrent renderings, the one that began first fails."""
    slow, fast = Bucket("pages", storage.url), Bucket("pages", storage.url)
    looked = slow.generation(PAGE)
    fast.replace(PAGE, b"newer", METADATA, generation=fast.generation(PAGE))
    with pytest.raises(StorageUnavailableError, match="412 conditionNotMet"):
        slow.replace(PAGE, b"older", METADATA, generation=looked)
    slow.replace(PAGE, b"newest", METADATA, generation=slow.generation(PAGE))


def test_a_missing_bucket_is_for_a_person(storage: StorageEmulator) -> None:
    bucket = Bucket("none", storage.url)
    looked = bucket.generation(PAGE)
    with pytest.raises(StorageRefusedError, match="none answered 404") as caught:
        bucket.replace(PAGE, b"", METADATA, generation=looked)
    assert (caught.value.field, "bucket" in caught.value.hint) == ("none", True)


def test_an_unavailable_store_is_retried_later(storage: StorageEmulator) -> None:
    storage.stop()
    bucket = Bucket("pages", storage.url)
    with pytest.raises(StorageUnavailableError, match="did not answer"):
        bucket.generation(PAGE)
    with pytest.raises(StorageUnavailableError, match="did not answer"):
        bucket.replace(PAGE, b"", METADATA, generation=NO_OBJECT)


@pytest.mark.parametrize(
    ("status", "reason", "is_transient"),
    [
        *((status, "", known.is_transient) for status, known in BY_STATUS.items()),
        *((*key, known.is_transient) for key, known in BY_REASON.items()),
        (403, "forbidden", True),
        (400, "invalid", False),
        (413, "uploadTooLarge", False),
        (499, "", False),
        (500, "backendError", True),
        (503, "", True),
        (529, "", True),
        (302, "", True),
    ],
)
def test_an_answer_means_that_it_passes_or_stays(
    status: int, reason: str, *, is_transient: bool
) -> None:
    assert classify(status, reason).is_transient is is_transient
    assert classify(status, reason).hint
    errors = [{"reason": reason}] if reason else []
    body = json.dumps({"error": {"code": status, "errors": errors}}).encode()
    raised = StorageUnavailableError if is_transient else StorageRefusedError
    with answering(lambda _: http(status, body)) as server:
        bucket = Bucket("pages", server.url)
        with pytest.raises(raised, match=f"pages .* {status} {reason}".rstrip()):
            bucket.replace(PAGE, b"", METADATA, generation=1)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null"])
def test_a_success_that_is_no_json_object_is_none(body: bytes) -> None:
    with (
        answering(lambda _: http(200, body)) as server,
        pytest.raises(StorageUnavailableError),
    ):
        Bucket("pages", server.url).generation(PAGE)
