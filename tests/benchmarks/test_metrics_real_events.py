"""The scores around events, on a series made by hand."""

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.metrics import real_events, real_series
from benchmarks.metrics.statements import bench

pytestmark = [
    pytest.mark.emulator,
    pytest.mark.exhaustive,
    pytest.mark.filterwarnings("ignore:Retrieving Arrow:PendingDeprecationWarning"),
]

FIRST = date(2026, 1, 1)
DAYS, RISER, ABSENT_DAY = 30, 1, 25


def _write(path: Path) -> Path:
    """Write 30 constant movies; one triples on the last 3 days."""
    lines = ["date,tmdb_id,title,popularity,vote_count"]
    for day in range(DAYS):
        for movie in range(1, 31):
            if (movie, day) == (RISER, ABSENT_DAY):
                continue
            popularity = 30 if movie == RISER and day >= DAYS - 3 else 10
            lines.append(f"{FIRST + timedelta(days=day)},{movie},x,{popularity},{day}")
    path.write_text("\n".join(lines))
    return path


def test_each_day_around_an_event_has_its_score(tmp_path: Path) -> None:
    series = real_series.read(_write(tmp_path / "series.csv"))
    began_on = pd.Timestamp(FIRST + timedelta(days=DAYS - 3))
    events = pd.DataFrame(
        [(2, "too early", began_on, 2), (RISER, "surge", began_on, 26)],
        columns=["tmdb_id", "event", "from_date", "before"],
    )
    with bench() as emulated:
        metrics, _ = emulated.compute(series, whole=True)

    [scored] = real_events.around(series, metrics, events)

    assert (scored.kind, scored.days_before) == ("surge", 26)
    before, absent, day_before, *of_event = scored.cells
    assert (before, absent, day_before) == ("0", real_events.UNOBSERVED, "0")
    # As in test_metrics_real_series: the alarm is on the second day of three.
    first, second, third, *after = of_event
    assert 0 < int(first) < int(second.removesuffix(real_events.ALARM))
    assert second.endswith(real_events.ALARM)
    assert third.endswith(real_events.ALARM)
    assert after == [real_events.UNOBSERVED] * 3
