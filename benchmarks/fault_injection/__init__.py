"""Fault injection: run the real pipeline with one fault per seed and check the result.

Everything runs as it is deployed, and faults come from outside: SIGKILL at the moment a
process calls BigQuery, a proxy between the functions and BigQuery, and the emulators of
Pub/Sub and TMDB.

- `proxy`: sits between a function and BigQuery.
- `scenario`: one run and the means to break it. `faults`: the faults, by name.
- `invariants`: what must hold afterwards. `runner`: the running stack and its seeds.
"""

from benchmarks.fault_injection.faults import FAULTS
from benchmarks.fault_injection.runner import (
    ChaosError,
    Outcome,
    Runner,
    fault_of,
)

__all__ = ["FAULTS", "ChaosError", "Outcome", "Runner", "fault_of"]
