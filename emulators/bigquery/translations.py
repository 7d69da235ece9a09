"""Cache each statement's syntax tree and its translation into DuckDB's SQL.

sqlglot parses, types and rewrites a statement each time it runs, a second for our
longest, while DuckDB needs a fraction of that. Ours are the same every day but for
their parameters, which are bound. So a text is parsed once, and a tree is translated
once for each set of parameter types. What a translation depends on is in its key; only
the columns of tables are not, and a change of those empties the memory.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import sqlglot
from local_bigquery.catalog import names, tables
from local_bigquery.jobs import merge, query
from local_bigquery.sql import js, script
from local_bigquery.sql.dialect import BigQueryDialect
from local_bigquery.sql.translate import Context
from sqlglot import exp

REMEMBERED = 1_000
"""Of each kind: scripts, trees, texts of parts, translations of about 20 kB."""

_READ_ONLY = (
    exp.Query,
    exp.Insert,
    exp.Update,
    exp.Delete,
    exp.Merge,
    exp.TruncateTable,
)
"""Kinds of trees that the emulator copies before it changes them."""

_stock_translate = query.translate
_stock_run = query._run  # noqa: SLF001 - no public way
_stock_parse_script = script.parse_script
_stock_parse = script.parse
_stock_is_udf = js.is_udf
_stock_result_schema = query._result_schema  # noqa: SLF001 - no public way
_stock_evolve = tables.evolve
_stock_write = tables.write
_stock_text = merge._sql  # noqa: SLF001 - no public way
_stock_unaliased = merge._unaliased  # noqa: SLF001 - no public way
_of_thread = threading.local()


class _Memory[K: Hashable, V]:
    """The values used last, safe for threads."""

    def __init__(self) -> None:
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: K, value: V) -> V:
        with self._lock:
            self._values[key] = value
            while len(self._values) > REMEMBERED:
                self._values.popitem(last=False)
        return value

    def drop(self, is_stale: Callable[[V], bool]) -> None:
        with self._lock:
            for key in [key for key, value in self._values.items() if is_stale(value)]:
                del self._values[key]

    def clear(self) -> None:
        with self._lock:
            self._values.clear()


type _Table = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Translation:
    sql: str
    parameters: frozenset[str]
    tables: frozenset[_Table]
    temporary: frozenset[str]
    """Temporary tables that the statement makes: the next ones look for them."""
    encoded: list[object] = field(default_factory=list)
    """What `results.py` has found out about the statement's result."""


@dataclass(frozen=True, slots=True)
class _Tree:
    """A remembered tree; held, so that no other gets its id."""

    tree: exp.Expr
    text: tuple[str, int]
    """The text it was parsed from, and which of its statements it is."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A statement that is parsed only when its translation is not known."""

    sql: str


class _LazySqlglot:
    """Replaces sqlglot in merge.py, which parses only to translate."""

    errors = sqlglot.errors

    @staticmethod
    def parse_one(sql: str, dialect: object) -> _Text:  # noqa: ARG004 - as sqlglot's
        return _Text(sql)


_scripts: _Memory[str, list[script.Statement]] = _Memory()
_parsed_texts: _Memory[str, list[exp.Expr]] = _Memory()
_trees: _Memory[int, _Tree] = _Memory()
_part_texts: _Memory[tuple[int, str], tuple[exp.Expr, str]] = _Memory()
_translations: _Memory[object, _Translation] = _Memory()
_views: _Memory[_Table, str] = _Memory()
"""The text that each view was last made by."""


def remember_translations() -> None:
    """Replace the parser, the translator, and what changes tables."""
    script.parse_script = _parse_script
    script.parse = _parse
    merge._sql = _part_text("as it is", _stock_text)  # noqa: SLF001 - no public way
    merge._unaliased = _part_text("unaliased", _stock_unaliased)  # noqa: SLF001 - same
    query.translate = merge.translate = _translate
    merge.sqlglot = _LazySqlglot
    query._run = _run  # noqa: SLF001 - no public way
    query.js.is_udf = _is_udf
    query._result_schema = _result_schema  # noqa: SLF001 - no public way
    tables.evolve = _evolve
    tables.write = _write
    for name in ("create", "update", "rename", "delete"):
        setattr(tables, name, _forgetting(getattr(tables, name)))


def _parse_script(sql: str) -> list[script.Statement]:
    known = _scripts.get(sql)
    return known if known is not None else _scripts.put(sql, _stock_parse_script(sql))


def _parse(sql: str) -> list[exp.Expr]:
    known = _parsed_texts.get(sql)
    if known is not None:
        return known
    trees: list[exp.Expr] = _stock_parse(sql)
    if all(isinstance(tree, _READ_ONLY) for tree in trees):
        for number, tree in enumerate(trees):
            _trees.put(id(tree), _Tree(tree, (sql, number)))
        _parsed_texts.put(sql, trees)
    return trees


def _part_text(
    kind: str, stock: Callable[[exp.Expr | None], str]
) -> Callable[[exp.Expr | None], str]:
    """Return `stock` with a memory: the source of a MERGE may be 600 lines."""

    def text_of(node: exp.Expr | None) -> str:
        if node is None:
            return stock(node)
        known = _part_texts.get((id(node), kind))
        # The node is held with its text, so an id that is found is its own.
        if known is None:
            known = _part_texts.put((id(node), kind), (node, stock(node)))
        return known[1]

    return text_of


def _translate(
    statement: exp.Expr | _Text, context: Context
) -> tuple[str, dict[str, Any]]:
    _of_thread.encoded = None
    if (
        context.variables
        or context.functions  # a script's, gone with it
        or isinstance(statement, query.DDL)  # seldom twice the same
    ):
        stock: tuple[str, dict[str, Any]] = _stock_translate(
            _parsed(statement), context
        )
        return stock
    key = _key(statement, context)
    known = _translations.get(key)
    if known is None:
        before, temporary = set(context.referenced), set(context.temporary)
        sql, bound = _stock_translate(_parsed(statement), context)
        read = frozenset(context.referenced - before)
        made = frozenset(context.temporary - temporary)
        known = _translations.put(key, _Translation(sql, frozenset(bound), read, made))
    if not context.temporary:  # of which only the names are in the key
        _of_thread.encoded = (known.sql, known.encoded)
    context.used.clear()
    context.used.update(known.parameters)
    context.referenced.update(known.tables)
    context.temporary.update(known.temporary)
    return known.sql, {name: context.values[name] for name in known.parameters}


def about_result(sql: str) -> list[object]:
    """Return what may be remembered about the result of the last translation.

    It is forgotten with the translation, so when a table changes; a list of nothing
    and for nothing where the statement is not remembered.
    """
    known: tuple[str, list[object]] | None = getattr(_of_thread, "encoded", None)
    return known[1] if known and known[0] is sql else []


def _key(statement: exp.Expr | _Text, context: Context) -> object:
    text: object
    if isinstance(statement, _Text):
        text = statement.sql
        # The steps of a MERGE read the temporary table that its first step makes.
        if merge.SOURCE in statement.sql.partition(" AS ")[0]:
            _of_thread.merge = text
        within = _of_thread.merge
    else:
        known = _trees.get(id(statement))
        text = known.text if known else statement.sql(dialect=BigQueryDialect)
        within = None
    return (
        text,
        within,
        context.project_id,
        context.dataset_id,
        tuple(sorted(context.parameters.items())),
        frozenset(context.temporary),
    )


def _parsed(statement: exp.Expr | _Text) -> exp.Expr:
    if isinstance(statement, _Text):
        return sqlglot.parse_one(statement.sql, dialect=BigQueryDialect)
    return statement


def _run(cursor: object, tree: exp.Expr, context: Context, *rest: object) -> object:
    if not isinstance(tree, query.DDL):
        return _stock_run(cursor, tree, context, *rest)
    try:
        statistics = _stock_run(cursor, tree, context, *rest)
    except BaseException:
        _forget()
        raise
    _forget_what_changed(tree, context, statistics.ddlOperationPerformed)
    return statistics


def _is_udf(tree: exp.Expr) -> bool:
    """Look for a function's language where a function can be made, not in all trees."""
    return isinstance(tree, exp.Create) and bool(_stock_is_udf(tree))


def _result_schema(
    cursor: object,
    tree: exp.Expr,
    context: Context,
    statistics: object,
    dry_run: bool,  # noqa: FBT001 - as the emulator calls it
) -> object:
    """Look through a tree only where the answer is not known to be None."""
    if not dry_run and not isinstance(tree, exp.Create):
        return None
    return _stock_result_schema(cursor, tree, context, statistics, dry_run)


def _forget_what_changed(tree: exp.Expr, context: Context, operation: str) -> None:
    """Forget what reads a new table, nothing for a view made as it was, else all."""
    target = tree.find(exp.Table)
    if tree.find(exp.TemporaryProperty):  # its job's own: what others know stays true
        return
    if target is None:
        _forget()
        return
    made: _Table = names.reference(target, context.project_id, context.dataset_id)
    is_view = isinstance(tree, exp.Create) and tree.args.get("kind") == "VIEW"
    text = context.system.get("statement_text", "")
    is_the_same = is_view and operation == "REPLACE" and _views.get(made) == text
    if operation == "CREATE":
        # Nothing that was made before can read it through a view.
        _translations.drop(lambda known: made in known.tables)
    elif operation != "SKIP" and not is_the_same:
        _forget()
    if is_view and operation != "SKIP":
        _views.put(made, text)


def _forgetting[**P, T](change: Callable[P, T]) -> Callable[P, T]:
    @wraps(change)
    def changed(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return change(*args, **kwargs)
        finally:
            if tables.RESULTS not in args:  # the result of a query, of its own name
                _forget()

    return changed


def _evolve(
    cursor: object,
    reference: _Table,
    relation: object,
    options: list[str] | None,
    prefix: str,
) -> None:
    """Forget only where a load may add columns: every load that appends comes here."""
    try:
        _stock_evolve(cursor, reference, relation, options, prefix)
    finally:
        if options:
            _forget()


def _write(
    cursor: object,
    sql: str,
    bound: dict[str, Any] | None,
    reference: _Table,
    config: tables.Destination,
    default: str = "WRITE_EMPTY",
    *rest: Any,  # noqa: ANN401 - as the emulator's
    **named: Any,  # noqa: ANN401 - same
) -> object:
    """Forget where a load or a query may replace a table: by one of other columns."""
    try:
        return _stock_write(
            cursor, sql, bound, reference, config, default, *rest, **named
        )
    finally:
        replaces = (config.writeDisposition or default) != "WRITE_APPEND"
        if replaces and reference[1] != tables.RESULTS:
            _forget()


def _forget() -> None:
    _translations.clear()
    _views.clear()
