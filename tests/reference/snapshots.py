"""A second implementation of snapshots and days, by their definitions."""

import numpy as np
import pandas as pd

from tests.reference.day_windows import MIN_PEERS, Grid, Panel, newest, ratio


def snapshots(readings: pd.DataFrame) -> pd.DataFrame:
    """Return one row per movie and day, with its changes (2a).

    Readings: movie_id, snapshot_date, source (export, details), popularity, vote_count,
    vote_average, read_at. Of each value the newest reading that has it counts, of
    several at one moment the larger. Popularity is the export's where it has one. Every
    movie of the readings is tracked on every day it is read.
    """
    key = ["movie_id", "snapshot_date"]
    export, details = (
        readings[readings["source"] == source]
        .sort_values(["read_at", "popularity"], na_position="first")
        .groupby(key)["popularity"]
        .last()
        for source in ("export", "details")
    )
    last = (
        readings.sort_values(
            ["read_at", "vote_count", "vote_average"], na_position="first"
        )
        .groupby(key)[["vote_count", "vote_average", "read_at"]]
        .last()
    )
    export, details = export.reindex(last.index), details.reindex(last.index)
    rows = pd.DataFrame(
        {
            "is_tracked": True,
            "popularity": export.fillna(details),
            "popularity_source": [
                "export" if known else "details" if else_known else None
                for known, else_known in zip(
                    export.notna(), details.notna(), strict=True
                )
            ],
            "vote_count": last["vote_count"],
            "vote_average": last["vote_average"],
            "ingestion_timestamp": last["read_at"],
        }
    )
    panel = Panel.of(rows.reset_index(), "snapshot_date")
    for name in ("popularity", "vote_count"):
        for days in (1, 7):
            change, percent = _change(panel.grid(name), days)
            panel.rows[f"{name}_change_{days}d"] = panel.column(change)
            panel.rows[f"{name}_pct_change_{days}d"] = panel.column(percent)
    return panel.rows


def _change(grid: Grid, days: int) -> tuple[Grid, Grid]:
    """Return the change over a number of days, also in percent of the reference."""
    reference, age = newest(grid, days, days + 2)
    change = days * (grid - reference) / age
    return change, 100 * ratio(change, reference)


def catalogue_days(snapshot_rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per day: statistics of its movies.

    There are no runs, no passed checks and no withheld days.
    """
    days = []
    for day, rows in snapshot_rows.groupby("snapshot_date"):
        percent = rows["popularity_pct_change_1d"].dropna()
        steps = np.log1p(percent[percent > -100] / 100)
        median = float(steps.median()) if len(steps) >= MIN_PEERS else np.nan
        days.append(
            {
                "snapshot_date": day,
                "movies_observed": int(rows["popularity"].count()),
                "has_votes": bool(rows["vote_count"].notna().any()),
                "popularity_log_change_1d_median": median,
                "is_catalogue_shift": abs(median) >= np.log(1.2),
                "movies_expected": None,
                "coverage": None,
                "popularity_coverage": None,
                "is_published": False,
                "withheld_reason": None,
            }
        )
    return pd.DataFrame(days)
