"""The worked example of docs/concepts/metrics.md, computed by the statements of sql/.

Its readings land on an emulated BigQuery, every statement runs, and what the tables and
v_movie_score_explained then say of the movie is returned.
"""

import math
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from google.cloud import bigquery

from local.tables import DATASET, PROJECT, emulated
from shared import sql_files, sql_scripts

TODAY = date(2026, 3, 20)
POPULARITY = (64, 50, 50, 40, 32, 32, 25, 25, 20, 20, 16, 20, 32, 50)
"""Of the days 13 to 0 before: a release wears off, and a second wave comes."""
BEFORE, DAYS_BEFORE = 64, 22
VOTES_A_DAY, VOTES_A_DAY_NOW, VOTES_BEFORE = 8, 30, 1_000
NOW_DAYS = 3


type Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Example:
    """What is stored of the movie: a row of the view, and popularity by days ago."""

    explained: Row
    popularity: Mapping[int, float]
    breakout_min_surge: float

    def level(self, oldest: int, newest: int) -> float:
        """Return the geometric mean of popularity at these ages."""
        values = [self.popularity[age] for age in range(newest, oldest + 1)]
        return math.exp(sum(map(math.log, values)) / len(values))


def computed() -> Example:
    """Land the readings on an emulator, run the statements, publish, and read back."""
    with (
        tempfile.TemporaryDirectory() as folder,
        emulated(Path(folder)) as client,
    ):
        rows = list(_readings())
        table = client.get_table(f"{PROJECT}.{DATASET}.movie_details_raw")
        config = bigquery.LoadJobConfig(schema=table.schema)
        client.load_table_from_json(rows, table, job_config=config).result()
        days = {"from_date": _day(len(rows) - 1), "to_date": TODAY}
        for statement in sql_files.daily():
            _run(client, sql_scripts.alone(statement), **days)
        _run(client, sql_scripts.gate_script("publish"), **days)
        [explained] = _run(
            client,
            f"SELECT * FROM {DATASET}.v_movie_score_explained "
            "WHERE calculation_date = @today",
            today=TODAY,
        )
        snapshots = _run(
            client,
            "SELECT DATE_DIFF(@today, snapshot_date, DAY) AS age, popularity "
            f"FROM {DATASET}.movie_daily_snapshots",
            today=TODAY,
        )
        [thresholds] = _run(client, f"SELECT * FROM {DATASET}.metric_thresholds")
    return Example(
        explained,
        {row["age"]: row["popularity"] for row in snapshots},
        thresholds["breakout_min_surge"],
    )


def _readings() -> Iterator[dict[str, Any]]:
    popularity = [*[BEFORE] * DAYS_BEFORE, *POPULARITY]
    votes = VOTES_BEFORE
    for age, value in zip(range(len(popularity) - 1, -1, -1), popularity, strict=True):
        votes += VOTES_A_DAY_NOW if age < NOW_DAYS else VOTES_A_DAY
        day = _day(age)
        yield {
            "run_id": f"daily-{day}",
            "run_date": day.isoformat(),
            "batch_no": 1,
            "movie_id": 1,
            "popularity": value,
            "vote_count": votes,
            "fetched_at": datetime.combine(day, time(9), UTC).isoformat(),
        }


def _day(age: int) -> date:
    return TODAY - timedelta(days=age)


def _run(client: bigquery.Client, sql: str, **days: date) -> list[Row]:
    parameters = [
        bigquery.ScalarQueryParameter(name, "DATE", day) for name, day in days.items()
    ]
    config = bigquery.QueryJobConfig(query_parameters=parameters)
    return [dict(row.items()) for row in client.query_and_wait(sql, job_config=config)]
