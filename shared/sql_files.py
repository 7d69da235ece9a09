"""Read the files of sql/, and build what is run from them, in order. Pure.

Each view is made after the views that it reads; the thresholds are one of them. The
statements that take days run for every request, in the order of their numbers, in one
transaction with the checks and the gate: readers see a day before or after it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

SQL = Path(__file__).parents[1] / "sql"
_DECLARED = """\
DECLARE newest_day DATE;
DECLARE newest_day_with_votes DATE;
"""
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
_NAMED = re.compile(r"\btmdb_analytics\.(\w+)")
_MAKES_VIEW = re.compile(
    r"^(?P<making>CREATE OR REPLACE VIEW tmdb_analytics\.(?P<view>\w+)) AS\n",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL file: its name without the ending, and its text."""

    name: str
    sql: str

    @property
    def reads_or_makes(self) -> frozenset[str]:
        """Tables and views that the statement names."""
        return frozenset(_NAMED.findall(self.sql))

    @property
    def takes_days(self) -> bool:
        """Whether it has the parameters @from_date and @to_date."""
        return "@from_date" in self.sql

    @property
    def view(self) -> str:
        """Name of the view that the statement makes; ValueError if it makes none."""
        if match := _MAKES_VIEW.search(self.sql):
            return match["view"]
        raise ValueError(f"{self.name} makes no view")

    def labelled(self, key: str, value: str) -> str:
        """Return the statement of a view with a label added."""
        options = f"OPTIONS (labels = [('{key}', '{value}')])"
        return _MAKES_VIEW.sub(rf"\g<making>\n{options}\nAS\n", self.sql, count=1)


def daily(folder: Path = SQL) -> list[Statement]:
    """Return the numbered files that take days, in the order of their numbers."""
    return [statement for statement in _numbered(folder) if statement.takes_days]


def views(folder: Path = SQL) -> list[Statement]:
    """Return what makes views: the other numbered files, then views/ by dependency."""
    once = [statement for statement in _numbered(folder) if not statement.takes_days]
    by_name = {view.name: view for view in _read(folder.glob("views/*.sql"))}
    return once + [by_name[name] for name in _order(by_name)]


def transaction(checks: str, folder: Path = SQL) -> str:
    """Return the multi-statement query that computes days and publishes good ones.

    `checks` is their one query. Ends with its findings, each with whether its day was
    published before, and with the rows written (one row where nothing is found).

    It commits unless a published day would fail: that day and its rows of
    check_findings stay as they were. BigQuery and the emulator roll back a script that
    ends without a commit. The findings are read last, because the result of a script is
    that of its last statement.
    """
    made = _joined(statement.sql for statement in daily(folder))
    gate = of_folder("gate", folder)
    return _TRANSACTION.format(
        declared=_DECLARED,
        statements=made,
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

    For days that were computed before these tables existed.
    """
    made = (each.sql for each in daily(folder) if each.name >= FIRST_SMALL)
    about = "small tables: make them of the days that are stored already"
    return _script(about, made, folder)


def _script(about: str, statements: Iterable[str], folder: Path) -> str:
    """Return statements and latest_movie_metrics as one transaction."""
    return _SCRIPT.format(
        about=about,
        declared=_DECLARED,
        statements=_joined(statements),
        latest=_latest(folder),
    )


def _joined(statements: Iterable[str]) -> str:
    return ";\n\n".join(statement.strip() for statement in statements)


def _latest(folder: Path) -> str:
    """Return what replaces latest_movie_metrics; script variables stand for days."""
    replace = of_folder("gate", folder)["latest_movie_metrics"].strip()
    return _LATEST.format(replace=replace.replace("@newest_day", "newest_day"))


def of_folder(name: str, folder: Path = SQL) -> dict[str, str]:
    """Return the texts of a folder's statements by their names."""
    return {each.name: each.sql for each in _read(folder.glob(f"{name}/*.sql"))}


def _select_of(view: str, path: str) -> str:
    """Return the query that a view is made of, from the file that makes it."""
    makes = f"CREATE OR REPLACE VIEW tmdb_analytics.{view} AS\n"
    _, query = (SQL / path).read_text().split(makes)
    return query.strip("; \n")


def with_run_status(sql: str) -> str:
    """Return a query with v_run_status's own in its place: the view comes later."""
    thresholds = _select_of("metric_thresholds", "10_metric_thresholds.sql")
    status = _select_of("v_run_status", "views/v_run_status.sql")
    status = status.replace("tmdb_analytics.metric_thresholds", f"(\n{thresholds}\n)")
    return sql.replace("tmdb_analytics.v_run_status", f"(\n{status}\n)")


def new_breakouts(folder: Path = SQL) -> Statement:
    """Return the alert's query: the movies that broke out on the days."""
    return _read(folder.glob("alerts/new_breakouts.sql"))[0]


def _numbered(folder: Path) -> list[Statement]:
    return _read(folder.glob("[0-9][0-9]_*.sql"))


def _order(by_name: Mapping[str, Statement]) -> Iterable[str]:
    reads = {
        name: (statement.reads_or_makes & by_name.keys()) - {name}
        for name, statement in by_name.items()
    }
    return TopologicalSorter(dict(sorted(reads.items()))).static_order()


def _read(paths: Iterable[Path]) -> list[Statement]:
    return [Statement(path.stem, path.read_text()) for path in sorted(paths)]
