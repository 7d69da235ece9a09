"""Messages: what is accepted, what is refused, and that a refusal helps."""

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import BadMessageError
from shared.messages import (
    DashboardRequest,
    IngestRequest,
    MetricsRequest,
    MovieBatch,
    ViewsRequest,
    metrics_request,
)
from shared.runs import Batch, Mode, Run

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = date(2026, 3, 1)
TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    "request_",
    [
        IngestRequest(Mode.INITIAL, DAY, limit=250),
        IngestRequest(Mode.DAILY),
        IngestRequest(Mode.WEEKLY, DAY),
        IngestRequest(Mode.HISTORY, DAY),
        IngestRequest(Mode.HISTORY_DAY, DAY, export_date=date(2026, 1, 2)),
        IngestRequest(Mode.HISTORY_DAY, export_date=date(2026, 1, 2)),
        IngestRequest(
            Mode.HISTORY_DAY,
            DAY,
            export_date=date(2026, 1, 2),
            batch=Batch(3, 90, export_date=date(2026, 1, 2)),
        ),
    ],
)
def test_an_ingest_request_survives_the_queue(request_: IngestRequest) -> None:
    assert IngestRequest.from_json(request_.to_json(), TODAY) == request_


def test_a_movie_batch_survives_the_queue() -> None:
    batch = MovieBatch.of(Run(Mode.DAILY, DAY), Batch(2, 3, (13, 680)))
    assert MovieBatch.from_json(batch.to_json(), TODAY) == batch


@pytest.mark.parametrize(
    "request_",
    [
        MetricsRequest("daily-2026-03-01", DAY, DAY),
        MetricsRequest(None, date(2026, 2, 1), DAY),
    ],
)
def test_a_metrics_request_survives_the_queue(request_: MetricsRequest) -> None:
    assert metrics_request(request_.to_json(), TODAY) == request_


def test_a_request_for_the_views_survives_the_queue() -> None:
    assert metrics_request(ViewsRequest().to_json(), TODAY) == ViewsRequest()


def test_a_dashboard_request_survives_the_queue() -> None:
    request = DashboardRequest(DAY)
    assert DashboardRequest.from_json(request.to_json(), TODAY) == request


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "body"),
        ({}, "snapshot_date"),
        ({"snapshot_date": 20260301}, "snapshot_date"),
        ({"snapshot_date": "2026-02-30"}, "snapshot_date"),
        ({"snapshot_date": "2026-03-01", "run_id": "daily-2026-03-01"}, "run_id"),
    ],
)
def test_a_bad_dashboard_request_names_the_field(body: object, field: str) -> None:
    with pytest.raises(BadMessageError) as caught:
        DashboardRequest.from_json(body, TODAY)
    assert caught.value.field == field
    assert caught.value.hint


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "body"),
        ("daily", "body"),
        (None, "body"),
        ({}, "mode"),
        ({"mode": "hourly"}, "mode"),
        ({"mode": ["daily"]}, "mode"),
        ({"mode": "initial", "limit": 0}, "limit"),
        ({"mode": "initial", "limit": -1}, "limit"),
        ({"mode": "initial", "limit": "many"}, "limit"),
        ({"mode": "initial", "limit": 1e9}, "limit"),
        ({"mode": "initial", "limit": 1_000_000_000}, "limit"),
        ({"mode": "initial", "limit": True}, "limit"),
        ({"mode": "weekly", "limit": 5}, "limit"),
        ({"mode": "initial", "limt": 5}, "limt"),
        ({"mode": "daily", "run_date": "2026-02-30"}, "run_date"),
        ({"mode": "daily", "run_date": "yesterday"}, "run_date"),
        ({"mode": "daily", "run_date": "2026-W01-1"}, "run_date"),
        ({"mode": "daily", "date": "2026-02-03"}, "date"),
        (
            {"mode": "history_day", "run_date": "2026-02-03", "date": "2026-02-04"},
            "date",
        ),
        ({"mode": "history", "date": "2026-02-03"}, "date"),
        ({"mode": "history_day"}, "date"),
        ({"mode": "history_day", "date": "2026-02-03", "limit": 5}, "limit"),
        (
            {
                "mode": "history_day",
                "date": "2026-02-03",
                "batch_no": 1,
                "batch_count": 2,
            },
            "run_date",
        ),
        ({"mode": "sweep", "limit": 5}, "limit"),
        ({"mode": "history", "batch_no": 1, "batch_count": 2}, "batch_no"),
    ],
)
def test_a_bad_ingest_request_names_the_field_and_a_hint(
    body: object, field: str
) -> None:
    with pytest.raises(BadMessageError) as caught:
        IngestRequest.from_json(body, TODAY)
    assert caught.value.field == field
    assert caught.value.hint


def test_a_field_of_another_mode_names_the_mode_it_belongs_to() -> None:
    with pytest.raises(BadMessageError) as caught:
        IngestRequest.from_json({"mode": "history", "date": "2026-02-03"}, TODAY)
    assert caught.value.hint.endswith("it belongs to history_day")


@pytest.mark.parametrize("mode", ["history_day", "sweep"])
def test_no_run_is_named_after_a_mode_that_is_none(mode: str) -> None:
    with pytest.raises(BadMessageError) as caught:
        MovieBatch.from_json(_batch(run_id=f"{mode}-2026-03-01"), TODAY)
    assert caught.value.field == "run_id"


def _batch(**changes: Any) -> dict[str, Any]:
    good = MovieBatch("daily-2026-03-01", DAY, 1, 2, (13,)).to_json()
    return good | changes


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"movie_ids": []}, "movie_ids"),
        ({"movie_ids": [0]}, "movie_ids"),
        ({"movie_ids": ["13"]}, "movie_ids"),
        ({"movie_ids": list(range(1, 502))}, "movie_ids"),
        ({"movie_ids": None}, "movie_ids"),
        ({"batch_no": 3}, "batch_no"),
        ({"batch_no": 0}, "batch_no"),
        ({"batch_count": None}, "batch_count"),
        ({"run_id": "daily-2026-03-02"}, "run_id"),
        ({"run_id": "hourly-2026-03-01"}, "run_id"),
        ({"run_id": 7}, "run_id"),
        ({"run_date": 20260301}, "run_date"),
    ],
)
def test_a_bad_movie_batch_names_the_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadMessageError) as caught:
        MovieBatch.from_json(_batch(**changes), TODAY)
    assert caught.value.field == field


def test_an_id_named_twice_is_one_movie() -> None:
    batch = MovieBatch.from_json(_batch(movie_ids=[13, 680, 13]), TODAY)
    assert batch.movie_ids == (13, 680)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "from"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ({"from": "2026-03-02"}, "to"),
        ({"run_id": "daily-2026-03-01"}, "run_date"),
        (
            {
                "run_id": "daily-2026-03-01",
                "run_date": "2026-03-01",
                "to": "2026-03-01",
            },
            "from",
        ),
        ({"views": False}, "views"),
        ({"views": None}, "views"),
        ({"views": True, "from": "2026-03-01"}, "from"),
    ],
)
def test_a_bad_metrics_request_names_the_field(
    body: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadMessageError) as caught:
        metrics_request(body, TODAY)
    assert caught.value.field == field


IMPOSSIBLE = ["0001-01-01", "1970-01-01", "2017-04-27", "2026-03-03", "9999-12-31"]


@pytest.mark.parametrize("day", IMPOSSIBLE)
def test_a_day_after_today_or_before_tmdbs_first_export_is_refused(day: str) -> None:
    bodies: list[tuple[Callable[[object, date], object], dict[str, Any], str]] = [
        (IngestRequest.from_json, {"mode": "daily", "run_date": day}, "run_date"),
        (IngestRequest.from_json, {"mode": "sweep", "run_date": day}, "run_date"),
        (IngestRequest.from_json, {"mode": "history_day", "date": day}, "date"),
        (MovieBatch.from_json, _batch(run_id=f"daily-{day}", run_date=day), "run_date"),
        (
            MovieBatch.from_json,
            _batch(run_id=f"history-2026-03-01-{day}", run_date="2026-03-01"),
            "run_id",
        ),
        (metrics_request, {"run_id": f"daily-{day}", "run_date": day}, "run_date"),
        (metrics_request, {"from": day, "to": "2026-03-01"}, "from"),
        (metrics_request, {"from": "2026-03-01", "to": day}, "to"),
        (DashboardRequest.from_json, {"snapshot_date": day}, "snapshot_date"),
    ]
    for parse, body, field in bodies:
        with pytest.raises(BadMessageError) as caught:
            parse(body, TODAY)
        assert caught.value.field == field
        if field != "run_id":
            assert "from 2017-04-28 to 2026-03-02" in caught.value.hint


@pytest.mark.parametrize("day", ["2017-04-28", "2026-03-02"])
def test_tmdbs_first_export_and_today_are_days(day: str) -> None:
    request = IngestRequest.from_json({"mode": "daily", "run_date": day}, TODAY)
    assert request.run_date == date.fromisoformat(day)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
names = st.sampled_from(
    [
        "mode",
        "run_date",
        "limit",
        "date",
        "batch_no",
        "batch_count",
        "run_id",
        "movie_ids",
        "from",
        "to",
    ]
)


@given(st.dictionaries(names, anything) | anything)
def test_no_body_is_anything_but_accepted_or_refused(body: object) -> None:
    for message in (IngestRequest, MovieBatch, MetricsRequest):
        try:
            message.from_json(body, TODAY)
        except BadMessageError as error:
            assert error.field  # noqa: PT017 - either outcome is right
