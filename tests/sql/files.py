"""The files of sql/, by kind and by name, and the comparisons in them."""

import json

from sqlglot import exp

from shared import sql_files

NUMBERED = sorted(sql_files.SQL.glob("[0-9][0-9]_*.sql"))
VIEWS = sorted((sql_files.SQL / "views").glob("*.sql"))
CHECKS = sorted((sql_files.SQL / "checks").glob("*.sql"))
GATE = sorted((sql_files.SQL / "gate").glob("*.sql"))
QUERIES = sorted((sql_files.SQL / "queries").glob("*.sql"))
ALERTS = sorted((sql_files.SQL / "alerts").glob("*.sql"))
DASHBOARD = sorted((sql_files.SQL / "dashboard").glob("*.sql"))
TRACKING = sorted((sql_files.SQL / "tracking").glob("*.sql"))
ATTENTION = sorted((sql_files.SQL / "attention").glob("*.sql"))
WINDOWS = sorted((sql_files.SQL / "windows").glob("*.sql"))
LEDGER = sorted((sql_files.SQL / "ledger").glob("*.sql"))
SCHEMAS = {
    path.stem: json.loads(path.read_text())
    for path in sorted((sql_files.SQL / "schemas").glob("*.json"))
}
TEXTS = {
    path.stem: path.read_text()
    for path in [
        *(*NUMBERED, *VIEWS, *CHECKS, *GATE, *TRACKING, *QUERIES, *ALERTS),
        *(*DASHBOARD, *ATTENTION, *WINDOWS),
    ]
}
THRESHOLDS = "10_metric_thresholds"

COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
