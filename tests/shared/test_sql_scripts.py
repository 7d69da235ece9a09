"""The scripts that run the SQL files."""

import re

from shared.sql_files import daily
from shared.sql_scripts import alone, small_tables


def test_a_statement_runs_alone_with_the_days_that_it_reads_from() -> None:
    of_days = {each.name: each for each in daily()}
    assert alone(of_days["80_movie_breakouts"]) == of_days["80_movie_breakouts"].sql
    declared, _, rest = alone(of_days["35_movie_daily_snapshots"]).partition("\n\n")
    assert declared.endswith("DECLARE first_past_day DATE;")
    assert rest.startswith("SET first_past_day = (\n-- first_past_day: ")
    assert "BETWEEN first_past_day AND" in rest
    assert "@first_" not in rest


def test_the_small_tables_are_made_with_the_whole_past() -> None:
    made = small_tables()
    assert "BETWEEN DATE_SUB(@from_date, INTERVAL 46 DAY) AND @to_date" in made
    assert "first_past_day" not in re.sub(r"--.*", "", made)
