"""Viral breakouts: sudden attention for a movie that was quiet until then.

In: the quiet movies and their level. Out: `BreakoutPlan`s, at most one per movie: the
labels by which a viral score can be evaluated.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

_FIRST_ONSET_DAY = 10
_SMALL_BASE_BELOW = 5.5  # popularity
_HIGHEST_GAIN = 420.0  # popularity
_JUMP_SHARE, _JUMP_DAYS = 0.5, 2
_LIFT_RANGES = {
    "small": (0.6, 1.5),
    "medium": (2.0, 5.0),
    "large": (6.0, 40.0),
    "small_base": (5.0, 60.0),
}
_KNOWN_KIND_SHARES = {"small": 0.35, "medium": 0.4, "large": 0.25}
_UNKNOWN_KIND_SHARES = {"small_base": 0.7, "medium": 0.3}


@dataclass(frozen=True, slots=True)
class BreakoutPlan:
    """One breakout: `lift` 2.0 means that popularity triples.

    `kind`: small, medium, large, or small_base (a little-known movie). `movie` is its
    index in the plan; `onset_day` counts from the window's first day. Attention rises
    for `ramp_days`, then halves every `half_life_days`.
    """

    movie: int
    onset_day: int
    lift: float
    kind: str
    ramp_days: int
    half_life_days: float


def plan_breakouts(
    draw: Generator,
    floor: NDArray[np.float64],
    quiet: NDArray[np.int64],
    *,
    wanted: int,
    window_days: int,
) -> tuple[BreakoutPlan, ...]:
    """Choose `wanted` of the `quiet` movies, and a breakout for each."""
    chosen = draw.choice(quiet, min(len(quiet), wanted), replace=False)
    onsets = draw.integers(_FIRST_ONSET_DAY, window_days, len(chosen))
    return tuple(
        _breakout(draw, int(movie), int(onset), float(floor[movie]))
        for movie, onset in zip(chosen, onsets, strict=True)
    )


def _breakout(
    draw: Generator, movie: int, onset_day: int, floor: float
) -> BreakoutPlan:
    known = floor > _SMALL_BASE_BELOW
    shares = _KNOWN_KIND_SHARES if known else _UNKNOWN_KIND_SHARES
    kind = str(draw.choice(list(shares), p=list(shares.values())))
    low, high = np.log(_LIFT_RANGES[kind])
    lift = min(float(np.exp(draw.uniform(low, high))), _HIGHEST_GAIN / floor)
    jumps = draw.random() < _JUMP_SHARE
    return BreakoutPlan(
        movie=movie,
        onset_day=onset_day,
        lift=round(lift, 3),
        kind=kind,
        ramp_days=_JUMP_DAYS if jumps else int(draw.integers(3, 9)),
        half_life_days=round(float(draw.uniform(3, 14)), 1),
    )
