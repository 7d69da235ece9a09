"""Run the statements of sql/ on snapshots.

The files themselves, through Google's client, on the emulated BigQuery: details land,
every statement runs once over all days, and the two tables of metrics are read back.
"""

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pandas as pd
from google.cloud import bigquery, bigquery_storage
from google.cloud.bigquery_storage_v1.services.big_query_read import transports

from benchmarks.metrics import earlier
from benchmarks.metrics.simulators.simulation import Simulation
from emulators.bigquery import BigQueryEmulator
from emulators.tmdb.catalogue.plan import Floats
from local.tables import DATASET, PROJECT, connect, create_tables, create_views
from shared import sql_files, sql_scripts

type Grid = np.ndarray[tuple[int, int], np.dtype[Any]]

_NUMBERS = (
    "viral_coefficient",
    "surge",
    "popularity_pct_change_7d",
    "popularity_outlook_7d",
    "popularity_outlook_7d_low",
    "popularity_outlook_7d_high",
)
_FLAGS = ("is_breakout_alarm", "is_worth_an_alarm")
_WORDS = ("momentum_status",)
_COLUMNS = (*_NUMBERS, *_FLAGS, *_WORDS)
_READ = (*_NUMBERS, *_FLAGS[:1], *_WORDS)
_OF_THE_SCORE = ("viral_coefficient", "surge", "votes_3d", "is_breakout_alarm")
_OF_THE_WHOLE = (*_NUMBERS[3:], *_WORDS)
_WORTH_AN_ALARM = (
    "votes_3d >= breakout_min_votes_3d OR popularity >= breakout_min_popularity"
)
_AFTER_THE_SCORE = "movie_metrics_aggregated"

_UNLIMITED = [("grpc.max_receive_message_length", -1)]
_LANDED = f"{DATASET}.movie_details_raw"
_EMPTIED = (
    f"{DATASET}.movie_details_raw",
    f"{DATASET}.movies",
    f"{DATASET}.movie_daily_snapshots",
    f"{DATASET}.catalogue_days",
    f"{DATASET}.leading_movie_days",
    f"{DATASET}.movie_breakouts",
    f"{DATASET}.outlook_days",
    *(
        f"{dataset}.{table}"
        for dataset in (DATASET, earlier.EARLIER)
        for table in ("movie_viral_signals", "movie_metrics_aggregated")
    ),
)


@dataclass(frozen=True, slots=True)
class Metrics:
    """Each column as a grid [movie, day]; NaN, False or "" where there is no value."""

    grids: dict[str, Grid]

    def number(self, column: str) -> Floats:
        """Return a column of numbers."""
        return self.grids[column]


class Bench:
    """A dataset on the emulator that is filled, computed and read again and again."""

    def __init__(self, client: bigquery.Client, channel: grpc.Channel) -> None:
        self._client = client
        self._storage = bigquery_storage.BigQueryReadClient(  # type: ignore[no-untyped-call]
            transport=transports.BigQueryReadGrpcTransport(channel=channel)
        )
        create_tables(client)
        create_views(client)
        earlier.create(client)

    def compute(
        self, simulation: Simulation, *, whole: bool
    ) -> tuple[Metrics, Metrics]:
        """Run the statements on the simulation's rows, and on nothing else.

        Return what sql/ computes, then what it computed earlier. They run up to the
        score; words and outlooks, which come after it, only of the `whole`.
        """
        for table in _EMPTIED:
            self._client.query_and_wait(f"TRUNCATE TABLE {table}")
        self._land(simulation)
        last_day = simulation.first_day + timedelta(
            days=simulation.observed.shape[1] - 1
        )
        for statement in [*sql_files.daily(), *earlier.daily()]:
            if whole or _AFTER_THE_SCORE not in statement.name:
                self._run(sql_scripts.alone(statement), simulation.first_day, last_day)
        return self._read(simulation, DATASET), self._read(simulation, earlier.EARLIER)

    def _land(self, simulation: Simulation) -> None:
        movie, day = np.nonzero(simulation.observed)
        dates = pd.date_range(
            simulation.first_day, periods=simulation.observed.shape[1]
        )
        rows = pd.DataFrame(
            {
                "run_id": "simulated",
                "run_date": dates.strftime("%Y-%m-%d").to_numpy()[day],
                "batch_no": 0,
                "movie_id": simulation.movie_id[movie],
                "fetched_at": dates.strftime("%Y-%m-%dT09:00:00Z").to_numpy()[day],
                "popularity": simulation.popularity[movie, day],
                "vote_count": simulation.votes[movie, day],
            }
        )
        target = self._client.get_table(f"{PROJECT}.{_LANDED}")
        config = bigquery.LoadJobConfig(
            schema=[field for field in target.schema if field.name in rows],
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
        )
        lines = io.BytesIO(rows.to_json(orient="records", lines=True).encode())
        self._client.load_table_from_file(lines, target, job_config=config).result()

    def _run(self, sql: str, from_date: date, to_date: date) -> None:
        days = {"from_date": from_date, "to_date": to_date}
        config = bigquery.QueryJobConfig(
            query_parameters=[
                bigquery.ScalarQueryParameter(name, "DATE", day)
                for name, day in days.items()
            ]
        )
        self._client.query_and_wait(sql, job_config=config)

    def _read(self, simulation: Simulation, dataset: str) -> Metrics:
        rows = self._client.query(
            f"SELECT movie_id, snapshot_date, {', '.join(_READ)}, "
            f"{_WORTH_AN_ALARM} AS is_worth_an_alarm "
            f"FROM {DATASET}.movie_daily_snapshots "
            "LEFT JOIN (SELECT movie_id, calculation_date AS snapshot_date, "
            f"{', '.join(_OF_THE_SCORE)} FROM {dataset}.movie_viral_signals) "
            "USING (movie_id, snapshot_date) "
            "LEFT JOIN (SELECT movie_id, calculation_date AS snapshot_date, "
            f"{', '.join(_OF_THE_WHOLE)} FROM {dataset}.{_AFTER_THE_SCORE}) "
            "USING (movie_id, snapshot_date) "
            f"CROSS JOIN {dataset}.metric_thresholds"
        )
        frame = rows.result().to_arrow(bqstorage_client=self._storage).to_pandas()
        movie = np.searchsorted(simulation.movie_id, frame["movie_id"])
        first = pd.Timestamp(simulation.first_day)
        day = (pd.to_datetime(frame["snapshot_date"]) - first).dt.days.to_numpy()
        grids: dict[str, Grid] = {}
        for column in _COLUMNS:
            grid = _empty(column, simulation.observed.shape)
            values = frame[column]
            if column in _FLAGS:
                values = values.eq(other=True)
            elif column in _WORDS:
                values = values.fillna("")
            grid[movie, day] = values
            grids[column] = grid
        return Metrics(grids)


def _empty(column: str, shape: tuple[int, ...]) -> Grid:
    if column in _FLAGS:
        return np.zeros(shape, dtype=bool)
    if column in _WORDS:
        return np.full(shape, "", dtype=object)
    return np.full(shape, np.nan)


@contextmanager
def bench() -> Iterator[Bench]:
    """Start an emulator for as long as the block lasts."""
    with (
        tempfile.TemporaryDirectory() as folder,
        BigQueryEmulator(Path(folder), project=PROJECT, storage=True) as emulator,
        connect(emulator.url) as client,
        grpc.insecure_channel(emulator.storage_address, options=_UNLIMITED) as channel,
    ):
        yield Bench(client, channel)
