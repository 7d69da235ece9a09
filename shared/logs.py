"""Log one JSON object per line on standard output, with Cloud Logging's field names.

log.info("batch_stored", extra={"run_id": ..., "stored": 50}) becomes
{"severity": "INFO", "message": "batch_stored", "run_id": ..., "stored": 50, ...}.
Within a request a line has the request's trace, so that Cloud Logging groups the
lines. No client library is needed: the platform reads standard output.
Fields: https://cloud.google.com/logging/docs/structured-logging
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import override

import flask

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName"}
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


class JsonFormatter(logging.Formatter):
    """Format a record as one line of JSON."""

    def __init__(self, project_id: str) -> None:
        super().__init__()
        self._project_id = project_id

    @override
    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "severity": record.levelname,
            "message": record.getMessage(),
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "logger": record.name,
        }
        extra = {k: v for k, v in vars(record).items() if k not in _STANDARD}
        fields |= extra | self._trace()
        if record.exc_info:
            fields["stack_trace"] = self.formatException(record.exc_info)
        return json.dumps(fields, default=str)

    def _trace(self) -> dict[str, object]:
        if not flask.has_request_context():
            return {}
        header = flask.request.headers.get("traceparent", "")
        if not (match := _TRACEPARENT.match(header)):
            return {}
        trace, span, flags = match.groups()
        name = f"projects/{self._project_id}/traces/{trace}"
        return {
            "logging.googleapis.com/trace": name,
            "logging.googleapis.com/spanId": span,
            "logging.googleapis.com/trace_sampled": bool(int(flags, 16) & 1),
        }


def setup(project_id: str, level: str) -> None:
    """Send every logger's records to standard output as JSON lines."""
    # functions-framework replaces sys.stdout by a wrapper of its own.
    handler = logging.StreamHandler(sys.__stdout__)
    handler.setFormatter(JsonFormatter(project_id))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # At DEBUG urllib3 prints URLs with their query: a v3 key would be in them.
    logging.getLogger("urllib3").setLevel(logging.WARNING)
