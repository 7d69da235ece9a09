"""Simulator B: movies whose popularity is a count of visitors.

It draws every quantity from another family than A, and no score was fitted to it:

- levels are log-normal, so most titles are small, and attention has a slow trend;
- popularity smooths a day's visitors: few visitors make a small title noisy. Its wander
  has Laplace steps, robots visit for a day, and every title has its own week;
- the whole catalogue wanders, is re-tuned twice and has one bad day;
- lifts are Pareto or log-normal, rises are slow, fades are power laws (b_events.py);
- votes follow attention days later, every title scatters by its own amount, and a
  third of the counters are brought up to date every second or third day only;
- caches stick for days, counters freeze, rows are lost in runs (b_nuisances.py).
"""

from datetime import date

import numpy as np
from numpy.random import Generator

from benchmarks.metrics.simulators.b_events import Titles, draw_courses
from benchmarks.metrics.simulators.b_nuisances import arrived, disturbed, stuck
from benchmarks.metrics.simulators.labels import LIFTED_GAIN, felt, label_days
from benchmarks.metrics.simulators.simulation import Simulation
from emulators.tmdb.catalogue.plan import Floats, Ints

START = date(2026, 6, 1)

_MEDIAN_LEVEL, _LEVEL_LOG_DEVIATION, _LEVELS = 3.0, 1.1, (0.3, 300.0)
_RELEASE_SHARE, _LISTED_DAYS = 0.2, 90  # days from its entry to its opening, at median
_TREND_A_DAY = 0.002
_VISITORS_PER_POINT, _VISITORS_SHAPE, _SMOOTHING = 12.0, 100.0, 0.5
_WANDER_STEP, _WANDER_KEPT = 0.02, 0.97
_ROBOTS_A_DAY, _ROBOTS_GAIN = 0.0015, 0.8
_WEEK_LOG_AMPLITUDE = 0.05
_MARKET_STEP, _MARKET_KEPT, _BAD_DAY_LOG = 0.015, 0.8, -0.3
_ENTRY_DAYS = 3.0
_VOTES_LOG_RATE, _VOTES_POWER, _VOTES_DELAY_KEPT = -1.0, 0.8, 0.7


def simulate(seed: int, movies: int, days: int) -> Simulation:
    """Draw one catalogue and its days."""
    draw = np.random.default_rng([seed, movies, days, ord("B")])
    titles = _titles(draw, movies, days)
    trend = draw.normal(0, _TREND_A_DAY, (movies, 1)) * (np.arange(days) - days / 2)
    calm = titles.level[:, None] * np.exp(trend)
    courses = draw_courses(draw, titles, days)
    lift = np.ones((movies, days))
    for course in courses:
        lift[course.event.movie] *= 1 + course.gain
    attention = calm * lift
    kept = felt(courses)
    votes, nuisances = disturbed(draw, _votes(draw, titles, attention))
    return Simulation(
        seed=seed,
        movie_id=np.arange(1, movies + 1),
        first_day=START,
        popularity=stuck(draw, _popularity(draw, titles, attention)),
        votes=votes,
        observed=(titles.created_on[:, None] <= np.arange(days))
        & arrived(draw, attention.shape),
        attention=attention,
        events=tuple(course.event for course in kept),
        labels=label_days(kept, lift >= 1 + LIFTED_GAIN),
        nuisances=nuisances,
    )


def _titles(draw: Generator, movies: int, days: int) -> Titles:
    is_release = draw.random(movies) < _RELEASE_SHARE
    opens_on = np.where(
        is_release,
        draw.integers(-120, days + 60, movies),
        -draw.integers(300, 9_000, movies),
    )
    listed = np.exp(draw.normal(np.log(_LISTED_DAYS), 0.8, movies)).astype(int)
    level = np.exp(draw.normal(np.log(_MEDIAN_LEVEL), _LEVEL_LOG_DEVIATION, movies))
    return Titles(level.clip(*_LEVELS), opens_on, opens_on - listed, is_release)


def _popularity(draw: Generator, titles: Titles, attention: Floats) -> Floats:
    """Smooth the visitors of the days, in points of four decimals."""
    shape = attention.shape
    day = np.arange(shape[1])
    amplitude = np.abs(draw.normal(0, _WEEK_LOG_AMPLITUDE, (shape[0], 1)))
    week = amplitude * np.sin(
        2 * np.pi * (day + draw.integers(0, 7, (shape[0], 1))) / 7
    )
    wander = _wandering(draw.laplace(0, _WANDER_STEP, shape), _WANDER_KEPT)
    robots = np.where(
        draw.random(shape) < _ROBOTS_A_DAY, draw.exponential(_ROBOTS_GAIN, shape), 0
    )
    age = day - titles.created_on[:, None]
    entry = 1 - np.exp(-age.clip(0) / _ENTRY_DAYS)
    expected = (
        attention
        * np.exp(week + wander + _market(draw, shape[1]))
        * (1 + robots)
        * entry
    )
    scatter = draw.gamma(_VISITORS_SHAPE, 1 / _VISITORS_SHAPE, shape)
    visitors = draw.poisson(_VISITORS_PER_POINT * expected * scatter)
    shown = np.empty(shape)
    shown[:, 0] = _VISITORS_PER_POINT * expected[:, 0]
    for on in range(1, shape[1]):
        shown[:, on] = shown[:, on - 1] + _SMOOTHING * (
            visitors[:, on] - shown[:, on - 1]
        )
    return np.round(shown / _VISITORS_PER_POINT, 4)


def _market(draw: Generator, days: int) -> Floats:
    """Return what befalls all titles, as a logarithm."""
    level: Floats = _wandering(
        draw.standard_t(3, (1, days)) * _MARKET_STEP, _MARKET_KEPT
    )[0]
    for day in draw.integers(20, days, 2):
        level[day:] += draw.choice([-1, 1]) * draw.uniform(0.1, 0.3)
    level[draw.integers(20, days)] += _BAD_DAY_LOG
    return level


def _votes(draw: Generator, titles: Titles, attention: Floats) -> Ints:
    """Votes so far, as TMDB counts them: late, and of some titles in steps."""
    movies, days = attention.shape
    day = np.arange(days)
    felt_attention = np.empty_like(attention)
    felt_attention[:, 0] = attention[:, 0]
    for on in range(1, days):
        felt_attention[:, on] = (
            _VOTES_DELAY_KEPT * felt_attention[:, on - 1]
            + (1 - _VOTES_DELAY_KEPT) * attention[:, on]
        )
    rate = np.exp(draw.normal(_VOTES_LOG_RATE, 0.8, (movies, 1)))
    is_out = titles.opens_on[:, None] <= day
    expected = np.where(is_out, rate * felt_attention**_VOTES_POWER, 0)
    shape = np.exp(draw.normal(np.log(10), 0.8, (movies, 1)))
    gained = draw.poisson(expected * draw.gamma(shape, 1 / shape, expected.shape))
    years = (-titles.opens_on).clip(0) * expected[:, 0]
    total = years.astype(int)[:, None] + gained.cumsum(axis=1)
    every = np.where(draw.random(movies) < 1 / 3, draw.integers(2, 4, movies), 1)
    since = (day + draw.integers(0, 6, (movies, 1))) % every[:, None]
    counted: Ints = np.take_along_axis(total, (day - since).clip(0), axis=1)
    return counted


def _wandering(steps: Floats, kept: float) -> Floats:
    level = np.zeros_like(steps)
    for day in range(1, steps.shape[1]):
        level[:, day] = kept * level[:, day - 1] + steps[:, day]
    return level
