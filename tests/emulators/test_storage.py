"""The Cloud Storage emulator, over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from emulators.storage import StorageEmulator

NAME = "a page/index.html"
QUOTED = "a%20page%2Findex.html"


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[StorageEmulator]:
    with StorageEmulator(tmp_path, ["pages"]) as emulator:
        yield emulator


def _insert(
    storage: StorageEmulator, data: bytes, bucket: str = "pages", **options: str
) -> requests.Response:
    about = b'{"name": "a page/index.html", "contentType": "text/html", '
    about += b'"cacheControl": "no-cache", "metadata": {"day": "1"}}'
    body = b"--x\r\nContent-Type: application/json\r\n\r\n" + about
    body += b"\r\n--x\r\nContent-Type: text/html\r\n\r\n" + data + b"\r\n--x--\r\n"
    return requests.post(
        f"{storage.url}/upload/storage/v1/b/{bucket}/o",
        params={"uploadType": "multipart", **options},
        headers={"Content-Type": "multipart/related; boundary=x"},
        data=body,
        timeout=10,
    )


def _get(storage: StorageEmulator, path: str) -> requests.Response:
    return requests.get(f"{storage.url}{path}", timeout=10)


def _reason(answer: requests.Response) -> Any:
    return answer.json()["error"]["errors"][0]["reason"]


def test_an_object_comes_back_byte_for_byte_with_its_metadata(
    storage: StorageEmulator,
) -> None:
    data = bytes(range(256)) + b"\r\n--y\r\n\n"
    made = _insert(storage, data).json()
    assert (made["name"], made["bucket"], made["size"]) == (NAME, "pages", "264")
    known = _get(storage, f"/storage/v1/b/pages/o/{QUOTED}")
    assert known.json() == made
    assert known.json()["metadata"] == {"day": "1"}
    for path in (
        f"/storage/v1/b/pages/o/{QUOTED}?alt=media",
        "/pages/a%20page/index.html",
    ):
        answer = _get(storage, path)
        assert answer.content == data
        assert answer.headers["Content-Type"] == "text/html"
        assert answer.headers["Cache-Control"] == "no-cache"


def test_every_write_is_a_later_generation_and_may_demand_the_one_before(
    storage: StorageEmulator,
) -> None:
    first = _insert(storage, b"1", ifGenerationMatch="0").json()["generation"]
    late = _insert(storage, b"2", ifGenerationMatch="0")
    assert (late.status_code, _reason(late)) == (412, "conditionNotMet")
    second = _insert(storage, b"2", ifGenerationMatch=first).json()["generation"]
    assert int(second) > int(first)
    assert int(_insert(storage, b"3").json()["generation"]) > int(second)


def test_objects_outlive_the_emulator(storage: StorageEmulator, tmp_path: Path) -> None:
    made = _insert(storage, b"kept").json()
    storage.stop()
    with StorageEmulator(tmp_path, ["pages"]) as again:
        assert _get(again, f"/storage/v1/b/pages/o/{QUOTED}").json() == made
        assert _get(again, f"/pages/{QUOTED}").content == b"kept"


def test_an_upload_of_data_alone_takes_its_name_from_the_address(
    storage: StorageEmulator,
) -> None:
    answer = requests.post(
        f"{storage.url}/upload/storage/v1/b/pages/o?uploadType=media&name=x",
        headers={"Content-Type": "text/plain"},
        data=b"plain",
        timeout=10,
    )
    assert answer.json()["contentType"] == "text/plain"
    assert _get(storage, "/pages/x").content == b"plain"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/storage/v1/b/pages/o/none", 404),
        ("/storage/v1/b/none/o/x", 404),
        ("/pages/%2E%2E", 400),
        ("/.metadata/x", 404),
    ],
)
def test_what_is_not_there_is_not_found(
    path: str, status: int, storage: StorageEmulator
) -> None:
    assert _get(storage, path).status_code == status


def test_a_missing_bucket_an_odd_body_and_a_resumable_upload_are_refused(
    storage: StorageEmulator,
) -> None:
    assert _insert(storage, b"", bucket="none").status_code == 404
    assert _insert(storage, b"\r\n--x\r\n\r\n").status_code == 400
    assert _insert(storage, b"", uploadType="resumable").status_code == 501
