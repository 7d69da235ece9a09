"""One simulation with what each score makes of it: grids that rank, rules that call."""

from dataclasses import dataclass
from typing import NamedTuple

from benchmarks.metrics import predecessor
from benchmarks.metrics.oracle import Oracle
from benchmarks.metrics.simulators.simulation import Simulation
from benchmarks.metrics.statements import Bench, Grid, Metrics
from emulators.tmdb.catalogue.plan import Flags, Floats

SHIPPED, WEEK, PREDECESSOR, EARLIER, ORACLE = METHODS = (
    "viral coefficient",
    "week-over-week %",
    "predecessor's",
    "earlier score",
    "oracle",
)


class Cell(NamedTuple):
    """Where a measure stands in the report."""

    table: str
    row: str
    column: str


type Measures = dict[Cell, float]


@dataclass(frozen=True, slots=True)
class Computed:
    """One simulation with what each score makes of it."""

    simulation: Simulation
    shipped: Metrics
    earlier: Metrics
    theirs: predecessor.Predecessor
    oracle: Oracle

    def scores(self) -> dict[str, Floats]:
        """Return every score; the oracle's is computed again at each call."""
        return {
            SHIPPED: self.shipped.number("viral_coefficient"),
            WEEK: self.shipped.number("popularity_pct_change_7d"),
            PREDECESSOR: self.theirs.viral_score,
            EARLIER: self.earlier.number("viral_coefficient"),
            ORACLE: self.oracle.score(self.simulation),
        }

    def rules(self) -> dict[str, Flags]:
        """Return every alarm as it is shipped; the others have none."""
        return {
            PREDECESSOR: self.theirs.is_viral,
            SHIPPED: self.shipped.grids["is_breakout_alarm"],
            EARLIER: self.earlier.grids["is_breakout_alarm"],
        }

    def momentum(self) -> dict[str, Grid]:
        """Return the words of every side that has some; "" where there is none."""
        return {
            SHIPPED: self.shipped.grids["momentum_status"],
            EARLIER: self.earlier.grids["momentum_status"],
            ORACLE: self.oracle.momentum(self.simulation),
        }


def compute(
    bench: Bench, simulation: Simulation, oracle: Oracle, *, whole: bool = False
) -> Computed:
    """Let every side compute; words and outlooks of sql/ only of the `whole`."""
    shipped, before = bench.compute(simulation, whole=whole)
    return Computed(
        simulation=simulation,
        shipped=shipped,
        earlier=before,
        theirs=predecessor.compute(simulation),
        oracle=oracle,
    )
