"""How long the DAG file takes to parse once Airflow is imported: `make bench-dag`.

Runs in composer's virtual environment, because only that has Airflow.
"""

import argparse
import importlib.util
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path

DAG_FILE = Path(__file__).parents[1] / "composer/dags/tmdb_traction.py"
TIMES = 20
SETTINGS = {
    "daily_schedule": "0 9 * * *",
    "dashboard_url": "https://console.cloud.google.com/monitoring",
    "dataset": "tmdb_analytics",
    "dataset_location": "US",
    "poll_s": 60,
    "project_id": "demo-project-1",
    "runbook_url": None,
    "topic": "ingest-requests",
    "wait_timeout_s": 28_800,
    "weekly_schedule": "0 3 * * 1",
}


def main() -> None:
    """Parse it once with Airflow's imports and then without; print seconds."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copy(DAG_FILE, folder))
        path.with_suffix(".json").write_text(json.dumps(SETTINGS))
        first = _parse(path)
        rest = [_parse(path) for _ in range(TIMES)]
    print(f"with the imports of Airflow: {first:.2f} s")
    print(f"without: median {statistics.median(rest):.3f} s, most {max(rest):.3f} s")


def _parse(path: Path) -> float:
    began = time.perf_counter()
    spec = importlib.util.spec_from_file_location("tmdb_traction", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
