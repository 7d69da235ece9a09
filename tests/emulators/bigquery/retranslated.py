"""Print which statements are translated again after a change: run with a DATA folder.

Prints JSON: for each change the names of the questions, in order, that the stock
translator was given when all were asked afterwards.
"""

import json
import sys
from typing import Any

from local_bigquery.api import jobs
from local_bigquery.models import QueryRequest

from emulators.bigquery import changes, results, translations
from emulators.bigquery.jobs import keep_jobs
from local.tables import PROJECT
from tests.emulators.bigquery import comparing

_MADE = """
CREATE SCHEMA IF NOT EXISTS made;
CREATE OR REPLACE TABLE made.base AS SELECT 1 AS a;
CREATE OR REPLACE TABLE made.other AS SELECT 2 AS b;
CREATE OR REPLACE VIEW made.inner_view AS SELECT 1 AS x, 2 AS y;
"""
_MADE_OUTER = (
    "CREATE OR REPLACE VIEW made.outer_view AS "
    "SELECT x, a FROM made.inner_view CROSS JOIN made.base"
)
_OUTER = _MADE_OUTER.replace("x, a", "x, a, 3 AS z")
_INNER = "CREATE OR REPLACE VIEW made.inner_view AS SELECT {} AS x, 2 AS y"
_FUNCTION = "CREATE OR REPLACE FUNCTION made.plus(x INT64) AS (x + 1)"
_QUESTIONS = {
    "of inner": "SELECT * FROM made.inner_view",
    "of outer": "SELECT * FROM made.outer_view",
    "of table": "SELECT * FROM made.base",
    "of other": "SELECT * FROM made.other",
    "of nothing": "SELECT 1 AS one",
}
_OF_THE_MOMENT = {
    "tables": "SELECT table_name FROM made.INFORMATION_SCHEMA.TABLES",
    "job": "SELECT @@current_job_id AS job_id",
    "wildcard": "SELECT * FROM `made.oth*`",
}


def _run(sql: str) -> list[Any]:
    request = {"query": sql, "useLegacySql": False, "maxResults": 10}
    response = jobs.run_query(PROJECT, QueryRequest.model_validate(request))
    answer = json.loads(response.body)
    assert "errors" not in answer, answer
    return answer.get("rows") or []


class _Retranslated:
    """The queries that the original translator has translated."""

    def __init__(self) -> None:
        self.current = ""
        self.names: list[str] = []
        stock = translations._stock_translate

        def counted(*args: Any) -> tuple[str, dict[str, Any]]:
            if self.current:
                self.names.append(self.current)
            translated: tuple[str, dict[str, Any]] = stock(*args)
            return translated

        translations._stock_translate = counted

    def after(self, *changes: str, questions: dict[str, str] = _QUESTIONS) -> list[str]:
        for change in changes:
            _run(change)
        self.names = []
        for name, question in questions.items():
            self.current = name
            _run(question)
        self.current = ""
        return self.names


def main() -> None:
    """Create tables and views, change them, and print."""
    comparing.begin(sys.argv[1])
    translations.remember_translations()
    changes.notice_changes()
    results.keep_results()
    keep_jobs()
    for statement in (*filter(str.strip, _MADE.split(";")), _MADE_OUTER):
        _run(statement)
    retranslated = _Retranslated()
    steps = {
        "first": retranslated.after(),
        "second": retranslated.after(),
        "inner view of text": retranslated.after(_INNER.format("'text'"), _MADE_OUTER),
        "inner view as it was": retranslated.after(_INNER.format("'text'")),
        "inner view of other text": retranslated.after(_INNER.format("'words'")),
        "outer view with a column": retranslated.after(_OUTER),
        "another table": retranslated.after("CREATE TABLE made.third AS SELECT 1 AS a"),
        "table with a column": retranslated.after(
            "ALTER TABLE made.other ADD COLUMN c STRING"
        ),
        "function": retranslated.after(_FUNCTION),
        "not to remember": [
            name
            for _ in range(2)
            for name in retranslated.after(questions=_OF_THE_MOMENT)
        ],
    }
    sys.stdout.write(json.dumps(steps))


if __name__ == "__main__":
    main()
