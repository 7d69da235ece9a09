"""Numbers by movie and calendar day, NaN where there is none; windows are ages in days.

An age of 0 is the day itself, 7 is a week before: `total(x, 7, 13)` is last week's sum.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

type Grid = NDArray[np.float64]
type Mask = NDArray[np.bool_]

MIN_PEERS = 30


@dataclass(frozen=True, slots=True)
class Panel:
    """Rows, one per movie and day, and their positions in a grid."""

    rows: pd.DataFrame
    movie: NDArray[np.intp]
    day: NDArray[np.intp]
    shape: tuple[int, int]
    first: date

    @classmethod
    def of(cls, rows: pd.DataFrame, day_column: str) -> "Panel":
        """Arrange rows by movie and day."""
        rows = rows.sort_values(["movie_id", day_column], ignore_index=True)
        first: date = rows[day_column].min()
        day = np.array([(day - first).days for day in rows[day_column]], dtype=np.intp)
        movie = np.unique(rows["movie_id"], return_inverse=True)[1]
        return cls(rows, movie, day, (int(movie.max()) + 1, int(day.max()) + 1), first)

    def grid(self, column: str) -> Grid:
        """Return a column of numbers."""
        grid = np.full(self.shape, np.nan)
        values = pd.to_numeric(self.rows[column])
        grid[self.movie, self.day] = values.to_numpy(np.float64, na_value=np.nan)
        return grid

    def words(self, column: str) -> NDArray[np.object_]:
        """Return a column of texts, None where there is no row."""
        grid = np.full(self.shape, None, dtype=object)
        grid[self.movie, self.day] = self.rows[column]
        return grid

    def seen(self) -> Mask:
        """Return whether there is a row, by movie and day."""
        seen = np.zeros(self.shape, dtype=bool)
        seen[self.movie, self.day] = True
        return seen

    def column(self, grid: NDArray[Any]) -> NDArray[Any]:
        """Return a grid's values in the order of the rows."""
        values: NDArray[Any] = grid[self.movie, self.day]
        return values


def ago(grid: Grid, age: int) -> Grid:
    """Return for each day the value of a number of days before."""
    before = np.full(grid.shape, np.nan)
    days = grid.shape[1]
    if age < days:
        before[:, age:] = grid[:, : days - age]
    return before


def newest(grid: Grid, youngest: int, oldest: int) -> tuple[Grid, Grid]:
    """Return the newest value of these ages, and its age."""
    value, its_age = np.full(grid.shape, np.nan), np.full(grid.shape, np.nan)
    for age in range(oldest, youngest - 1, -1):
        before = ago(grid, age)
        known = ~np.isnan(before)
        value[known], its_age[known] = before[known], age
    return value, its_age


def count(grid: Grid, youngest: int, oldest: int) -> Grid:
    """Return how many days of these ages have a value."""
    return total(np.where(np.isnan(grid), np.nan, 1.0), youngest, oldest)


def total(grid: Grid, youngest: int, oldest: int) -> Grid:
    """Return the sum over these ages, 0 without a value."""
    found = np.zeros(grid.shape)
    for age in range(youngest, oldest + 1):
        found += np.nan_to_num(ago(grid, age))
    return found


def mean(grid: Grid, youngest: int, oldest: int, at_least: int) -> Grid:
    """Return the mean over these ages, of at least `least` values."""
    values = count(grid, youngest, oldest)
    return ratio(
        total(grid, youngest, oldest), np.where(values < at_least, np.nan, values)
    )


def highest(grid: Grid, youngest: int, oldest: int) -> Grid:
    """Return the largest value of these ages."""
    found = np.full(grid.shape, np.nan)
    for age in range(youngest, oldest + 1):
        found = np.fmax(found, ago(grid, age))
    return found


def ratio(part: Grid, whole: Grid) -> Grid:
    """Return the quotient, NaN where the whole is 0."""
    return part / np.where(whole == 0, np.nan, whole)
