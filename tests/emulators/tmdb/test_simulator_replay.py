"""Replay serves exactly what was recorded, day by day."""

import csv
import gzip
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests

from emulators.tmdb import TmdbSimulator
from emulators.tmdb.catalogue.replay import Replay
from tests.emulators.tmdb.simulator_requests import get

DATA = Path(__file__).parents[3] / "../shared/data"
SERIES = DATA / "tmdb-series-2026-01-02.csv"
RECORDED = DATA / "tmdb-recorded"
LAST_DAY = date(2026, 2, 21)

needs_series = pytest.mark.skipif(
    not SERIES.is_file(), reason="needs the real series in ../shared/data"
)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with SERIES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def sim() -> Iterator[TmdbSimulator]:
    with TmdbSimulator(today=LAST_DAY, replay_series=SERIES) as simulator:
        yield simulator


@needs_series
def test_the_whole_series_is_served(rows: list[dict[str, str]]) -> None:
    replay = Replay(SERIES)
    days = sorted({row["date"] for row in rows})
    served = [replay.by_popularity(date.fromisoformat(day)) for day in days]
    assert len(days) == 32
    assert len(replay) == 353
    assert sum(len(ids) for ids in served) == 4_037 == len(rows)


@needs_series
def test_details_and_lists_hold_the_days_values(
    sim: TmdbSimulator, rows: list[dict[str, str]]
) -> None:
    day = date(2026, 2, 3)
    sim.set_today(day)
    of_day = [row for row in rows if row["date"] == day.isoformat()]
    of_day.sort(key=lambda row: -float(row["popularity"]))
    listed = [
        movie
        for page in range(1, 8)
        for movie in get(sim, "/discover/movie", page=page).json()["results"]
    ]
    assert [str(movie["id"]) for movie in listed] == [row["tmdb_id"] for row in of_day]
    for row in of_day[:10]:
        movie = get(sim, f"/movie/{row['tmdb_id']}").json()
        assert movie["popularity"] == float(row["popularity"])
        assert movie["vote_count"] == int(row["vote_count"])
        assert movie["title"] == row["title"]
    absent = {row["tmdb_id"] for row in rows} - {row["tmdb_id"] for row in of_day}
    assert get(sim, f"/movie/{absent.pop()}").json()["status_code"] == 34
    assert get(sim, "/movie/changes").json()["total_results"] == 0
    sim.set_today(LAST_DAY)


@needs_series
def test_an_export_holds_exactly_its_days_movies(
    sim: TmdbSimulator, rows: list[dict[str, str]]
) -> None:
    url = f"{sim.exports_url}/movie_ids_01_25_2026.json.gz"
    lines = gzip.decompress(requests.get(url, timeout=10).content).splitlines()
    ours = {str(line["id"]): line["popularity"] for line in map(json.loads, lines)}
    of_day = [row for row in rows if row["date"] == "2026-01-25"]
    assert ours == {row["tmdb_id"]: float(row["popularity"]) for row in of_day}


def test_an_invented_series_replays_too(tmp_path: Path) -> None:
    series = tmp_path / "series.csv"
    series.write_text(
        "date,tmdb_id,title,release_date,original_language,popularity,vote_count,"
        "vote_average\n"
        "2026-01-01,11,One Title,2020-01-01,en,3.5,10,6.5\n"
        "2026-01-02,12,Two Titles,,en,4.5,0,0\n",
        encoding="utf-8",
    )
    with TmdbSimulator(today=date(2026, 1, 2), replay_series=series) as replay:
        assert get(replay, "/movie/11").status_code == 404
        assert get(replay, "/movie/12").json()["popularity"] == 4.5
        assert get(replay, "/movie/popular").json()["total_results"] == 1
    with pytest.raises(ValueError, match="2026-01-03"):
        TmdbSimulator(today=date(2026, 1, 3), replay_series=series)


@pytest.mark.skipif(
    not RECORDED.is_dir(), reason="needs the recorded exchanges in ../shared/data"
)
def test_recorded_exchanges_take_precedence() -> None:
    options: dict[str, Any] = {"movies": 300, "replay_recorded": RECORDED}
    with TmdbSimulator(today=date(2026, 6, 13), **options) as sim:
        for name in ("3_discover_movie", "3_movie_999999999", "3_movie_47964"):
            text = (RECORDED / f"2026-06-13__{name}.json").read_text(encoding="utf-8")
            exchange = json.loads(text)
            answer = get(sim, exchange["path"].removeprefix("/3"))
            assert answer.status_code == exchange["status"]
            assert answer.json() == exchange["body"]
            assert answer.headers.get("ETag") == exchange["headers"].get("ETag")
        by_key = requests.get(
            f"{sim.base_url}/movie/47964", params={"api_key": sim.api_key}, timeout=5
        )
        assert by_key.json()["id"] == 47964
        assert get(sim, "/movie/47964", language="fr").status_code == 404
