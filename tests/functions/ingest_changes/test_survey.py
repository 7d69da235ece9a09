"""Surveys: the results of one pass over an export, and its memory."""

import tracemalloc
from collections.abc import Iterator

from functions.ingest_changes.survey import survey
from shared.interfaces import ExportRow, ListedMovie
from shared.json_lines import compressed

MOVIES = 50_000
OBJECT_BYTES = 150
"""The least size of a movie as a row: a dictionary of two numbers."""


def _export(*rows: tuple[int, float, bool]) -> Iterator[ExportRow]:
    return (ExportRow(*row) for row in rows)


def test_a_survey_finds_the_top_features_and_the_wanted_movies() -> None:
    rows = _export((1, 5.0, True), (2, 9.0, False), (3, 7.0, True), (4, 1.0, True))
    found = survey(rows, 2, 0, {4, 99})
    assert found.top == [ListedMovie(3, 7.0), ListedMovie(1, 5.0)]
    assert dict(found.popularity) == {4: 1.0, 3: 7.0, 1: 5.0}


def test_a_survey_keeps_popularity_of_a_band_below_the_top() -> None:
    rows = _export((1, 5.0, True), (2, 9.0, False), (3, 7.0, True), (4, 1.0, True))
    found = survey(rows, 1, 2, ())
    assert found.top == [ListedMovie(3, 7.0)]
    assert dict(found.popularity) == {3: 7.0, 1: 5.0}


def test_a_movie_of_unknown_popularity_has_none_and_no_rank() -> None:
    rows = iter(
        [ExportRow(1, None, is_feature=True), ExportRow(2, 0.0, is_feature=True)]
    )
    found = survey(rows, 2, 0, {1, 2})
    assert found.top == [ListedMovie(2, 0.0)]
    assert dict(found.popularity) == {2: 0.0}


def test_equal_popularity_is_ranked_by_id() -> None:
    rows = _export((9, 5.0, True), (3, 5.0, True), (6, 5.0, True))
    assert [movie.movie_id for movie in survey(rows, 2, 0, ()).top] == [3, 6]


def test_a_survey_without_a_top_still_reads_every_row() -> None:
    rows = _export((1, 5.0, True), (4, 1.0, True))
    found = survey(rows, 0, 0, {4})
    assert (found.top, dict(found.popularity)) == ([], {4: 1.0})
    assert next(rows, None) is None


def test_of_movies_of_equal_popularity_the_last_place_is_the_lowest_ids() -> None:
    rows = _export((9, 5.0, True), (3, 5.0, True), (6, 5.0, True), (2, 8.0, True))
    assert set(dict(survey(rows, 0, 3, ()).popularity)) == {2, 3, 6}


def test_a_whole_export_is_never_in_memory_as_objects() -> None:
    rows = (ExportRow(n, 1 / n, is_feature=True) for n in range(1, MOVIES + 1))
    tracemalloc.start()
    try:
        found = survey(rows, 0, MOVIES, ())
        lines = compressed(
            {"movie_id": m, "popularity": p} for m, p in found.popularity
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found.popularity) == MOVIES
    assert len(lines.getvalue()) > MOVIES
    assert peak < OBJECT_BYTES * MOVIES
