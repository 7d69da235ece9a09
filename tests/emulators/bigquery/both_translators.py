"""Compare original and cached translations: run this module with DATA and FILES.

Opens the emulator's data in the folder DATA, gives every statement of sql/, alone and
in its script, to the stock translator and three times to the remembering one, which
keeps translations in the folder FILES. Prints as JSON what differs, and how many
statements it had translated.
"""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from local_bigquery.jobs import merge, query
from local_bigquery.models import JobConfigurationQuery
from local_bigquery.sql import params, script
from local_bigquery.sql.translate import Context
from sqlglot import exp

from emulators.bigquery import translations
from functions.compute_metrics import checks
from local.tables import PROJECT
from shared import sql_files, sql_scripts
from shared.sql_files import SQL, with_run_status
from tests.emulators.bigquery import comparing

type Sent = list[tuple[str, dict[str, Any]]]

_DAY = date(2026, 3, 5).isoformat()
_PARAMETERS = JobConfigurationQuery.model_validate(
    {
        "queryParameters": [
            {
                "name": name,
                "parameterType": {"type": kind},
                "parameterValue": {"value": value},
            }
            for name, kind, value in (
                ("from_date", "DATE", _DAY),
                ("to_date", "DATE", _DAY),
                ("newest_day", "DATE", _DAY),
                ("newest_day_with_votes", "DATE", _DAY),
                *((name, "DATE", _DAY) for name in sql_files.windows()),
                ("reason", "STRING", "votes are wrong"),
                ("batch_no", "INT64", "3"),
                ("details_per_day", "INT64", "8"),
                ("most_moved", "INT64", "1"),
                ("most_popular", "INT64", "6"),
                ("export_date", "DATE", _DAY),
                ("export_run_id", "STRING", "history-2026-03-05-2026-03-04"),
                ("run_date", "DATE", _DAY),
                ("day", "DATE", _DAY),
                ("answers", "STRING", "[]"),
                ("run_id", "STRING", "daily-2026-03-05"),
                ("code_version", "STRING", "compute-metrics-00001"),
                ("as_of", "TIMESTAMP", f"{_DAY}T12:00:00Z"),
            )
        ]
    }
).queryParameters


class _Recorder:
    """A cursor that records statements, and returns no rows."""

    def __init__(self) -> None:
        self.sent: Sent = []

    def execute(self, sql: str, bound: dict[str, Any] | None = None) -> "_Recorder":
        self.sent.append((sql, dict(bound or {})))
        return self

    def fetchone(self) -> None:
        return None


def _translated(sql: str) -> Sent:
    """Return the statements that the current translator sends to DuckDB."""
    recorder = _Recorder()
    variables: dict[str, str] = {}
    for statement in _flat(script.parse_script(sql)):
        for tree in script.parse(statement.text):
            if statement.kind == "DECLARE":
                [name] = (one.name for item in tree.expressions for one in item.this)
                variables[name] = script._temporary_table("variable")
            if statement.kind != "SQL":
                continue
            context = Context(PROJECT, None, *params.bind(_PARAMETERS or []))
            context.variables = variables
            if isinstance(tree, exp.Merge):
                merge.run(recorder, tree, context)
            else:
                recorder.execute(*query.translate(tree, context))
            # Callers read the referenced tables, so they are compared too.
            tables = sorted(".".join(map(str, one)) for one in context.referenced)
            recorder.execute("; ".join(tables))
    return [(_with_names(text, variables), bound) for text, bound in recorder.sent]


def _flat(statements: list[script.Statement]) -> Iterator[script.Statement]:
    for statement in statements:
        yield statement
        for _, body in statement.branches:
            yield from _flat(body)


def _with_names(text: str, variables: dict[str, str]) -> str:
    """Return a text with the variables' names for their tables, new in each run."""
    for name, table in variables.items():
        text = text.replace(table, f"the variable {name}")
    return text


def _scripts() -> dict[str, str]:
    """Return the scripts of the functions and of the command line."""
    return {
        "metrics": sql_scripts.transaction(checks.as_one_query(checks.read())),
        "publish": sql_scripts.gate_script("publish", "record"),
        "withhold": sql_scripts.gate_script("withhold"),
        "small tables": sql_scripts.small_tables(),
        **{file.name: sql_scripts.alone(file) for file in sql_files.daily()},
    }


def _all(texts: dict[str, str], translate: Callable[[str], Sent]) -> dict[str, Sent]:
    return {name: translate(text) for name, text in texts.items()}


def main() -> None:
    """Compare and print."""
    comparing.begin(sys.argv[1])
    texts = {path.stem: path.read_text() for path in SQL.glob("**/*.sql")}
    texts["run status"] = with_run_status("SELECT * FROM tmdb_analytics.v_run_status")
    texts |= _scripts()
    stock = _all(texts, _translated)
    translations.remember_translations(Path(sys.argv[2]))
    counted = _count_translations()
    differing = [
        name
        for _ in range(3)  # translated, then from the caches
        for name, sent in _all(texts, _translated).items()
        if sent != stock[name]
    ]
    sys.stdout.write(
        json.dumps(
            {"compared": len(stock), "differing": differing, "translated": len(counted)}
        )
    )


def _count_translations() -> list[str]:
    """Return a list that grows with each translation by the original translator."""
    made: list[str] = []
    stock = translations._stock_translate

    def counted(*args: Any) -> tuple[str, dict[str, Any]]:
        translated: tuple[str, dict[str, Any]] = stock(*args)
        made.append(translated[0])
        return translated

    translations._stock_translate = counted
    return made


if __name__ == "__main__":
    main()
