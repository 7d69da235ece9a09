"""Events of the titles of simulator B, and how far each raises their attention.

An event begins on the first day on which attention is half as high again because of it.

- breakouts climb like a Weibull curve and fade by a power law; lifts are Pareto;
- releases climb for weeks before they open, exponentially; lifts are Pareto;
- second waves climb in a line, stay for days, and fade exponentially;
- trailers jump within two days and fade by a power law, before there are votes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from benchmarks.metrics.simulators.labels import Course, Event
from emulators.tmdb.catalogue.plan import Flags, Floats, Ints

BEGIN_GAIN = 0.5
_BREAKOUTS_PER_MOVIE_DAY = 0.0005
_BREAKOUT_MIN_LIFT, _BREAKOUT_MAX_LIFT, _BREAKOUT_TAIL = 0.6, 60.0, 1.0
_SMALL_BELOW, _LARGE_FROM, _SMALL_BASE_BELOW = 1.5, 6.0, 4.0
_RELEASE_MIN_LIFT, _RELEASE_MAX_LIFT, _RELEASE_TAIL = 4.0, 80.0, 1.2
_WAVE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Titles:
    """One array per fact; days count from the first of the simulation.

    `opens_on` and `created_on` are far in the past for titles that are no releases.
    """

    level: Floats
    opens_on: Ints
    created_on: Ints
    is_release: Flags


def draw_courses(draw: Generator, titles: Titles, days: int) -> list[Course]:
    """Draw every event; one that never lifts attention by half is left out."""
    day = np.arange(days, dtype=float)
    drawn: list[tuple[int, str, Floats]] = []
    for movie in np.flatnonzero(titles.is_release).tolist():
        opening = int(titles.opens_on[movie])
        drawn.append((movie, "release", _release(draw, day - opening)))
        if draw.random() < _WAVE_SHARE:
            since = day - opening - draw.integers(45, 111)
            drawn.append((movie, "digital", _wave(draw, since)))
        for _ in range(draw.integers(0, 4)):
            on = int(titles.created_on[movie]) + draw.integers(14, 150)
            if on < opening - 10:
                drawn.append((movie, "trailer", _trailer(draw, day - on)))
    quiet = np.flatnonzero(~titles.is_release)
    wanted = min(len(quiet), round(len(titles.level) * days * _BREAKOUTS_PER_MOVIE_DAY))
    for movie in draw.choice(quiet, wanted, replace=False).tolist():
        gain = _breakout(draw, day - draw.integers(10, days))
        drawn.append((movie, _breakout_kind(float(titles.level[movie]), gain), gain))
    return [
        course for movie, kind, gain in drawn for course in _course(movie, kind, gain)
    ]


def _course(movie: int, kind: str, gain: Floats) -> Iterator[Course]:
    lifted = np.flatnonzero(gain >= BEGIN_GAIN)
    if lifted.size and lifted[0] > 0:
        top = int(gain.argmax())
        yield Course(Event(movie, int(lifted[0]), top, kind, float(gain[top])), gain)


def _breakout_kind(level: float, gain: Floats) -> str:
    lift = gain.max()
    if lift < _SMALL_BELOW:
        return "small"
    if level < _SMALL_BASE_BELOW:
        return "small_base"
    return "medium" if lift < _LARGE_FROM else "large"


def _breakout(draw: Generator, since: Floats) -> Floats:
    lift = _BREAKOUT_MIN_LIFT * (1 + draw.pareto(_BREAKOUT_TAIL))
    rise = np.exp(draw.normal(np.log(2.5), 0.6))
    fade = draw.uniform(3, 20)
    climbing = 1 - np.exp(-((since.clip(0) / rise) ** 2))
    fading = (1 + (since - 2 * rise).clip(0) / fade) ** -1.5
    return np.asarray(min(lift, _BREAKOUT_MAX_LIFT) * climbing * fading)


def _release(draw: Generator, since: Floats) -> Floats:
    lift = _RELEASE_MIN_LIFT * (1 + draw.pareto(_RELEASE_TAIL))
    rise, fade, top = draw.uniform(4, 14), draw.uniform(10, 40), draw.integers(0, 11)
    climbing = np.exp((since - top).clip(max=0) / rise)
    fading = (1 + (since - top).clip(0) / fade) ** -2.0
    return np.asarray(min(lift, _RELEASE_MAX_LIFT) * climbing * fading)


def _wave(draw: Generator, since: Floats) -> Floats:
    lift = np.exp(draw.normal(np.log(1.2), 0.6))
    rise, stay = draw.integers(3, 13), draw.integers(3, 11)
    climbing = ((since + 1) / rise).clip(0, 1)
    fading = 0.5 ** ((since - rise - stay).clip(0) / 10)
    return np.asarray(lift * climbing * fading)


def _trailer(draw: Generator, since: Floats) -> Floats:
    lift = np.exp(draw.normal(np.log(1.5), 0.8))
    climbing = ((since + 1) / draw.integers(1, 3)).clip(0, 1)
    fading = (1 + (since - 1).clip(0) / 2) ** -1.3
    return np.asarray(lift * climbing * fading)
