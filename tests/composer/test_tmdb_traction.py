"""The DAGs on a real Airflow: the local functions run the days that they request."""

import re

from tests.composer.conftest import ROOT, TODAY, Airflow

ASSET = "bigquery://local/tmdb_analytics/movie_metrics_aggregated"
GUIDE = (ROOT / "docs/guides/composer.md").read_text()


def test_the_dags_load_without_error_or_warning(airflow: Airflow) -> None:
    loaded = airflow.loaded()
    assert (loaded["errors"], loaded["warnings"]) == ({}, {})
    assert loaded["parse_s"] < 0.5
    names = ("daily", "weekly", "by_hand")
    assert loaded["dags"].keys() == {f"tmdb_traction_{name}" for name in names}
    for dag in loaded["dags"].values():
        assert (dag["catchup"], dag["max_active_runs"]) == (False, 1)
        assert dag["owner_links"].keys() == {"dashboard", "runbook"}
        assert (min(dag["retries"]), dag["timeout_s"]) == (3, 240 + 3600)
        assert dag["assets"] == [ASSET]


def test_the_guide_draws_the_graph_that_airflow_has(airflow: Airflow) -> None:
    drawn = re.findall(r"^(\w+) ──▶ (\w+) ──▶ (\w+) ──▶ asset", GUIDE, re.MULTILINE)
    [(first, second, third)] = drawn
    for dag in airflow.loaded()["dags"].values():
        arrows = {name: to for name, to in dag["tasks"].items() if to}
        # The run ids go from the first task to the third as well.
        assert arrows == {first: sorted([second, third]), second: [third]}


def test_a_run_with_nothing_to_do_is_green_and_dated_by_its_dag_run(
    airflow: Airflow,
) -> None:
    for is_scheduled in (True, False):
        done = airflow.run("weekly", is_scheduled=is_scheduled)
        assert done.state == "success", done.log
        assert f"weekly-{TODAY}: DONE, 0 of 0 batches" in done.log
        assert "no retired movie to refresh" in done.log
        assert done.tasks["check_days"] == "skipped"


def test_a_day_runs_green_and_its_repetition_is_harmless(airflow: Airflow) -> None:
    day = "2026-06-02"
    airflow.steer(today=day)
    done = airflow.run("daily", run_date=day)
    assert done.state == "success", done.log
    [counted] = airflow.query(
        "SELECT COUNT(*) AS movies FROM tmdb_analytics.movie_metrics_aggregated "
        f"WHERE calculation_date = '{day}'"
    )
    assert counted["movies"] >= 60
    assert f"{day} is published: {counted['movies']} movies" in done.log
    events = f"SELECT * FROM tmdb_analytics.ingestion_log WHERE run_id = 'daily-{day}'"
    before = airflow.query(events)
    assert before
    again = airflow.run("daily", run_date=day)
    assert again.state == "success", again.log
    assert airflow.query(events) == before


def test_the_wait_goes_through_the_trigger(airflow: Airflow) -> None:
    day = "2026-06-03"
    airflow.steer(today=day)
    done = airflow.run("daily", run_date=day)
    assert done.state == "success", done.log
    assert "DateTimeTrigger" in done.log


def test_a_withheld_day_is_red_with_its_reason(airflow: Airflow) -> None:
    airflow.cli("withhold", TODAY, "--reason=votes of a wrong day", "--yes")
    done = airflow.run("by_hand", mode="initial", run_date=TODAY)
    assert done.state == "failed"
    assert f"{TODAY} is withheld: votes of a wrong day" in done.log
    assert f"tmdb-traction publish {TODAY} --reason" in done.log
    airflow.cli("publish", TODAY, "--reason=they are right", "--yes")
    done = airflow.run("by_hand", mode="initial", run_date=TODAY)
    assert done.state == "success", done.log


def test_a_partial_run_is_red_unless_it_is_accepted(airflow: Airflow) -> None:
    day = "2026-06-04"
    sql = "SELECT movie_id FROM tmdb_analytics.tracked_movies ORDER BY 1 LIMIT 1"
    poisoned = [row["movie_id"] for row in airflow.query(sql)]
    airflow.steer(today=day, faults={"poison_movies": poisoned})
    done = airflow.run("daily", run_date=day)
    assert done.state == "failed", done.log
    assert f"daily-{day} is PARTIAL: coverage 0.9" in done.log
    assert f"tmdb-traction status daily-{day}" in done.log
    done = airflow.run("daily", run_date=day, accept_partial=True)
    assert done.state == "success", done.log


def test_a_run_that_never_ends_is_cut_and_goes_on_when_it_can(
    airflow: Airflow,
) -> None:
    day = "2026-06-05"
    airflow.settings(wait_timeout_s=10)
    airflow.steer(today=day, faults={"outage_s": 600.0})
    done = airflow.run("daily", run_date=day)
    assert (done.state, done.tasks["wait_for_runs"]) == ("failed", "failed"), done.log
    assert f"daily-{day} is not planned after 10 s" in done.log
    airflow.settings()
    airflow.steer(faults={})
    again = airflow.run("daily", run_date=day)
    assert again.state == "success", again.log


def test_a_weekly_run_publishes_no_day(airflow: Airflow) -> None:
    retire = (
        "UPDATE tmdb_analytics.tracked_movies SET retired_on = DATE '{}', "
        "retired_reason = 'outside the top' WHERE movie_id = "
        "(SELECT MIN(movie_id) FROM tmdb_analytics.tracked_movies)"
    )
    airflow.query(retire.format(TODAY))
    day = "2026-06-06"
    airflow.steer(today=day)
    done = airflow.run("weekly", run_date=day)
    assert done.state == "success", done.log
    assert f"weekly-{day}: DONE, 1 of 1 batches" in done.log
    assert done.tasks["check_days"] == "skipped"


def test_a_range_of_history_is_a_run_for_each_day(airflow: Airflow) -> None:
    airflow.steer(today="2026-06-06")
    done = airflow.run(
        "by_hand", mode="history", run_date="2026-06-06",
        from_date="2026-05-30", to_date="2026-05-31",
    )  # fmt: skip
    assert done.state == "success", done.log
    for day in ("2026-05-30", "2026-05-31"):
        assert f"history-2026-06-06-{day}: PUBLISHED" in done.log
        assert f"{day} is published" in done.log


def test_half_a_range_of_history_starts_nothing(airflow: Airflow) -> None:
    done = airflow.run("by_hand", mode="history", from_date="2026-05-30")
    assert (done.state, done.tasks["publish_requests"]) == ("failed", "failed")
    assert "from_date and to_date belong together" in done.log
