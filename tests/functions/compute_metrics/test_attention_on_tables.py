"""Attention on the embedded BigQuery, through Google's client: what readers see of it.

A breakout of 10 March, as stored by an earlier day's statements; the public page views
of the days before it come, come late, or do not come.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

import pytest

from functions.compute_metrics import attention
from functions.compute_metrics.clients import Clients
from functions.compute_metrics.deadline import Deadline
from functions.compute_metrics.main import run
from local import public_tables
from local.tables import DATASET, PROJECT
from shared.bigquery import Warehouse
from shared.delivery import Delivery
from shared.ledger import Ledger
from shared.messages import MetricsRequest
from tests.fakes import FakeTopics
from tests.sql.sandbox import Sandbox, sandbox_in

pytestmark = pytest.mark.emulator

DAY = date(2026, 3, 10)
OF_RUN = MetricsRequest(f"daily-{DAY}", DAY, DAY)
GIB = 1024**3
TITLE = "Film"
USUAL, MORE = 700, 2_100


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with sandbox_in(tmp_path_factory.mktemp("bigquery")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(stored: Sandbox) -> Sandbox:
    """Return tables that hold one breakout, and the article of its movie."""
    stored.clear()
    stored.load(
        "catalogue_days",
        [
            {
                "snapshot_date": DAY,
                "has_votes": True,
                "is_catalogue_shift": False,
                "is_published": True,
            }
        ],
    )
    stored.load(
        "movies",
        [{"movie_id": 1, "wikidata_id": "Q1", "last_updated": datetime.now(UTC)}],
    )
    alarm = {"is_breakout_start": True, "is_breakout_confirmed": False}
    stored.load("movie_breakouts", [{"movie_id": 1, "calculation_date": DAY} | alarm])
    _know_article(stored, TITLE)
    return stored


def _know_article(sandbox: Sandbox, title: str) -> None:
    article = {"movie_id": 1, "wikidata_id": "Q1", "wiki": "en", "title": title}
    seen = {"first_seen": DAY, "last_seen": DAY}
    sandbox.load("movie_articles", [article | seen])


def _publish(
    sandbox: Sandbox,
    days: range,
    views: Mapping[str, int],
    title: str = TITLE,
    hours: int = 24,
) -> None:
    """Put days before DAY into the public table: views by wiki, in the last hour."""
    rows: list[dict[str, object]] = []
    for back in days:
        day = DAY - timedelta(days=back)
        for hour in range(hours):
            at = f"{day}T{hour:02}:00:00Z"
            rows.append(
                {"datehour": at, "wiki": "en", "title": "Main_Page", "views": 9}
            )
        rows += [
            {"datehour": at, "wiki": wiki, "title": title, "views": count}
            for wiki, count in views.items()
        ]
    public_tables.load_pageviews(sandbox.client, 2026, rows)


def _both(views: int) -> dict[str, int]:
    return {"en": views, "en.m": views}


def _read(sandbox: Sandbox, run: date = DAY) -> None:
    tables = Warehouse(sandbox.client, DATASET, GIB)
    clients = Clients(tables, Ledger(tables, "test"), FakeTopics(), has_wikipedia=True)
    request = MetricsRequest(f"daily-{run}", run, run)
    attention.read(request, "published", clients, Deadline.after(60))


def _breakout(sandbox: Sandbox) -> tuple[float | None, bool | None]:
    [row] = sandbox.rows("v_breakouts")
    return row["wikipedia_ratio"], row["is_confirmed_by_wikipedia"]


def test_readers_confirm_a_breakout(sandbox: Sandbox) -> None:
    _publish(sandbox, range(3, 36), _both(USUAL))
    _publish(sandbox, range(1, 3), _both(MORE))

    _read(sandbox)

    assert _breakout(sandbox) == (3.0, True)


def test_late_data_turns_null_into_true(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """The newest day has 5 hours at first: it counts as not read."""
    _publish(sandbox, range(3, 36), _both(USUAL))
    _publish(sandbox, range(2, 3), _both(MORE))
    _publish(sandbox, range(1, 2), {"en": 10, "en.m": 10}, hours=5)

    _read(sandbox)

    assert _breakout(sandbox) == (None, None)
    _publish(sandbox, range(1, 2), _both(MORE - 10))
    _read(sandbox, DAY + timedelta(days=1))
    assert _breakout(sandbox) == (3.0, True)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_spike_on_desktop_alone_confirms_nothing(sandbox: Sandbox) -> None:
    _publish(sandbox, range(3, 36), _both(USUAL))
    _publish(sandbox, range(1, 3), {"en": 20 * USUAL, "en.m": USUAL})

    _read(sandbox)

    assert _breakout(sandbox) == (10.5, False)


def test_a_rename_loses_no_views(sandbox: Sandbox) -> None:
    """Before it everybody asks for the old title, after it half of them do."""
    _know_article(sandbox, "Film_(2026_film)")
    _publish(sandbox, range(3, 36), _both(USUAL))
    _publish(sandbox, range(1, 3), _both(MORE // 2))
    _publish(sandbox, range(1, 3), _both(MORE // 2), title="Film_(2026_film)")

    _read(sandbox)

    assert _breakout(sandbox) == (3.0, True)


def test_a_namesake_counts_nothing(sandbox: Sandbox) -> None:
    _publish(sandbox, range(1, 36), _both(USUAL))
    _publish(sandbox, range(1, 3), _both(9 * MORE), title="Film_(album)")

    _read(sandbox)

    assert _breakout(sandbox) == (1.0, False)


def test_the_table_of_a_new_year_is_missing(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    _read(sandbox, date(2027, 1, 2))

    [line] = [r for r in caplog.records if r.msg == "attention_not_read"]
    assert "pageviews_2027" in vars(line)["reason"]


def test_without_an_article_no_table_is_read(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.select(f"TRUNCATE TABLE `{PROJECT}.{DATASET}.movie_articles`")

    _read(sandbox, date(2027, 1, 2))

    assert [r.msg for r in caplog.records if r.msg == "attention_not_read"] == []


def _published(sandbox: Sandbox, *, has_wikipedia: bool) -> list[str]:
    """Land two days, publish them as a run does; return what was stored, as text."""
    for day in (DAY - timedelta(days=1), DAY):
        rows = [
            {
                "run_id": f"daily-{day}",
                "run_date": day,
                "batch_no": 1,
                "movie_id": movie_id,
                "title": f"Movie {movie_id}",
                "popularity": 10.0 * movie_id,
                "vote_count": 100,
                "fetched_at": datetime(day.year, day.month, day.day, 9, tzinfo=UTC),
            }
            for movie_id in range(1, 6)
        ]
        sandbox.load("movie_details_raw", rows)
    _know_article(sandbox, TITLE)
    tables = Warehouse(sandbox.client, DATASET, GIB)
    clients = Clients(
        tables, Ledger(tables, "test"), FakeTopics(), has_wikipedia=has_wikipedia
    )
    at = datetime.now(UTC)
    answer = run(OF_RUN, Delivery(f"{at}", at, 1, True, b""), clients)  # noqa: FBT003
    assert answer["status"] == "published"
    names = ("movie_metrics_aggregated", "movie_viral_signals", "chart_history")
    return [
        str({key: row[key] for key in row if not isinstance(row[key], datetime)})
        for name in (*names, "movie_daily_snapshots", "catalogue_days", "v_breakouts")
        for row in sandbox.rows(name)
    ]


def test_a_day_is_the_same_to_the_byte_with_the_source_dead(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.clear()
    without = _published(sandbox, has_wikipedia=False)
    assert "attention_not_read" not in [record.msg for record in caplog.records]
    sandbox.clear()
    sandbox.client.delete_table(public_tables.name(2026))
    try:
        dead = _published(sandbox, has_wikipedia=True)
    finally:
        public_tables.create_pageviews(sandbox.client, 2026)

    assert dead == without
    assert len(without) > 10
    assert "attention_not_read" in [record.msg for record in caplog.records]
