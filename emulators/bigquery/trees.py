"""Cache what sqlglot has parsed: scripts, statements, and the parts of a MERGE.

sqlglot parses a statement each time it runs. Ours are the same every day but for their
parameters, which are bound, so each text is parsed once in a process.
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
"""A statement's own text, or the text it is part of and which of its statements."""

_stock_parse_script = script.parse_script
_stock_parse = script.parse
_stock_text = merge._sql  # noqa: SLF001 - no public way
_stock_unaliased = merge._unaliased  # noqa: SLF001 - no public way


@dataclass(frozen=True, slots=True)
class _Tree:
    """A remembered tree; held, so that no other gets its id."""

    tree: exp.Expr
    text: tuple[str, int]


_scripts: Memory[str, list[script.Statement]] = Memory()
_parsed_texts: Memory[str, list[exp.Expr]] = Memory()
_trees: Memory[int, _Tree] = Memory()
_part_texts: Memory[tuple[int, str], tuple[exp.Expr, str]] = Memory()


def remember_trees() -> None:
    """Replace the parser, and what gives the parts of a MERGE as text."""
    script.parse_script = _parse_script
    script.parse = _parse
    merge._sql = _part_text("as it is", _stock_text)  # noqa: SLF001 - no public way
    merge._unaliased = _part_text("unaliased", _stock_unaliased)  # noqa: SLF001 - same


def text_of(tree: exp.Expr) -> Text:
    """Return the text that says the same as a tree, without generating it if known.

    Not for a tree that the emulator has changed: only what it makes of a CREATE TABLE
    is such, and no tree of those is the parsed one.
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
    if all(isinstance(tree, _READ_ONLY) for tree in trees):
        _parsed_texts.put(sql, trees)
    return trees


def _part_text(
    kind: str, stock: Callable[[exp.Expr | None], str]
) -> Callable[[exp.Expr | None], str]:
    """Return `stock` with a memory: the source of a MERGE may be 600 lines."""

    def text_of_part(node: exp.Expr | None) -> str:
        if node is None:
            return stock(node)
        known = _part_texts.get((id(node), kind))
        # The node is held with its text, so an id that is found is its own.
        if known is None:
            known = _part_texts.put((id(node), kind), (node, stock(node)))
        return known[1]

    return text_of_part
