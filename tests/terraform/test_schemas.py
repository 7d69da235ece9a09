"""Every file of sql/schemas is a valid BigQuery table, checked without Terraform."""

import json
from pathlib import Path

import pytest

from local import tables
from tests.terraform.driver import Json
from tests.terraform.rules.tables import schema_is_bigquerys


@pytest.mark.parametrize(
    "path", sorted(tables.SCHEMAS.glob("*.json")), ids=lambda path: path.stem
)
def test_a_schema_is_as_bigquerys_api_returns_it(path: Path) -> None:
    spec = json.loads(path.read_text())
    assert list(schema_is_bigquerys(spec, path.stem)) == []


def test_rows_expire_wherever_there_are_days_of_them() -> None:
    """Every run rewrites tracked_movies, without movies retired 180 days before."""
    undated = {
        path.stem
        for path in tables.SCHEMAS.glob("*.json")
        if not json.loads(path.read_text())["partition_by"]
    }
    assert undated == {"tracked_movies"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"type": "INT64"}, "t.day: INT64 is no type that the API returns"),
        ({"mode": None}, "t.day: mode is None"),
        ({"description": ""}, "t.day has no description"),
        ({"type": "RECORD"}, "t.day: a RECORD has fields, nothing else has"),
        ({"maxLength": "9"}, "t.day says more than Terraform and the local tables"),
        ({"name": "date"}, "t cannot be partitioned by day (None)"),
    ],
)
def test_a_column_spelt_otherwise_is_noticed(change: Json, expected: str) -> None:
    day = {"name": "day", "type": "DATE", "mode": "REQUIRED", "description": "The day."}
    spec = {
        "partition_by": "day",
        "partition_expiration_days": 180,
        "cluster_by": [],
        "primary_key": [],
        "fields": [day | change],
    }
    assert any(one.startswith(expected) for one in schema_is_bigquerys(spec, "t"))
