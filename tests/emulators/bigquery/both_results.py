"""Compare original and cached results: run this module with a FOLDER.

Opens the emulator's data in FOLDER and sends every query of sql/, and one of every
type, first to the stock emulator, then to the one that keeps results in memory. Prints
as JSON whose answers differ in a byte.
"""

import json
import sys
from collections.abc import Iterator
from datetime import date
from typing import Any

from local_bigquery.api import jobs
from local_bigquery.engine import database
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import runner
from local_bigquery.models import QueryRequest

from emulators.bigquery import results, translations
from emulators.bigquery.jobs import keep_jobs
from local.tables import DATASET, PROJECT
from shared.sql_files import SQL, with_run_status
from tests.emulators.bigquery import comparing

type Answers = dict[str, Any]

_TYPES = """
SELECT
  NULL AS nothing, TRUE AS yes, 1 AS one, -0.0 AS zero, 1e300 * 10 AS large,
  CAST('nan' AS FLOAT64) AS nan, CAST('-inf' AS FLOAT64) AS low, 0.1 + 0.2 AS float,
  NUMERIC '1.50' AS numeric, BIGNUMERIC '1.123456789012' AS bignumeric,
  'ä "quoted" \\n' AS text, b'\\x00\\xff' AS bytes, JSON '{"a": [1, null]}' AS json,
  DATE '2026-11-22' AS day, TIME '12:30:00.5' AS time,
  DATETIME '2026-11-22 12:30:00' AS datetime,
  TIMESTAMP '2026-11-22 12:30:00.123456+02:00' AS moment,
  CAST(NULL AS TIMESTAMP) AS no_moment,
  INTERVAL 3 DAY AS days, [1, 2] AS numbers, CAST([] AS ARRAY<STRING>) AS none,
  [STRUCT(1 AS a, TIMESTAMP '2026-01-01' AS b)] AS structs, STRUCT('x' AS a, [2] AS b)
"""
_OTHERS = {
    "types": _TYPES,
    "no row": f"SELECT * FROM ({_TYPES}) WHERE FALSE",
    "same names": "SELECT 1 AS x, 2 AS x, 3 AS X",
    "null in an array": "SELECT [1, NULL] AS wrong",
    "no such column": "SELECT missing FROM (SELECT 1 AS one)",
    "an error in a row": "SELECT ERROR('as asked') AS x FROM UNNEST([1, 2])",
    "many": "SELECT x, FORMAT('%d', x) AS y FROM UNNEST(GENERATE_ARRAY(1, 3000)) AS x",
    "a script": "DECLARE x INT64 DEFAULT 3; SELECT 1 AS a; SELECT x, 'b' AS b;",
    "two variables": (
        "DECLARE x INT64 DEFAULT 3; DECLARE x1 STRUCT<a INT64> DEFAULT STRUCT(7); "
        "SET x = x + x1.a; SELECT x, x1.a AS a, y FROM UNNEST([9, 10]) AS y WHERE y = x"
    ),
    "a column of a variable's name": (
        "DECLARE z INT64 DEFAULT 3; "
        "SELECT x, x1.a AS a, y FROM UNNEST([9, 10]) AS y WHERE y = x"
    ),
    "a temporary table after a declaration": (
        "DECLARE x INT64 DEFAULT 3; CREATE TEMP TABLE t AS SELECT 1 AS a; "
        "SELECT a, x FROM t;"
    ),
    "in a transaction": (
        "BEGIN TRANSACTION; CREATE TEMP TABLE t AS SELECT 1 AS a; "
        "SELECT a, TIMESTAMP '2026-01-01' AS b FROM t; COMMIT TRANSACTION;"
    ),
}
_SENT = (
    "schema",
    "rows",
    "totalRows",
    "pageToken",
    "statementType",
    "numDmlAffectedRows",
)


def _queries() -> Iterator[tuple[str, str]]:
    for folder in ("checks", "queries", "dashboard", "alerts"):
        for path in sorted((SQL / folder).glob("*.sql")):
            yield f"{folder}/{path.stem}", path.read_text()
    for folder, ending in (("views", "sql"), ("schemas", "json")):
        for path in sorted((SQL / folder).glob(f"*.{ending}")):
            yield path.name, f"SELECT * FROM {DATASET}.{path.stem}"
    # It depends on the time of the query, so it has no bytes of its own.
    yield "run status", with_run_status("SELECT * FROM tmdb_analytics.v_run_status")
    yield from _OTHERS.items()


def _parameter(name: str, kind: str, value: str) -> dict[str, Any]:
    return {
        "name": name,
        "parameterType": {"type": kind},
        "parameterValue": {"value": value},
    }


_PARAMETERS = [
    _parameter("from_date", "DATE", date(2026, 1, 1).isoformat()),
    _parameter("to_date", "DATE", date(2026, 12, 31).isoformat()),
    _parameter("as_of", "TIMESTAMP", "2026-12-31T12:00:00Z"),
]


def _answers() -> Answers:
    found: Answers = {}
    for name, sql in _queries():
        # Our clients request times as integers; others may not.
        for has_int64 in (True, False) if name in _OTHERS else (True,):
            request = {
                "query": sql,
                "useLegacySql": False,
                "queryParameters": _PARAMETERS,
                "parameterMode": "NAMED",
                "maxResults": 1000,
                "formatOptions": {"useInt64Timestamp": has_int64},
            }
            try:
                response = jobs.run_query(PROJECT, QueryRequest.model_validate(request))
            except BigQueryError as error:
                found[f"{name} {has_int64}"] = error.proto()
                continue
            body = json.loads(response.body)
            found[f"{name} {has_int64}"] = {
                key: json.dumps(body.get(key)) for key in _SENT
            }
            found[f"{name} {has_int64} again"] = _read_again(body, has_int64=has_int64)
    return found


def _read_again(body: dict[str, Any], *, has_int64: bool) -> list[str]:
    """Return the same result by pages, and as a table."""
    job_id = body["jobReference"]["jobId"]
    pages, token = [], "0"
    while token:
        page = jobs.get_query_results(
            PROJECT, job_id, 700, token, 0, None, int64_timestamps=has_int64
        )
        read = json.loads(page.body)
        pages.append(json.dumps([read.get(key) for key in _SENT]))
        token = read.get("pageToken") or ""
    destination = runner.get(PROJECT, job_id).configuration.query.destinationTable
    if destination:
        table = destination.tableId
        rows = database.fetch(
            f"SELECT * FROM {jobs.tables.name(PROJECT, destination.datasetId, table)}"
        )
        pages.append(repr(rows))
    return pages


def main() -> None:
    """Compare and print."""
    comparing.begin(sys.argv[1])
    # With two threads, sums of floats and the order of rows would vary.
    database.connection().execute("SET threads = 1")
    stock = _answers()
    translations.remember_translations()
    results.keep_results()
    keep_jobs()
    differing = []
    for large_bytes in (results.LARGE_BYTES, 1_000):  # computed, then from the cache
        results.LARGE_BYTES = large_bytes
        differing += [
            name for name, answer in _answers().items() if answer != stock[name]
        ]
    rows = sum(answer != "null" for answer in map(_rows, stock.values()))
    sys.stdout.write(
        json.dumps({"compared": len(stock), "rows": rows, "differing": differing})
    )


def _rows(answer: Any) -> object:
    return answer.get("rows", "null") if isinstance(answer, dict) else "null"


if __name__ == "__main__":
    main()
