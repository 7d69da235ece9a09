"""The order of the SQL files."""

from pathlib import Path

from shared.sql_files import SQL, Statement, daily, views


def _names(statements: list[Statement]) -> list[str]:
    return [statement.name for statement in statements]


def test_the_days_statements_run_in_the_order_of_their_numbers() -> None:
    assert _names(daily()) == [
        "20_movies",
        "30_movie_daily_snapshots",
        "35_movie_daily_snapshots",
        "40_catalogue_days",
        "50_movie_viral_signals",
        "60_movie_metrics_aggregated",
        "70_leading_movie_days",
        "80_movie_breakouts",
        "90_outlook_days",
    ]


def test_every_sql_file_is_run() -> None:
    files = {path.stem for path in (*SQL.glob("*.sql"), *SQL.glob("views/*.sql"))}
    assert set(_names(daily() + views())) == files


def test_every_view_is_made_after_those_it_reads() -> None:
    order = [name.removeprefix("10_") for name in _names(views())]
    for position, view in enumerate(views()):
        made_later = set(order[position + 1 :])
        assert not view.reads_or_makes & made_later, view.name


def test_views_are_sorted_by_what_they_read(tmp_path: Path) -> None:
    (tmp_path / "views").mkdir()
    for name, text in {
        "views/v_a.sql": "SELECT * FROM tmdb_analytics.v_b",
        "views/v_b.sql": "SELECT * FROM tmdb_analytics.thresholds",
        "10_thresholds.sql": "SELECT 1",
        "20_days.sql": "SELECT @from_date, @to_date",
    }.items():
        (tmp_path / name).write_text(text)
    assert _names(views(tmp_path)) == ["10_thresholds", "v_b", "v_a"]
    assert _names(daily(tmp_path)) == ["20_days"]
