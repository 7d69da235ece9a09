"""Where the tables are: a project, or the folder of the demo, in; Tables out."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from google.cloud import bigquery

from local import warehouse as demo
from local.bigquery_emulator import BigQueryEmulator, BigQueryEmulatorError
from shared.bigquery import Warehouse
from shared.ports import Tables

MAX_BYTES_BILLED = 20 * 1024**3
"""Of one query; the same as the functions' default."""

NOTHING_THERE = 3
"""Exit code: no demo has run yet, or its data are in use."""

Project = Annotated[
    str | None,
    typer.Option(
        envvar="PROJECT",
        help="Google Cloud project; without one, the demo's data on this machine.",
    ),
]
Dataset = Annotated[str, typer.Option(help="BigQuery dataset of the project.")]
Data = Annotated[Path, typer.Option(help="Folder of the demo's data.")]
DEMO_DATA = Path(__file__).parents[1] / ".data"


@contextmanager
def tables(project: str | None, dataset: str, data: Path) -> Iterator[Tables]:
    """Open the tables of a project, else of the demo that ran last."""
    if project:
        with closing(bigquery.Client(project=project)) as client:
            yield Warehouse(client, dataset, MAX_BYTES_BILLED)
        return
    stored = sorted(data.glob("*/bigquery"), key=lambda path: path.stat().st_mtime)
    if not stored:
        typer.echo(
            f"no demo data in {data}: run `make demo` first, or name a project "
            "(PROJECT=...)",
            err=True,
        )
        raise typer.Exit(NOTHING_THERE)
    try:
        emulator = BigQueryEmulator(stored[-1], project=demo.PROJECT)
    except BigQueryEmulatorError as error:
        typer.echo(f"the demo's data cannot be opened: {error}", err=True)
        raise typer.Exit(NOTHING_THERE) from error
    with emulator, closing(demo.connect(emulator.url)) as client:
        yield Warehouse(client, demo.DATASET, MAX_BYTES_BILLED)
