"""The rules of the evaluation, on cases worked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.metrics import oracle, scoring
from benchmarks.metrics.scoring import WARM_UP_DAYS
from benchmarks.metrics.simulators import SIMULATORS
from benchmarks.metrics.simulators.labels import Event, Labels
from benchmarks.metrics.simulators.simulation import Simulation

DAYS = WARM_UP_DAYS + 20


def _simulation(movies: int, *relevant: tuple[int, int]) -> Simulation:
    grid = np.zeros((movies, DAYS), dtype=bool)
    for movie, day in relevant:
        grid[movie, day] = True
    level = np.full(grid.shape, 10.0)
    return replace(
        SIMULATORS["B"](1, 2, 50),
        movie_id=np.arange(movies),
        popularity=level,
        votes=np.zeros(grid.shape, dtype=np.int64),
        observed=np.ones_like(grid),
        attention=level,
        events=(),
        labels=Labels(grid, np.zeros_like(grid), ~grid),
        nuisances={},
    )


def test_average_precision_is_the_mean_over_the_right_ones() -> None:
    day = WARM_UP_DAYS
    simulation = _simulation(4, (0, day), (2, day))
    score = np.tile(np.array([[4.0], [3.0], [2.0], [np.nan]]), DAYS)
    ranking = scoring.rank(simulation, score)
    # Right at places 1 and 3: (1/1 + 2/3) / 2. Two of 20 places can be right.
    assert ranking.average_precision == pytest.approx(5 / 6)
    assert ranking.precision == ranking.ceiling == pytest.approx(2 / 20)
    assert ranking.same_top == 1


def test_a_threshold_allows_one_quiet_day_in_a_thousand() -> None:
    scores = np.arange(3_000.0)
    threshold = scoring.threshold([scores[:1_000], scores[1_000:]])
    assert (scores >= threshold).sum() == 3


def test_an_event_is_found_by_an_alarm_within_ten_days_of_its_onset() -> None:
    onset = WARM_UP_DAYS + 2
    events = tuple(
        Event(movie=movie, onset=onset, top=onset, kind=kind, lift=1.0)
        for movie, kind in enumerate(("small", "small", "release"))
    )
    simulation = replace(_simulation(3), events=events)
    alarms = np.zeros((3, DAYS), dtype=bool)
    alarms[0, onset + 3] = alarms[1, onset + 11] = alarms[2, onset + 4] = True
    alarms[1, onset - 1] = True
    found = scoring.detect(simulation, alarms)
    assert found.found() == pytest.approx(2 / 3)
    assert found.found("small", within=3) == pytest.approx(1 / 2)
    assert found.found("release", within=3) == 0
    assert np.isnan(found.found("trailer"))


def test_precision_of_an_alarm_leaves_neutral_days_out() -> None:
    simulation = _simulation(2, (0, DAYS - 1))
    alarms = np.zeros((2, DAYS), dtype=bool)
    alarms[:, -2:] = True
    assert scoring.alarm_precision(simulation, alarms) == pytest.approx(1 / 4)
    assert scoring.false_alarms_per_1000(simulation, alarms) == pytest.approx(
        1000 * 3 / (2 * 20 - 1)
    )
    labels = simulation.labels
    neutral = np.zeros_like(labels.neutral)
    neutral[1, -1] = True
    simulation = replace(
        simulation, labels=Labels(labels.relevant, neutral, labels.quiet & ~neutral)
    )
    assert scoring.alarm_precision(simulation, alarms) == pytest.approx(1 / 3)


@pytest.mark.exhaustive
def test_the_oracle_learns_to_rank_days_it_has_not_seen() -> None:
    simulate = SIMULATORS["A"]
    trained = oracle.train([simulate(seed, 150, 120) for seed in (1, 2)])
    unseen = simulate(3, 150, 120)
    score = trained.score(unseen)
    assert np.isfinite(score).sum() == scoring.judged(unseen).sum()
    chance = scoring.rank(unseen, np.zeros_like(score)).average_precision
    assert scoring.rank(unseen, score).average_precision > 3 * chance
