"""Popularity, votes and rating of every movie on every day of the window.

In: a `Plan`. Out: arrays [movie, day], computed in blocks at their first use. Every
block has its own seeded generators, so the order of calls changes nothing. Popularity
is stored in whole ten-thousandths: TMDB shows four decimals.
"""

from threading import Lock

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from emulators.tmdb.catalogue.plan import WINDOW_DAYS, Floats, Kind, Plan

BLOCK_MOVIES = 512
POPULARITY_UNITS = 10_000
RATING_UNITS = 1_000

# Attention of a release by days from its peak: the logarithm of its share of the peak.
# In cinemas, a release opens on day -8.
_THEATRICAL_DAY = [-308, -68, -22, -11, -8, -5, 0]
_THEATRICAL_LOG = [-4.6, -2.9, -2.0, -1.6, -1.26, -0.3, 0]
_STREAMING_DAY = [-64, -5, -4, -3, -2, -1, 0]
_STREAMING_LOG = [-5.0, -4.0, -1.12, -0.54, -0.34, -0.16, 0]
_FADING_DAY = [2, 5, 10, 20, 30, 60, 120, 365]
_FADING_LOG = [-0.12, -0.44, -0.84, -1.24, -1.6, -2.5, -3.6, -5.0]
_OPENING_DAYS = 8
_YEAR_DAYS, _DECADE_DAYS = 365, 3650

# By date.weekday(): a snapshot mostly shows the day before.
_WEEKDAY_POPULARITY_LOG = np.array([0.05, 0.018, -0.006, -0.014, -0.032, -0.04, 0.006])
_WEEKDAY_VOTES = np.array([1.36, 1.0, 0.85, 0.83, 0.87, 0.9, 1.23])
_CEILING = 850.0  # no movie on TMDB's new scale stays above it
_VOTE_DECREASE_SHARE = 0.0014


class Series:
    """Daily values of a plan's movies; `day` counts from the window's first day."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lock = Lock()
        weekday = (plan.first_on - 1 + np.arange(WINDOW_DAYS)) % 7
        self._market_log = _WEEKDAY_POPULARITY_LOG[weekday] + _market_shocks(plan.seed)
        self._popularity: dict[int, NDArray[np.int32]] = {}
        self._attention: dict[int, Floats] = {}
        self._votes: dict[int, NDArray[np.int32]] = {}
        self._rating: dict[int, NDArray[np.int16]] = {}

    def popularity(self, movie: int, day: int) -> float:
        """Return TMDB's popularity, with four decimals."""
        block, row = divmod(movie, BLOCK_MOVIES)
        return int(self._popularity_block(block)[row, day]) / POPULARITY_UNITS

    def popularity_of_all(self, day: int) -> NDArray[np.int32]:
        """Return every movie's popularity on one day, in ten-thousandths."""
        blocks = range(-(-len(self._plan) // BLOCK_MOVIES))
        return np.concatenate([self._popularity_block(b)[:, day] for b in blocks])

    def attention(self, movie: int) -> Floats:
        """Popularity without noise, weekday and market, of every day."""
        block, row = divmod(movie, BLOCK_MOVIES)
        with self._lock:
            if block not in self._attention:
                self._attention[block] = attention(self._plan, self._rows(block))
        return np.asarray(self._attention[block][row], dtype=np.float64)

    def votes(self, movie: int, day: int) -> tuple[int, float]:
        """Return vote count and vote average (three decimals)."""
        block, row = divmod(movie, BLOCK_MOVIES)
        with self._lock:
            if block not in self._votes:
                self._votes[block] = self._make_votes(block)
                self._rating[block] = self._make_rating(block)
        count = int(self._votes[block][row, day])
        average = int(self._rating[block][row, day]) / RATING_UNITS
        return count, average if count else 0.0

    def _popularity_block(self, block: int) -> NDArray[np.int32]:
        known = self._popularity.get(block)
        if known is None:
            with self._lock:
                known = self._popularity.get(block)
                if known is None:
                    known = self._make_popularity(block)
                    self._popularity[block] = known
        return known

    def _generator(self, block: int, purpose: int) -> Generator:
        plan = self._plan
        return np.random.default_rng([plan.seed, len(plan), block, purpose])

    def _rows(self, block: int) -> slice:
        last = min((block + 1) * BLOCK_MOVIES, len(self._plan))
        return slice(block * BLOCK_MOVIES, last)

    def _make_popularity(self, block: int) -> NDArray[np.int32]:
        plan, rows = self._plan, self._rows(block)
        level = attention(plan, rows)
        noise = _noise_log(self._generator(block, 1), plan.noise[rows])
        value = level * np.exp(noise + self._market_log)
        date_on = plan.first_on + np.arange(WINDOW_DAYS)
        # A brand-new entry starts at 0.0.
        value[date_on <= plan.created_on[rows, None]] = 0
        return np.rint(value * POPULARITY_UNITS).astype(np.int32)

    def _make_votes(self, block: int) -> NDArray[np.int32]:
        plan, rows = self._plan, self._rows(block)
        draw = self._generator(block, 2)
        popularity = self._popularity_unlocked(block) / POPULARITY_UNITS
        expected = expected_votes(plan, rows, popularity)
        age = plan.first_on + np.arange(WINDOW_DAYS) - plan.released_on[rows, None]
        # A Poisson number with a gamma mean is a negative binomial one
        gained = draw.poisson(expected * draw.gamma(1.2, 1 / 1.2, expected.shape))
        withdrawn = draw.random(expected.shape) < _VOTE_DECREASE_SHARE
        gained[withdrawn & (age > 0)] = -1
        total = plan.first_votes[rows, None] + np.cumsum(gained, axis=1)
        return np.asarray(total.clip(0), dtype=np.int32)

    def _make_rating(self, block: int) -> NDArray[np.int16]:
        rows = self._rows(block)
        draw = self._generator(block, 3)
        step = draw.normal(0, 0.027, (rows.stop - rows.start, WINDOW_DAYS))
        drift = _autoregressive(step, 0.97)
        rating = (self._plan.quality[rows, None] + drift).clip(1, 10)
        return np.rint(rating * RATING_UNITS).astype(np.int16)

    def _popularity_unlocked(self, block: int) -> NDArray[np.int32]:
        if block not in self._popularity:
            self._popularity[block] = self._make_popularity(block)
        return self._popularity[block]


def expected_votes(plan: Plan, rows: slice, popularity: Floats) -> Floats:
    """Return daily votes by popularity: [movie, day], from the window's first day."""
    on = plan.first_on + np.arange(popularity.shape[1])
    age = on - plan.released_on[rows, None]
    expected = np.select(
        [age < 0, age < _YEAR_DAYS, age < _DECADE_DAYS],
        [
            np.zeros_like(popularity),
            np.exp(-1.126) * popularity**0.692,
            np.exp(-0.848) * popularity**0.64,
        ],
        np.exp(-1.26) * popularity**0.873,
    )
    return np.asarray(expected * _WEEKDAY_VOTES[(on - 1) % 7], dtype=np.float64)


def attention(plan: Plan, rows: slice) -> Floats:
    """Return popularity without noise, weekday and market: [movie, day]."""
    date_on = plan.first_on + np.arange(WINDOW_DAYS)
    age = (date_on - plan.released_on[rows, None]).astype(float)
    is_release = (plan.kind[rows] != Kind.EVERGREEN)[:, None]
    known = 0.15 + 0.85 / (1 + np.exp(-(age - 4).clip(-60, 60) / 4))
    level: Floats = plan.floor[rows, None] * np.where(is_release, known, 1.0)
    share = np.exp(_release_log(plan, rows, age))
    level += plan.peak[rows, None] * share
    level += _second_waves(plan, rows, age)
    for event in plan.breakouts:
        if rows.start <= event.movie < rows.stop:
            since = np.arange(float(WINDOW_DAYS)) - event.onset_day + 1
            gain = event.lift * _pulse(since, event.ramp_days, event.half_life_days)
            level[event.movie - rows.start] *= 1 + gain
    return np.asarray(level / np.cbrt(1 + (level / _CEILING) ** 3), dtype=np.float64)


def _release_log(plan: Plan, rows: slice, age: Floats) -> Floats:
    peak_age = plan.peak_age_days[rows, None]
    stretch = plan.stretch[rows, None]
    theatrical = (plan.kind[rows] == Kind.THEATRICAL)[:, None]
    opening = np.where(
        age < 0, age - _OPENING_DAYS, (age / peak_age - 1) * _OPENING_DAYS
    )
    before = np.where(theatrical, opening, age - peak_age)
    day = np.where(age > peak_age, (age - peak_age) / stretch, before)
    fading_day, fading_log = np.array(_FADING_DAY), np.array(_FADING_LOG)
    in_cinemas = np.interp(
        day,
        np.append(_THEATRICAL_DAY, fading_day),
        np.append(_THEATRICAL_LOG, fading_log),
    )
    streamed = np.interp(
        day,
        np.append(_STREAMING_DAY, fading_day),
        np.append(_STREAMING_LOG, fading_log),
    )
    return np.asarray(np.where(theatrical, in_cinemas, streamed))


def _second_waves(plan: Plan, rows: slice, age: Floats) -> Floats:
    """Return the wave of the digital release, which rises within five days."""
    wave_age = plan.wave_age_days[rows, None]
    at_wave = np.exp(_release_log(plan, rows, wave_age)) * plan.peak[rows, None]
    height = at_wave * plan.wave_lift[rows, None] * (wave_age > 0)
    shape = _pulse(np.asarray(age - wave_age + 1.0), 5, 8 * plan.stretch[rows, None])
    return np.asarray(height * shape, dtype=np.float64)


def _pulse(since: Floats, ramp_days: int, half_life_days: float | Floats) -> Floats:
    """Return 0 before day 1, a rise to 1 on day `ramp_days`, then halvings."""
    rising = (since / ramp_days).clip(0, 1) ** 0.7
    fading = 0.5 ** ((since - ramp_days).clip(0) / half_life_days)
    return np.asarray(rising * fading, dtype=np.float64)


def _noise_log(draw: Generator, scale: Floats) -> Floats:
    shape = (len(scale), WINDOW_DAYS)
    fast = _autoregressive(draw.standard_t(4, shape).clip(-9, 9) * 0.048, 0.5)
    slow = _autoregressive(draw.normal(0, 0.022, shape), 0.985)
    return (fast + slow) * scale[:, None]


def _autoregressive(step: Floats, keep: float) -> Floats:
    level = np.empty_like(step)
    level[:, 0] = step[:, 0] / np.sqrt(1 - keep**2)
    for day in range(1, step.shape[1]):
        level[:, day] = keep * level[:, day - 1] + step[:, day]
    return level


def _market_shocks(seed: int) -> Floats:
    """Return the days on which all movies move together, and the week after."""
    draw = np.random.default_rng([seed, 99])
    shock = np.zeros(WINDOW_DAYS)
    onsets = draw.choice(WINDOW_DAYS, 10, replace=False)
    shock[onsets] = draw.choice([-1, 1], 10) * draw.uniform(0.08, 0.25, 10)
    return np.asarray(_autoregressive(shock[None, :], 0.6)[0])
