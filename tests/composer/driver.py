"""Runs DAGs by `dag.test()` in one process: importing Airflow takes half a minute.

Reads one JSON object a line from standard input, writes what came of it to the file
that the line names, and prints Airflow's logs.
"""

import json
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow.dag_processing.dagbag import DagBag


def main() -> None:
    """Answer until standard input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        bag = DagBag(request["dags"])
        if request["run"]:
            answer = _run(bag, **request["run"])
        else:
            answer = _loaded(bag, request["dags"])
        sys.stdout.flush()
        into = Path(request["into"])
        part = into.with_suffix(".part")
        part.write_text(json.dumps(answer))
        part.rename(into)


def _loaded(bag: DagBag, dags: str) -> dict[str, Any]:
    return {
        "parse_s": min(_seconds_to_parse(dags) for _ in range(5)),
        "errors": bag.import_errors,
        "warnings": bag.captured_warnings,
        "dags": {name: _described(dag) for name, dag in bag.dags.items()},
    }


def _seconds_to_parse(dags: str) -> float:
    began = time.perf_counter()
    DagBag(dags)
    return time.perf_counter() - began


def _described(dag: Any) -> dict[str, Any]:
    return {
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "owner_links": dag.owner_links,
        "retries": [task.retries for task in dag.tasks],
        "timeout_s": dag.dagrun_timeout.total_seconds(),
        "tasks": {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks},
        "assets": [asset.uri for task in dag.tasks for asset in task.outlets],
    }


def _run(
    bag: DagBag, dag: str, conf: dict[str, Any], run_after: str, *, is_scheduled: bool
) -> dict[str, Any]:
    moment = datetime.fromisoformat(run_after)
    run = bag.dags[dag].test(
        run_after=moment,
        logical_date=moment if is_scheduled else None,
        run_conf=conf,
    )
    states = {one.task_id: str(one.state) for one in run.get_task_instances()}
    return {"state": str(run.state), "tasks": states}


if __name__ == "__main__":
    main()
