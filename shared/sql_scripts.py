"""Build the scripts that compute, publish and withhold days, of sql/. Pure.

The statements that take days run for every request, in the order of their numbers, in
one transaction with the checks and the gate: readers see a day before or after it. How
far back they read is looked up first, by the queries of windows/.
"""

from collections.abc import Iterable
from pathlib import Path

from shared import first_days
from shared.sql_files import SQL, Statement, daily, of_folder, windows

_LATEST = """\
SET newest_day = (
  SELECT snapshot_date FROM tmdb_analytics.v_published_days WHERE is_newest
);
SET newest_day_with_votes = (
  SELECT snapshot_date FROM tmdb_analytics.v_published_days WHERE is_newest_with_votes
);
{replace};
"""
_SCRIPT = """\
-- {about}.
{declared}

BEGIN TRANSACTION;

{statements};

{latest}
COMMIT TRANSACTION
"""
_TRANSACTION = """\
-- metrics: compute days, check them and publish those that are fit, in one transaction.
{declared}

BEGIN TRANSACTION;

{statements};

CREATE TEMP TABLE findings AS
SELECT
  found.*,
  COALESCE(days.is_published, FALSE) AS was_published
FROM (
{checks}
) AS found
LEFT JOIN tmdb_analytics.catalogue_days AS days
  ON
    found.day = days.snapshot_date
    AND days.snapshot_date BETWEEN @from_date AND @to_date;

IF NOT EXISTS (
  SELECT 1 FROM findings WHERE severity = 'fail' AND was_published
) THEN
  {publish}
    AND snapshot_date NOT IN (
      SELECT day FROM findings WHERE severity IN ('fail', 'hold')
    );
  {record};

{latest}
  DELETE FROM tmdb_analytics.check_findings
  WHERE snapshot_date BETWEEN @from_date AND @to_date;
  INSERT INTO tmdb_analytics.check_findings (
    snapshot_date, check_name, severity, offending_rows, examples
  )
  SELECT
    day,
    check_name,
    severity,
    offending,
    ARRAY_AGG(STRUCT(movie_id, problem) ORDER BY movie_id, problem)
  FROM findings
  GROUP BY day, check_name, severity, offending;
  COMMIT TRANSACTION;
END IF;

SELECT
  rows_of_days.written,
  findings.*
FROM (
  SELECT COUNT(*) AS written
  FROM tmdb_analytics.movie_metrics_aggregated
  WHERE calculation_date BETWEEN @from_date AND @to_date
) AS rows_of_days
LEFT JOIN findings ON TRUE
ORDER BY check_name, day, movie_id, problem
"""
FIRST_SMALL = "70"
"""From this number on files make small tables of what is stored."""
_NEWEST = ("newest_day", "newest_day_with_votes")
"""The script variables of gate/latest_movie_metrics.sql."""


def transaction(checks: str, folder: Path = SQL) -> str:
    """Return the multi-statement query that computes days and publishes good ones.

    `checks` is their one query. Ends with its findings, each with whether its day was
    published before, and with the rows written (one row where nothing is found).

    It commits unless a published day would fail: that day and its rows of
    check_findings stay as they were. BigQuery and the emulator roll back a script that
    ends without a commit. The findings are read last, because the result of a script is
    that of its last statement.
    """
    found = windows(folder)
    made = first_days.in_script((each.sql for each in daily(folder)), found)
    gate = of_folder("gate", folder)
    return _TRANSACTION.format(
        declared=first_days.declared(*found, *_NEWEST),
        statements=_joined(made),
        checks=checks.strip(),
        publish=gate["publish"].strip(),
        record=gate["record"].strip(),
        latest=_latest(folder),
    )


def gate_script(*names: str, folder: Path = SQL) -> str:
    """Return the script by which an operator withholds or publishes days.

    Statements of gate/ by their names, such as publish and record, then
    latest_movie_metrics, in one transaction: the newest day may change, and a published
    day always has a vintage.
    """
    gate = of_folder("gate", folder)
    about = "change which days are published, and what the newest of them is"
    made = (gate[name] for name in names)
    return _script(f"{names[0]}: {about}", made, folder)


def small_tables(folder: Path = SQL) -> str:
    """Return the script that makes the small tables of what other tables have stored.

    For days that were computed before these tables existed, so with their whole past.
    """
    found = windows(folder)
    made = (
        first_days.at_earliest(each.sql, found)
        for each in daily(folder)
        if each.name >= FIRST_SMALL
    )
    about = "small tables: make them of the days that are stored already"
    return _script(about, made, folder)


def alone(statement: Statement, folder: Path = SQL) -> str:
    """Return a daily statement as a script of its own, with its first days."""
    found = first_days.named_in(statement.sql, windows(folder))
    if not found:
        return statement.sql
    made = _joined(first_days.in_script([statement.sql], found))
    return f"-- {statement.name}\n{first_days.declared(*found)}\n\n{made}"


def _script(about: str, statements: Iterable[str], folder: Path) -> str:
    """Return statements and latest_movie_metrics as one transaction."""
    return _SCRIPT.format(
        about=about,
        declared=first_days.declared(*_NEWEST),
        statements=_joined(statements),
        latest=_latest(folder),
    )


def _joined(statements: Iterable[str]) -> str:
    return ";\n\n".join(statement.strip() for statement in statements)


def _latest(folder: Path) -> str:
    """Return what replaces latest_movie_metrics; script variables stand for days."""
    replace = of_folder("gate", folder)["latest_movie_metrics"].strip()
    return _LATEST.format(replace=replace.replace("@newest_day", "newest_day"))
