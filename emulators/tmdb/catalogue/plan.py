"""The fixed facts of every simulated movie, one numpy array per fact.

In: seed, number of movies, start date. Out: `Plan`, a pure function of the three.
Shares and quantiles were measured at TMDB (2025-11 to 2026-06). The model is calibrated
for 2,500 movies and more; fewer are a sample of these.
"""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from emulators.tmdb.catalogue.breakouts import BreakoutPlan, plan_breakouts

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Flags = NDArray[np.bool_]

DAYS_BEFORE_START = 120
DAYS_AFTER_START = 400
WINDOW_DAYS = DAYS_BEFORE_START + DAYS_AFTER_START + 1
NEVER = 4_000_000  # a date ordinal after the year 9999

_RELEASES_PER_DAY = 1.75
_RELEASES_AT_MOST = round(_RELEASES_PER_DAY * (WINDOW_DAYS + 60))
_RELEASES_AT_MOST_SHARE = 0.3
# Popularity: above the first a movie is well known, below the second TMDB may
# delete it.
_KNOWN_FROM, _SECURE_FROM = 15.0, 7.0
_BREAKOUTS_PER_MOVIE = 0.05

# Popularity of the n-th movie released before the window; between, log-log lines.
_EVERGREEN_RANK = np.array([1, 25, 85, 320, 770, 1600, 2450, 3300, 9e3, 5e4, 1.2e6])
_EVERGREEN_LEVEL = np.array([60, 31, 19.5, 12.2, 9, 6.6, 5.1, 3.7, 2.2, 0.8, 0.02])
_AGE_SHARE = np.array([0, 0.06, 0.2, 0.48, 0.75, 0.9, 1])
_AGE_DAYS = np.array([121, 200, 365, 2600, 6400, 10_200, 25_000])
_VOTES_SHARE = np.array([0, 0.05, 0.10, 0.25, 0.5, 0.75, 0.9, 0.99, 1])
_VOTES_COUNT = np.array([0, 6, 15, 155, 3172, 9469, 16_311, 28_747, 38_097])


class Kind(IntEnum):
    """The course of a movie's attention."""

    EVERGREEN = 0
    THEATRICAL = 1
    STREAMING = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """One element per movie, in id order. `*_on` are date ordinals, `floor` popularity.

    `peak` is the popularity that a release adds on its best day, `peak_age_days` that
    day, `stretch` how slowly it fades (1 = half in about 9 days), `wave_age_days` the
    age at the digital release (0 = none), `wave_lift` the size of its wave in levels.
    """

    seed: int
    start: date
    movie_id: Ints
    kind: Ints
    floor: Floats
    peak: Floats
    peak_age_days: Floats
    stretch: Floats
    wave_age_days: Floats
    wave_lift: Floats
    noise: Floats
    quality: Floats
    first_votes: Ints
    released_on: Ints
    created_on: Ints
    deleted_on: Ints
    adult: Flags
    video: Flags
    breakouts: tuple[BreakoutPlan, ...]

    @property
    def first_on(self) -> int:
        """The ordinal of the first day of the window."""
        return self.start.toordinal() - DAYS_BEFORE_START

    def __len__(self) -> int:
        return len(self.movie_id)


def make_plan(seed: int, movies: int, start: date) -> Plan:
    """Make a plan; the same arguments always give the same plan."""
    draw = np.random.default_rng([seed, movies])
    first_on = start.toordinal() - DAYS_BEFORE_START
    releases = min(_RELEASES_AT_MOST, round(movies * _RELEASES_AT_MOST_SHARE))
    kind = np.zeros(movies, np.int64)
    kind[:releases] = np.where(
        _happens(draw, releases, 0.3), Kind.STREAMING, Kind.THEATRICAL
    )
    is_release = kind != Kind.EVERGREEN
    floor = _floors(draw, movies, releases)
    released_on = _release_dates(draw, movies, releases, start)
    created_on = _creation_dates(draw, released_on, is_release)
    theatrical = kind == Kind.THEATRICAL
    has_wave = theatrical & (_happens(draw, movies, 0.45))
    adult, video, deleted_on = _oddities(draw, floor, is_release, first_on)
    plan = Plan(
        seed=seed,
        start=start,
        movie_id=_movie_ids(draw, created_on, first_on),
        kind=kind,
        floor=floor,
        peak=np.where(is_release, np.exp(draw.normal(4.1, 1.2, movies)), 0).clip(
            0, 700
        ),
        peak_age_days=np.where(theatrical, draw.integers(6, 12, movies), 4.0),
        stretch=np.exp(draw.normal(0.1, 0.55, movies)).clip(0.35, 4),
        wave_age_days=np.where(has_wave, draw.integers(30, 61, movies), 0.0),
        wave_lift=np.exp(draw.normal(1.4, 0.35, movies)),
        noise=np.exp(draw.normal(0, 0.3, movies)),
        quality=draw.normal(6.6, 0.85, movies).clip(2.5, 8.7),
        first_votes=_first_votes(draw, floor, released_on, is_release, first_on),
        released_on=released_on,
        created_on=created_on,
        deleted_on=deleted_on,
        adult=adult,
        video=video,
        breakouts=(),
    )
    return _in_id_order(plan, draw)


def _happens(draw: Generator, count: int, share: float) -> Flags:
    return draw.random(count) < share


def _floors(draw: Generator, movies: int, releases: int) -> Floats:
    rank = np.arange(1, movies - releases + 1)
    level = np.exp(
        np.interp(np.log(rank), np.log(_EVERGREEN_RANK), np.log(_EVERGREEN_LEVEL))
    )
    release_level = np.exp(draw.normal(1.75, 0.6, releases)).clip(0.5, 22)
    return np.concatenate([release_level, draw.permutation(level)])


def _release_dates(draw: Generator, movies: int, releases: int, start: date) -> Ints:
    first_on = start.toordinal() - DAYS_BEFORE_START
    inside = first_on + draw.integers(-90, WINDOW_DAYS + 60, releases)
    ages = np.interp(draw.random(movies - releases), _AGE_SHARE, _AGE_DAYS)
    return np.concatenate([inside, first_on - ages.astype(np.int64)])


def _creation_dates(draw: Generator, released_on: Ints, is_release: Flags) -> Ints:
    """Return when movies are created; a third at most ten days before release."""
    late = _happens(draw, len(released_on), 0.35)
    lead = np.where(
        late,
        draw.integers(0, 11, len(released_on)),
        draw.integers(100, 900, len(released_on)),
    )
    return np.where(is_release, released_on - lead, 0)


def _movie_ids(draw: Generator, created_on: Ints, first_on: int) -> Ints:
    """Return sparse ids, as TMDB's: low for popular old movies, then 560 a day."""
    count = len(created_on)
    wanted = np.where(
        created_on >= first_on,
        1_450_000 + (created_on - first_on) * 560 + draw.integers(0, 560, count),
        np.where(
            created_on > 0,
            1_449_000 - (first_on - created_on) * 700 + draw.integers(0, 700, count),
            np.where(
                _happens(draw, count, 0.6),
                11 + 135_000 * draw.random(count) ** 1.5,
                136_000 + 660_000 * draw.random(count),
            ),
        ),
    ).astype(np.int64)
    order = np.argsort(wanted, kind="stable")
    ids = np.empty(count, np.int64)
    # If two movies have the same id, one gets the next free number.
    step = np.arange(count)
    ids[order] = np.maximum.accumulate(wanted[order] - step) + step
    return ids


def _first_votes(
    draw: Generator, floor: Floats, released_on: Ints, is_release: Flags, first_on: int
) -> Ints:
    count = len(floor)
    known = np.interp(draw.random(count), _VOTES_SHARE, _VOTES_COUNT)
    known *= (floor / 9.6).clip(0, 1.3) ** 1.2
    age = (first_on - released_on).clip(0)
    fresh = age * 12 * np.exp(draw.normal(0, 0.8, count))
    return np.where(is_release, fresh, known).astype(np.int64)


def _oddities(
    draw: Generator, floor: Floats, is_release: Flags, first_on: int
) -> tuple[Flags, Flags, Ints]:
    """Choose adult films, videos and later deletions; none of a well-known movie."""
    count = len(floor)
    obscure = ~is_release & (floor < _KNOWN_FROM)
    adult = obscure & (_happens(draw, count, 0.012))
    video = obscure & ~adult & (_happens(draw, count, 0.012))
    doomed = (
        (obscure | is_release) & (floor < _SECURE_FROM) & (_happens(draw, count, 0.04))
    )
    last_day = first_on + draw.integers(1, WINDOW_DAYS, count)
    return adult, video, np.where(doomed, last_day, NEVER)


def _in_id_order(plan: Plan, draw: Generator) -> Plan:
    order = np.argsort(plan.movie_id)
    arrays = {
        name: getattr(plan, name)[order]
        for name in Plan.__slots__
        if isinstance(getattr(plan, name), np.ndarray)
    }
    quiet = np.flatnonzero(
        (arrays["kind"] == Kind.EVERGREEN)
        & ~arrays["adult"]
        & (arrays["deleted_on"] == NEVER)
    )
    breakouts = plan_breakouts(
        draw,
        arrays["floor"],
        quiet,
        wanted=max(1, round(len(order) * _BREAKOUTS_PER_MOVIE)),
        window_days=WINDOW_DAYS,
    )
    return Plan(seed=plan.seed, start=plan.start, breakouts=breakouts, **arrays)
