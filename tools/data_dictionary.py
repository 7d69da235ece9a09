"""Write docs/reference/data_dictionary.md from sql/.

python -m tools.data_dictionary, or `make docs`. Columns, types and meanings are
those of sql/schemas and sql/views; the drawings are read off columns and statements.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlglot
import yaml
from sqlglot import exp

from local.archives import ROOT

PAGE = ROOT / "docs/reference/data_dictionary.md"
SQL = ROOT / "sql"

_KEYS = {"snapshot_date": "catalogue_days", "calculation_date": "catalogue_days"}
_KEYS |= {"movie_id": "movies", "run_id": "batch_plan"}
"""Column -> the table of whose rows it is the key, or part of it."""

_WRITERS = {
    "movie_details_raw": "fetch_details",
    "movie_popularity_raw": "ingest_changes",
    "tracked_movies": "ingest_changes",
    "tracked_movies_raw": "ingest_changes",
    "batch_plan": "ingest_changes",
}
"""What no statement writes; the ledger is written by every function."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL file: what it writes, and what it reads."""

    name: str
    writes: str
    reads: tuple[str, ...]


def page() -> str:
    """Return the whole page."""
    tables = {path.stem: json.loads(path.read_text()) for path in _files("schemas")}
    return "\n".join(
        [
            "# Data dictionary",
            "",
            "Made by `make docs` from `sql/`; change it there. Days are UTC.",
            "How the numbers come about: [metrics.md](../concepts/metrics.md).",
            "",
            "## What joins what",
            "",
            *_mermaid(_entities(tables)),
            "",
            "## What becomes what",
            "",
            *_mermaid(_flow(list(statements()))),
            "",
            "## Tables",
            "",
            "Columns with * are never NULL.",
            "",
            *_tables(tables),
            "## Views",
            "",
            "Their days are published ones: every check has passed.",
            "",
            *_views(_Meanings(tables), list(statements())),
        ]
    )


def statements() -> Iterator[Statement]:
    """Yield every numbered statement and every view, with what it reads."""
    for path in sorted(SQL.glob("[0-9][0-9]_*.sql")) + _files("views"):
        tree = sqlglot.parse_one(path.read_text(), read="bigquery")
        target = tree.find(exp.Table)
        if target is None:
            raise ValueError(f"{path.name} writes nothing")
        ours = {table.name for table in tree.find_all(exp.Table) if table.db}
        reads = tuple(sorted(ours - {target.name}))
        yield Statement(path.stem, target.name, reads)


def _files(folder: str) -> list[Path]:
    kind = {"schemas": "*.json", "views": "*.sql"}[folder]
    return sorted((SQL / folder).glob(kind))


def _mermaid(lines: Iterable[str]) -> list[str]:
    return ["```mermaid", *lines, "```"]


def _entities(tables: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "erDiagram"
    for name, table in tables.items():
        yield f"  {name} {{"
        for field in table["fields"]:
            if field["name"] in (*_key(table), *_KEYS):
                mark = " PK" if field["name"] in _key(table) else ""
                yield f"    {field['type']} {field['name']}{mark}"
        yield "  }"
    for name, table in tables.items():
        for column in (field["name"] for field in table["fields"]):
            one = _KEYS.get(column)
            if one and one != name:
                # A run has a row per batch; a movie may have landed only just now.
                side = "}|" if one == "batch_plan" else "|o"
                yield f"  {one} {side}--o{{ {name} : {column}"


def _flow(all_statements: Sequence[Statement]) -> Iterator[str]:
    yield "flowchart LR"
    for table, function in _WRITERS.items():
        yield f"  {function}([{function}]) --> {table}[({table})]"
    for one in all_statements:
        if one.name.startswith("v_") or not one.reads:
            continue
        for table in one.reads:
            if table != "metric_thresholds":
                yield f"  {table} --> {one.name}[{one.name}.sql]"
        yield f"  {one.name} ==> {one.writes}[({one.writes})]"


def _tables(tables: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, table in tables.items():
        yield from (f"### {name}", "", table["description"], "")
        yield from (f"{_storage(table)}.", "")
        yield from ("| column | type | meaning |", "|---|---|---|")
        for field in table["fields"]:
            kind = field["type"] + {"REPEATED": ", repeated"}.get(field["mode"], "")
            need = " *" if field["mode"] == "REQUIRED" else ""
            text = _escaped(field["description"])
            yield f"| `{field['name']}`{need} | {kind} | {text} |"
        yield ""


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|")


def _storage(table: Mapping[str, Any]) -> str:
    text = []
    if key := _key(table):
        text.append("Key: " + ", ".join(f"`{name}`" for name in key))
    if column := table.get("partition_by"):
        text.append(f"partitioned by `{column}`: bound it, and BigQuery reads less")
    if columns := table.get("cluster_by"):
        text.append("clustered by " + ", ".join(f"`{name}`" for name in columns))
    if days := table.get("partition_expiration_days"):
        text.append(f"kept {days} days")
    return "; ".join(text)


def _key(table: Mapping[str, Any]) -> Sequence[str]:
    return table.get("primary_key") or ()


def _views(meanings: "_Meanings", all_statements: Sequence[Statement]) -> Iterator[str]:
    reads = {one.name: one.reads for one in all_statements}
    for path in _files("views"):
        text = path.read_text()
        head = re.match(r"(?:-- .*\n)+", text)
        if head is None:
            raise ValueError(f"{path.name} does not begin with what it is")
        sentence = head[0].replace("-- ", "").replace("\n", " ").strip()
        sentence = sentence.removeprefix(f"{path.stem}: ")
        yield from (f"### {path.stem}", "", sentence[0].upper() + sentence[1:], "")
        yield from (f"Reads {', '.join(map(_link, reads[path.stem]))}.", "")
        yield from ("| column | meaning |", "|---|---|")
        select = sqlglot.parse_one(text, read="bigquery").expression
        for column in select.named_selects:
            sentence = _escaped(meanings.of(path.stem, column))
            yield f"| `{column}` | {sentence} |"
        yield ""


def _link(table: str) -> str:
    if table == "metric_thresholds":
        return f"[`{table}`](../../sql/10_metric_thresholds.sql)"
    return f"[`{table}`](#{table})"


class _Meanings:
    """What a view's column means: of that view, of all views, or of its table."""

    def __init__(self, tables: Mapping[str, Mapping[str, Any]]) -> None:
        own = yaml.safe_load((SQL / "views/columns.yaml").read_text())
        self._own: dict[str, str] = own
        self._inherited: dict[str, str] = {}
        # The tables people query say best what they mean; the landing last.
        first = ("movie_metrics_aggregated", "movie_daily_snapshots", "movies")
        for name in (*first, *tables):
            for field in tables[name]["fields"]:
                self._inherited.setdefault(field["name"], field["description"])

    def of(self, view: str, column: str) -> str:
        """Return the meaning; a column that nobody explains is a KeyError."""
        for name in (f"{view}.{column}", column):
            if name in self._own:
                return self._own[name]
        return self._inherited[column]


if __name__ == "__main__":
    sys.stdout.write(page())
