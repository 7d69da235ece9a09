"""A plan in; what befell its movies, and which days should be called, out.

Relevant = a fresh surge: from an event's onset to 6 days after its top, while attention
is at least half as high again as it would be without the event. Neutral = other days
with lifted attention, less than 45 days after an event's top, or while a release builds
up: neither right nor wrong to call. Quiet = the rest; a call there is a false alarm.

Without a breakout, a second wave or a trailer, attention would be the plan's without
it; without its opening, a release would have stayed where it was a week before.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from emulators.tmdb.catalogue.plan import Flags, Floats, Kind, Plan
from emulators.tmdb.catalogue.series import attention

FRESH_DAYS = 6
RELEVANT_GAIN = 0.5
_LIFTED_GAIN = 0.2
_NEUTRAL_DAYS = 45
_BUILD_UP_DAYS = 30
_WAVE_RAMP_DAYS = 5
_PEACE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Event:
    """Days count from the first; `kind`: a breakout's, release, digital or trailer.

    `lift` 2.0 means that attention triples at the top. `half_life_days` is that of a
    trailer; the others have their course from the plan.
    """

    movie: int
    onset: int
    top: int
    kind: str
    lift: float
    half_life_days: float = 0.0


@dataclass(frozen=True, slots=True)
class Truth:
    """Grids [movie, day]; `gains` has the gain of attention of each of `events`."""

    attention: Floats
    lifted: Flags
    trailer_gain: Floats
    events: tuple[Event, ...]
    gains: tuple[Floats, ...]


@dataclass(frozen=True, slots=True)
class Labels:
    """Three grids [movie, day]; every day has exactly one label."""

    relevant: Flags
    neutral: Flags
    quiet: Flags


def find_events(plan: Plan, trailers: tuple[Event, ...], days: int) -> Truth:
    """Work out every event's gain of attention, day by day."""
    rows = slice(0, len(plan))
    calm = replace(plan, breakouts=(), wave_lift=np.zeros(len(plan)))
    base = attention(calm, rows)[:, :days]
    waved = attention(replace(plan, breakouts=()), rows)[:, :days]
    full = attention(plan, rows)[:, :days]
    trailer_gain = np.zeros_like(full)
    for trailer in trailers:
        trailer_gain[trailer.movie] += _trailer_course(trailer, days)

    found = [(event, trailer_gain[event.movie]) for event in trailers]
    for breakout in plan.breakouts:
        event = Event(
            movie=breakout.movie,
            onset=breakout.onset_day,
            top=breakout.onset_day + breakout.ramp_days - 1,
            kind=breakout.kind,
            lift=breakout.lift,
        )
        found.append((event, full[event.movie] / waved[event.movie] - 1))
    found += _openings(plan, base)
    found += _waves(plan, waved / base - 1)
    felt = [
        (event, gain)
        for event, gain in found
        if 0 <= event.onset < days and relevant_days(event, gain).size
    ]
    return Truth(
        attention=full * (1 + trailer_gain),
        lifted=_lifted(plan, base, full * (1 + trailer_gain)),
        trailer_gain=trailer_gain,
        events=tuple(event for event, _ in felt),
        gains=tuple(gain for _, gain in felt),
    )


def relevant_days(
    event: Event, gain: Floats
) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return the days on which the event should be called."""
    first, last = max(event.onset, 0), event.top + FRESH_DAYS
    return first + np.flatnonzero(gain[first : last + 1] >= RELEVANT_GAIN)


def label_days(truth: Truth) -> Labels:
    """Give every movie and day its label."""
    relevant = np.zeros(truth.attention.shape, dtype=bool)
    touched = truth.lifted.copy()
    for event, gain in zip(truth.events, truth.gains, strict=True):
        relevant[event.movie, relevant_days(event, gain)] = True
        before = _BUILD_UP_DAYS if event.kind == "release" else 0
        from_day = max(event.onset - before, 0)
        touched[event.movie, from_day : event.top + _NEUTRAL_DAYS + 1] = True
    return Labels(relevant, touched & ~relevant, ~touched & ~relevant)


def _trailer_course(trailer: Event, days: int) -> Floats:
    since = np.arange(days) - trailer.onset + 1.0
    ramp = trailer.top - trailer.onset + 1
    rising = (since / ramp).clip(0, 1)
    fading = 0.5 ** ((since - ramp).clip(0) / trailer.half_life_days)
    return np.asarray(trailer.lift * rising * fading, dtype=np.float64)


def _openings(plan: Plan, base: Floats) -> Iterator[tuple[Event, Floats]]:
    for movie in np.flatnonzero(plan.kind != Kind.EVERGREEN):
        onset = int(plan.released_on[movie]) - plan.first_on
        top = onset + round(float(plan.peak_age_days[movie]))
        if onset >= _PEACE_DAYS and top < base.shape[1]:
            gain = base[movie] / base[movie, onset - _PEACE_DAYS] - 1
            yield Event(int(movie), onset, top, "release", float(gain[top])), gain


def _waves(plan: Plan, gains: Floats) -> Iterator[tuple[Event, Floats]]:
    for movie in np.flatnonzero(plan.wave_age_days > 0):
        onset = int(plan.released_on[movie] + plan.wave_age_days[movie]) - plan.first_on
        top = onset + _WAVE_RAMP_DAYS - 1
        if onset >= 0 and top < gains.shape[1]:
            lift = float(gains[movie, top])
            yield Event(int(movie), onset, top, "digital", lift), gains[movie]


def _lifted(plan: Plan, base: Floats, full: Floats) -> Flags:
    """Attention above what the movie comes back to, or above its course so far."""
    on = plan.first_on + np.arange(base.shape[1])
    is_out = (plan.kind != Kind.EVERGREEN)[:, None] & (plan.released_on[:, None] <= on)
    usual = np.where(is_out, plan.floor[:, None], base)
    return np.asarray(full >= (1 + _LIFTED_GAIN) * usual, dtype=np.bool_)
