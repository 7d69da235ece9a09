"""Exports: lines as TMDB writes them, and lines as it should not."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ports import ExportRow
from shared.tmdb.exports import ExportDamagedError, read_lines

DAY = date(2026, 3, 1)


def _line(**fields: object) -> bytes:
    movie = {"adult": False, "id": 13, "original_title": "A", "popularity": 2.5}
    movie |= {"video": False, **fields}
    return json.dumps(movie, separators=(",", ":")).encode() + b"\n"


@pytest.mark.parametrize(
    ("line", "row"),
    [
        (_line(), ExportRow(13, 2.5, is_feature=True)),
        (_line(adult=True), ExportRow(13, 2.5, is_feature=False)),
        (_line(video=True), ExportRow(13, 2.5, is_feature=False)),
        (_line(original_title='A "B" \\'), ExportRow(13, 2.5, is_feature=True)),
        (_line(original_title="映画"), ExportRow(13, 2.5, is_feature=True)),
        (_line(popularity=0), ExportRow(13, 0.0, is_feature=True)),
        (_line(popularity=1e-05), ExportRow(13, 1e-05, is_feature=True)),
        (_line(popularity=None), ExportRow(13, 0.0, is_feature=True)),
        (_line(softcore=False), ExportRow(13, 2.5, is_feature=True)),
        (b'{ "id": 13 }', ExportRow(13, 0.0, is_feature=True)),
    ],
)
def test_a_line_is_a_movie(line: bytes, row: ExportRow) -> None:
    assert list(read_lines([line], DAY)) == [row]


def test_empty_lines_are_no_movies() -> None:
    assert len(list(read_lines([_line(), b"\n", b"", _line(id=14)], DAY))) == 2


@pytest.mark.parametrize("line", [b"{", b"[]", b"null", b'{"adult":true}', b"\xff"])
def test_a_line_that_is_no_movie_refuses_the_file(line: bytes) -> None:
    with pytest.raises(ExportDamagedError, match="2026-03-01"):
        list(read_lines([_line(), line], DAY))


def test_an_empty_file_is_damaged() -> None:
    with pytest.raises(ExportDamagedError, match="empty"):
        list(read_lines([], DAY))


@given(
    st.integers(1, 10**7),
    st.text(),
    st.floats(0, 1e6),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_the_fast_way_reads_what_a_json_parser_reads(
    movie_id: int,
    title: str,
    popularity: float,
    adult: bool,  # noqa: FBT001
    video: bool,  # noqa: FBT001
    ascii_only: bool,  # noqa: FBT001
) -> None:
    movie = {
        "adult": adult,
        "id": movie_id,
        "original_title": title,
        "popularity": popularity,
        "video": video,
    }
    text = json.dumps(movie, separators=(",", ":"), ensure_ascii=ascii_only)
    line = text.encode(errors="replace")
    expected = ExportRow(movie_id, popularity, is_feature=not (adult or video))
    assert list(read_lines([line], DAY)) == [expected]
