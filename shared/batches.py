"""Remember what this instance knows of the batches of runs, to save queries.

Before and after its work, every batch needs to know which batches of its run are done.
The batches of one instance share the ledger's answer for some seconds. They also count
the markers that the instance itself has written, because streamed rows become visible
only seconds later.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from shared import clock
from shared.ledger import Ledger
from shared.recent import SHARED_FOR_S, Recent
from shared.runs import Run

OWN_FOR_S = 60.0
"""For how long an own marker counts whether or not it is visible."""
LOOKS_AGAIN_S = (0.5, 1.0, 2.0, 3.0)
"""Pauses before another look at a run: 6.5 s in all, longer than it takes until
streamed rows are visible."""
RUNS_KEPT = 16


@dataclass(slots=True)
class _Known:
    """What is known of one run."""

    visible: Recent[dict[int, datetime]] = field(default_factory=Recent)
    own: dict[int, tuple[datetime, float]] = field(default_factory=dict)
    """Batch -> when it was marked: UTC time, and the process's monotonic clock."""
    at_work: int = 0


@dataclass(slots=True)
class Place:
    """A batch in progress; at its end `is_last` says if it was the only one left."""

    is_last: bool = False


class KnownBatches:
    """The batches of the newest runs of this instance; safe for threads.

    own_for_s: for how long an own marker counts whether or not it is visible.
    shared_for_s: for how long batches share an answer of the ledger.
    looks_again_s: pauses before another look, of a batch that may be the last.
    """

    def __init__(
        self,
        *,
        own_for_s: float = OWN_FOR_S,
        shared_for_s: float = SHARED_FOR_S,
        looks_again_s: Sequence[float] = LOOKS_AGAIN_S,
    ) -> None:
        self.shared_for_s = shared_for_s
        self.looks_again_s = looks_again_s
        self._own_for_s = own_for_s
        self._runs: OrderedDict[str, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def done(
        self, run: Run, ledger: Ledger, max_age_s: float = 0.0
    ) -> dict[int, datetime]:
        """Return the batches of a run that are done, each with its newest time.

        The ledger is queried unless its last answer is at most `max_age_s` old.
        """
        visible = self._of(run).visible.get(lambda: ledger.batches_done(run), max_age_s)
        return self.own(run) | visible

    def own(self, run: Run) -> dict[int, datetime]:
        """Return the batches that this instance has marked in the last minute."""
        known, now = self._of(run), monotonic()
        with self._lock:
            for batch_no, (_, since) in list(known.own.items()):
                if now - since > self._own_for_s:
                    del known.own[batch_no]
            return {batch_no: at for batch_no, (at, _) in known.own.items()}

    @contextmanager
    def at_work(self, run: Run, batch_no: int) -> Iterator[Place]:
        """Count a batch as in progress here; afterwards, unless it failed, as done."""
        known, place, is_marked = self._of(run), Place(), False
        with self._lock:
            known.at_work += 1
        try:
            yield place
            is_marked = True
        finally:
            with self._lock:
                known.at_work -= 1
                place.is_last = known.at_work == 0
                if is_marked:
                    known.own[batch_no] = (clock.now(), monotonic())

    def are_at_work(self, run: Run) -> bool:
        """Say whether this instance is working on a batch of a run."""
        return self._of(run).at_work > 0

    def _of(self, run: Run) -> _Known:
        with self._lock:
            known = self._runs.setdefault(run.run_id, _Known())
            self._runs.move_to_end(run.run_id)
            idle = [name for name, one in self._runs.items() if not one.at_work]
            for name in idle[: max(0, len(self._runs) - RUNS_KEPT)]:
                if name != run.run_id:
                    del self._runs[name]
            return known
