"""Open the deployment that the options name: its tables, topics and day.

A project; otherwise the running local stack; otherwise the demo's data, read-only.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cli.costs.assumptions import MAX_GIB_BILLED, MOVIES_EXPORTED
from cli.deployment import quota_project
from cli.errors import Exit, OperatorError
from cli.options import Selector
from emulators.bigquery import (
    BigQueryEmulator,
    BigQueryEmulatorError,
    FolderHeldError,
)
from local.archives import DASHBOARD
from local.endpoints import Endpoints
from local.tables import PROJECT
from shared.config import ALL, Platform
from shared.interfaces import Tables, Topics

if TYPE_CHECKING:
    from google.cloud import bigquery

MAX_BYTES_BILLED = MAX_GIB_BILLED * 1024**3
"""Per query; the same as the functions' default."""

TRACKED_LABEL, DETAILS_LABEL = "tracked_movies", "details_per_day"
MAX_GIB_LABEL = "max_gib_billed"
"""Labels of the dataset: the numbers that terraform/variables.tf owns."""

DASHBOARD_LABEL = "dashboard"
"""Label of the dataset: whether terraform/variables.tf's `dashboard` is set."""

NEWEST_DAY = """
SELECT MAX(run_date) AS day FROM tmdb_analytics.batch_plan
WHERE run_date <= CURRENT_DATE('UTC')
"""


@dataclass(frozen=True, slots=True)
class Deployment:
    """An open deployment.

    stack: the running local stack; None for a project, and for stored data.
    is_metered: whether BigQuery counts the bytes it bills; the emulator does not.
    """

    name: str
    project: str
    dataset: str
    prefix: str
    client: "bigquery.Client"
    tables: Tables
    is_metered: bool
    has_topics: bool
    stack: Endpoints | None = None

    @property
    def topics(self) -> Topics:
        """The topics to publish on; OperatorError if no function runs."""
        if not self.has_topics:
            raise nothing_runs()
        from shared.pubsub import Publisher

        return Publisher(self.project, self.prefix)

    @property
    def today(self) -> date:
        """The UTC day; of a simulated TMDB its day, of stored data their newest day."""
        if self.stack:
            day = self.stack.today()
        else:
            day = None if self.has_topics else self._newest_day()
        return day or datetime.now(UTC).date()

    @property
    def tracked_movies(self) -> int | None:
        """How many movies the deployment tracks; None if it is unknown.

        Terraform writes it to a label of the dataset, the local stack into its file.
        """
        if self.stack:
            return self.stack.tracked_movies
        if not self.has_topics:
            return None
        label = self._labels().get(TRACKED_LABEL)
        if label == ALL:
            return MOVIES_EXPORTED
        return int(label) if label else None

    @property
    def details_per_day(self) -> int | None:
        """Of how many movies a run asks for details; None where nobody has said."""
        label = self._labels().get(DETAILS_LABEL) if self.has_topics else None
        return int(label) if label else None

    @property
    def max_gib_billed(self) -> int | None:
        """How many GiB a query of its functions may bill; None if it is unknown."""
        label = self._labels().get(MAX_GIB_LABEL) if self.has_topics else None
        return int(label) if label else None

    @property
    def has_dashboard(self) -> bool:
        """Whether a function renders the page, which commands then request."""
        if self.stack:
            return DASHBOARD in self.stack.functions
        return self.has_topics and self._labels().get(DASHBOARD_LABEL) == "true"

    def _labels(self) -> Mapping[str, str]:
        dataset = self.client.get_dataset(f"{self.project}.{self.dataset}")
        labels: Mapping[str, str] = dataset.labels
        return labels

    def _newest_day(self) -> date | None:
        [row] = self.tables.select(NEWEST_DAY)
        found: date | None = row["day"]
        return found


def nothing_runs() -> OperatorError:
    """Return the error of a command that needs running functions."""
    return OperatorError(
        Exit.NOT_FOUND,
        "this needs the functions, and no stack runs on this machine",
        "run `make local` in another terminal, or name a project (--project)",
    )


@contextmanager
def open_deployment(selector: Selector) -> Iterator[Deployment]:
    """Open the deployment that is selected."""
    from shared.bigquery import open_client

    if selector.project:
        quota_project.count_on(selector.project)
        url = Platform.from_env().bigquery_emulator_url
        with closing(open_client(selector.project, url)) as client:
            yield _place(
                f"project {selector.project}", selector, client, is_metered=not url
            )
    elif stack := running(selector):
        os.environ["PUBSUB_EMULATOR_HOST"] = stack.pubsub
        with closing(open_client(PROJECT, stack.bigquery)) as client:
            yield _place("the local stack", selector, client, stack=stack)
    else:
        with (
            _stored(selector.data) as url,
            closing(open_client(PROJECT, url)) as client,
        ):
            yield _place("the stored data", selector, client, has_topics=False)


def running(selector: Selector) -> Endpoints | None:
    """Return the local stack if it runs; an outdated file does not count."""
    found = Endpoints.read(selector.data)
    return found if found and found.is_up else None


def _place(
    name: str,
    selector: Selector,
    client: "bigquery.Client",
    *,
    is_metered: bool = False,
    has_topics: bool = True,
    stack: Endpoints | None = None,
) -> Deployment:
    from shared.bigquery import Warehouse

    return Deployment(
        name=name,
        project=client.project,
        dataset=selector.dataset,
        prefix=selector.prefix,
        client=client,
        tables=Warehouse(client, selector.dataset, MAX_BYTES_BILLED),
        is_metered=is_metered,
        has_topics=has_topics,
        stack=stack,
    )


@contextmanager
def _stored(data: Path) -> Iterator[str]:
    stored = sorted(data.glob("*/bigquery"), key=lambda path: path.stat().st_mtime)
    if not stored:
        raise OperatorError(
            Exit.NOT_FOUND,
            f"no data in {data}",
            "run `make demo` or `make local` first, or name a project (--project)",
        )
    try:
        emulator = BigQueryEmulator(stored[-1], project=PROJECT)
    except FolderHeldError as error:
        raise OperatorError(
            Exit.NOT_FOUND,
            f"the data in {stored[-1]} are in use by process {error.pid}",
            "wait for the end of that command or demo",
        ) from error
    except BigQueryEmulatorError as error:
        raise OperatorError(
            Exit.NOT_FOUND,
            f"the data cannot be opened: {error}",
            "`make demo-clean` deletes them",
        ) from error
    with emulator:
        yield emulator.url
