"""The benchmark of the initial load: the rates are the deployment's."""

import pytest

from benchmarks.initial_load import Result, rates, requests_due


def test_the_rates_are_those_that_terraform_gives() -> None:
    assert rates() == {
        "ingest_changes": {"TMDB_REQUESTS_PER_SECOND": "30", "TMDB_SHARE": "0.25"},
        "fetch_details": {"TMDB_REQUESTS_PER_SECOND": "30", "TMDB_SHARE": "1"},
    }


@pytest.mark.parametrize(("movies", "requests"), [(1_000, 1_050), (1, 2), (21, 23)])
def test_a_load_needs_its_movies_and_their_pages(movies: int, requests: int) -> None:
    assert requests_due(movies) == requests


def test_each_ratio_is_to_its_own_bound() -> None:
    result = Result(
        scenario="2 % 503",
        movies=1_000,
        landed=1_000,
        requests=1_020,
        choosing_s=4.0,
        details_s=35.7,
        whole_s=42.0,
        throttled=0,
        peak_per_s=31,
    )
    # 1,020 requests at 30 a second take 34 s; 1,050 of a whole load take 35 s.
    assert result.ratio == pytest.approx(35.7 / 34)
    assert result.whole_ratio == pytest.approx(42 / 35)
