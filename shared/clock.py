"""The clock: when something was done, never which day it belongs to.

The day of a run comes from its event and travels in its messages. The times from this
module only record when a row was written.
"""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)
