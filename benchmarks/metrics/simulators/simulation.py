"""What a simulator returns: movies as TMDB shows them, day by day, and the truth."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Self

import numpy as np

from benchmarks.metrics.simulators.labels import Event, Labels
from emulators.tmdb.catalogue.plan import Flags, Floats, Ints


@dataclass(frozen=True, slots=True)
class Simulation:
    """Grids are [movie, day]. `observed`: there is a row that day.

    `attention` is popularity without noise, weekday and catalogue: the truth.
    `nuisances`: where something befell the counter of votes in the last 10 days.
    """

    seed: int
    movie_id: Ints
    first_day: date
    popularity: Floats
    votes: Ints
    observed: Flags
    attention: Floats
    events: tuple[Event, ...]
    labels: Labels
    nuisances: Mapping[str, Flags]

    def with_rows_missing(self, share: float) -> Self:
        """Lose that share of the rows at random."""
        draw = np.random.default_rng([self.seed, 7])
        kept = draw.random(self.observed.shape) >= share
        return replace(self, observed=self.observed & kept)

    def rescaled(self, factor: float, day: int) -> Self:
        """Let TMDB multiply every popularity from that day on."""
        popularity = self.popularity.copy()
        popularity[:, day:] *= factor
        return replace(self, popularity=popularity)

    def cut(self, first: int, last: int) -> Self:
        """Keep the days from `first` to `last`, as if there were no others.

        Events are dropped: most of them are outside.
        """
        days = slice(first, last + 1)
        return replace(
            self,
            first_day=self.first_day + timedelta(days=first),
            popularity=self.popularity[:, days],
            votes=self.votes[:, days],
            observed=self.observed[:, days],
            attention=self.attention[:, days],
            events=(),
            labels=Labels(
                self.labels.relevant[:, days],
                self.labels.neutral[:, days],
                self.labels.quiet[:, days],
            ),
            nuisances={name: grid[:, days] for name, grid in self.nuisances.items()},
        )
