"""The daily DAG under Airflow's own scheduler and triggerer, each a process."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
from contextlib import closing

from tests.composer.conftest import AIRFLOW, RUN_S, Airflow, wait_until

DAY = "2026-06-07"


def test_the_scheduler_and_the_triggerer_bring_a_day_to_its_end(
    airflow: Airflow,
) -> None:
    # Long enough for the task to defer.
    airflow.steer(today=DAY, faults={"outage_s": 30.0})
    # The trigger must not fire before the scheduler has seen the task defer.
    airflow.settings(poll_s=15)
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = str(free.getsockname()[1])
    address = {
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__PARALLELISM": "1",
    }
    log = airflow.home / "standalone.log"
    with log.open("w") as out:
        process = subprocess.Popen(  # noqa: S603 - Airflow's own command
            [AIRFLOW, "standalone"], env=airflow.environment() | address,
            stdout=out, stderr=out, text=True, start_new_session=True,
        )  # fmt: skip
    try:
        conf = json.dumps({"mode": "daily", "run_date": DAY})
        run_id = "under_the_scheduler"
        done = airflow.command(
            "dags", "trigger", "tmdb_traction_by_hand", f"--run-id={run_id}",
            f"--conf={conf}",
        )  # fmt: skip
        assert done.returncode == 0, done.stdout

        def is_over() -> bool:
            return _state(airflow, run_id) in ("success", "failed")

        wait_until(is_over, RUN_S, process, log)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)
    logs = airflow.home / f"logs/dag_id=tmdb_traction_by_hand/run_id={run_id}"
    texts = {
        path.relative_to(logs).as_posix(): path.read_text()
        for path in logs.rglob("*.log*")
    }
    assert _state(airflow, run_id) == "success", texts
    assert any("wait_for_runs" in name and ".trigger." in name for name in texts), texts
    assert not [name for name in texts if "attempt=1" not in name]
    assert any(f"{DAY} is published" in text for text in texts.values()), texts


def _state(airflow: Airflow, run_id: str) -> str:
    database = f"file:{airflow.home}/airflow.db?mode=ro"
    with closing(sqlite3.connect(database, uri=True, timeout=30)) as db:
        sql = "SELECT state FROM dag_run WHERE run_id = ?"
        [(state,)] = db.execute(sql, [run_id]).fetchall()
    return str(state)
