"""Label the days that a score should call, from events and their gains of attention.

Relevant = a fresh surge: from an event's onset to 6 days after its top, while attention
is at least half as high again as it would be without the event. Neutral = other days
with lifted attention, less than 45 days after an event's top, or while a release builds
up: neither right nor wrong to call. Quiet = the rest; a call there is a false alarm.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emulators.tmdb.catalogue.plan import Flags, Floats

LIFTED_GAIN = 0.2
_FRESH_DAYS = 6
_RELEVANT_GAIN = 0.5
_NEUTRAL_DAYS = 45
_BUILD_UP_DAYS = 30


@dataclass(frozen=True, slots=True)
class Event:
    """Days count from the first; `kind`: a breakout's, release, digital or trailer.

    `lift` 2.0 means that attention triples at the top.
    """

    movie: int
    onset: int
    top: int
    kind: str
    lift: float


@dataclass(frozen=True, slots=True)
class Course:
    """An event and its gain of attention on every day: 0.5 is half as high again."""

    event: Event
    gain: Floats


@dataclass(frozen=True, slots=True)
class Labels:
    """Three grids [movie, day]; every day has exactly one label."""

    relevant: Flags
    neutral: Flags
    quiet: Flags


def relevant_days(course: Course) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return the days on which the event should be called."""
    first, last = max(course.event.onset, 0), course.event.top + _FRESH_DAYS
    return first + np.flatnonzero(course.gain[first : last + 1] >= _RELEVANT_GAIN)


def felt(courses: Sequence[Course]) -> list[Course]:
    """Keep the events that begin in time and have a relevant day."""
    return [
        course
        for course in courses
        if 0 <= course.event.onset < len(course.gain) and relevant_days(course).size
    ]


def label_days(courses: Sequence[Course], lifted: Flags) -> Labels:
    """Give every movie and day its label; `lifted` days are never quiet."""
    relevant = np.zeros(lifted.shape, dtype=bool)
    touched = lifted.copy()
    for course in courses:
        event = course.event
        relevant[event.movie, relevant_days(course)] = True
        before = _BUILD_UP_DAYS if event.kind == "release" else 0
        from_day = max(event.onset - before, 0)
        touched[event.movie, from_day : event.top + _NEUTRAL_DAYS + 1] = True
    return Labels(relevant, touched & ~relevant, ~touched & ~relevant)
