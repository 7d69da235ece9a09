"""Exports: lines as TMDB writes them, and lines as it should not."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.interfaces import ExportRow
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
        (_line(popularity=None), ExportRow(13, None, is_feature=True)),
        (_line(popularity="12.5"), ExportRow(13, 12.5, is_feature=True)),
        (_line(popularity="many"), ExportRow(13, None, is_feature=True)),
        (_line(popularity=-1), ExportRow(13, None, is_feature=True)),
        (_line(popularity=True), ExportRow(13, None, is_feature=True)),
        (_line(popularity=float("nan")), ExportRow(13, None, is_feature=True)),
        (_line().replace(b"2.5", b"1e999"), ExportRow(13, None, is_feature=True)),
        (_line(softcore=False), ExportRow(13, 2.5, is_feature=True)),
        (b'{ "id": 13 }', ExportRow(13, None, is_feature=True)),
    ],
)
def test_a_line_is_a_movie(line: bytes, row: ExportRow) -> None:
    assert list(read_lines([line], DAY)) == [row]


def test_empty_lines_are_no_movies() -> None:
    assert len(list(read_lines([_line(), b"\n", b"", _line(id=14)], DAY))) == 2


BAD_LINES = [
    b"{",
    b"[]",
    b"null",
    b'{"adult":true}',
    b"\xff",
    _line(id=None),
    _line(id="13"),
    _line(id=1.5),
    _line(id=-1),
    _line(id=10**9),
    b"[" * 100_000,
]


@pytest.mark.parametrize("line", BAD_LINES)
def test_a_few_bad_lines_are_skipped_and_logged(
    line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    lines = [line] * 10 + [_line(id=movie_id) for movie_id in range(1, 4)]
    assert [row.movie_id for row in read_lines(lines, DAY)] == [1, 2, 3]
    [record] = [r for r in caplog.records if r.message == "export_lines_skipped"]
    assert record.__dict__["bad"] == 10


def test_a_hundredth_of_bad_lines_is_bearable_and_more_refuses_the_file() -> None:
    lines = [b"{"] * 11 + [_line(id=movie_id) for movie_id in range(1, 1_090)]
    assert len(list(read_lines(lines, DAY))) == 1_089
    with pytest.raises(ExportDamagedError, match="11 of 1099 lines of the export"):
        list(read_lines(lines[:-1], DAY))


def test_a_movie_twice_is_one_movie() -> None:
    lines = [_line(id=1, popularity=5), _line(id=2), _line(id=1, popularity=4)]
    rows = list(read_lines(lines, DAY))
    assert [(row.movie_id, row.popularity) for row in rows] == [(1, 5.0), (2, 2.5)]


@given(st.lists(st.integers(1, 2**20), max_size=30))
def test_each_id_comes_once_and_in_the_files_order(ids: list[int]) -> None:
    lines = [_line(id=movie_id) for movie_id in [*ids, 1]]
    rows = [row.movie_id for row in read_lines(lines, DAY)]
    assert rows == list(dict.fromkeys([*ids, 1]))


@pytest.mark.parametrize("lines", [[], [b"{"], [b"\n"]])
def test_a_file_without_a_movie_is_damaged(lines: list[bytes]) -> None:
    with pytest.raises(ExportDamagedError, match="no movie"):
        list(read_lines(lines, DAY))


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
