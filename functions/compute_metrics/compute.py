"""Compute, check and publish days, and record the result in the ledger.

Statements, checks and gate are one script in one transaction, and only one script runs
at a time. Readers see a day before or after it. A published day stays as it was if its
recomputation fails a check or is interrupted.

A range that BigQuery refuses for its cost, or that took a delivery's whole time, is
halved. A redelivery goes on where the last one ended: see shared/scripts.py.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from functions.compute_metrics import breakouts, checks, spans, views
from functions.compute_metrics.checks import Finding, Severity
from functions.compute_metrics.clients import Clients
from functions.compute_metrics.deadline import Deadline
from functions.compute_metrics.spans import Span
from shared import clock, sql_scripts
from shared.delivery import Delivery
from shared.errors import CostLimitError, PipelineError, RangeSlowError
from shared.interfaces import Bill, Lock, Outcome, Row, Tables
from shared.messages import METRICS_REQUESTS, MetricsRequest
from shared.runs import Event, Recomputation, Recorded, Run, RunStatus

log = logging.getLogger(__name__)

MOST_DAYS_OF_A_CALL = 31
"""In a call, longer ranges are queued and answered at once."""


def of_run(
    request: MetricsRequest, delivery: Delivery, clients: Clients, deadline: Deadline
) -> dict[str, Any]:
    """Compute the days of a complete run, unless done already, and record it."""
    run = Run.from_id(str(request.run_id))
    if not run.mode.publishes_days:
        return {"run_id": run.run_id, "status": "publishes no day"}
    status = clients.ledger.status(run)
    if status and status.is_published:
        return {"run_id": run.run_id, "status": "already published"}
    first, last = clients.ledger.metrics_range(run)
    work = _Work(run, first, last, delivery, clients, deadline)
    return work.run(status)


def of_days(
    request: MetricsRequest, delivery: Delivery, clients: Clients, deadline: Deadline
) -> dict[str, Any]:
    """Compute the requested days; queue a range that is too long for one call."""
    first, last = request.from_date, request.to_date
    days = (last - first).days + 1
    if not delivery.is_pushed and days > MOST_DAYS_OF_A_CALL:
        clients.topics.publish(METRICS_REQUESTS, [request.to_json()])
        return {
            "status": "requested",
            "days": days,
            "from": first.isoformat(),
            "to": last.isoformat(),
            "look": "catalogue_days, and METRICS_DONE, COMPUTATION_FAILED or "
            f"CHECK_FAILED of metrics-{first}-{last} in ingestion_log",
        }
    by_hand = Recomputation(first, last, delivery.published_on)
    return _Work(by_hand, first, last, delivery, clients, deadline).run(None)


@dataclass(slots=True)
class Published:
    """The result of the scripts for a range of days."""

    written: int = 0
    failed: list[Finding] = field(default_factory=list)
    held: list[date] = field(default_factory=list)
    began_at: datetime | None = None
    """When the first script began: rows that came later may not be included."""

    def add(self, outcome: Outcome, found: Iterable[Finding]) -> None:
        """Add what a script has committed."""
        self.written += outcome.rows[0]["written"]
        self.failed += [one for one in found if one.is_failure]
        self.held += [one.day for one in found if one.severity is Severity.HOLD]

    @property
    def seconds(self) -> float:
        """From the start of the first script until now."""
        began_at = self.began_at or clock.now()
        return max(0.0, (clock.now() - began_at).total_seconds())


@dataclass(frozen=True, slots=True)
class _Work:
    """One computation: its run, its days and its deadline."""

    recorded: Recorded
    first: date
    last: date
    delivery: Delivery
    clients: Clients
    deadline: Deadline

    def run(self, status: RunStatus | None) -> dict[str, Any]:
        """Publish the days and record the result; return the answer."""
        bill = Bill()
        try:
            views.make_changed(self.clients.tables, self.deadline)
            made = self._publish(bill)
            if isinstance(self.recorded, Run) and not made.failed:
                # Before METRICS_DONE: a crash in between announces twice, never not
                # at all.
                breakouts.announce(self.recorded, self.clients)
        except PipelineError as error:
            if bill.jobs:
                why = {"reason": str(error), "bytes_billed": bill.bytes_billed}
                self._record([(Event.COMPUTATION_FAILED, why)])
            raise
        about = {"seconds": made.seconds}
        billed = {"bytes_billed": bill.bytes_billed}
        self._record(
            [
                (Event.CHECK_FAILED, {"reason": str(one), **about, **once})
                for one, once in zip(
                    made.failed, [billed, *[{}] * len(made.failed)], strict=False
                )
            ]
            or [(Event.METRICS_DONE, {"written": made.written, **about, **billed})]
        )
        return self._answer(made, {**about, **billed}, status)

    def _publish(self, bill: Bill) -> Published:
        """Run the script; if published days would fail, run it again without them.

        A range that BigQuery refuses, or that is too slow, is run in halves.
        """
        made = Published()
        todo = [(self.first, self.last)]
        while todo:
            span = todo.pop(0)
            try:
                outcome = self._run_script(span, bill)
            except (CostLimitError, RangeSlowError) as error:
                if span[0] == span[1]:
                    raise
                todo = [*self._halve(span, error), *todo]
                continue
            made.began_at = made.began_at or outcome.began_at
            rows = [row for row in outcome.rows if row["check_name"]]
            found = checks.findings(rows)
            kept = checks.published_that_fail(rows)
            if kept:
                made.failed += [
                    one for one in found if one.is_failure and one.day in kept
                ]
                todo = [*spans.without(span, kept), *todo]
            else:
                made.add(outcome, found)
                kept = frozenset()
            _log(one for one in found if not kept or one.day in kept)
        return made

    def _halve(self, span: Span, error: PipelineError) -> list[Span]:
        parts = spans.halves(span)
        days = [f"{first}/{last}" for first, last in parts]
        about = {"run_id": self.recorded.run_id, "parts": days, "reason": error.reason}
        log.warning("range_split", extra=about)
        return parts

    def _run_script(self, span: Span, bill: Bill) -> Outcome:
        first, last = span
        tables: Tables = self.clients.tables
        whose = self.delivery.id
        if not self.delivery.is_pushed:  # each call has an owner of its own
            whose = f"{whose}-{self.delivery.published_at.timestamp():.6f}"
        return tables.run_alone(
            sql_scripts.transaction(checks.as_one_query(checks.read())),
            lock=Lock(
                "metrics",
                f"{first:%Y%m%d}-{last:%Y%m%d}-{whose}",
                is_redelivered=self.delivery.attempt > 1,
                is_divisible=first < last,
            ),
            bill=bill,
            timeout_s=self.deadline.left_s(),
            from_date=first,
            to_date=last,
            run_id=self.recorded.run_id,
            code_version=self.clients.ledger.code_version,
        )

    def _record(self, events: Iterable[tuple[Event, Row]]) -> None:
        about = {
            "message_id": self.delivery.id,
            "delivery_attempt": self.delivery.attempt,
        }
        self.clients.ledger.record(
            self.recorded, [(event, {**row, **about}) for event, row in events]
        )

    def _answer(
        self, made: Published, used: dict[str, Any], status: RunStatus | None
    ) -> dict[str, Any]:
        is_run = isinstance(self.recorded, Run)
        summary: dict[str, Any] = {
            "run_id": self.recorded.run_id if is_run else None,
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "written": made.written,
            **used,
            **(_of_run(status) if status else {}),
        }
        if made.held:
            summary["withheld_by_operator"] = [day.isoformat() for day in made.held]
        if made.failed:
            log.error("metrics_withheld", extra=summary)
            reasons = [str(one) for one in made.failed]
            return {"status": "withheld", "failed_checks": reasons, **summary}
        if len(made.held) == (self.last - self.first).days + 1:
            log.warning("metrics_held", extra=summary)
            return {"status": "withheld", **summary}
        is_enough = status is None or status.is_covered
        level = logging.INFO if is_enough else logging.ERROR
        log.log(level, "metrics_published", extra=summary)
        return {"status": "published", **summary}


def _log(found: Iterable[Finding]) -> None:
    for one in found:
        if one.severity is Severity.HOLD:
            continue
        log.log(
            logging.ERROR if one.is_failure else logging.WARNING,
            "check_failed" if one.is_failure else "check_warned",
            extra={
                "check": one.check,
                "day": one.day.isoformat(),
                "rows": one.rows,
                "examples": list(one.examples),
            },
        )


def _of_run(status: RunStatus) -> dict[str, Any]:
    """Return the run's coverage and duration, from its plan until now."""
    return {
        "coverage": status.coverage,
        "is_covered": status.is_covered,
        "run_seconds": (clock.now() - status.started_at).total_seconds(),
    }
