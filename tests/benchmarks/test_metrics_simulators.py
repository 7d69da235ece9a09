"""The two simulators: seeds, labels, and the effects of events."""

import numpy as np
import pytest

from benchmarks.metrics.simulators import SIMULATORS
from benchmarks.metrics.simulators.labels import Course, Event, felt, label_days
from benchmarks.metrics.simulators.simulation import Simulation

SIZE = (200, 120)


@pytest.fixture(params=SIMULATORS, scope="module")
def simulation(request: pytest.FixtureRequest) -> Simulation:
    return SIMULATORS[request.param](5, *SIZE)


@pytest.mark.parametrize("name", SIMULATORS)
def test_a_seed_gives_the_same_numbers_again_and_another_gives_others(
    name: str,
) -> None:
    one, again, other = (SIMULATORS[name](seed, *SIZE) for seed in (5, 5, 6))
    assert np.array_equal(one.popularity, again.popularity)
    assert np.array_equal(one.votes, again.votes)
    assert one.events == again.events
    assert not np.array_equal(one.popularity, other.popularity)


def test_every_day_has_one_label(simulation: Simulation) -> None:
    labels = simulation.labels
    count = labels.relevant.astype(int) + labels.neutral.astype(int) + labels.quiet
    assert (count == 1).all()


def test_an_event_lifts_attention_and_popularity_by_half(
    simulation: Simulation,
) -> None:
    assert simulation.events
    lifts = []
    for event in simulation.events:
        if event.kind not in {"medium", "large", "small_base"} or event.onset < 14:
            continue
        before, top = slice(event.onset - 14, event.onset - 7), event.top
        was = simulation.attention[event.movie, before].mean()
        assert simulation.attention[event.movie, top] >= 1.5 * was
        shown = simulation.popularity[event.movie]
        lifts.append(shown[top : top + 3].max() / shown[before].mean())
    assert lifts
    assert np.median(lifts) >= 1.5


def test_the_rows_that_are_lost_are_lost_and_no_others(simulation: Simulation) -> None:
    less = simulation.with_rows_missing(0.2)
    assert not (less.observed & ~simulation.observed).any()
    kept = less.observed.sum() / simulation.observed.sum()
    assert kept == pytest.approx(0.8, abs=0.02)


def test_a_cut_keeps_its_days_and_a_rescaling_those_before(
    simulation: Simulation,
) -> None:
    moved = simulation.rescaled(1.7, 60).cut(50, 69)
    assert moved.popularity.shape == (SIZE[0], 20)
    assert (moved.first_day - simulation.first_day).days == 50
    assert np.array_equal(moved.popularity[:, :10], simulation.popularity[:, 50:60])
    assert np.allclose(moved.popularity[:, 10:], 1.7 * simulation.popularity[:, 60:70])


def test_a_day_is_relevant_while_half_as_high_again_and_for_six_days() -> None:
    gain = np.zeros(100)
    gain[10:30] = [0.2, 0.6, 0.9, *[0.9] * 4, 0.4, *[0.9] * 4, *[0.3] * 8]
    course = Course(Event(movie=0, onset=10, top=12, kind="medium", lift=0.9), gain)
    assert felt([course]) == [course]
    labels = label_days([course], gain[None, :] >= 0.2)
    # Onset 10 is below half, 17 is a dip, 18 is the sixth day after the top.
    assert np.flatnonzero(labels.relevant[0]).tolist() == [11, 12, 13, 14, 15, 16, 18]
    assert np.flatnonzero(labels.quiet[0]).tolist() == [*range(10), *range(58, 100)]
    assert felt([Course(course.event, gain / 2)]) == []
