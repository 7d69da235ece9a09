"""Tables: each agrees with its schema file, is protected, and valid in BigQuery."""

import json
from collections.abc import Iterator

from local import tables as local_tables
from tests.terraform.driver import Json
from tests.terraform.rules.reading import of_type

COLUMN_TYPES = {
    "BIGNUMERIC", "BOOLEAN", "BYTES", "DATE", "DATETIME", "FLOAT", "GEOGRAPHY",
    "INTEGER", "INTERVAL", "JSON", "NUMERIC", "RECORD", "STRING", "TIME", "TIMESTAMP",
}  # fmt: skip
"""As the API returns them: with any other spelling every plan has a change."""


MODES = {"NULLABLE", "REPEATED", "REQUIRED"}


MS_PER_DAY = 86_400_000


def tables_are_their_schemas(plan: Json) -> Iterator[str]:
    """There is one protected, expiring table per schema file, as that file says."""
    tables = {
        item["values"]["table_id"]: item["values"]
        for item in of_type(plan, "google_bigquery_table")
    }
    files = {path.stem: path for path in local_tables.SCHEMAS.glob("*.json")}
    for name in sorted(tables.keys() ^ files.keys()):
        yield f"{name} is a table or a schema, but not both"
    for name in sorted(tables.keys() & files.keys()):
        table, spec = tables[name], json.loads(files[name].read_text())
        if not table["deletion_protection"]:
            yield f"{name} is not protected from deletion"
        if table["require_partition_filter"]:
            yield f"{name} wants a filter that the views do not give"
        partitioning = [
            (part["type"], part["field"], part.get("expiration_ms"))
            for part in table["time_partitioning"]
        ]
        days = spec["partition_expiration_days"]
        wanted = (
            [("DAY", spec["partition_by"], days * MS_PER_DAY)]
            if spec["partition_by"]
            else []
        )
        if partitioning != wanted:
            yield f"{name} is partitioned by {partitioning}, not {wanted}"
        keys = [
            key["columns"]
            for constraints in table["table_constraints"]
            for key in constraints["primary_key"]
        ]
        if keys != ([spec["primary_key"]] if spec["primary_key"] else []):
            yield f"{name} has the primary key {keys}"
        if table["clustering"] != (spec["cluster_by"] or None):
            yield f"{name} is clustered by {table['clustering']}"
        if table["description"] != spec["description"]:
            yield f"{name} is described otherwise"
        fields = json.loads(table["schema"])
        if fields != spec["fields"]:
            yield f"{name} has other columns"
        yield from columns_are_bigquerys(fields, f"{name}.")


def columns_are_bigquerys(fields: list[Json], path: str = "") -> Iterator[str]:
    """Every column is spelt as BigQuery's API returns it."""
    for field in fields:
        name = f"{path}{field['name']}"
        if field["type"] not in COLUMN_TYPES:
            yield f"{name}: {field['type']} is no type that the API returns"
        if field.get("mode") not in MODES:
            yield f"{name}: mode is {field.get('mode')}"
        if not field.get("description"):
            yield f"{name} has no description"
        if (field["type"] == "RECORD") != bool(field.get("fields")):
            yield f"{name}: a RECORD has fields, nothing else has"
        if set(field) - {"name", "type", "mode", "description", "fields"}:
            yield f"{name} says more than Terraform and the local tables read"
        yield from columns_are_bigquerys(field.get("fields", []), f"{name}.")


def schema_is_bigquerys(spec: Json, name: str) -> Iterator[str]:
    """Partitioning, clustering and key name suitable columns."""
    yield from columns_are_bigquerys(spec["fields"], f"{name}.")
    columns = {field["name"]: field for field in spec["fields"]}
    used = [*spec["cluster_by"], *spec["primary_key"]]
    for column in (column for column in used if column not in columns):
        yield f"{name} has no column {column}"
    if len(spec["cluster_by"]) > 4:
        yield f"{name} is clustered by more than four columns"
    if spec["partition_by"]:
        kind = columns.get(spec["partition_by"], {}).get("type")
        if kind not in ("DATE", "TIMESTAMP"):
            yield f"{name} cannot be partitioned by {spec['partition_by']} ({kind})"
        if not 0 < (spec["partition_expiration_days"] or 0) <= 180:
            yield f"{name} keeps rows longer than TMDB's terms allow"
