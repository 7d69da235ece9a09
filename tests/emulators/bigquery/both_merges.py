"""Run MERGEs by the original or the patched emulator: FOLDER, and `stock` or `patched`.

Opens the emulator's data in FOLDER and runs MERGEs of every form, then those of sql/
for some days. Prints as JSON each one's answer, and the rows that its table then has,
in their order.
"""

import json
import sys
from datetime import date, timedelta
from typing import Any

from local_bigquery.engine import database
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import query
from local_bigquery.models import JobConfigurationQuery

from emulators.bigquery.merges import patch_merges
from emulators.bigquery.translations import remember_translations
from local.tables import DATASET, PROJECT
from shared import first_days, sql_files
from tests.emulators.bigquery import comparing

type Answers = dict[str, Any]

_FIRST, _DAYS = date(2026, 3, 1), 5
_MADE = f"""
CREATE OR REPLACE TABLE {DATASET}.stored
  (id INT64 NOT NULL, x INT64, tags ARRAY<STRING>);
INSERT INTO {DATASET}.stored
SELECT n, n * 10, [FORMAT('%d', n)] FROM UNNEST(GENERATE_ARRAY(1, 40)) AS n;
"""
_FRESH = f"(SELECT id + 20 AS id, x AS x, tags FROM {DATASET}.stored) AS fresh"
_INSERT = "WHEN NOT MATCHED THEN INSERT (id, x, tags) VALUES (fresh.id, fresh.x, tags)"
_INSERT_ID = "WHEN NOT MATCHED THEN INSERT (id) VALUES"
_ORPHAN = "WHEN NOT MATCHED BY SOURCE"
_KEY = "ON stored.id = fresh.id"
_FORMS = {
    "replace all": f"ON FALSE {_ORPHAN} THEN DELETE {_INSERT}",
    "replace some": f"ON FALSE {_ORPHAN} AND stored.id > 30 THEN DELETE {_INSERT}",
    "replace none": f"ON FALSE {_ORPHAN} AND stored.x < 0 THEN DELETE {_INSERT}",
    "other values": f"""ON FALSE {_ORPHAN} AND stored.x IN (10, 20) THEN DELETE
        WHEN NOT MATCHED BY TARGET THEN INSERT (x, id) VALUES (fresh.x + 1, 2 * id)""",
    "a required value is missing": f"""ON FALSE {_ORPHAN} THEN DELETE
        {_INSERT_ID} (IF(fresh.id > 50, NULL, fresh.id))""",
    "an error in a value": f"""ON FALSE {_ORPHAN} THEN DELETE
        {_INSERT_ID} (DIV(1, fresh.id - 30))""",
    "an error in a condition": f"""ON FALSE
        {_ORPHAN} AND 1 / (stored.id - 5) > 0 THEN DELETE {_INSERT}""",
    "no such column": f"ON FALSE {_ORPHAN} AND y THEN DELETE {_INSERT}",
    "insert some": f"""ON FALSE {_ORPHAN} THEN DELETE
        WHEN NOT MATCHED AND fresh.id > 50 THEN INSERT (id) VALUES (fresh.id)
        WHEN NOT MATCHED AND fresh.id > 30 THEN INSERT (id) VALUES (-fresh.id)""",
    "insert first": f"ON FALSE {_INSERT} {_ORPHAN} THEN DELETE",
    "insert rows": f"ON FALSE {_ORPHAN} THEN DELETE WHEN NOT MATCHED THEN INSERT ROW",
    "update orphans": f"ON FALSE {_ORPHAN} THEN UPDATE SET x = -1 {_INSERT}",
    "only insert": f"ON FALSE {_INSERT}",
    "only delete": f"ON FALSE {_ORPHAN} AND stored.id > 9 THEN DELETE",
    "upsert": f"{_KEY} WHEN MATCHED THEN UPDATE SET x = fresh.x {_INSERT}",
    "upsert some": f"""{_KEY}
        WHEN MATCHED AND fresh.x > 100 THEN UPDATE SET x = fresh.x
        WHEN MATCHED AND fresh.x > 50 THEN DELETE {_INSERT}""",
    "insert the missing": f"{_KEY} {_INSERT}",
    "delete the orphans": f"""{_KEY} WHEN MATCHED THEN UPDATE SET x = fresh.x
        {_ORPHAN} AND stored.id < 10 THEN DELETE {_INSERT}""",
    "matches twice": "ON stored.id > fresh.id WHEN MATCHED THEN UPDATE SET x = 0",
}


def _rows() -> str:
    """Return a script that lands movies, popularity and plans of some days."""
    days = f"GENERATE_DATE_ARRAY('{_FIRST}', '{_FIRST + timedelta(days=_DAYS)}')"
    return f"""
INSERT INTO {DATASET}.movie_popularity_raw
  (run_id, export_date, movie_id, popularity, is_tracked, loaded_at)
SELECT CONCAT('daily-', day), day, movie,
  100 / movie + MOD(movie * 31 + UNIX_DATE(day) * 17, 97) / 10, movie <= 30,
  TIMESTAMP_ADD(TIMESTAMP(day), INTERVAL 9 HOUR)
FROM UNNEST(GENERATE_ARRAY(1, 60)) AS movie CROSS JOIN UNNEST({days}) AS day
WHERE MOD(movie + UNIX_DATE(day), 13) > 0;
INSERT INTO {DATASET}.movie_details_raw
  (run_id, run_date, batch_no, movie_id, title, release_date, popularity, vote_count,
   vote_average, fetched_at, answered_at)
SELECT CONCAT('daily-', day), day, 1, movie, FORMAT('Movie %d', movie),
  DATE_SUB(day, INTERVAL movie DAY), 100 / movie, movie * 20 + UNIX_DATE(day) - 20000,
  6.5, TIMESTAMP_ADD(TIMESTAMP(day), INTERVAL 10 HOUR),
  TIMESTAMP_ADD(TIMESTAMP(day), INTERVAL 10 HOUR)
FROM UNNEST(GENERATE_ARRAY(1, 30)) AS movie CROSS JOIN UNNEST({days}) AS day
WHERE MOD(movie * UNIX_DATE(day), 17) > 0;
INSERT INTO {DATASET}.tracked_movies_raw
  (run_id, run_date, movie_id, rank, popularity, is_deleted, loaded_at)
SELECT CONCAT('daily-', day), day, movie, movie, 100 / movie, FALSE,
  TIMESTAMP_ADD(TIMESTAMP(day), INTERVAL 9 HOUR)
FROM UNNEST(GENERATE_ARRAY(1, 30)) AS movie CROSS JOIN UNNEST({days}) AS day;
"""


def _answer(sql: str, **parameters: date) -> Any:
    """Run a script; return its answer, or its error."""
    config = JobConfigurationQuery.model_validate(
        {
            "query": sql,
            "defaultDataset": {"projectId": PROJECT, "datasetId": DATASET},
            "queryParameters": [
                {
                    "name": name,
                    "parameterType": {"type": "DATE"},
                    "parameterValue": {"value": value.isoformat()},
                }
                for name, value in parameters.items()
            ],
        }
    )
    with database.cursor() as cursor:
        try:
            statistics, _, _ = query.execute(cursor, PROJECT, None, config)
        except BigQueryError as error:
            return error.proto()
    return statistics.dump()


def _stored(table: str) -> list[str]:
    rows = database.fetch(f"SELECT * FROM {database.quote(PROJECT, DATASET, table)}")
    return [repr(row) for row in rows]


def _of_forms() -> Answers:
    found: Answers = {}
    for name, form in _FORMS.items():
        _answer(_MADE)
        sql = f"MERGE {DATASET}.stored AS stored USING {_FRESH} {form}"
        found[name] = [_answer(sql), _stored("stored")]
    return found


def _of_files() -> Answers:
    """Run the days twice: the second time they replace what is stored."""
    found: Answers = {"rows": [_answer(_rows()), _stored("movie_details_raw")]}
    track = sql_files.of_folder("tracking")["track"]
    gate = sql_files.of_folder("gate")
    latest = gate["latest_movie_metrics"]
    windows = sql_files.windows()
    daily = [
        (file.name, first_days.at_earliest(file.sql, windows))
        for file in sql_files.daily()
    ]
    for day in [_FIRST + timedelta(days=number) for number in range(_DAYS)] * 2:
        for name, sql in (
            ("track", track),
            *daily,
            ("publish", gate["publish"]),
            ("latest", latest),
        ):
            answer = _answer(
                sql,
                from_date=day,
                to_date=day,
                newest_day=day,
                newest_day_with_votes=day,
            )
            table = sql.partition("MERGE tmdb_analytics.")[2].split()
            stored = _stored(table[0]) if table else []
            found[f"{name} {day} {len(found)}"] = [answer, stored]
    return found


def main() -> None:
    """Run and print."""
    comparing.begin(sys.argv[1])
    remember_translations()
    if sys.argv[2] == "patched":
        patch_merges()
    sys.stdout.write(json.dumps(_of_forms() | _of_files()))


if __name__ == "__main__":
    main()
