"""Events of the movies of a plan, and how far each raises their attention.

Without a breakout, a second wave or a trailer, attention would be the plan's without
it; without its opening, a release would have stayed where it was a week before.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.metrics.simulators.labels import LIFTED_GAIN, Course, Event, felt
from emulators.tmdb.catalogue.plan import Flags, Floats, Kind, Plan
from emulators.tmdb.catalogue.series import attention

_WAVE_RAMP_DAYS = 5
_PEACE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Truth:
    """Grids [movie, day], and the course of every event."""

    attention: Floats
    lifted: Flags
    trailer_gain: Floats
    courses: tuple[Course, ...]


@dataclass(frozen=True, slots=True)
class Trailer:
    """Attention climbs to the event's top, then halves every `half_life_days`."""

    event: Event
    half_life_days: float

    def gain(self, days: int) -> Floats:
        """Return the gain of attention, day by day."""
        since = np.arange(days) - self.event.onset + 1.0
        ramp = self.event.top - self.event.onset + 1
        rising = (since / ramp).clip(0, 1)
        fading = 0.5 ** ((since - ramp).clip(0) / self.half_life_days)
        return np.asarray(self.event.lift * rising * fading, dtype=np.float64)


def find_events(plan: Plan, trailers: tuple[Trailer, ...], days: int) -> Truth:
    """Work out every event's gain of attention, day by day."""
    rows = slice(0, len(plan))
    calm = replace(plan, breakouts=(), wave_lift=np.zeros(len(plan)))
    base = attention(calm, rows)[:, :days]
    waved = attention(replace(plan, breakouts=()), rows)[:, :days]
    full = attention(plan, rows)[:, :days]
    trailer_gain = np.zeros_like(full)
    for trailer in trailers:
        trailer_gain[trailer.event.movie] += trailer.gain(days)

    courses = [
        Course(trailer.event, trailer_gain[trailer.event.movie]) for trailer in trailers
    ]
    for breakout in plan.breakouts:
        event = Event(
            movie=breakout.movie,
            onset=breakout.onset_day,
            top=breakout.onset_day + breakout.ramp_days - 1,
            kind=breakout.kind,
            lift=breakout.lift,
        )
        courses.append(Course(event, full[event.movie] / waved[event.movie] - 1))
    courses += _openings(plan, base)
    courses += _waves(plan, waved / base - 1)
    lifted = full * (1 + trailer_gain)
    return Truth(
        attention=lifted,
        lifted=_lifted(plan, base, lifted),
        trailer_gain=trailer_gain,
        courses=tuple(felt(courses)),
    )


def _openings(plan: Plan, base: Floats) -> Iterator[Course]:
    for movie in np.flatnonzero(plan.kind != Kind.EVERGREEN):
        onset = int(plan.released_on[movie]) - plan.first_on
        top = onset + round(float(plan.peak_age_days[movie]))
        if onset >= _PEACE_DAYS and top < base.shape[1]:
            gain = base[movie] / base[movie, onset - _PEACE_DAYS] - 1
            event = Event(int(movie), onset, top, "release", float(gain[top]))
            yield Course(event, gain)


def _waves(plan: Plan, gains: Floats) -> Iterator[Course]:
    for movie in np.flatnonzero(plan.wave_age_days > 0):
        onset = int(plan.released_on[movie] + plan.wave_age_days[movie]) - plan.first_on
        top = onset + _WAVE_RAMP_DAYS - 1
        if onset >= 0 and top < gains.shape[1]:
            event = Event(int(movie), onset, top, "digital", float(gains[movie, top]))
            yield Course(event, gains[movie])


def _lifted(plan: Plan, base: Floats, full: Floats) -> Flags:
    """Attention above what the movie comes back to, or above its course so far."""
    on = plan.first_on + np.arange(base.shape[1])
    is_out = (plan.kind != Kind.EVERGREEN)[:, None] & (plan.released_on[:, None] <= on)
    usual = np.where(is_out, plan.floor[:, None], base)
    return np.asarray(full >= (1 + LIFTED_GAIN) * usual, dtype=np.bool_)
