"""Cases that `make test` leaves to `make test-exhaustive`.

They make the same claim once more: of another variable, fault or state of the page. So
do mutants, which test the tests, comparisons of the emulator with its original, and
whatever else takes a processor half a minute. CI runs both.
"""

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def cases_but(kept: Collection[str], names: Iterable[str]) -> list[Any]:
    """Return a parameter for each name; all are exhaustive but those that are kept.

    ValueError if one to keep is not a name.
    """
    names = list(names)
    if unknown := set(kept) - set(names):
        raise ValueError(f"there is no case {sorted(unknown)}")
    return [
        pytest.param(
            name, id=name, marks=() if name in kept else pytest.mark.exhaustive
        )
        for name in names
    ]
