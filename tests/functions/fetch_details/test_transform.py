"""Transform: invalid fields become NULL, and only invalid measures cost a row."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.fetch_details.transform import MEASURED, BadMovieError, OddFields, to_row

SCHEMA = Path(__file__).parents[3] / "sql/schemas/movie_details_raw.json"
ABOUT_THE_BATCH = {"run_id", "run_date", "batch_no", "fetched_at", "answered_at"}


def _movie(**fields: Any) -> dict[str, Any]:
    return {"id": 13, "title": "A", "popularity": 20.5, "vote_count": 7, **fields}


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        ("release_date", "", None),
        ("release_date", "2026-03-04", "2026-03-04"),
        ("release_date", "2023-10-06 00:00:00 UTC", "2023-10-06"),
        ("budget", 0, None),
        ("budget", 3, 3),
        ("revenue", 0, None),
        ("runtime", 0, None),
        ("runtime", 97.0, 97),
        ("imdb_id", "", None),
        ("imdb_id", None, None),
        ("homepage", "", None),
        ("tagline", "", None),
        ("vote_count", 0, 0),
        ("popularity", 0, 0.0),
        ("popularity", None, None),
        ("genres", None, []),
        ("genres", [{"id": 28, "name": "Action"}], [{"id": 28, "name": "Action"}]),
        ("genres", [None, {"id": 28}], [{"id": 28, "name": None}]),
        ("origin_country", ["US", "", None], ["US"]),
        ("title", "\ud800", "?"),
        ("popularity", "12.5", 12.5),
        ("popularity", "", None),
        ("vote_count", "95", 95),
        ("vote_average", " 7 ", 7.0),
        ("runtime", "95", 95),
        ("budget", "0", None),
        ("genres", "", []),
    ],
)
def test_unknown_values_become_null_and_known_ones_stay(
    field: str, value: object, stored: object
) -> None:
    assert to_row(13, _movie(**{field: value}))[field] == stored


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("popularity", "abc"),
        ("popularity", -1),
        ("popularity", float("nan")),
        ("popularity", "nan"),
        ("popularity", True),
        ("popularity", [1]),
        ("vote_count", -1),
        ("vote_count", 1.5),
        ("vote_count", "1,234"),
        ("vote_count", float("inf")),
        ("vote_average", {}),
        ("id", 14),
        ("id", None),
        ("id", "13"),
    ],
)
def test_only_the_id_and_the_measured_numbers_cost_a_movie_its_row(
    field: str, value: object
) -> None:
    with pytest.raises(BadMovieError, match=field):
        to_row(13, _movie(**{field: value}))


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        ("budget", "63,000,000", None),
        ("budget", 2**63, None),
        ("runtime", 95.5, None),
        ("release_date", "0", None),
        ("release_date", "1999", None),
        ("release_date", "TBA", None),
        ("release_date", 2026, None),
        ("title", 7, None),
        ("adult", "no", None),
        ("genres", {"id": 1}, []),
        ("genres", ["Drama"], []),
        (
            "genres",
            ["Drama", {"id": 28, "name": "Action"}],
            [{"id": 28, "name": "Action"}],
        ),
        ("origin_country", "US", []),
        ("origin_country", ["US", 1], ["US"]),
    ],
)
def test_any_other_odd_field_becomes_unknown_and_is_counted(
    field: str, value: object, stored: object
) -> None:
    odd = OddFields()
    row = to_row(13, _movie(**{field: value}), odd)
    assert row == to_row(13, _movie()) | {field: stored}
    assert odd.counts == {field: 1}
    assert odd.examples[field]


def test_an_odd_part_of_an_item_costs_that_part() -> None:
    odd = OddFields()
    row = to_row(13, _movie(genres=[{"id": "x", "name": "Drama"}]), odd)
    assert row["genres"] == [{"id": None, "name": "Drama"}]
    assert odd.counts == {"genres.id": 1}


@pytest.mark.parametrize(("value", "odd"), [("", 0), ("Die Hard", 1), (["x"], 1)])
def test_an_odd_collection_is_none(value: object, odd: int) -> None:
    noted = OddFields()
    row = to_row(13, _movie(belongs_to_collection=value), noted)
    assert (row["collection_id"], row["collection_name"]) == (None, None)
    assert sum(noted.counts.values()) == odd


@pytest.mark.parametrize("movie", [None, [], "", 0, "<html>"])
def test_an_answer_that_is_no_object_is_refused(movie: object) -> None:
    with pytest.raises(BadMovieError, match="object"):
        to_row(13, movie)


def test_unknown_new_fields_are_ignored() -> None:
    assert to_row(13, _movie(softcore=False)) == to_row(13, _movie())


def test_a_collection_becomes_two_columns() -> None:
    row = to_row(13, _movie(belongs_to_collection={"id": 1570, "name": "Die Hard"}))
    assert (row["collection_id"], row["collection_name"]) == (1570, "Die Hard")


def test_a_row_has_exactly_the_columns_of_the_table() -> None:
    fields = json.loads(SCHEMA.read_text())["fields"]
    assert to_row(13, _movie()).keys() | ABOUT_THE_BATCH == {f["name"] for f in fields}


def test_nested_rows_have_exactly_the_columns_of_the_table() -> None:
    fields = json.loads(SCHEMA.read_text())["fields"]
    nested = {f["name"]: f["fields"] for f in fields if f["type"] == "RECORD"}
    row = to_row(13, _movie(**{name: [{}] for name in nested}))
    for name, columns in nested.items():
        assert list(row[name][0]) == [column["name"] for column in columns]


def test_a_recorded_movie_is_stored_whole(real_data: Path) -> None:
    recorded = real_data / "tmdb-recorded/2026-06-13__3_movie_47964.json"
    row = to_row(47964, json.loads(recorded.read_text())["body"])
    assert row["title"] == "A Good Day to Die Hard"
    assert row["popularity"] == 6.2441
    assert row["collection_id"] == 1570
    assert row["production_companies"][7]["origin_country"] is None
    assert row["origin_country"] == ["US"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
OURS = {"collection_id", "collection_name", "wikidata_id"}
"""Columns that come from the objects belongs_to_collection and external_ids."""
THEIRS = sorted(
    to_row(13, _movie()).keys() - OURS | {"belongs_to_collection", "external_ids"}
)


@given(st.dictionaries(st.sampled_from(THEIRS), json_values))
def test_any_movie_is_stored_or_refused_and_never_crashes(movie: Any) -> None:
    odd, refused = OddFields(), ""
    try:
        row = to_row(13, {**movie, "id": 13}, odd)
    except BadMovieError as error:
        row, refused = {}, str(error)
    assert not refused or refused.partition(" ")[0] in MEASURED
    # BigQuery accepts no NaN in JSON, and only valid UTF-8.
    json.dumps(row, allow_nan=False, ensure_ascii=False).encode()
    dropped = [
        name
        for name, value in movie.items()
        if name in row
        and value
        and row[name] is None
        and name not in odd.counts
        # TMDB's "0" means unknown, as 0 does.
        and not (isinstance(value, str) and set(value.strip()) <= set("+-0.eE"))
    ]
    assert dropped == [], "a known value was stored as unknown and not counted"
