"""withhold and publish: an operator's word on a day, through the real warehouse."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from google.cloud import bigquery
from typer.testing import CliRunner, Result

from cli.__main__ import app
from cli.errors import Exit
from emulators.bigquery import BigQueryEmulator
from emulators.pubsub import PubSubEmulator
from functions.compute_metrics.clients import Clients
from functions.compute_metrics.main import run
from local import tables as local_tables
from local import topics as local_topics
from shared.bigquery import Warehouse
from shared.ledger import Ledger
from shared.messages import DASHBOARD_REQUESTS, MetricsRequest
from tests.datasets import land_details
from tests.fakes import FakeTopics
from tests.push_requests import delivery_on

pytestmark = pytest.mark.emulator

BEFORE, DAY = date(2026, 3, 9), date(2026, 3, 10)

type Ask = Callable[..., Result]


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BigQueryEmulator]:
    with BigQueryEmulator(tmp_path_factory.mktemp("bigquery")) as running:
        yield running


@pytest.fixture(scope="module")
def client(emulator: BigQueryEmulator) -> Iterator[bigquery.Client]:
    with local_tables.connect(emulator.url) as connected:
        local_tables.create_tables(connected)
        yield connected


@pytest.fixture(scope="module")
def tables(client: bigquery.Client) -> Warehouse:
    """Return a dataset in which two days are published."""
    made = Warehouse(client, local_tables.DATASET, max_bytes_billed=10**9)
    land_details(made, (BEFORE, DAY), movies=2, at=10, popularity=10.0)
    assert _compute(made)["status"] == "published"
    return made


@pytest.fixture
def ask(emulator: BigQueryEmulator, tables: Warehouse) -> Ask:
    os.environ["BIGQUERY_EMULATOR_HOST"] = emulator.url
    return lambda *words, answer=None: CliRunner().invoke(
        app,
        [*words, f"--project={local_tables.PROJECT}"],
        input=answer,
        env={"COLUMNS": "160"},
    )


def _compute(tables: Warehouse) -> dict[str, Any]:
    id_ = f"{datetime.now(UTC).timestamp()}"
    delivery = replace(delivery_on(DAY), id=id_)
    clients = Clients(tables, Ledger(tables, "test"), FakeTopics())
    return run(MetricsRequest(None, BEFORE, DAY), delivery, clients)


def _newest(tables: Warehouse) -> tuple[date, float]:
    [row] = tables.select(
        "SELECT last_updated, current_popularity\n"
        "FROM tmdb_analytics.v_latest_popularity_metrics WHERE movie_id = 1"
    )
    return row["last_updated"], row["current_popularity"]


def _events(tables: Warehouse) -> list[dict[str, Any]]:
    return tables.select(
        "SELECT event, reason, requested_by, code_version, run_date\n"
        "FROM tmdb_analytics.ingestion_log\n"
        "WHERE event IN ('DAY_WITHHELD', 'DAY_PUBLISHED') ORDER BY logged_at"
    )


def test_a_withheld_day_stays_withheld_whatever_computes_it_until_it_is_published(
    ask: Ask, tables: Warehouse
) -> None:
    assert _newest(tables) == (DAY, 10.0)
    os.environ["LOGNAME"] = "alice"

    planned = ask("withhold", str(DAY), "--reason=votes are wrong", "--dry-run")
    assert (planned.exit_code, "would be withheld" in planned.output) == (0, True)
    declined = ask("withhold", str(DAY), "--reason=votes are wrong", answer="n\n")
    assert declined.exit_code == Exit.FAILED
    assert (_newest(tables), _events(tables)) == ((DAY, 10.0), [])

    done = ask("withhold", str(DAY), "--reason=votes are wrong", answer="y\n")
    assert done.exit_code == 0, done.output
    assert _newest(tables) == (BEFORE, 10.0)
    [event] = _events(tables)
    assert event == {
        "event": "DAY_WITHHELD",
        "reason": "votes are wrong",
        "requested_by": "alice",
        "code_version": "cli",
        "run_date": DAY,
    }

    # Late batches and backfills compute it again, but it stays withheld.
    land_details(tables, (BEFORE, DAY), movies=2, at=20, popularity=20.0)
    answer = _compute(tables)
    assert answer["status"] == "published"  # the day before
    assert answer["withheld_by_operator"] == [str(DAY)]
    assert _newest(tables) == (BEFORE, 20.0)
    checked = ask("validate", f"--from={DAY}", f"--to={DAY}")
    assert (checked.exit_code, "hold withheld_days" in checked.output) == (0, True)

    again = ask("withhold", str(DAY), "--reason=twice", "--yes")
    assert (again.exit_code, "already" in again.output) == (0, True)
    assert len(_events(tables)) == 1

    result = ask("publish", str(DAY), "--reason=TMDB fixed them", "--yes", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {
        "day": str(DAY),
        "was_published": False,
        "was_withheld_for": "votes are wrong",
        "is_changed": True,
        "is": "published",
        "page": "not deployed",
    }
    assert _newest(tables) == (DAY, 20.0)
    assert [event["event"] for event in _events(tables)] == [
        "DAY_WITHHELD",
        "DAY_PUBLISHED",
    ]
    assert _compute(tables)["status"] == "published"
    assert _newest(tables) == (DAY, 20.0)


def _deploy_dashboard(client: bigquery.Client) -> None:
    """Label the dataset as Terraform does if `dashboard` is set."""
    dataset = client.get_dataset(local_tables.DATASET)
    dataset.labels = {"dashboard": "true"}
    client.update_dataset(dataset, ["labels"])


def test_where_no_dashboard_is_deployed_it_says_how_to_see_the_page(ask: Ask) -> None:
    result = ask("publish", str(DAY), "--reason=none", "--yes")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "To see it on the page: tmdb-traction dashboard" in result.stdout


def test_where_a_dashboard_is_deployed_its_page_is_requested(
    ask: Ask, client: bigquery.Client
) -> None:
    _deploy_dashboard(client)
    with PubSubEmulator() as pubsub:
        os.environ["PUBSUB_EMULATOR_HOST"] = pubsub.address
        local_topics.create_queues(pubsub.address, {})
        for verb in ("withhold", "publish"):
            result = ask(verb, str(DAY), "--reason=a test", "--yes")
            assert (result.exit_code, result.stderr) == (0, "")
            assert "page is being rendered again" in result.stdout
            requests = local_topics.pull(pubsub.address, DASHBOARD_REQUESTS, 10.0)
            bodies = [json.loads(message.data) for message in requests]
            assert bodies == [{"snapshot_date": str(DAY)}]


def test_a_page_that_cannot_be_requested_fails_no_command(
    ask: Ask, tables: Warehouse, client: bigquery.Client
) -> None:
    _deploy_dashboard(client)
    with PubSubEmulator() as pubsub:  # without the topic
        os.environ["PUBSUB_EMULATOR_HOST"] = pubsub.address
        result = ask("withhold", str(DAY), "--reason=a test", "--yes", "--json")
        assert result.exit_code == 0, result.output
        answer = json.loads(result.stdout)
        assert (answer["is"], answer["page"]) == ("withheld", "not requested")
        assert "page was not requested: topic dashboard-requests" in result.stderr
        assert "hint: run the same command again" in result.stderr
        assert _newest(tables)[0] == BEFORE
        published = ask("publish", str(DAY), "--reason=over", "--yes")
        assert (published.exit_code, published.stdout) == (0, f"published {DAY}\n")


def test_a_day_that_fails_a_check_is_published_for_nobody(
    ask: Ask, tables: Warehouse, client: bigquery.Client
) -> None:
    assert ask("withhold", str(DAY), "--reason=odd", "--yes").exit_code == 0
    client.query_and_wait(
        "INSERT INTO tmdb_analytics.movie_viral_signals\n"
        "SELECT * FROM tmdb_analytics.movie_viral_signals\n"
        f"WHERE movie_id = 1 AND calculation_date = '{DAY}'"
    )
    refused = ask("publish", str(DAY), "--reason=please", "--yes")
    assert refused.exit_code == Exit.FAILED
    assert "duplicate_keys" in refused.output
    assert "tmdb-traction validate" in refused.output
    assert _newest(tables)[0] == BEFORE


@pytest.mark.parametrize("verb", ["withhold", "publish"])
def test_wrong_use_names_what_is_wrong(ask: Ask, verb: str) -> None:
    for words, expected in {
        (str(DAY),): "--reason",
        (str(DAY), "--reason= "): "--reason",
        ("10.03.2026", "--reason=x"): "YYYY-MM-DD",
        (str(DAY), f"--reason={'x' * 501}"): "at most 500",
    }.items():
        refused = ask(verb, *words)
        assert (refused.exit_code, expected in refused.output) == (Exit.USAGE, True)
    unknown = ask(verb, "2026-01-01", "--reason=x", "--yes")
    assert unknown.exit_code == Exit.NOT_FOUND
    assert "has not computed 2026-01-01" in unknown.output
