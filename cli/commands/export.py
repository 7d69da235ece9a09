"""export: write a view into a Parquet or CSV file."""

import json
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.environment import MAX_BYTES_BILLED, Deployment, open_deployment
from cli.errors import Exit, OperatorError
from cli.options import DryRun, Json, Selector
from local.console import open_console
from local.demo_display import ATTRIBUTION
from shared.sql_files import SQL

if TYPE_CHECKING:
    import pyarrow as pa

VIEWS = tuple(sorted(path.stem for path in SQL.glob("views/*.sql")))


class Format(StrEnum):
    """The file's format, which is also its ending."""

    PARQUET = "parquet"
    CSV = "csv"


def _view(name: str) -> str:
    if name not in VIEWS:
        raise typer.BadParameter(f"{name!r} is not a view; choose: {', '.join(VIEWS)}")
    return name


def _condition(text: str) -> str:
    """Read a condition: one expression, so that the query is one statement."""
    if found := re.search(r";|--|/\*|#", text):
        raise typer.BadParameter(f"{found[0]!r} has no place in a condition")
    return text


View = Annotated[
    str,
    typer.Argument(parser=_view, metavar="VIEW", help=f"One of {', '.join(VIEWS)}."),
]


def export(  # noqa: PLR0913 - each is an option
    selector: Selector,
    view: View,
    *,
    kind: Annotated[
        Format, typer.Option("--format", help="Of the file.")
    ] = Format.PARQUET,
    out: Annotated[
        Path | None, typer.Option(help="File to write; VIEW.FORMAT by default.")
    ] = None,
    condition: Annotated[
        str,
        typer.Option(
            "--where",
            parser=_condition,
            help="SQL condition, such as \"calculation_date >= '2026-03-01'\".",
        ),
    ] = "TRUE",
    limit: Annotated[
        int | None, typer.Option(min=1, help="Maximum number of rows.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite an existing file.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Write a view's rows into a file, with its column names and types.

    CSV has a header, quoted texts, empty fields for NULL, and times in UTC. TMDB's
    terms do not allow keeping a copy for more than 6 months.

    $ tmdb-traction export v_top_viral_movies
    $ tmdb-traction export v_breakouts --format csv --out breakouts.csv
    """
    target = out or Path(f"{view}.{kind}")
    # A device would be replaced by the file.
    is_no_file = target.exists() and not target.is_file()
    if is_no_file or not target.parent.is_dir():
        raise typer.BadParameter(f"{target} cannot be a file", param_hint="--out")
    if target.exists() and not force:
        raise typer.BadParameter(
            f"{target} exists: write --force, or another --out",
            param_hint="--out",
        )
    sql = f"SELECT * FROM {selector.dataset}.{view}\nWHERE ({condition})"  # nosec: read only
    sql += f"\nLIMIT {limit}" if limit else ""
    if dry_run:
        _say(f"would write {target}:\n{sql}", {"sql": sql}, as_json=as_json)
        return
    with open_deployment(selector) as deployment:
        rows = query(deployment, sql)
    write(rows, target, kind)
    about = {"file": str(target), "rows": rows.num_rows, "columns": rows.num_columns}
    message = f"{target}: {rows.num_rows:,} rows, {rows.num_columns} columns"
    _say(f"{message}\n{ATTRIBUTION}", about, as_json=as_json)


def query(deployment: Deployment, sql: str) -> "pa.Table":
    """Return a query's rows with BigQuery's types."""
    from google.api_core.exceptions import BadRequest
    from google.cloud import bigquery

    config = bigquery.QueryJobConfig(maximum_bytes_billed=MAX_BYTES_BILLED)
    try:
        found = deployment.client.query_and_wait(sql, job_config=config)
        # The storage API needs one more permission, and is not faster here.
        return found.to_arrow(create_bqstorage_client=False)
    except BadRequest as error:
        message = str(error.message).splitlines()[0].rsplit("false: ", 1)[-1]
        raise OperatorError(
            Exit.FAILED, f"--where: {message}", "correct the condition"
        ) from error


def write(rows: "pa.Table", target: Path, kind: Format) -> None:
    """Write a file atomically."""
    from pyarrow import csv, parquet

    rows = rows.replace_schema_metadata({"attribution": ATTRIBUTION})
    made = target.with_name(f".{target.name}.part")
    try:
        if kind is Format.PARQUET:
            parquet.write_table(rows, made)
        else:
            csv.write_csv(_flat(rows), made)
        made.replace(target)
    finally:
        made.unlink(missing_ok=True)


def _flat(rows: "pa.Table") -> "pa.Table":
    """Turn lists and structs into JSON texts: CSV has no such cells."""
    import pyarrow as pa

    for number, field in enumerate(rows.schema):
        if pa.types.is_nested(field.type):
            texts = [
                None if value is None else json.dumps(value, default=str)
                for value in rows.column(number).to_pylist()
            ]
            column = pa.array(texts, pa.string())
            rows = rows.set_column(number, field.name, column)
    return rows


def _say(text: str, about: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(about))
    else:
        open_console(soft_wrap=True).print(text)
