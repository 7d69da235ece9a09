"""The clock: when something was done. Never which day it belongs to.

The day of a run comes from its event and travels in its messages; these moments only
say when a row was written.
"""

from datetime import UTC, datetime


def now() -> datetime:
    """Return this moment, in UTC."""
    return datetime.now(UTC)
