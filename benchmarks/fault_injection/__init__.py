"""Chaos: a seed in, one run of the real pipeline with one fault out, judged by truth.

Everything runs as it is deployed; what breaks is broken from outside: processes by
SIGKILL at the moment they ask BigQuery for something, BigQuery by what stands between
it and them, Pub/Sub and TMDB by their emulators.

- `tap`: between one function and BigQuery.
- `scene`: one run and the means to break it. `faults`: what is broken, by name.
- `truth`: what must be true afterwards. `stage`: the running stack and its seeds.
"""

from benchmarks.fault_injection.faults import FAULTS
from benchmarks.fault_injection.runner import (
    ChaosError,
    Outcome,
    Stage,
    fault_of,
)

__all__ = ["FAULTS", "ChaosError", "Outcome", "Stage", "fault_of"]
