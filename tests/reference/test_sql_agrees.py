"""The third check: every number of the SQL equals that of the second implementation."""

import json
import math
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest

from emulators.tmdb.catalogue.movies import Catalogue
from local.tables import DATASET, SCHEMAS
from tests.reference import adversarial_series
from tests.reference.metrics import metrics
from tests.reference.snapshots import catalogue_days, snapshots
from tests.reference.viral_signals import viral_signals
from tests.sql.sandbox import Sandbox

pytestmark = pytest.mark.emulator

DAY = {
    "movie_daily_snapshots": "snapshot_date",
    "catalogue_days": "snapshot_date",
    "movie_viral_signals": "calculation_date",
    "movie_metrics_aggregated": "calculation_date",
}
READ_AT = {
    "details": ("movie_details_raw", "run_date", "fetched_at"),
    "export": ("movie_popularity_raw", "export_date", "loaded_at"),
}

type Tables = dict[str, pd.DataFrame]


def reference(readings: pd.DataFrame) -> Tables:
    rows = snapshots(readings)
    days, signals = catalogue_days(rows), viral_signals(rows)
    return {
        "movie_daily_snapshots": rows,
        "catalogue_days": days,
        "movie_viral_signals": signals,
        "movie_metrics_aggregated": metrics(rows, signals, days),
    }


def land(sandbox: Sandbox, readings: pd.DataFrame) -> None:
    for source, rows in readings.groupby("source"):
        table, day, read_at = READ_AT[str(source)]
        votes = {"vote_count", "vote_average"} if source == "details" else set()
        columns = {"movie_id", "popularity"} | votes
        sandbox.load(
            table,
            [
                {name: _plain(row[name]) for name in columns}
                | {"run_id": "daily", day: row["snapshot_date"]}
                | {read_at: _plain(row["read_at"])}
                | ({"batch_no": 1} if source == "details" else {"is_tracked": True})
                for row in rows.to_dict("records")
            ],
        )


def assert_agree(sandbox: Sandbox, expected: Tables, from_date: date) -> int:
    """Compare every column from a day on; return the number of cells."""
    cells, wrong = 0, []
    for table, frame in expected.items():
        day = DAY[table]
        key = [name for name in ("movie_id", day) if name in frame]
        fields = json.loads((SCHEMAS / f"{table}.json").read_text())["fields"]
        columns = {field["name"] for field in fields}
        computed = frame[frame[day] >= from_date].to_dict("records")
        wanted = {tuple(row[name] for name in key): row for row in computed}
        rows = sandbox.rows(table, f"{day} >= '{from_date}'")
        found = {tuple(row[name] for name in key): row for row in rows}
        assert len(found) == len(rows)
        assert found.keys() == wanted.keys(), table
        cells += len(rows) * len(columns)
        wrong += [
            f"{table} {' '.join(map(str, at))} {name}: "
            f"SQL {found[at][name]}, reference {_plain(row[name])}"
            for at, row in sorted(wanted.items())
            for name in sorted(columns)
            if not _agree(found[at][name], _plain(row[name]))
        ]
    assert not wrong, "\n".join([f"{len(wrong)} of {cells} cells:", *wrong[:50]])
    return cells


def assert_no_word_contradicts_its_percent(sandbox: Sandbox) -> None:
    rows = sandbox.rows("movie_metrics_aggregated")
    signs = {"Surging": 1, "Rising": 1, "Declining": -1, "Falling": -1}
    judged = [row for row in rows if row["momentum_status"] in signs]
    assert judged
    against = [
        (row["movie_id"], row["calculation_date"], row["momentum_status"], percent)
        for row in judged
        if (percent := row["popularity_wow_pct_change"]) is not None
        and signs[row["momentum_status"]] * percent <= 0
    ]
    assert against == []


def _plain(value: Any) -> Any:
    """Return a plain Python value, None for NaN."""
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return value.item() if isinstance(value, np.generic) else value


def _agree(found: Any, wanted: Any) -> bool:
    """Compare numbers as numbers, all else exactly: TRUE is not 1."""
    if _is_number(found) and _is_number(wanted):
        return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-12)
    return type(found) is type(wanted) and bool(found == wanted)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def test_on_a_series_with_everything_that_goes_wrong(sandbox: Sandbox) -> None:
    readings = adversarial_series.readings()
    expected = reference(readings)
    land(sandbox, readings)
    first, last = (
        adversarial_series.FIRST,
        adversarial_series.FIRST + timedelta(days=adversarial_series.DAYS - 1),
    )

    sandbox.compute(first, last)

    assert assert_agree(sandbox, expected, first) > 200_000
    assert_no_word_contradicts_its_percent(sandbox)

    # Day by day, as the daily runs do.
    newest = [last - timedelta(days=age) for age in range(4, -1, -1)]
    for table, day in DAY.items():
        sandbox.select(f"DELETE FROM {DATASET}.{table} WHERE {day} >= '{newest[0]}'")
    for day_ in newest:
        sandbox.compute(day_, day_)
    assert_agree(sandbox, expected, newest[0])


def test_on_the_movies_of_the_simulator(sandbox: Sandbox) -> None:
    first = date(2026, 3, 1)
    last = first + timedelta(days=59)
    readings = _simulated(first, last)
    land(sandbox, readings)

    sandbox.compute(first, last)

    assert_agree(sandbox, reference(readings), last - timedelta(days=4))
    assert_no_word_contradicts_its_percent(sandbox)


def test_on_a_real_series(sandbox: Sandbox, real_data: Path) -> None:
    series = pd.read_csv(
        real_data / "tmdb-series-2026-01-02.csv", parse_dates=["date"]
    ).rename(columns={"tmdb_id": "movie_id"})
    series["snapshot_date"] = series["date"].dt.date
    series["read_at"] = series["date"].dt.tz_localize("UTC")
    series["source"] = "details"
    land(sandbox, series)
    first, last = series["snapshot_date"].min(), series["snapshot_date"].max()

    sandbox.compute(first, last)

    assert assert_agree(sandbox, reference(series), first) > 200_000
    assert_no_word_contradicts_its_percent(sandbox)


def _simulated(first: date, last: date) -> pd.DataFrame:
    """Read 300 movies of the simulator from exports and details; a fifth is missing."""
    catalogue, random = Catalogue(seed=5, movies=300, start=first), Random(5)
    readings: list[dict[str, Any]] = []
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        read_at = datetime.combine(day, time(9), UTC)
        details = [
            catalogue.details(movie_id, day)
            for movie_id in catalogue.by_popularity(day)
        ]
        read = [
            *(("export", row) for row in catalogue.export(day)),
            *(("details", row) for row in details if row),
        ]
        readings += [
            {
                "movie_id": row["id"],
                "snapshot_date": day,
                "source": source,
                "popularity": row["popularity"],
                "vote_count": row.get("vote_count"),
                "vote_average": row.get("vote_average"),
                "read_at": read_at,
            }
            for source, row in read
            if random.random() < 0.8
        ]
    return pd.DataFrame(readings)
