"""Run a case on Google's reference implementation of SQL.

It executes only queries. Views, checks and queries are executed as they are; a MERGE,
UPDATE or INSERT is executed as a query of the rows in the table afterwards.
"""

import sqlglot
from sqlglot import exp

from shared.sql_files import SQL
from tests.sql.cases import READ_ONLY, STATEMENTS, Case
from tests.sql.googlesql import SCHEMAS, body, googlesql


def text_of(case: Case) -> str:
    """Return the text of the case's SQL file."""
    if query := READ_ONLY.get(case.name):
        return query
    if statement := STATEMENTS.get(case.name):
        return statement.sql
    return (SQL / "views" / f"{case.name}.sql").read_text()


def assert_agrees(case: Case, sql: str) -> None:
    """AssertionError, or the executor's own error, when it does not."""
    selects = afterwards(sql) if case.name in STATEMENTS else body(sql)
    query = f"SELECT * FROM (\n{selects}\n) WHERE {case.where}"

    found = googlesql().select(query, case.tables, **case.days)
    assert case.reduced(found) == case.expected()


def afterwards(sql: str) -> str:
    """Return the query of the rows that a statement leaves in its table.

    The source of a MERGE stays as it is; only what is around it is rewritten.
    """
    statement = sqlglot.parse_one(sql, dialect="bigquery")
    if isinstance(statement, exp.Insert):
        target = statement.this.this
        names = [column.name for column in statement.this.expressions]
        columns = [field["name"] for field in SCHEMAS[target.name]["fields"]]
        assert names == columns
        _, _, selected = sql.partition("\n)\n")
        return f"SELECT * FROM {_sql(target)} UNION ALL (\n{selected}\n)"
    if isinstance(statement, exp.Update):
        where = _sql(statement.args["where"].this)
        return f"SELECT * {_set(statement, where)} FROM {_sql(statement.this)}"
    assert isinstance(statement, exp.Merge)
    target = _sql(statement.this)
    on = _sql(statement.args["on"])
    updated, goes, inserted = "", "FALSE", ""
    for when in statement.args["whens"].expressions:
        also = _sql(when.args["condition"]) if when.args["condition"] else "TRUE"
        then = when.args["then"]
        match when.args["matched"], when.args["source"], then:
            case True, _, exp.Update():
                updated = _set(then, f"fresh.is_there AND {also}", "stored.")
            case False, False, exp.Insert():
                assert also == "TRUE"
                inserted = _inserted(then, statement.this.name)
            case False, True, _:
                assert _sql(then) == "DELETE"
                goes = f"fresh.is_there IS NULL AND {also}"
            case _:
                raise NotImplementedError(_sql(when))
    return f"""
WITH source AS (SELECT *, TRUE AS is_there FROM (
{body(sql)}
))
SELECT stored.* {updated} FROM {target} LEFT JOIN source AS fresh ON {on}
WHERE NOT COALESCE({goes}, FALSE)
UNION ALL
SELECT {inserted} FROM source AS fresh
WHERE NOT EXISTS (SELECT 1 FROM {target} WHERE {on})
"""


def _set(update: exp.Expr, where: str, table: str = "") -> str:
    columns = [
        f"IF({where}, {_sql(of.expression)}, {table}{of.this.name}) AS {of.this.name}"
        for of in update.expressions
    ]
    return f"REPLACE ({', '.join(columns)})"


def _inserted(insert: exp.Insert, table: str) -> str:
    names = [column.name for column in insert.this.expressions]
    values = dict(zip(names, insert.expression.expressions, strict=True))
    columns = [field["name"] for field in SCHEMAS[table]["fields"]]
    assert names
    return ", ".join(
        f"{_sql(values[name]) if name in values else 'NULL'} AS {name}"
        for name in columns
    )


def _sql(node: exp.Expr) -> str:
    return node.sql("bigquery", comments=False)
