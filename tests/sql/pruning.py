"""Find the tables that a resolved statement reads, and whether days bound them.

It uses Google's resolved tree. A condition `day BETWEEN a AND b`, or each half of it,
bounds a read if a and b name no column and it reaches the partition column as a query
planner moves filters: through projections, groups and windows by that column, unions,
the inner sides of joins, CTEs (every use must be bounded) and views. It does not pass a
LIMIT, a FULL JOIN or a function of the day.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.sql.googlesql import TABLES, Resolved

type Sides = Mapping[str, int]
"""The bounded ones of "lower" and "upper" -> days after a parameter."""
type Bounds = Mapping[int, Sides]
"""The sides on which a column is bounded, by column id."""

NONE: Sides = {}
_COMPARISONS = {
    "$equal": {"lower": 0, "upper": 0},
    "$greater": {"lower": 1},
    "$greater_or_equal": {"lower": 0},
    "$less": {"upper": -1},
    "$less_or_equal": {"upper": 0},
}
_FLIPPED = {"lower": "upper", "upper": "lower"}


@dataclass(frozen=True, slots=True)
class Read:
    """One read of a partitioned table.

    days: of the partitions that are read where all parameters are one day; None where
    they are not bounded.
    """

    table: str
    days: int | None
    scan: Resolved = field(compare=False, repr=False)

    @property
    def is_bounded(self) -> bool:
        """Whether its partitions are bounded."""
        return self.days is not None


def reads(statement: Resolved, views: Mapping[str, Resolved]) -> list[Read]:
    """List what a statement reads of partitioned tables, directly and through views."""
    reader = _Reader(views)
    passed = _written(statement)
    # An INSERT does not read the table that it appends to.
    is_insert = _kind(statement) == "ResolvedInsertStmt"
    left_out = statement.table_scan if is_insert else None
    for scan in _scans(statement):
        if scan is not left_out:
            reader.read(scan, passed.get(id(scan), {}))
    return reader.found


def _written(statement: Resolved) -> dict[int, Bounds]:
    """Return the bounds on the table that a statement changes."""
    if _kind(statement) == "ResolvedUpdateStmt":
        return {id(statement.table_scan): _bounds(statement.where_expr)}
    if _kind(statement) != "ResolvedMergeStmt":
        return {}
    # Stored rows are read to find matches, or by a clause for rows without one.
    ways = [
        _bounds(clause.match_expr)
        for clause in statement.when_clause_list
        if clause.match_type.name == "NOT_MATCHED_BY_SOURCE"
    ]
    if not _is_false(statement.merge_expr):
        ways.append(_bounds(statement.merge_expr))
    return {id(statement.table_scan): _in_all(ways)}


class _Reader:
    """Walks from a query down to the tables, with the bounds on the way."""

    def __init__(self, views: Mapping[str, Resolved]) -> None:
        self.found: list[Read] = []
        self._views = views
        self._uses: dict[str, list[list[Sides]]] = {}

    def read(self, scan: Resolved, bounds: Bounds) -> None:
        if _kind(scan) == "ResolvedTableScan":
            self._read_table(scan, bounds)
        elif _kind(scan) == "ResolvedWithScan":
            self._read_with(scan, bounds)
        elif _kind(scan) == "ResolvedWithRefScan":
            self._uses.setdefault(scan.with_query_name, []).append(
                [bounds.get(column.column_id, NONE) for column in scan.column_list]
            )
        else:
            passed = {id(child): of for child, of in _inputs(scan, bounds)}
            # The others are subqueries of expressions.
            for child in _scans(scan):
                self.read(child, passed.get(id(child), {}))

    def _read_table(self, scan: Resolved, bounds: Bounds) -> None:
        by_name = {
            column.name: bounds.get(column.column_id, NONE)
            for column in scan.column_list
        }
        name = scan.table.name
        if name in TABLES:
            key = TABLES[name]["partition_by"]
            if key:
                self.found.append(Read(name, _days(by_name.get(key, NONE)), scan))
            return
        view = self._views[name]
        inside = _Reader(self._views)
        inside.read(
            view.query,
            {
                column.column.column_id: by_name.get(column.name, NONE)
                for column in view.output_column_list
            },
        )
        self.found += inside.found

    def _read_with(self, scan: Resolved, bounds: Bounds) -> None:
        self.read(scan.query, bounds)
        for entry in reversed(scan.with_entry_list):
            uses = self._uses.get(entry.with_query_name, [])
            columns = [column.column_id for column in entry.with_subquery.column_list]
            self.read(
                entry.with_subquery,
                _in_all([dict(zip(columns, use, strict=True)) for use in uses]),
            )


def _inputs(scan: Resolved, bounds: Bounds) -> Iterator[tuple[Resolved, Bounds]]:
    """Yield the inputs of a scan, each with the bounds that reach it."""
    match _kind(scan):
        case "ResolvedFilterScan":
            yield scan.input_scan, _with(bounds, _bounds(scan.filter_expr))
        case "ResolvedProjectScan":
            yield scan.input_scan, _behind(scan.expr_list, bounds)
        case "ResolvedAggregateScan":
            yield scan.input_scan, _behind(scan.group_by_list, bounds)
        case "ResolvedAnalyticScan":
            shared = set(bounds)
            for group in scan.function_group_list:
                by = group.partition_by
                keys = by.partition_by_list if by else []
                shared &= {key.column.column_id for key in keys}
            yield scan.input_scan, {column: bounds[column] for column in shared}
        case "ResolvedJoinScan":
            kind = scan.join_type.name
            on = _bounds(scan.join_expr)
            left = bounds if kind in {"INNER", "LEFT"} else {}
            right = bounds if kind in {"INNER", "RIGHT"} else {}
            yield scan.left_scan, _with(left, on if kind in {"INNER", "RIGHT"} else {})
            yield scan.right_scan, _with(right, on if kind in {"INNER", "LEFT"} else {})
        case "ResolvedSetOperationScan":
            for item in scan.input_item_list:
                columns = zip(scan.column_list, item.output_column_list, strict=True)
                yield (
                    item.scan,
                    {
                        inner.column_id: bounds.get(outer.column_id, NONE)
                        for outer, inner in columns
                    },
                )
        case "ResolvedOrderByScan" | "ResolvedArrayScan":
            yield scan.input_scan, bounds


def _behind(computed: Iterable[Resolved], bounds: Bounds) -> Bounds:
    """Follow columns that are only renamed; the others keep their ids."""
    return _with(
        bounds,
        {
            of.expr.column.column_id: bounds.get(of.column.column_id, NONE)
            for of in computed
            if _kind(of.expr) == "ResolvedColumnRef"
        },
    )


def _bounds(condition: Resolved) -> Bounds:
    """Return the bounds on columns that a condition implies."""
    name = condition.function.name if hasattr(condition, "function") else ""
    name = name.rpartition(":")[2]
    arguments = getattr(condition, "argument_list", [])
    if name == "$and":
        found: Bounds = {}
        for part in arguments:
            found = _with(found, _bounds(part))
        return found
    if name == "$between" and _is_constant(arguments[1:]):
        first, last = map(_shift, arguments[1:])
        return _of(arguments[0], {"lower": first, "upper": last})
    if name == "$in" and _is_constant(arguments[1:]):
        # Days that are equal are one partition.
        others = [one for one in arguments[2:] if one != arguments[1]]
        return _of(arguments[0], {"lower": 0, "upper": len(others)})
    if name in _COMPARISONS:
        one, other = arguments
        sides = _COMPARISONS[name]
        if _is_constant(other):
            shift = _shift(other)
            return _of(one, {side: by + shift for side, by in sides.items()})
        if _is_constant(one):
            shift = _shift(one)
            return _of(other, {_FLIPPED[of]: shift - by for of, by in sides.items()})
    return {}


def _of(expression: Resolved, sides: Sides) -> Bounds:
    if _kind(expression) == "ResolvedColumnRef":
        return {expression.column.column_id: sides}
    return {}


def _shift(expression: Resolved) -> int:
    """Return how many days after a parameter a constant day is."""
    name = expression.function.name if hasattr(expression, "function") else ""
    name = name.rpartition(":")[2]
    if name == "least":
        return min(map(_shift, expression.argument_list))
    sign = {"date_add": 1, "date_sub": -1}.get(name, 0)
    if not sign:
        return 0
    day, days, *_ = expression.argument_list
    return _shift(day) + sign * int(days.value.value.int64_value)


def _days(sides: Sides) -> int | None:
    if sides.keys() < {"lower", "upper"}:
        return None
    return sides["upper"] - sides["lower"] + 1


def _is_constant(expression: Any) -> bool:
    return not any(
        _kind(node) in {"ResolvedColumnRef", "ResolvedSubqueryExpr"}
        for node in _nodes(expression)
    )


def _is_false(expression: Resolved) -> bool:
    is_literal = _kind(expression) == "ResolvedLiteral"
    return is_literal and expression.value.value.bool_value is False


def _with(some: Bounds, others: Bounds) -> Bounds:
    return {
        column: _tightest(some.get(column, NONE), others.get(column, NONE))
        for column in some.keys() | others.keys()
    }


def _tightest(one: Sides, other: Sides) -> Sides:
    shared = one.keys() & other.keys()
    tight = {
        side: (max if side == "lower" else min)(one[side], other[side])
        for side in shared
    }
    return {**one, **other, **tight}


def _in_all(ways: Sequence[Bounds]) -> Bounds:
    if not ways:
        return {}
    shared = set.intersection(*(set(way) for way in ways))
    return {column: _loosest([way[column] for way in ways]) for column in shared}


def _loosest(ways: Sequence[Sides]) -> Sides:
    shared = set.intersection(*(set(way) for way in ways))
    return {
        side: (min if side == "lower" else max)(way[side] for way in ways)
        for side in shared
    }


def _kind(node: Any) -> str:
    return type(node).__name__


def _children(node: Any) -> Iterator[Any]:
    if isinstance(node, list):
        yield from node
    elif dataclasses.is_dataclass(node):
        for of in dataclasses.fields(node):
            yield getattr(node, of.name)


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    for child in _children(node):
        yield from _nodes(child)


def _scans(node: Any) -> Iterator[Any]:
    """Yield the scans below a node, not those below them."""
    for child in _children(node):
        if _kind(child).startswith("Resolved") and _kind(child).endswith("Scan"):
            yield child
        else:
            yield from _scans(child)
