"""Find which columns of which tables a resolved statement reads.

It uses Google's resolved tree with the views inlined. A column is read if a filter, a
join, a group or an order names it, or if a value that is computed from it is read.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.sql.googlesql import Resolved
from tests.sql.pruning import reads

_COMPUTED_LISTS = ("expr_list", "aggregate_list", "analytic_function_list")
"""Fields of scans with computed columns, which may be unused."""
_RETURNED = ("column_list", "output_column_list", "hint_list")


@dataclass(frozen=True, slots=True)
class Scan:
    """One read of a partitioned table; days as in pruning.Read."""

    table: str
    columns: frozenset[str]
    days: int | None


def scans(statement: Resolved) -> list[Scan]:
    """List the reads of partitioned tables."""
    living = _Living(statement)
    return [
        Scan(
            read.table,
            frozenset(
                column.name
                for column in read.scan.column_list
                if column.column_id in living.ids
            ),
            read.days,
        )
        for read in reads(statement, {})
    ]


class _Living:
    """Follows columns from what a statement returns down to the tables."""

    def __init__(self, statement: Resolved) -> None:
        self.ids: set[int] = set()
        self._behind: dict[int, list[int]] = {}
        self._entries: dict[str, Resolved] = {}
        returned = getattr(statement, "output_column_list", None) or []
        roots = {column.column.column_id for column in returned}
        roots |= self._walk_fields(statement)
        self._mark(roots)

    def _mark(self, ids: Iterable[int]) -> None:
        left = set(ids)
        while left:
            one = left.pop()
            if one not in self.ids:
                self.ids.add(one)
                left.update(self._behind.get(one, ()))

    def _walk(self, node: Any) -> set[int]:
        """Return the columns that are always read; record the sources of the others."""
        match _kind(node):
            case "ResolvedColumnRef":
                return {node.column.column_id}
            case "ResolvedWithScan":
                entries = node.with_entry_list
                self._entries |= {entry.with_query_name: entry for entry in entries}
            case "ResolvedWithRefScan":
                entry = self._entries[node.with_query_name].with_subquery
                self._rename(node.column_list, entry.column_list)
                return set()
            case "ResolvedSetOperationScan":
                for item in node.input_item_list:
                    self._rename(node.column_list, item.output_column_list)
        return self._walk_fields(node)

    def _walk_fields(self, node: Any) -> set[int]:
        found: set[int] = set()
        computes = _kind(node).endswith(("Scan", "Group"))
        for name, child in _fields(node):
            if computes and name in _COMPUTED_LISTS:
                for of in child:
                    self._note(of.column.column_id, self._walk(of.expr))
            elif name not in _RETURNED:
                for one in child if isinstance(child, list) else [child]:
                    found |= self._walk(one)
        return found

    def _rename(self, columns: Sequence[Any], inner: Sequence[Any]) -> None:
        for column, of in zip(columns, inner, strict=True):
            self._note(column.column_id, {of.column_id})

    def _note(self, column: int, of: Iterable[int]) -> None:
        self._behind.setdefault(column, []).extend(of)


def _fields(node: Any) -> Iterator[tuple[str, Any]]:
    for name in getattr(node, "__dataclass_fields__", ()):
        value = getattr(node, name)
        if value is not None:
            yield name, value


def _kind(node: Any) -> str:
    return type(node).__name__
