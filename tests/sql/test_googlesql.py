"""The first check: Google's analyzer accepts every SQL file and refuses broken ones."""

import re
from collections.abc import Iterator

import pytest
import sqlglot
from sqlglot import exp

from functions.compute_metrics import checks
from shared import sql_files, sql_scripts
from tests.sql.googlesql import SCHEMAS, InvalidSqlError, googlesql
from tests.sql.pruning import reads

FILES = {
    path.relative_to(sql_files.SQL).as_posix(): path.read_text()
    for path in sorted(sql_files.SQL.glob("**/*.sql"))
}
MERGES = [name for name, sql in FILES.items() if "\nMERGE " in sql]
ON_DAYS = [name for name, sql in FILES.items() if "@to_date" in sql]

BREAKS = {
    "a column that does not exist": ("{table}no_such_column", "no_such_column"),
    "a wrong type": ("({table}{column} + TRUE)", "operator +"),
    "a function of DuckDB": ("list_value({table}{column})", "list_value"),
    "a cast of DuckDB": ("{table}{column}::DOUBLE", '":"'),
}
"""What replaces a column -> the expected error."""

PLACES = 3
"""Columns of each file that are broken, evenly spread; all would take minutes."""

WHOLE = {
    ("ledger/export_days.sql", "batch_plan"): (
        "a day's export may be requested on any later day"
    ),
    ("20_movies.sql", "movies"): (
        "a description replaces one of any age, so every stored one is looked at"
    ),
    ("checks/movies_without_description.sql", "movies"): (
        "a movie of the day may have been described on any day"
    ),
    ("alerts/new_breakouts.sql", "movies"): "the same",
    ("alerts/new_breakouts.sql", "catalogue_days"): (
        "which day is the newest is known by all of them, one row each"
    ),
    ("gate/record.sql", "movies"): "a movie may have been described any day",
    ("gate/record.sql", "catalogue_days"): "which day is the newest, as above",
    ("dashboard/breakouts.sql", "movie_breakouts"): (
        "the view looks for confirmations on every day kept, a few rows each"
    ),
    ("dashboard/breakouts.sql", "movies"): "a movie may have been described any day",
    ("dashboard/breakouts.sql", "catalogue_days"): "which day is the newest, as above",
    ("dashboard/breakouts.sql", "movie_attention_daily"): (
        "the view compares every alarm kept with the 35 days before it"
    ),
    ("dashboard/outlook.sql", "catalogue_days"): "which day is the newest, as above",
    ("attention/days_read.sql", "movie_articles"): (
        "an article was last looked up on any day; one row for each of its titles"
    ),
}
"""Reads without a bound on days, and why that is right."""


@pytest.mark.parametrize("name", FILES)
def test_google_takes_every_file(name: str) -> None:
    assert googlesql().analyze(FILES[name])


def test_google_takes_the_checks_as_the_one_query_they_are_run_as() -> None:
    resolved = googlesql().analyze(checks.as_one_query(checks.read()))

    assert [column.name for column in resolved.output_column_list] == [
        *("check_name", "severity", "day", "movie_id", "problem", "offending")
    ]


def test_google_takes_what_the_transaction_adds_to_the_files() -> None:
    """Control flow it does not take; what stands between are queries and DML."""
    script = sql_scripts.transaction(checks.as_one_query(checks.read()))
    made = re.search(r"CREATE TEMP TABLE findings AS\n(.*?);\n\nIF", script, re.DOTALL)
    gate = re.search(r"UPDATE [^;]*", script)
    condition = re.search(r"IF (NOT EXISTS \(.*?\)) THEN", script, re.DOTALL)
    kept = re.findall(r"(?:DELETE|INSERT)[^;]*check_findings[^;]*", script)
    assert made
    assert gate
    assert condition
    assert len(kept) == 2
    last = script[script.rindex(";") + 1 :]
    for sql in (last, f"SELECT {condition[1]}", gate[0], *kept):
        whole = sql.replace("findings.*", "found.*")
        whole = re.sub(
            r"(FROM|JOIN) findings\b", rf"\1 (\n{made[1]}\n) AS found", whole
        )
        assert "findings" not in whole.replace("check_findings", "")
        assert googlesql().analyze(whole)


@pytest.mark.exhaustive
@pytest.mark.parametrize("how", BREAKS)
@pytest.mark.parametrize("name", FILES)
def test_google_refuses_every_file_broken(name: str, how: str) -> None:
    sql = FILES[name]
    text, complaint = BREAKS[how]
    for start, end, table, column in spread(columns(sql)):
        broken = sql[:start] + text.format(table=table, column=column) + sql[end:]

        with pytest.raises(InvalidSqlError) as refusal:
            googlesql().analyze(broken)

        assert complaint in str(refusal.value)
        assert refusal.value.position
        assert refusal.value.position[0] == sql.count("\n", 0, start) + 1


@pytest.mark.parametrize("name", MERGES)
def test_google_refuses_a_wrong_type_where_a_merge_writes(name: str) -> None:
    sql = FILES[name]
    merge = sqlglot.parse_one(sql, dialect="bigquery")
    written = [
        value
        for insert in merge.find_all(exp.Insert)
        for value in insert.expression.expressions
    ]
    written += [
        assignment.expression
        for update in merge.find_all(exp.Update)
        for assignment in update.expressions
    ]
    places = [place(value) for value in written if isinstance(value, exp.Column)]
    for start, end, *_ in spread(places):
        broken = f"{sql[:start]}[STRUCT(TRUE)]{sql[end:]}"

        with pytest.raises(InvalidSqlError, match=r"cannot be (assigned|inserted)"):
            googlesql().analyze(broken)


SNAPSHOTS = "FROM tmdb_analytics.movie_daily_snapshots"
MOVIES = "FROM tmdb_analytics.movies"
REFUSED = [
    # names
    (f"SELECT popularty {SNAPSHOTS}", 8, "Unrecognized name: popularty"),
    ("SELECT title FROM tmdb_analytics.movie", 34, "Table not found: movie"),
    ("SELECT @other_day", 8, "Query parameter 'other_day' not found"),
    (f"SELECT runtime AS r {MOVIES} WHERE r > 5", 54, "Unrecognized name: r"),
    (f"SELECT runtime AS r, r + 1 AS more {MOVIES}", 22, "Unrecognized name: r"),
    (f"SELECT movie_id, title {MOVIES} GROUP BY movie_id", 18, "neither grouped"),
    # types
    (f"SELECT snapshot_date + 1.5 {SNAPSHOTS}", 8, "signature for operator +"),
    (f"SELECT title = movie_id {MOVIES}", 8, "signature for operator ="),
    (f"SELECT title {MOVIES} WHERE movie_id = 'five'", 47, "signature for operator ="),
    ("SELECT IF(TRUE, 1, 'one')", 8, "signature for function IF"),
    (f"SELECT IF(TRUE, runtime, title) {MOVIES}", 8, "signature for function IF"),
    (f"SELECT COALESCE(runtime, title) {MOVIES}", 8, "for function COALESCE"),
    (
        f"SELECT runtime {MOVIES} UNION ALL SELECT title {MOVIES}",
        53,
        "incompatible types",
    ),
    (
        "SELECT SUM(popularity) OVER (ORDER BY snapshot_date RANGE 1 PRECEDING) "
        + SNAPSHOTS,
        30,
        "ORDER BY key must be numeric in a RANGE-based window",
    ),
    (
        "INSERT INTO tmdb_analytics.catalogue_days (snapshot_date) VALUES ('today')",
        67,
        "Could not cast literal",
    ),
    (
        f"INSERT INTO tmdb_analytics.movies (release_date) SELECT title {MOVIES}",
        50,
        "has type STRING which cannot be inserted into column release_date",
    ),
    (
        "INSERT INTO tmdb_analytics.movies (movie_id) VALUES (1.5)",
        54,
        "has type FLOAT64",
    ),
    # DuckDB
    (f"SELECT movie_id::FLOAT64 {MOVIES}", 16, 'got ":"'),
    (f"SELECT CAST(movie_id AS VARCHAR) {MOVIES}", 25, "VARCHAR"),
    (f"SELECT title ILIKE 'a%' {MOVIES}", 20, "got string literal"),
    (f"SELECT DISTINCT ON (movie_id) title {MOVIES}", 17, "ON"),
    (f"SELECT COUNT(*) FILTER (WHERE adult) {MOVIES}", 24, 'got "("'),
    (f"SELECT * EXCLUDE (title) {MOVIES}", 10, "got keyword EXCLUDE"),
    ("SELECT list_value(1, 2)", 8, "Function not found: list_value"),
    (f"SELECT strftime(release_date, '%Y') {MOVIES}", 8, "not found: strftime"),
    (f"SELECT quantile_cont(runtime, 0.5) {MOVIES}", 8, "not found: quantile_cont"),
    (f"SELECT MEDIAN(runtime) {MOVIES}", 8, "not found: MEDIAN"),
    ("SELECT * FROM generate_series(1, 3)", 15, "not found: generate_series"),
    ("SELECT * FROM read_csv('/etc/passwd')", 15, "not found: read_csv"),
]
"""A statement, the position of its error, and Google's message."""


@pytest.mark.parametrize(("sql", "at", "complaint"), REFUSED)
def test_google_says_where_it_is_wrong(sql: str, at: int, complaint: str) -> None:
    with pytest.raises(InvalidSqlError) as refusal:
        googlesql().analyze(sql)

    assert complaint in str(refusal.value)
    assert refusal.value.position == (1, at)


def test_google_takes_an_integer_for_a_float() -> None:
    rows = f"SELECT movie_id, vote_count {SNAPSHOTS}"

    assert googlesql().analyze(f"INSERT INTO {ROWS} (movie_id, popularity) {rows}")


@pytest.mark.parametrize("name", ON_DAYS)
def test_every_read_of_a_partitioned_table_is_bounded_by_days(name: str) -> None:
    google = googlesql()
    found = reads(google.analyze(FILES[name]), google.views)

    unbounded = {(name, read.table) for read in found if not read.is_bounded}
    assert unbounded == {of for of in WHOLE if of[0] == name}


ROWS = "tmdb_analytics.movie_daily_snapshots"
DAY = "snapshot_date BETWEEN @from_date AND @to_date"
BOUNDED = [
    "FROM {ROWS} WHERE {DAY}",
    "FROM {ROWS} WHERE movie_id = 1 AND {DAY}",
    "FROM {ROWS} WHERE snapshot_date = @to_date",
    "FROM {ROWS} WHERE @to_date >= snapshot_date AND snapshot_date > @from_date",
    (
        "FROM {ROWS} WHERE snapshot_date BETWEEN DATE_SUB(@to_date, INTERVAL 9 DAY) "
        "AND @to_date"
    ),
    "FROM (SELECT snapshot_date AS day FROM {ROWS}) WHERE day = @to_date",
    "FROM (SELECT snapshot_date, COUNT(*) AS n FROM {ROWS} GROUP BY 1) WHERE {DAY}",
    "FROM (SELECT snapshot_date FROM {ROWS} UNION ALL SELECT @to_date) WHERE {DAY}",
    (
        "FROM (SELECT snapshot_date, RANK() OVER (PARTITION BY snapshot_date "
        "ORDER BY popularity) AS place FROM {ROWS}) WHERE {DAY}"
    ),
    "FROM UNNEST([@to_date]) AS day JOIN {ROWS} ON {DAY}",
    "FROM UNNEST([@to_date]) AS day LEFT JOIN {ROWS} ON {DAY}",
    "FROM {ROWS} LEFT JOIN UNNEST([@to_date]) AS day ON TRUE WHERE {DAY}",
    "FROM (WITH kept AS (SELECT * FROM {ROWS}) SELECT * FROM kept) WHERE {DAY}",
    "FROM tmdb_analytics.v_run_status WHERE run_date BETWEEN @from_date AND @to_date",
]
UNBOUNDED = [
    "FROM {ROWS}",
    "FROM {ROWS} WHERE movie_id BETWEEN 1 AND 2",
    "FROM {ROWS} WHERE snapshot_date >= @from_date",
    "FROM {ROWS} WHERE snapshot_date <= @to_date",
    "FROM {ROWS} WHERE {DAY} OR movie_id = 1",
    "FROM {ROWS} WHERE NOT {DAY}",
    "FROM {ROWS} WHERE DATE(ingestion_timestamp) BETWEEN @from_date AND @to_date",
    "FROM {ROWS} WHERE snapshot_date BETWEEN DATE(ingestion_timestamp) AND @to_date",
    "FROM {ROWS} WHERE snapshot_date = (SELECT MAX(snapshot_date) FROM {ROWS})",
    "FROM (SELECT MAX(snapshot_date) AS snapshot_date FROM {ROWS}) WHERE {DAY}",
    "FROM (SELECT snapshot_date FROM {ROWS} LIMIT 9) WHERE {DAY}",
    (
        "FROM (SELECT @to_date AS snapshot_date) WHERE {DAY} "
        "AND EXISTS (SELECT 1 FROM {ROWS})"
    ),
    # A window reads more days than the query keeps.
    (
        "FROM (SELECT snapshot_date, LAG(popularity) OVER (PARTITION BY movie_id "
        "ORDER BY snapshot_date) AS before FROM {ROWS}) WHERE {DAY}"
    ),
    # The outer side of a join.
    "FROM {ROWS} LEFT JOIN UNNEST([@to_date]) AS day ON {DAY}",
    "FROM {ROWS} FULL JOIN UNNEST([@to_date]) AS day ON {DAY}",
    # One of two uses.
    (
        "FROM (WITH kept AS (SELECT * FROM {ROWS}) SELECT * FROM kept WHERE {DAY} "
        "UNION ALL SELECT * FROM kept)"
    ),
    # The view's windows are over all days.
    "FROM tmdb_analytics.v_published_days WHERE {DAY}",
]
"""What a query reads, and how; each of them with one partitioned table or more."""


@pytest.mark.parametrize("rest", BOUNDED)
def test_a_bound_is_seen(rest: str) -> None:
    assert bounds(f"SELECT 1 {rest}") == {True}


@pytest.mark.parametrize("rest", UNBOUNDED)
def test_a_missing_bound_is_found(rest: str) -> None:
    assert bounds(f"SELECT 1 {rest}") == {False}


@pytest.mark.parametrize(
    ("on", "otherwise", "expected"),
    [
        (f"target.movie_id = 1 AND target.{DAY}", "", True),
        ("target.movie_id = 1", "", False),
        ("FALSE", f"WHEN NOT MATCHED BY SOURCE AND target.{DAY} THEN DELETE", True),
        ("FALSE", "WHEN NOT MATCHED BY SOURCE THEN DELETE", False),
        (f"target.{DAY}", "WHEN NOT MATCHED BY SOURCE THEN DELETE", False),
    ],
)
def test_a_bound_on_the_target_of_a_merge_is_seen(
    on: str, otherwise: str, *, expected: bool
) -> None:
    merge = (
        f"MERGE {{ROWS}} AS target USING (SELECT 1 AS id) AS source ON {on} "
        f"{otherwise} WHEN NOT MATCHED THEN INSERT (movie_id) VALUES (source.id)"
    )

    assert bounds(merge) == {expected}


def test_a_bound_on_the_target_of_an_update_is_seen() -> None:
    update = "UPDATE {ROWS} SET popularity = NULL WHERE "

    assert bounds(update + "{DAY}") == {True}
    assert bounds(update + "popularity > 1") == {False}


def test_an_insert_reads_what_it_selects_and_not_its_target() -> None:
    insert = "INSERT INTO {ROWS} (movie_id) SELECT movie_id FROM {ROWS} WHERE "

    assert bounds(insert + "{DAY}") == {True}
    assert bounds(insert + "movie_id = 1") == {False}


def bounds(sql: str) -> set[bool]:
    google = googlesql()
    found = reads(google.analyze(sql.format(ROWS=ROWS, DAY=DAY)), google.views)
    return {read.is_bounded for read in found}


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ON_DAYS)
def test_a_file_without_its_bounds_is_found(name: str) -> None:
    unbounded, changes = re.subn(
        r"BETWEEN (DATE_SUB\(\n)?[^\n]*@(from|to|first_\w+)_da(te|y)[^\n]*"
        r"(\n *\))? AND ((DATE_ADD\()?@to_date"
        r"(, INTERVAL 7 DAY\))?|DATE_SUB\(@from_date, INTERVAL 1 DAY\))",
        "IS NOT NULL",
        FILES[name],
    )
    google = googlesql()
    found = reads(google.analyze(unbounded), google.views)

    assert changes
    assert {read.is_bounded for read in found} == {False}


@pytest.mark.parametrize("table", SCHEMAS)
def test_every_partition_column_is_one_of_its_table(table: str) -> None:
    key = SCHEMAS[table]["partition_by"]

    assert key is None or key in {of["name"] for of in SCHEMAS[table]["fields"]}


type Place = tuple[int, int, str, str]
"""Where a column stands (start, end), its table with the dot, its name."""


def columns(sql: str) -> list[Place]:
    """Return the columns that a statement computes with, in order; numbers if none."""
    tree = sqlglot.parse_one(sql, dialect="bigquery")
    found = [
        place(column)
        for column in tree.find_all(exp.Column)
        if column.find_ancestor(exp.Select, exp.Where)
        and not column.find_ancestor(exp.Group, exp.Star)
        and not isinstance(column.this, exp.Star)
    ]
    return sorted(found) or list(numbers(sql))


def place(column: exp.Column) -> Place:
    start = column.parts[0].meta["start"]
    end = column.this.meta["end"] + 1
    table = f"{column.table}." if column.table else ""
    return start, end, table, column.name


def numbers(sql: str) -> Iterator[Place]:
    for token in sqlglot.tokenize(sql, dialect="bigquery"):
        if token.token_type.name == "NUMBER":
            yield token.start, token.end + 1, "", token.text


def spread(places: list[Place]) -> list[Place]:
    assert places
    return places[:: -(-len(places) // PLACES)]
