"""compute_metrics creates the views that are missing or differ from their files."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from google.cloud import bigquery

from emulators.bigquery import BigQueryEmulator
from functions.compute_metrics import views
from functions.compute_metrics.deadline import Deadline
from local import tables as local_tables
from shared import sql_files
from shared.bigquery import Warehouse
from shared.bigquery_views import labels_of_views
from shared.errors import StatementError
from shared.interfaces import Parameter

pytestmark = pytest.mark.emulator

DATASET = "viewed"
ALL = [view.view for view in sql_files.views()]
LEAF = "v_movie_score_explained"
"""A view that no other reads."""
BASE = "v_published_days"
"""One that others read."""


class Instance(Warehouse):
    """The connection of a new instance; it records the views that are created."""

    def __init__(self, client: bigquery.Client) -> None:
        super().__init__(client, DATASET, max_bytes_billed=10**9)
        self.made: list[str] = []
        self.refuse = ""
        self.meanwhile: Callable[[], object] = lambda: None

    def view_labels(self, key: str) -> dict[str, str]:
        # An edit right now counts as one long after the creation.
        at_once = timedelta(milliseconds=1)
        labels = labels_of_views(self._client, self._dataset, key, at_once)
        self.meanwhile()
        return labels

    def execute(
        self, sql: str, *, timeout_s: float = 480.0, **parameters: Parameter
    ) -> tuple[int, int]:
        name = sql_files.Statement("", sql.replace("\nOPTIONS", " AS\n")).view
        if name == self.refuse:
            raise StatementError(f"{name} is refused")
        done = super().execute(sql, timeout_s=timeout_s, **parameters)
        self.made.append(name)
        return done


@pytest.fixture(scope="module")
def client(emulator: BigQueryEmulator) -> Iterator[bigquery.Client]:
    with local_tables.connect(emulator.url) as one:
        local_tables.create_tables(one, DATASET)
        yield one


@pytest.fixture(scope="module", autouse=True)
def _made(client: bigquery.Client) -> None:
    _start(client)


def _start(client: bigquery.Client) -> list[str]:
    """Check the views as a new instance does; return those that it created."""
    instance = Instance(client)
    views.make_changed(instance, Deadline.after(60))
    return instance.made


def _query_of(client: bigquery.Client, view: str) -> str:
    query: str = client.get_table(f"{DATASET}.{view}").view_query
    return query


def test_a_new_dataset_gets_every_view_and_the_next_instance_makes_none(
    client: bigquery.Client,
) -> None:
    for view in ALL:
        client.delete_table(f"{DATASET}.{view}", not_found_ok=True)
    assert _start(client) == ALL
    assert _start(client) == []


def test_a_deleted_view_is_made_again(client: bigquery.Client) -> None:
    client.delete_table(f"{DATASET}.{LEAF}")
    assert _start(client) == [LEAF]
    assert _start(client) == []


def test_a_view_that_somebody_has_replaced_is_made_again(
    client: bigquery.Client,
) -> None:
    ours = _query_of(client, LEAF)
    client.query_and_wait(f"CREATE OR REPLACE VIEW {DATASET}.{LEAF} AS SELECT 1 AS one")
    assert _start(client) == [LEAF]
    assert _query_of(client, LEAF) == ours


def test_a_view_that_somebody_has_edited_is_made_again(client: bigquery.Client) -> None:
    ours = _query_of(client, LEAF)
    view = client.get_table(f"{DATASET}.{LEAF}")
    view.view_query = "SELECT 1 AS one"
    client.update_table(view, ["view_query"])
    assert client.get_table(
        f"{DATASET}.{LEAF}"
    ).labels  # an edit in the console keeps the labels too
    assert _start(client) == [LEAF]
    assert _query_of(client, LEAF) == ours


def test_a_view_that_others_read_is_made_again_with_them_working(
    client: bigquery.Client,
) -> None:
    client.query_and_wait(f"CREATE OR REPLACE VIEW {DATASET}.{BASE} AS SELECT 1 AS one")
    assert BASE in _start(client)
    for view in ALL:
        client.query_and_wait(f"SELECT * FROM {DATASET}.{view} LIMIT 0")
    client.delete_table(f"{DATASET}.{BASE}")
    assert BASE in _start(client)
    for view in ALL:
        client.query_and_wait(f"SELECT * FROM {DATASET}.{view} LIMIT 0")
    assert _start(client) == []


def test_an_update_that_ended_half_way_is_finished_by_the_next_instance(
    client: bigquery.Client,
) -> None:
    # As an older version of the code left them.
    for view in sql_files.views():
        client.query_and_wait(
            view.labelled(views.LABEL, "older").replace(
                "tmdb_analytics.", f"{DATASET}."
            )
        )
    dying = Instance(client)
    dying.refuse = ALL[5]
    with pytest.raises(StatementError):
        views.make_changed(dying, Deadline.after(60))
    assert dying.made == ALL[:5]
    assert _start(client) == ALL[5:]
    assert _start(client) == []


def test_two_instances_at_once_leave_every_view_as_it_should_be(
    client: bigquery.Client,
) -> None:
    missing = [view for view in ALL if view in ("v_outlook_coverage", LEAF)]
    for view in missing:
        client.delete_table(f"{DATASET}.{view}")
    first = Instance(client)
    first.meanwhile = lambda: _start(client)
    views.make_changed(first, Deadline.after(60))
    assert first.made == missing  # once more, which changes nothing
    assert _start(client) == []


def test_a_deployment_makes_every_view(client: bigquery.Client) -> None:
    instance = Instance(client)
    assert views.make(instance, Deadline.after(60)) == len(ALL)
    assert instance.made == ALL
    assert _start(client) == []


def test_a_table_with_such_a_label_is_no_trouble(client: bigquery.Client) -> None:
    table = client.get_table(f"{DATASET}.movies")
    table.labels = {views.LABEL: "by hand"}
    client.update_table(table, ["labels"])
    assert _start(client) == []
