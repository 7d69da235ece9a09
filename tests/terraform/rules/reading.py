"""Read plans: resources by type, and expressions as they are written."""

from collections.abc import Iterator
from typing import Any

from tests.terraform.driver import Json, planned


def of_type(plan: Json, kind: str) -> list[Json]:
    """List the planned resources of one type."""
    return [item for item in planned(plan) if item["type"] == kind]


def expressions(block: Any) -> Iterator[tuple[str, Json]]:
    """List every argument of a block and the blocks in it, by name."""
    for name, value in block.items():
        for part in value if isinstance(value, list) else [value]:
            if not isinstance(part, dict):
                continue
            if {"references", "constant_value"} & part.keys():
                yield name, part
            else:
                yield from expressions(part)
