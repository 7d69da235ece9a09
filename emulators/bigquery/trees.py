"""Cache what sqlglot has parsed: scripts, statements, and the parts of a MERGE.

Before, sqlglot parsed a statement each time it ran. Our statements are the same every
day, except for their bound parameters, so now a process parses each text once.
"""

from collections.abc import Callable
from dataclasses import dataclass

from local_bigquery.jobs import merge
from local_bigquery.sql import script
from local_bigquery.sql.dialect import BigQueryDialect
from sqlglot import exp

from emulators.bigquery.memory import Memory

_READ_ONLY = (
    exp.Query,
    exp.Insert,
    exp.Update,
    exp.Delete,
    exp.Merge,
    exp.TruncateTable,
)
"""Kinds of trees that the emulator copies before it changes them."""

type Text = str | tuple[str, int]
"""A statement's text, or the text of its script and its number there."""

_stock_parse_script = script.parse_script
_stock_parse = script.parse
_stock_text = merge._sql  # noqa: SLF001 - no public way
_stock_unaliased = merge._unaliased  # noqa: SLF001 - no public way


@dataclass(frozen=True, slots=True)
class _Tree:
    """A cached tree; the reference ensures that no other tree gets its id."""

    tree: exp.Expr
    text: tuple[str, int]


_scripts: Memory[str, list[script.Statement]] = Memory()
_parsed_texts: Memory[str, list[exp.Expr]] = Memory()
_trees: Memory[int, _Tree] = Memory()
_part_texts: Memory[tuple[int, str], tuple[exp.Expr, str]] = Memory()


def remember_trees() -> None:
    """Replace the parser, and the functions that return parts of a MERGE as text."""
    script.parse_script = _parse_script
    script.parse = _parse
    merge._sql = _part_text("as it is", _stock_text)  # noqa: SLF001 - no public way
    merge._unaliased = _part_text("unaliased", _stock_unaliased)  # noqa: SLF001 - same


def text_of(tree: exp.Expr) -> Text:
    """Return a text of a tree's meaning, from the cache if possible.

    The cache would be wrong for trees that the emulator has changed. It changes only
    copies of a CREATE TABLE, and those are not cached.
    """
    known = _trees.get(id(tree))
    return known.text if known else tree.sql(dialect=BigQueryDialect)


def _parse_script(sql: str) -> list[script.Statement]:
    known = _scripts.get(sql)
    return known if known is not None else _scripts.put(sql, _stock_parse_script(sql))


def _parse(sql: str) -> list[exp.Expr]:
    known = _parsed_texts.get(sql)
    if known is not None:
        return known
    trees: list[exp.Expr] = _stock_parse(sql)
    for number, tree in enumerate(trees):
        if isinstance(tree, (*_READ_ONLY, exp.Create)):
            _trees.put(id(tree), _Tree(tree, (sql, number)))
    if all(map(_is_read_only, trees)):
        _parsed_texts.put(sql, trees)
    return trees


def _is_read_only(tree: exp.Expr) -> bool:
    """Return whether the emulator changes only copies of a tree."""
    if isinstance(tree, exp.Create):  # a script's table may have a long query
        is_temporary = tree.find(exp.TemporaryProperty) is not None
        return is_temporary and tree.args.get("kind") == "TABLE"
    return isinstance(tree, _READ_ONLY)


def _part_text(
    kind: str, stock: Callable[[exp.Expr | None], str]
) -> Callable[[exp.Expr | None], str]:
    """Add a cache to `stock`: the source of a MERGE may have 600 lines."""

    def text_of_part(node: exp.Expr | None) -> str:
        if node is None:
            return stock(node)
        known = _part_texts.get((id(node), kind))
        # The cache also holds the node, so that no other node gets its id.
        if known is None:
            known = _part_texts.put((id(node), kind), (node, stock(node)))
        return known[1]

    return text_of_part
