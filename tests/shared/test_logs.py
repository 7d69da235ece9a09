"""Logs: one line of JSON per record, with the fields that Cloud Logging reads."""

import json
import logging
import subprocess
import sys
from datetime import UTC, datetime

import flask
import pytest

from shared.logs import JsonFormatter

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def _line(record: logging.LogRecord) -> dict[str, object]:
    text = JsonFormatter("my-project").format(record)
    assert "\n" not in text
    fields: dict[str, object] = json.loads(text)
    return fields


def _record(**changes: object) -> logging.LogRecord:
    named = {"name": "shared.ledger", "levelname": "WARNING", "msg": "batch_stored"}
    return logging.makeLogRecord(named | changes)


def test_an_event_and_its_fields_are_one_line() -> None:
    record = _record(run_id="daily-2026-03-01", stored=50, created=1_772_323_200.25)
    assert _line(record) == {
        "severity": "WARNING",
        "message": "batch_stored",
        "time": datetime(2026, 3, 1, 0, 0, 0, 250_000, UTC).isoformat(),
        "logger": "shared.ledger",
        "run_id": "daily-2026-03-01",
        "stored": 50,
    }


def test_a_value_that_json_does_not_know_is_written_as_text() -> None:
    day = datetime(2026, 3, 1, tzinfo=UTC).date()
    assert _line(_record(day=day))["day"] == "2026-03-01"


def test_an_exception_is_a_stack_trace_within_the_line() -> None:
    def fail() -> None:
        raise ValueError("of two\nlines")

    try:
        fail()
    except ValueError:
        found = _line(_record(exc_info=sys.exc_info()))["stack_trace"]
    assert str(found).startswith("Traceback (most recent call last):\n")
    assert str(found).endswith("ValueError: of two\nlines")


@pytest.mark.parametrize(("flags", "is_sampled"), [("01", True), ("00", False)])
def test_a_line_within_a_request_carries_its_trace(
    flags: str, *, is_sampled: bool
) -> None:
    headers = {"traceparent": f"00-{TRACE}-{SPAN}-{flags}"}
    with flask.Flask("test").test_request_context(headers=headers):
        line = _line(_record())
    assert line["logging.googleapis.com/trace"] == f"projects/my-project/traces/{TRACE}"
    assert line["logging.googleapis.com/spanId"] == SPAN
    assert line["logging.googleapis.com/trace_sampled"] is is_sampled


@pytest.mark.parametrize("header", ["", "00-short-b7ad6b7169203331-01", "nonsense"])
def test_a_request_without_a_trace_leaves_it_out(header: str) -> None:
    headers = {"traceparent": header}
    with flask.Flask("test").test_request_context(headers=headers):
        assert not [name for name in _line(_record()) if name.startswith("logging.")]


def test_a_process_writes_json_only_and_no_url_of_a_request() -> None:
    """At DEBUG, urllib3 logs URLs, which contain a v3 key."""
    program = (
        "import logging\n"
        "from shared import logs\n"
        "logs.setup('p', 'DEBUG')\n"
        "logging.getLogger('shared').debug('began')\n"
        "logging.getLogger('urllib3.connectionpool').debug('GET /?api_key=secret')\n"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert [json.loads(line)["message"] for line in done.stdout.splitlines()] == [
        "began"
    ]
    assert not done.stderr
