"""One simulation with what each side makes of it: scores that rank, rules that call."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from benchmarks.metrics import predecessor
from benchmarks.metrics.simulation import Simulation
from benchmarks.metrics.statements import Bench, Metrics
from emulators.tmdb.catalogue.plan import Flags, Floats

OURS, PREDECESSOR = "viral_coefficient", "predecessor's score (rows)"


class Cell(NamedTuple):
    """Where a measure stands in the report."""

    table: str
    row: str
    column: str


type Measures = dict[Cell, float]


@dataclass(frozen=True, slots=True)
class Computed:
    """One simulation with what each side makes of it."""

    simulation: Simulation
    ours: Metrics
    theirs: predecessor.Predecessor

    def scores(self) -> dict[str, Floats]:
        """Every method that ranks."""
        return {
            OURS: self.ours.number("viral_coefficient"),
            PREDECESSOR: self.theirs.viral_score,
            "viral_coefficient_classic": self.ours.number("viral_coefficient_classic"),
            "popularity_wow_pct_change": self.ours.number("popularity_wow_pct_change"),
            "z_popularity alone": self.ours.number("z_popularity"),
            "z_votes alone": self.ours.number("z_votes"),
        }

    def rules(self) -> dict[str, Flags]:
        """Every call as it is shipped, without a threshold of ours."""
        grids = self.ours.grids
        with np.errstate(invalid="ignore"):
            return {
                "is_breakout_alarm": grids["is_breakout_alarm"],
                "is_breakout_confirmed": grids["is_breakout_confirmed"],
                "viral_coefficient >= 60": grids["viral_coefficient"] >= 60,  # noqa: PLR2004
                "momentum_status Surging": grids["momentum_status"] == "Surging",
                "predecessor viral >= 40": self.theirs.is_viral,
                "predecessor emerging": self.theirs.is_emerging,
                "predecessor trend Viral": self.theirs.is_trend_viral,
                "predecessor Surging": self.theirs.is_surging,
                "classic, calendar >= 40": grids["viral_coefficient_classic"] >= 40,  # noqa: PLR2004
                "trend_category Viral": grids["trend_category"] == "Viral",
                "momentum_status_1d Surging": grids["momentum_status_1d"] == "Surging",
            }


def compute(bench: Bench, simulation: Simulation) -> Computed:
    """Let both sides compute."""
    return Computed(
        simulation, bench.compute(simulation), predecessor.compute(simulation)
    )
