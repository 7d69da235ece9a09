"""The simulator over HTTP: shapes, limits, errors, credentials, control."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from datetime import time as time_of_day
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from emulators.tmdb import TmdbSimulator
from tests.emulators.tmdb.simulator_requests import get

RECORDED = Path(__file__).parents[3] / "../shared/data/tmdb-recorded"
TODAY = date(2026, 3, 1)
NOT_FOUND = {
    "success": False,
    "status_code": 34,
    "status_message": "The resource you requested could not be found.",
}
needs_recordings = pytest.mark.skipif(
    not RECORDED.is_dir(), reason="needs the recorded exchanges in ../shared/data"
)


@pytest.fixture(scope="module")
def sim() -> Iterator[TmdbSimulator]:
    with TmdbSimulator(seed=7, movies=3_000, today=TODAY) as simulator:
        yield simulator


def popular_id(sim: TmdbSimulator) -> int:
    return int(get(sim, "/movie/popular").json()["results"][0]["id"])


def control(
    sim: TmdbSimulator, method: str, path: str, body: object = None
) -> tuple[int, dict[str, object]]:
    answer = requests.request(method, f"{sim.url}/_sim/{path}", json=body, timeout=10)
    return answer.status_code, answer.json()


def recorded(name: str) -> dict[str, object]:
    text = (RECORDED / name).read_text(encoding="utf-8")
    exchange: dict[str, object] = json.loads(text)
    return exchange


def kinds(values: list[object]) -> set[str]:
    """Return the JSON types that occur; integers and floats are one type."""
    return {
        "number"
        if isinstance(v, int | float) and not isinstance(v, bool)
        else type(v).__name__
        for v in values
    }


def assert_same_shape(ours: list[dict[str, object]], theirs: dict[str, object]) -> None:
    for row in ours:
        assert set(row) == set(theirs)
    for key, value in theirs.items():
        assert kinds([value]) <= kinds([row[key] for row in ours]), key


@needs_recordings
def test_a_discover_page_has_the_recorded_shape(sim: TmdbSimulator) -> None:
    body = recorded("2026-06-13__3_discover_movie.json")["body"]
    assert isinstance(body, dict)
    ours = get(sim, "/discover/movie").json()
    assert list(ours) == list(body)
    assert len(ours["results"]) == len(body["results"]) == 20
    for theirs in body["results"]:
        assert_same_shape(ours["results"], theirs)


@needs_recordings
def test_a_trending_page_has_the_recorded_shape(sim: TmdbSimulator) -> None:
    body = recorded("2026-06-13__3_trending_movie_week.json")["body"]
    assert isinstance(body, dict)
    ours = get(sim, "/trending/movie/week").json()
    assert set(ours) == set(body)
    assert_same_shape(ours["results"], body["results"][0])


@needs_recordings
def test_details_have_the_recorded_shape(sim: TmdbSimulator) -> None:
    body = recorded("2026-06-13__3_movie_47964.json")["body"]
    assert isinstance(body, dict)
    rows = get(sim, "/discover/movie").json()["results"]
    ours = [get(sim, f"/movie/{row['id']}").json() for row in rows]
    assert_same_shape(ours, body)
    assert list(ours[0]) == list(body)
    for name in ("production_companies", "genres", "spoken_languages"):
        nested = [item for movie in ours for item in movie[name]]
        assert all(set(item) == set(body[name][0]) for item in nested)


@needs_recordings
def test_changes_have_the_recorded_shape(sim: TmdbSimulator) -> None:
    body = recorded("2026-06-13__3_movie_changes_page-1.json")["body"]
    assert isinstance(body, dict)
    ours = get(sim, "/movie/changes", page=1).json()
    assert list(ours) == list(body)
    assert_same_shape(ours["results"], body["results"][0])
    assert len(ours["results"]) == len(body["results"]) == 100


@needs_recordings
@pytest.mark.parametrize("name", ["configuration", "genre_movie_list"])
def test_what_never_changes_equals_the_recording(sim: TmdbSimulator, name: str) -> None:
    exchange = recorded(f"2026-06-13__3_{name}.json")
    path = str(exchange["path"]).removeprefix("/3")
    assert get(sim, path).json() == exchange["body"]


@needs_recordings
def test_an_unknown_movie_is_answered_as_recorded(sim: TmdbSimulator) -> None:
    exchange = recorded("2026-06-13__3_movie_999999999.json")
    ours = get(sim, "/movie/999999999")
    assert ours.status_code == exchange["status"]
    assert ours.json() == exchange["body"] == NOT_FOUND
    assert "ETag" not in ours.headers
    assert "Cache-Control" not in ours.headers


def test_answers_carry_tmdbs_headers(sim: TmdbSimulator) -> None:
    headers = get(sim, "/discover/movie").headers
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["ETag"].startswith('W/"')
    assert headers["Cache-Control"].startswith("public, max-age=2")
    assert get(sim, "/movie/changes").headers["Cache-Control"] == "public, max-age=600"


@pytest.mark.parametrize("page", ["0", "501", "-1", "two", "1.5", ""])
@pytest.mark.parametrize("path", ["/discover/movie", "/movie/popular"])
def test_a_page_out_of_range_is_refused(
    sim: TmdbSimulator, path: str, page: str
) -> None:
    answer = get(sim, path, page=page)
    assert answer.status_code == 400
    assert answer.json() == {
        "success": False,
        "status_code": 22,
        "status_message": "Invalid page: Pages start at 1 and max at 500. "
        "They are expected to be an integer.",
    }


def test_a_page_past_the_end_is_empty(sim: TmdbSimulator) -> None:
    last = get(sim, "/discover/movie").json()["total_pages"]
    assert get(sim, "/discover/movie", page=last).json()["results"]
    past = get(sim, "/discover/movie", page=last + 1)
    assert past.status_code == 200
    assert past.json()["results"] == []


def test_total_pages_are_not_clamped() -> None:
    with TmdbSimulator(seed=7, movies=11_000, today=TODAY) as large:
        body = get(large, "/discover/movie", page=500).json()
        assert len(body["results"]) == 20
        assert body["total_pages"] > 500
        trending = get(large, "/trending/movie/day").json()
        assert (trending["total_pages"], trending["total_results"]) == (500, 10_000)


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"start_date": "2026-02-01", "end_date": "2026-02-16"}, 422, 20),
        ({"start_date": "2026-02-10", "end_date": "2026-02-09"}, 422, 20),
        ({"start_date": "01/02/2026"}, 400, 23),
        ({"end_date": "2026-02-30"}, 400, 23),
        ({"page": "501"}, 400, 22),
    ],
)
def test_changes_refuse_what_tmdb_refuses(
    sim: TmdbSimulator, params: dict[str, str], status: int, code: int
) -> None:
    answer = get(sim, "/movie/changes", **params)
    assert answer.status_code == status
    assert answer.json()["status_code"] == code


def test_changes_of_fourteen_days_and_of_the_future_are_answered(
    sim: TmdbSimulator,
) -> None:
    fortnight = get(
        sim, "/movie/changes", start_date="2026-02-01", end_date="2026-02-15"
    )
    assert fortnight.json()["total_results"] > 1_000
    assert fortnight.headers["Cache-Control"] == "public, max-age=86400"
    future = get(sim, "/movie/changes", start_date="2026-05-01", end_date="2026-05-02")
    assert future.json() == {
        "results": [],
        "page": 1,
        "total_pages": 1,
        "total_results": 0,
    }


@pytest.mark.parametrize(
    ("path", "code"),
    [("/movie/abc", 6), ("/movie/0", 6), ("/nothing", 34), ("/movie/tt1", 34)],
)
def test_an_unknown_path_is_404(sim: TmdbSimulator, path: str, code: int) -> None:
    answer = get(sim, path)
    assert answer.status_code == 404
    assert answer.json()["status_code"] == code


def test_a_movie_is_found_by_its_imdb_id(sim: TmdbSimulator) -> None:
    rows = get(sim, "/discover/movie").json()["results"]
    movies = [get(sim, f"/movie/{row['id']}").json() for row in rows]
    movie = next(m for m in movies if m["imdb_id"])
    assert get(sim, f"/movie/{movie['imdb_id']}").json() == movie


def test_more_than_twenty_appended_answers_are_refused(sim: TmdbSimulator) -> None:
    answer = get(sim, f"/movie/{popular_id(sim)}", append_to_response="x," * 20 + "x")
    assert (answer.status_code, answer.json()["status_code"]) == (400, 27)


def test_discover_filters_and_sorts(sim: TmdbSimulator) -> None:
    rows = get(
        sim,
        "/discover/movie",
        sort_by="vote_count.desc",
        **{"primary_release_date.lte": "2020-12-31", "vote_count.gte": 100},
        with_original_language="ja",
    ).json()["results"]
    votes = [row["vote_count"] for row in rows]
    assert votes == sorted(votes, reverse=True)
    assert min(votes) >= 100
    assert {row["original_language"] for row in rows} == {"ja"}
    assert max(row["release_date"] for row in rows) <= "2020-12-31"
    requested = get(sim, "/discover/movie", include_adult="true", include_video="true")
    plain = get(sim, "/discover/movie")
    assert requested.json()["total_results"] > plain.json()["total_results"]


def test_both_credentials_work_and_others_do_not(sim: TmdbSimulator) -> None:
    url = f"{sim.base_url}/authentication"
    by_key = requests.get(url, params={"api_key": sim.api_key}, timeout=5)
    assert by_key.json()["status_message"] == "Success."
    assert get(sim, "/authentication").status_code == 200
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        refused = requests.get(url, headers=headers, timeout=5)
        assert refused.status_code == 401
        assert refused.json() == {
            "status_code": 7,
            "status_message": "Invalid API key: You must be granted a valid key.",
            "success": False,
        }


def test_one_connection_serves_many_requests_without_stalling(
    sim: TmdbSimulator,
) -> None:
    address = urlsplit(sim.url)
    connection = HTTPConnection(str(address.hostname), address.port, timeout=5)
    path = f"/3/movie/{popular_id(sim)}"
    headers = {"Authorization": f"Bearer {sim.token}"}
    began = time.monotonic()
    for _ in range(100):
        connection.request("GET", path, headers=headers)
        assert json.loads(connection.getresponse().read())["id"]
    connection.close()
    # A delayed acknowledgement would cost 40 ms each time.
    assert time.monotonic() - began < 2


def test_twenty_connections_at_once(sim: TmdbSimulator) -> None:
    sim.reset_stats()
    ids = [r["id"] for r in get(sim, "/movie/popular").json()["results"]] * 10

    def status(movie_id: int) -> int:
        return get(sim, f"/movie/{movie_id}").status_code

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(status, ids)) == {200}
    endpoints = sim.stats()["endpoints"]
    assert isinstance(endpoints, dict)
    assert endpoints["/3/movie/{id}"] == {"200": 200}


def test_the_rate_limit_answers_429(sim: TmdbSimulator) -> None:
    with TmdbSimulator(
        seed=7, movies=300, today=TODAY, rate_limit=10, retry_after_s=1
    ) as limited:
        answers = [get(limited, "/configuration") for _ in range(15)]
        refused = [a for a in answers if a.status_code == 429]
        assert len(refused) == 5
        assert refused[0].headers["Retry-After"] == "1"
        assert refused[0].json()["status_code"] == 25
        stats = limited.stats()
        assert (stats["total"], stats["throttled"]) == (15, 5)
        assert stats["peak_requests_per_s"] == 15
        time.sleep(1.05)
        assert get(limited, "/configuration").status_code == 200
        limited.set_rate_limit(0)
        assert {get(limited, "/configuration").status_code for _ in range(15)} == {200}


def test_latency_delays_every_answer() -> None:
    with TmdbSimulator(seed=7, movies=300, today=TODAY, latency_ms=80) as slow:
        began = time.monotonic()
        get(slow, "/configuration")
        assert time.monotonic() - began >= 0.08


def test_the_day_can_be_moved_from_outside(sim: TmdbSimulator) -> None:
    movie_id = popular_id(sim)
    before = get(sim, f"/movie/{movie_id}").json()
    status, state = control(sim, "POST", "state", {"today": "2026-03-02"})
    assert (status, state["today"], state["seed"]) == (200, "2026-03-02", 7)
    after = get(sim, f"/movie/{movie_id}").json()
    assert after["popularity"] != before["popularity"]
    assert after["vote_count"] >= before["vote_count"]
    sim.set_today(TODAY)
    assert get(sim, f"/movie/{movie_id}").json() == before
    assert control(sim, "GET", "state")[1]["today"] == "2026-03-01"


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"day": "2026-03-02"}, "day"),
        ({"today": "tomorrow"}, "today"),
        ({"today": "2031-01-01"}, "today"),
        ({"rate_limit": "fast"}, "rate_limit"),
        ({"faults": {"fail_504_share": 0.1}}, "fail_504_share"),
        ({"faults": {"fail_503_share": 2}}, "fail_503_share"),
        ({"faults": {"poison_movies": 7}}, "poison_movies"),
        ({"faults": {"malformed_movies": {"7": "sour"}}}, "malformed_movies"),
    ],
)
def test_a_wrong_control_names_the_field_and_changes_nothing(
    sim: TmdbSimulator, body: dict[str, object], named: str
) -> None:
    before = control(sim, "GET", "state")
    status, answer = control(sim, "POST", "state", {"latency_ms": 900, **body})
    assert status == 400
    assert named in str(answer["error"])
    assert control(sim, "GET", "state") == before


def test_statistics_name_endpoints_and_reset(sim: TmdbSimulator) -> None:
    control(sim, "POST", "stats/reset")
    began = time.time()
    get(sim, f"/movie/{popular_id(sim)}")
    _, stats = control(sim, "GET", "stats")
    assert stats["endpoints"] == {
        "/3/movie/popular": {"200": 1},
        "/3/movie/{id}": {"200": 1},
    }
    first, last = stats["first_details_request_s"], stats["last_details_request_s"]
    assert isinstance(first, float)
    assert isinstance(last, float)
    assert began <= first == last <= time.time()
    assert control(sim, "GET", "nothing")[0] == 404


def test_answers_carry_the_simulated_day_and_a_time(sim: TmdbSimulator) -> None:
    response = get(sim, "/movie/popular")
    moment = parsedate_to_datetime(response.headers["Date"])
    assert moment.date() == sim.today
    assert moment.time() >= time_of_day(9)
    assert "Age" not in response.headers


def test_the_clock_can_be_set_and_stays_in_its_day(sim: TmdbSimulator) -> None:
    url = f"{sim.url}/_sim/state"
    body = {"time_of_day": "23:59:58", "age_s": 3_600}
    state = requests.post(url, json=body, timeout=5).json()
    assert (state["time_of_day"], state["age_s"]) == ("23:59:58", 3_600)
    headers = get(sim, "/movie/popular").headers
    requests.post(url, json={"time_of_day": "09:00:00", "age_s": 0}, timeout=5)
    assert headers["Age"] == "3600"
    moment = parsedate_to_datetime(headers["Date"])
    assert (moment.date(), moment.hour) == (sim.today, 22)
    refused = requests.post(url, json={"time_of_day": "noon"}, timeout=5)
    assert (refused.status_code, "time_of_day" in refused.text) == (400, True)
