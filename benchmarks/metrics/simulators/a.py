"""Simulator A: the movies of `emulators.tmdb`, with the events that happen to them.

Movies, popularity and expected votes are the simulator's (`emulators.tmdb`):
releases, some first seen days before they open, digital second waves, noise, weekdays,
catalogue-wide shocks. Its plan is thinned to a catalogue's mix (obscure titles get few
votes), and breakouts are made more frequent. Votes are drawn again: on real series (32
days of 2026) they scatter a day with dispersion -0.08 to 0.05 for titles out for three
years, 0.3 to 0.5 for those of the last months, where the simulator has 0.83 for all.
Added here, on its values:

- a slow wobble of popularity, without which quiet weeks are too similar: the log change
  of quiet titles has a robust deviation of 0.062 in a day and 0.139 in 7 days (0.057
  and 0.115 without; real titles out for five years: 0.062 and 0.153);
- trailers: popularity without votes, on movies that are not out yet;
- stale popularity: yesterday's value again, on a fifth of the rows;
- votes: clean-ups of single movies, one purge of everybody's, glitches that are made
  good days later, stuffing (which no score should take for interest);
- gaps: 2 % of the rows, and three days without any.
"""

from dataclasses import replace
from datetime import date

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.metrics.simulators.a_events import Trailer, find_events
from benchmarks.metrics.simulators.a_nuisances import arrived, disturbed, stale, wobble
from benchmarks.metrics.simulators.labels import Event, label_days
from benchmarks.metrics.simulators.simulation import Simulation
from emulators.tmdb.catalogue.breakouts import plan_breakouts
from emulators.tmdb.catalogue.plan import (
    NEVER,
    Flags,
    Floats,
    Ints,
    Kind,
    Plan,
    make_plan,
)
from emulators.tmdb.catalogue.series import (
    POPULARITY_UNITS,
    Series,
    expected_votes,
)

START = date(2026, 6, 1)
_DISPERSION, _FRESH_DISPERSION = 0.04, 0.3

_POOL_PER_MOVIE = 100
_RELEASE_SHARE, _OBSCURE_SHARE = 0.25, 0.13
_OBSCURE_BELOW = 3.0  # popularity
_OBSCURE_VOTES_LOG = np.log(40)
_FRESH_VOTES_DAYS = 180
_BREAKOUTS_PER_MOVIE_DAY = 0.0006
_TRAILER_LEAD_DAYS = (15, 200)


def simulate(seed: int, movies: int, days: int) -> Simulation:
    """Draw one catalogue and its days."""
    draw = np.random.default_rng([seed, movies, days])
    plan = _plan(draw, seed, movies, days)
    trailers = _trailers(draw, plan, days)
    truth = find_events(plan, trailers, days)
    series = Series(plan)
    popularity = (
        np.stack([series.popularity_of_all(day) for day in range(days)], axis=1)
        / POPULARITY_UNITS
    )
    popularity *= wobble(draw, popularity.shape)
    votes = _votes(draw, plan, popularity)
    votes, nuisances = disturbed(draw, votes)
    on = plan.first_on + np.arange(days)
    exists = (plan.created_on[:, None] <= on) & (on < plan.deleted_on[:, None])
    return Simulation(
        seed=seed,
        movie_id=plan.movie_id,
        first_day=date.fromordinal(plan.first_on),
        popularity=stale(draw, popularity * (1 + truth.trailer_gain)),
        votes=votes,
        observed=exists & arrived(draw, exists.shape),
        attention=truth.attention,
        events=tuple(course.event for course in truth.courses),
        labels=label_days(truth.courses, truth.lifted),
        nuisances=nuisances,
    )


def _plan(draw: Generator, seed: int, movies: int, days: int) -> Plan:
    """Thin a large plan to `movies`: releases, known and obscure titles."""
    pool = make_plan(seed, movies * _POOL_PER_MOVIE, START)
    releases = pool.kind != Kind.EVERGREEN
    opens_on_day = pool.released_on - pool.first_on
    near = releases & (opens_on_day > -60) & (opens_on_day < days + 60)  # noqa: PLR2004
    obscure = ~releases & (pool.floor < _OBSCURE_BELOW)
    wanted_releases = min(round(movies * _RELEASE_SHARE), int(near.sum()))
    wanted_obscure = round(movies * _OBSCURE_SHARE)
    wanted_known = movies - wanted_releases - wanted_obscure
    chosen = np.sort(
        np.concatenate(
            [
                _some(draw, near, wanted_releases),
                _some(draw, obscure, wanted_obscure),
                _some(draw, ~releases & ~obscure, wanted_known),
            ]
        )
    )
    arrays = {
        name: getattr(pool, name)[chosen]
        for name in Plan.__slots__
        if isinstance(getattr(pool, name), np.ndarray)
    }
    plan = Plan(seed=seed, start=START, breakouts=(), **arrays)
    return replace(
        plan,
        breakouts=plan_breakouts(
            draw,
            plan.floor,
            np.flatnonzero((plan.kind == Kind.EVERGREEN) & (plan.deleted_on == NEVER)),
            wanted=round(movies * days * _BREAKOUTS_PER_MOVIE_DAY),
            window_days=days,
        ),
    )


def _some(draw: Generator, among: Flags, count: int) -> NDArray[np.int64]:
    return draw.choice(np.flatnonzero(among), count, replace=False)


def _trailers(draw: Generator, plan: Plan, days: int) -> tuple[Trailer, ...]:
    """Up to two per release, while it is on TMDB and not out."""
    trailers = []
    for movie in np.flatnonzero(plan.kind != Kind.EVERGREEN):
        for _ in range(draw.integers(0, 3)):
            lead = int(draw.integers(*_TRAILER_LEAD_DAYS))
            onset = int(plan.released_on[movie]) - lead - plan.first_on
            created = int(plan.created_on[movie]) - plan.first_on
            ramp = int(draw.integers(1, 4))
            event = Event(
                movie=int(movie),
                onset=onset,
                top=onset + ramp - 1,
                kind="trailer",
                lift=float(np.exp(draw.uniform(np.log(0.8), np.log(8)))),
            )
            half_life_days = float(draw.uniform(2, 7))
            if max(created + 14, 0) <= onset < days:
                trailers.append(Trailer(event, half_life_days))
    return tuple(trailers)


def _votes(draw: Generator, plan: Plan, popularity: Floats) -> Ints:
    """Negative binomial votes a day, with the scatter of the movie's age."""
    expected = expected_votes(plan, slice(0, len(plan)), popularity)
    age = plan.first_on + np.arange(popularity.shape[1]) - plan.released_on[:, None]
    shape = 1 / np.where(age < _FRESH_VOTES_DAYS, _FRESH_DISPERSION, _DISPERSION)
    gained = draw.poisson(expected * draw.gamma(shape, 1 / shape))
    few = np.exp(draw.normal(_OBSCURE_VOTES_LOG, 1.2, len(plan)))
    obscure = (plan.kind == Kind.EVERGREEN) & (plan.floor < _OBSCURE_BELOW)
    first = np.where(obscure, np.minimum(plan.first_votes, few), plan.first_votes)
    total: Ints = first.astype(np.int64)[:, None] + gained.cumsum(axis=1)
    return total
