"""Each fault does what its documentation says, and a run repeats exactly."""

import gzip
import json
import time
import zlib
from collections.abc import Iterator
from datetime import date

import pytest
import requests

from emulators.tmdb import Faults, TmdbSimulator
from emulators.tmdb.http.faults import UnknownFieldError
from emulators.tmdb.http.malformed import MALFORMED_KINDS
from tests.emulators.tmdb.simulator_requests import get

TODAY = date(2026, 3, 1)
EXPORT = "movie_ids_03_01_2026.json.gz"


@pytest.fixture(scope="module")
def server() -> Iterator[TmdbSimulator]:
    with TmdbSimulator(seed=7, movies=2_500, today=TODAY) as simulator:
        yield simulator


@pytest.fixture
def sim(server: TmdbSimulator) -> Iterator[TmdbSimulator]:
    yield server
    server.set_faults(Faults())


def ids_of(sim: TmdbSimulator, page: int, path: str = "/discover/movie") -> list[int]:
    return [row["id"] for row in get(sim, path, page=page).json()["results"]]


def export(sim: TmdbSimulator) -> requests.Response:
    return requests.get(f"{sim.exports_url}/{EXPORT}", timeout=10)


def outcomes(sim: TmdbSimulator) -> list[str]:
    """Return the outcomes of 60 different requests, each made twice."""
    seen = []
    for request in range(60):
        for _ in range(2):
            try:
                answer = get(sim, "/discover/movie", page=request + 1)
                seen.append(str(answer.status_code))
            except requests.RequestException as error:
                seen.append(type(error).__name__)
    return seen


def test_faults_by_chance_strike_at_their_share_and_repeat(
    sim: TmdbSimulator,
) -> None:
    faults = Faults(
        fail_503_share=0.1, fail_500_share=0.1, reset_share=0.1, truncated_share=0.1
    )
    sim.set_faults(faults)
    first = outcomes(sim)
    sim.set_faults(faults)
    assert outcomes(sim) == first
    assert {"200", "503", "500", "ConnectionError"} <= set(first)
    assert 0.45 < first.count("200") / len(first) < 0.75
    for kind in ("503", "500"):
        assert 0.03 < first.count(kind) / len(first) < 0.2


def test_a_503_is_html_and_a_500_is_tmdbs(sim: TmdbSimulator) -> None:
    sim.set_faults(Faults(fail_503_share=1))
    answer = get(sim, "/configuration")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html")
    assert "at capacity" in answer.text
    sim.set_faults(Faults(fail_500_share=1))
    assert get(sim, "/configuration").json()["status_code"] == 11


def test_a_reset_is_a_connection_error(sim: TmdbSimulator) -> None:
    sim.set_faults(Faults(reset_share=1))
    with pytest.raises(requests.ConnectionError, match="reset"):
        get(sim, "/configuration")


def test_a_truncated_answer_ends_in_mid_body(sim: TmdbSimulator) -> None:
    sim.set_faults(Faults(truncated_share=1))
    with pytest.raises(
        (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
    ):
        get(sim, "/configuration")


def test_a_slow_answer_takes_its_time(sim: TmdbSimulator) -> None:
    sim.set_faults(Faults(slow_share=1, slow_s=0.15))
    began = time.monotonic()
    assert get(sim, "/configuration").status_code == 200
    assert time.monotonic() - began >= 0.15


def test_a_storm_passes(sim: TmdbSimulator) -> None:
    sim.set_faults(Faults(storm_429_s=0.6))
    answer = get(sim, "/configuration")
    assert answer.status_code == 429
    assert "Retry-After" not in answer.headers
    assert export(sim).status_code == 200
    time.sleep(0.65)
    assert get(sim, "/configuration").status_code == 200


def test_an_outage_begins_and_ends(sim: TmdbSimulator) -> None:
    sim.set_faults(Faults(outage_start_s=0.5, outage_s=0.8))
    assert get(sim, "/configuration").status_code == 200
    time.sleep(0.55)
    assert get(sim, "/configuration").status_code == 503
    assert export(sim).status_code == 503
    time.sleep(0.85)
    assert get(sim, "/configuration").status_code == 200


@pytest.mark.parametrize("path", ["/discover/movie", "/movie/changes"])
def test_list_pages_can_be_short_empty_or_repeated(
    sim: TmdbSimulator, path: str
) -> None:
    whole = {page: ids_of(sim, page, path) for page in (1, 2)}
    sim.set_faults(Faults(short_pages=(1,), short_page_rows=3, repeated_pages=(2,)))
    assert ids_of(sim, 1, path) == whole[1][:3]
    assert ids_of(sim, 2, path) == whole[1]
    assert get(sim, path, page=2).json()["page"] == 2
    sim.set_faults(Faults(empty_pages=(1,)))
    body = get(sim, path, page=1).json()
    assert body["results"] == []
    assert body["total_pages"] > 1
    assert ids_of(sim, 2, path) == whole[2]


def test_poison_movies_always_fail(sim: TmdbSimulator) -> None:
    poison, sound = ids_of(sim, 1)[:2]
    sim.set_faults(Faults(poison_movies=(poison,)))
    assert [get(sim, f"/movie/{poison}").status_code for _ in range(3)] == [500] * 3
    assert get(sim, f"/movie/{sound}").status_code == 200


def test_malformed_movies_arrive_broken(sim: TmdbSimulator) -> None:
    kinds = dict(zip(ids_of(sim, 1), MALFORMED_KINDS, strict=False))
    sim.set_faults(Faults(malformed_movies=kinds))
    answers = {kind: get(sim, f"/movie/{id_}") for id_, kind in kinds.items()}
    assert {answer.status_code for answer in answers.values()} == {200}
    assert answers["popularity_text"].json()["popularity"] == "abc"
    assert "id" not in answers["id_missing"].json()
    assert isinstance(answers["not_an_object"].json(), list)
    assert answers["html"].headers["Content-Type"] == "text/html"
    assert answers["date_with_time"].json()["release_date"].endswith("UTC")
    assert answers["empty_object"].json() == {}
    assert answers["empty"].content == b""
    assert answers["odd_fields"].json()["release_date"] == "TBA"
    assert "Content-Encoding" not in answers["bare_gzip"].headers
    assert json.loads(gzip.decompress(answers["bare_gzip"].content))["popularity"]
    with pytest.raises(requests.JSONDecodeError):
        answers["truncated_json"].json()


@pytest.mark.parametrize(
    ("faults", "status", "body"),
    [
        (Faults(forbidden_share=1), 403, b"<html>"),
        (Faults(unauthorized_share=1), 401, b'{"status_code":7'),
        (Faults(odd_status_share=1), 520, b"<html>"),
        (Faults(odd_status_share=1, odd_status=425), 425, b"<html>"),
        (Faults(html_share=1), 200, b"<html>"),
        (Faults(empty_object_share=1), 200, b"{}"),
        (Faults(empty_share=1), 200, b""),
        (Faults(bare_gzip_share=1), 200, b"\x1f\x8b"),
    ],
)
def test_answers_that_are_not_tmdbs(
    sim: TmdbSimulator, faults: Faults, status: int, body: bytes
) -> None:
    sim.set_faults(faults)
    answer = get(sim, "/configuration")
    assert (answer.status_code, answer.content[: len(body) or 1]) == (status, body)
    assert "Content-Encoding" not in answer.headers


def test_a_body_is_spoilt_in_the_api_and_never_in_an_export(
    sim: TmdbSimulator,
) -> None:
    whole = export(sim).content
    sim.set_faults(Faults(empty_object_share=1))
    assert export(sim).content == whole


def test_in_a_storm_of_404_there_is_no_movie_and_everything_else(
    sim: TmdbSimulator,
) -> None:
    movie = ids_of(sim, 1)[0]
    sim.set_faults(Faults(storm_404_s=0.6))
    answer = get(sim, f"/movie/{movie}")
    assert (answer.status_code, answer.json()["status_code"]) == (404, 34)
    assert get(sim, "/movie/changes").status_code == 200
    time.sleep(0.65)
    assert get(sim, f"/movie/{movie}").status_code == 200


def test_the_file_server_can_refuse_every_export(sim: TmdbSimulator) -> None:
    sim.set_faults(Faults(forbidden_exports=True))
    assert export(sim).status_code == 403
    assert b"AccessDenied" in export(sim).content
    assert get(sim, "/configuration").status_code == 200


def test_exports_can_be_missing_truncated_corrupt_or_late(sim: TmdbSimulator) -> None:
    whole = export(sim).content
    sim.set_faults(Faults(missing_exports=(TODAY,)))
    assert export(sim).status_code == 404
    sim.set_faults(Faults(truncated_exports=(TODAY,)))
    with pytest.raises(EOFError):
        gzip.decompress(export(sim).content)
    sim.set_faults(Faults(corrupt_exports=(TODAY,)))
    assert len(export(sim).content) == len(whole)
    with pytest.raises((zlib.error, gzip.BadGzipFile)):
        gzip.decompress(export(sim).content)
    sim.set_faults(Faults(export_delay_s=0.6))
    assert export(sim).status_code == 404
    yesterday = f"{sim.exports_url}/movie_ids_02_28_2026.json.gz"
    assert requests.head(yesterday, timeout=5).status_code == 200
    time.sleep(0.65)
    assert export(sim).content == whole


def test_stale_details_show_yesterdays_popularity(sim: TmdbSimulator) -> None:
    ids = ids_of(sim, 1)
    sim.set_today(date(2026, 2, 28))
    before = {m: get(sim, f"/movie/{m}").json()["popularity"] for m in ids}
    sim.set_today(TODAY)
    sim.set_faults(Faults(stale_popularity_share=0.5))
    stale = [
        m for m in ids if get(sim, f"/movie/{m}").json()["popularity"] == before[m]
    ]
    assert 3 < len(stale) < 17


def test_a_body_can_be_compressed_unasked(sim: TmdbSimulator) -> None:
    sim.set_faults(Faults(unannounced_gzip=True))
    answer = requests.get(
        f"{sim.base_url}/authentication",
        headers={"Authorization": f"Bearer {sim.token}", "Accept-Encoding": "identity"},
        timeout=5,
        stream=True,
    )
    with answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert json.loads(gzip.decompress(answer.raw.read()))["success"]


def test_faults_survive_json_and_the_command_line() -> None:
    faults = Faults(
        fail_503_share=0.02,
        short_pages=(3, 5),
        malformed_movies={7: "html"},
        missing_exports=(TODAY,),
        unannounced_gzip=True,
    )
    assert Faults.from_json(faults.to_json()) == faults
    texts = {
        "fail_503_share": "0.02",
        "short_pages": "3,5",
        "malformed_movies": "7=html",
        "missing_exports": "2026-03-01",
        "unannounced_gzip": "true",
    }
    assert Faults.from_texts(texts) == faults
    with pytest.raises(UnknownFieldError, match="no_such"):
        Faults.from_json({"no_such": 1})
