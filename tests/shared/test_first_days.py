"""How statements get the first days that they read from."""

from shared import first_days, sql_files

WINDOW = "SELECT DATE_SUB(@from_date, INTERVAL 9 DAY) -- INTERVAL 30 DAY\n"


def test_the_earliest_days_are_those_that_the_files_name() -> None:
    windows = sql_files.windows().items()
    assert {name: first_days.most_days_before(sql) for name, sql in windows} == {
        "first_class_day": 30,
        "first_details_day": 7,
        "first_past_day": 46,
    }
    assert first_days.earliest(WINDOW) == "DATE_SUB(@from_date, INTERVAL 30 DAY)"


def test_a_variable_is_set_once_before_the_first_that_names_it() -> None:
    windows = {"first_a": "SELECT 1\n", "first_b": "SELECT 2", "first_c": "SELECT 3"}
    statements = ["SELECT @day", "x >= @first_b", "x >= @first_a + @first_b"]
    assert [*first_days.in_script(statements, windows)] == [
        "SELECT @day",
        "SET first_b = (\nSELECT 2\n)",
        "x >= first_b",
        "SET first_a = (\nSELECT 1\n)",
        "x >= first_a + first_b",
    ]


def test_variables_are_declared_as_days() -> None:
    assert first_days.declared("a", "b") == "DECLARE a DATE;\nDECLARE b DATE;"
