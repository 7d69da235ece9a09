"""Writers: a function edits the tables that its code writes, and no other."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from local import archives
from tests.terraform.driver import Json
from tests.terraform.rules.reading import of_type

WRITES = re.compile(
    r"(?:INSERT INTO|MERGE(?: INTO)?|UPDATE|DELETE FROM|TRUNCATE TABLE)"
    r"\s+tmdb_analytics\.(\w+)"
)
METHODS = ("append", "load_once")
"""Methods of shared/bigquery.py that write the table of their argument."""


def functions_write_what_they_name(plan: Json) -> Iterator[str]:
    """Let a function edit the tables that its code writes, and read the dataset.

    The function that creates all views edits the dataset: views depend on the SQL.
    """
    on_dataset = {
        item["index"]: item["values"]["role"]
        for item in of_type(plan, "google_bigquery_dataset_iam_member")
        if item["name"] == "function"
    }
    on_tables: dict[str, set[str]] = {}
    for item in of_type(plan, "google_bigquery_table_iam_member"):
        function, table = item["index"].split()
        on_tables.setdefault(function, set()).add(table)
        if (role := item["values"]["role"]) != "roles/bigquery.dataEditor":
            yield f"{item['address']} grants {role}"
    for function in archives.FUNCTIONS:
        makes_views = _makes_views(function)
        wanted = f"roles/bigquery.data{'Editor' if makes_views else 'Viewer'}"
        if (role := on_dataset.get(function)) != wanted:
            yield f"{function} has {role} on the dataset, needs {wanted}"
        writes = set() if makes_views else tables_written_by(function)
        if (may := on_tables.get(function, set())) != writes:
            yield f"{function} may write {sorted(may)}, writes {sorted(writes)}"


def _makes_views(function: str) -> bool:
    """Whether it has all views; others have only that of runs, which they read."""
    views = {
        path.relative_to(archives.ROOT).as_posix()
        for path in (archives.ROOT / "sql/views").glob("*.sql")
    }
    return views <= archives.contents(function).keys()


def tables_written_by(function: str) -> set[str]:
    """Return the tables that a function, its calls of shared, and its SQL write."""
    files = {
        path: content.decode()
        for path, content in archives.contents(function).items()
        if path.endswith((".py", ".sql"))
    }
    tables: set[str] = set()
    shared: dict[str, _Code] = {}
    called: set[str] = set()
    for path, text in files.items():
        if path.endswith(".sql"):
            tables |= set(WRITES.findall(text))
        elif path.startswith("shared/"):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef):
                    shared.setdefault(node.name, _Code()).read(node)
        else:
            own = _Code()
            own.read(ast.parse(text))
            tables |= own.tables
            called |= own.calls
    left, seen = list(called), set(called)
    while left:
        code = shared.get(left.pop(), _Code())
        tables |= code.tables
        left += code.calls - seen
        seen |= code.calls
    return tables


@dataclass(slots=True)
class _Code:
    """The tables that code writes, and the functions that it calls."""

    tables: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)

    def read(self, tree: ast.AST) -> None:
        """Add the tables and calls of a syntax tree."""
        for node in ast.walk(tree):
            match node:
                case (
                    ast.Call(
                        func=ast.Attribute(attr=name),
                        args=[ast.Constant(value=str(table))],
                    )
                    | ast.Call(
                        func=ast.Attribute(attr=name),
                        args=[ast.Constant(value=str(table)), *_],
                    )
                ) if name in METHODS:
                    self.tables.add(table)
                case ast.Constant(value=str(text)):
                    self.tables |= set(WRITES.findall(text))
            match node:
                case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
                    self.calls.add(name)
