"""Read from a response's headers when TMDB gave the answer. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from shared.days import is_believable

_SECONDS = re.compile(r"\d{1,9}", re.ASCII)


def answered_at(headers: Mapping[str, str], now: datetime) -> datetime:
    """Return when TMDB answered, by TMDB's clock; `now` if the headers do not say.

    A cache (TMDB uses CloudFront) repeats the Date of the stored answer, and has in Age
    how many seconds ago that was:
    https://www.rfc-editor.org/rfc/rfc9111#name-age
    """
    try:
        moment = parsedate_to_datetime(headers.get("Date", ""))
        # "-0000" is a zone that the sender does not know: HTTP has UTC only.
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        moment += timedelta(seconds=_age_s(headers.get("Age", "")))
    except (ValueError, TypeError, IndexError, OverflowError):
        return now
    return moment if is_believable(moment, now) else now


def _age_s(header: str) -> int:
    return int(header) if _SECONDS.fullmatch(header.strip()) else 0
