"""JSON lines: the compressed file has a line for each row."""

import gzip
import json

from shared.json_lines import ROWS_AT_ONCE, compressed


def test_rows_come_back_in_their_order() -> None:
    rows = [{"movie_id": n, "title": "É\n"} for n in range(2 * ROWS_AT_ONCE + 1)]
    lines = gzip.decompress(compressed(iter(rows)).getvalue()).splitlines()
    assert [json.loads(line) for line in lines] == rows


def test_no_row_is_an_empty_file() -> None:
    assert gzip.decompress(compressed([]).getvalue()) == b""
