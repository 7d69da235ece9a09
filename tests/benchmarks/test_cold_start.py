"""The import time of a function by package, and one real import."""

import sys
from pathlib import Path

from benchmarks import cold_start
from local.archives import stage


def test_the_time_of_modules_is_added_up_by_package() -> None:
    lines = [
        "import time: self [us] | cumulative | imported package",
        "import time:       500 |        500 |     google.cloud.bigquery.table",
        "import time:      1500 |       2000 |   google.cloud.bigquery",
        "import time:       250 |        250 |   google.auth.crypt",
        "import time:        50 |         50 | json.decoder",
        "a warning of the program itself",
    ]
    assert cold_start.by_package(lines) == {
        "google.cloud.bigquery": 2.0,
        "google.auth": 0.25,
        "json": 0.05,
    }


def test_an_import_of_an_archive_says_what_it_used(tmp_path: Path) -> None:
    folder = stage("render_dashboard", tmp_path)
    cpu_s, peak_mib, modules = cold_start.probe(sys.executable, folder)
    assert cpu_s > 0
    assert peak_mib > 20
    assert modules > 100
