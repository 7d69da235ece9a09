"""BigQuery's errors: each row of the table, as raised by Google's client."""

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override

import pytest
from google.api_core.exceptions import from_http_status
from google.cloud.bigquery import DEFAULT_RETRY

from local import tables as local_tables
from shared.bigquery import Warehouse
from shared.bigquery_calls import Retries
from shared.bigquery_errors import TABLE, Known, Verdict, classify
from shared.errors import (
    RowsRejectedError,
    StatementError,
    WarehouseUnavailableError,
)

type Reply = tuple[int, Any]

JOB_ERROR = 200
"""The status with which a finished job tells its error."""


@dataclass(slots=True)
class FakeBigQuery:
    """Answers as prepared: `answers` maps a part of the path to replies in turn.

    The last reply of a part is repeated. `bodies` holds the requests, by that part.
    """

    url: str = ""
    answers: dict[str, list[Reply]] = field(default_factory=dict)
    bodies: dict[str, list[Any]] = field(default_factory=dict)

    def reply(self, path: str, body: bytes) -> Reply:
        for part, replies in self.answers.items():
            if part in path:
                self.bodies.setdefault(part, []).append(json.loads(body or b"{}"))
                return replies.pop(0) if len(replies) > 1 else replies[0]
        return 418, {"error": {"message": f"no answer prepared for {path}"}}


@pytest.fixture
def fake() -> Iterator[FakeBigQuery]:
    bigquery = FakeBigQuery()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, reply = bigquery.reply(self.path, body)
            text = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
            self.send_response(status)
            kind = "text/html" if isinstance(reply, bytes) else "application/json"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = answer  # noqa: N815 - its names

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Keep silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    bigquery.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield bigquery
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def tables(fake: FakeBigQuery) -> Iterator[Warehouse]:
    with local_tables.connect(fake.url) as client:
        retries = Retries(DEFAULT_RETRY.with_timeout(0.1), append_pause_s=0.001)
        yield Warehouse(client, "d", 10**9, retries)


def _error(status: int, reason: str, message: str) -> Mapping[str, Any]:
    detail = {"domain": "global", "reason": reason, "message": message}
    errors = [detail] if reason else []
    return {"error": {"code": status, "message": message, "errors": errors}}


def _finished_job(reason: str, message: str) -> Mapping[str, Any]:
    return {
        "jobReference": {"projectId": "local", "jobId": "j", "location": "US"},
        "configuration": {"jobType": "QUERY", "query": {"query": "SELECT 1"}},
        "status": {
            "state": "DONE",
            "errorResult": {"reason": reason, "message": message},
            "errors": [{"reason": reason, "message": message}],
        },
    }


def _rows() -> list[tuple[Known, int]]:
    return [(known, status) for known in TABLE for status in known.arrives_as]


def _name(value: object) -> str:
    if isinstance(value, Known):
        return f"{value.reason or 'any reason'} {value.text}".strip()
    return "job" if value == JOB_ERROR else str(value)


@pytest.mark.parametrize(("known", "status"), _rows(), ids=_name)
def test_each_row_of_the_table_decides_as_it_says(
    known: Known, status: int, fake: FakeBigQuery, tables: Warehouse
) -> None:
    message = f"before {known.text} after"
    if status == JOB_ERROR:
        fake.answers["/jobs"] = [(200, _finished_job(known.reason, message))]
    else:
        fake.answers["/"] = [(status, _error(status, known.reason, message))]
    raised = (
        WarehouseUnavailableError
        if known.verdict is Verdict.TRANSIENT
        else StatementError
    )
    with pytest.raises(raised) as caught:
        tables.execute("-- a statement\nSELECT 1")
    assert caught.value.hint == known.hint
    assert known.source.startswith("https://")


@pytest.mark.parametrize("status", [400, 403, 404, 409, 500, 502, 503])
def test_a_page_of_html_is_judged_by_its_status(
    status: int, fake: FakeBigQuery, tables: Warehouse
) -> None:
    """A proxy's answer has no reason."""
    fake.answers["/"] = [(status, b"<html>quotaExceeded invalidQuery</html>")]
    is_ours = status in (400, 403, 404)
    with pytest.raises(StatementError if is_ours else WarehouseUnavailableError):
        tables.execute("SELECT 1")


def test_a_reason_in_the_text_alone_decides_nothing(
    fake: FakeBigQuery, tables: Warehouse
) -> None:
    """A column may have the name of a quota error."""
    message = "Unrecognized name: quotaExceeded; rateLimitExceeded"
    fake.answers["/"] = [(400, _error(400, "invalidQuery", message))]
    with pytest.raises(StatementError):
        tables.execute("SELECT quotaExceeded")


@pytest.mark.parametrize(
    ("reason", "settings"),
    [
        ("bytesBilledLimitExceeded", ("max_gib_billed", "MAX_BYTES_BILLED")),
        ("resourcesExceeded", ("tracked_movies", "TRACKED_MOVIES")),
    ],
)
def test_a_limit_of_ours_names_the_setting(
    reason: str, settings: tuple[str, ...], fake: FakeBigQuery, tables: Warehouse
) -> None:
    """Google's client makes it a 500, as if BigQuery were unavailable."""
    fake.answers["/jobs"] = [(200, _finished_job(reason, "limit exceeded"))]
    with pytest.raises(StatementError) as caught:
        tables.execute("SELECT 1")
    assert all(name in caught.value.hint for name in settings)


def test_an_unknown_reason_falls_to_its_status() -> None:
    for status, verdict in ((418, "permanent"), (451, "permanent"), (599, "transient")):
        errors = [{"reason": "neverSeen"}]
        error = from_http_status(status, "?", errors=errors)  # type: ignore[no-untyped-call]
        assert classify(error).verdict == verdict


def _refusing(*places: int, reason: str) -> Reply:
    errors = [{"reason": reason, "message": f"it is {reason}", "location": ""}]
    return 200, {"insertErrors": [{"index": n, "errors": errors} for n in places]}


TAKEN: Reply = (200, {})


@pytest.mark.parametrize("reason", ["timeout", "backendError", "stopped"])
def test_rows_refused_for_a_moment_are_appended_again_with_their_ids(
    reason: str, fake: FakeBigQuery, tables: Warehouse
) -> None:
    fake.answers["/insertAll"] = [_refusing(1, 2, reason=reason), TAKEN]
    rows = [{"movie_id": n} for n in (10, 11, 12)]
    assert tables.append("t", rows, ["a", "b", "c"]) == []
    first, again = fake.bodies["/insertAll"]
    assert [row["insertId"] for row in first["rows"]] == ["a", "b", "c"]
    assert again["rows"] == first["rows"][1:]


def test_a_refused_row_keeps_its_place_when_others_are_appended_again(
    fake: FakeBigQuery, tables: Warehouse
) -> None:
    stopped, invalid = _refusing(0, 2, reason="stopped"), _refusing(3, reason="invalid")
    both = stopped[1]["insertErrors"] + invalid[1]["insertErrors"]
    fake.answers["/insertAll"] = [
        (200, {"insertErrors": both}),
        # The second of the two rows that were sent again.
        _refusing(1, reason="invalid"),
    ]
    refusals = tables.append("t", [{"n": n} for n in range(4)], ["a", "b", "c", "d"])
    assert [refusal.index for refusal in refusals] == [2, 3]


def test_rows_that_stay_refused_for_a_moment_are_an_outage(
    fake: FakeBigQuery, tables: Warehouse
) -> None:
    """If it were recorded as refused, the movie would be lost for the day."""
    fake.answers["/insertAll"] = [_refusing(0, reason="backendError")]
    with pytest.raises(WarehouseUnavailableError, match="1 rows were refused 5 times"):
        tables.append("t", [{"n": 1}], ["a"])
    assert len(fake.bodies["/insertAll"]) == 5


@pytest.mark.parametrize(
    ("age", "raised"),
    [
        (timedelta(seconds=5), WarehouseUnavailableError),
        (timedelta(hours=1), RowsRejectedError),
    ],
    ids=["just made", "old"],
)
def test_streaming_may_not_know_a_new_table_yet(
    age: timedelta, raised: type[Exception], fake: FakeBigQuery, tables: Warehouse
) -> None:
    made = datetime.now(UTC) - age
    reference = {"projectId": "local", "datasetId": "d", "tableId": "t"}
    fake.answers["/insertAll"] = [(404, _error(404, "notFound", "Not found: Table"))]
    fake.answers["/tables/t"] = [
        (
            200,
            {
                "tableReference": reference,
                "creationTime": str(int(made.timestamp() * 1000)),
            },
        )
    ]
    with pytest.raises(raised):
        tables.append("t", [{"n": 1}], ["a"])


def _load_replies(fake: FakeBigQuery, made_ms: int) -> None:
    dataset = {"datasetReference": {"projectId": "local", "datasetId": "d"}}
    fake.answers["/datasets/d"] = [(200, dataset | {"creationTime": str(made_ms)})]


def test_not_being_able_to_ask_is_not_a_failed_load(
    fake: FakeBigQuery, tables: Warehouse
) -> None:
    """If it counted as a failure, the load would be repeated under the next id."""
    duplicate = _error(409, "duplicate", "Already Exists: Job")
    fake.answers["/upload/"] = [(409, duplicate)]
    _load_replies(fake, 1_772_355_600_000)
    running = {
        "jobReference": {"projectId": "local", "jobId": "j", "location": "US"},
        "configuration": {"jobType": "LOAD", "load": {}},
        "status": {"state": "RUNNING"},
    }
    fake.answers["/jobs/"] = [
        (200, running),
        (403, _error(403, "quotaExceeded", "Quota exceeded")),
    ]
    with pytest.raises(WarehouseUnavailableError):
        tables.load_once("t", [{"n": 1}], "plan_daily-2026-03-01")
    assert len(fake.bodies["/upload/"]) == 1
