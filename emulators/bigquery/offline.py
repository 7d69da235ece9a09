"""Patch local-bigquery 0.4.0 to run on stock DuckDB 2.0.0, without downloads.

As installed, it downloads three DuckDB extensions at its first start. Each function
here replaces one of them and names the cost. `versions.py` has the tested versions.
"""

import functools
import pathlib

import duckdb
from local_bigquery.engine import database as engine
from local_bigquery.sql import native
from local_bigquery.sql.dialect import FUNCTIONS, MACRO

_NEEDS_SPATIAL = "geography.sql"
_SUFFIX = ".bq.duckdb"
_stock_connect = duckdb.connect

type _Config = dict[str, str | bool | int | float | list[str]]


def go_offline() -> None:
    """Replace the four internals; before the first connection."""
    duckdb.connect = _connect_without_icu
    engine._connect = functools.cache(_connect)  # noqa: SLF001 - no public way
    engine._attach = _attach_duckdb_file  # noqa: SLF001 - no public way
    engine.projects = _projects


def _connect_without_icu(
    database: str | pathlib.Path = ":memory:",
    read_only: bool = False,  # noqa: FBT001, FBT002 - as duckdb declares it
    config: _Config | None = None,
) -> duckdb.DuckDBPyConnection:
    """Set the time zone by a statement: the option makes DuckDB download icu.

    Cost: none that our queries or the 429 checks of the reference show.
    """
    rest = dict(config or {})
    time_zone = rest.pop("TimeZone", None)
    connection = _stock_connect(database, read_only, rest)
    if time_zone:
        connection.execute(f"SET GLOBAL TimeZone = '{time_zone}'")
    return connection


def _connect() -> duckdb.DuckDBPyConnection:
    """Do what engine._connect does, without what needs ducklake or spatial.

    Cost: the ST_* functions are missing.
    """
    settings = engine.settings
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(config={"TimeZone": "UTC"})
    # A query runs on the caller's thread. With two threads our small queries need a
    # tenth more processor time, wait several times as long on a busy machine, and sum
    # floats differently in the last digit. Cost: a long query uses one processor.
    connection.execute("SET threads = 1")
    ledger = settings.data_dir / "emulator.duckdb"
    connection.execute(f"ATTACH {_text(ledger)} AS emulator")
    connection.execute(engine.EMULATOR_SCHEMA)
    connection.execute("ATTACH ':memory:' AS bq")
    native.register(connection)
    for path in FUNCTIONS:
        if path.name != _NEEDS_SPATIAL:
            macros = MACRO.sub(r"CREATE MACRO bq.main.\1", path.read_text())
            connection.execute(macros)
    for project in {*_stored_projects(settings.data_dir), settings.default_project_id}:
        _attach_duckdb_file(connection, project)
    schema = engine.quote(settings.default_project_id, settings.default_dataset_id)
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    return connection


def _attach_duckdb_file(connection: duckdb.DuckDBPyConnection, project: str) -> None:
    """Store a project in a plain DuckDB file instead of a DuckLake.

    Cost: no time travel (FOR SYSTEM_TIME AS OF). Gain: three times faster.
    """
    path = engine.settings.data_dir / f"{project}{_SUFFIX}"
    connection.execute(f"ATTACH IF NOT EXISTS {_text(path)} AS {engine.quote(project)}")
    engine._attached.add(project)  # noqa: SLF001 - its own bookkeeping


def _text(path: pathlib.Path) -> str:
    """Return a path as a literal of SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def _projects() -> list[str]:
    """List the attached files; the original lists DuckLakes."""
    rows = engine.fetch(
        "SELECT database_name FROM duckdb_databases() "
        f"WHERE path LIKE '%{_SUFFIX}' ORDER BY 1"
    )
    return [name for (name,) in rows]


def _stored_projects(data_dir: pathlib.Path) -> set[str]:
    return {path.name.removesuffix(_SUFFIX) for path in data_dir.glob(f"*{_SUFFIX}")}
