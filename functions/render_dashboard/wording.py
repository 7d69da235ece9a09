"""What the page says: numbers as people read them, and sentences with their reasons."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from functions.render_dashboard.payload import Breakout, Dashboard, Movie, Revision

NOTHING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"
SIGMA = "\N{GREEK SMALL LETTER SIGMA}"
_LEAST_OF_TWO_DIGITS, _LEAST_OF_THREE_DIGITS = 9.995, 99.95
_LEAST_WHOLE_PERCENT = 9.95
WIKIPEDIA_MIN_RATIO = 1.5
"""wikipedia_min_ratio of sql/10_metric_thresholds.sql."""


def number(value: float | None) -> str:
    """Write three digits that count, as numbers.js does: 0.52, 5.83, 44.9, 1,234."""
    if value is None:
        return NOTHING
    # Rounded as encoding.py rounds popularity, and halves up, as numbers.js does.
    if abs(value) < _LEAST_OF_TWO_DIGITS:
        return count(round(value * 100) / 100, 2)
    tenths = round(value * 10) / 10
    if abs(value) < _LEAST_OF_THREE_DIGITS:
        return count(tenths, 1)
    return count(math.floor(tenths + 0.5))


def count(value: float | None, decimals: int = 0) -> str:
    """Write a number of things."""
    if value is None:
        return NOTHING
    text = f"{abs(value):,.{decimals}f}"
    return text if value >= 0 or not text.strip("0.,") else MINUS + text


def score(value: float | None) -> str:
    """Write a viral coefficient, cut and not rounded: 59.9 is not 60 and its class."""
    return NOTHING if value is None else str(math.floor(value))


def signed(value: float | None, decimals: int = 1) -> str:
    """Write a change with its sign."""
    text = count(value, decimals)
    return f"+{text}" if value and value > 0 and text.strip("0.,") else text


def percent(value: float | None) -> str:
    """Write a change in percent: one decimal below 10."""
    if value is None:
        return NOTHING
    tenths = round(value, 1)
    if abs(tenths) < _LEAST_WHOLE_PERCENT:
        return f"{signed(tenths)} %"
    half_up = math.copysign(math.floor(abs(tenths) + 0.5), value)
    return f"{signed(half_up, 0)} %"


def share(value: float | None) -> str:
    """Write a share in percent, cut and not rounded: 99.97 is not complete."""
    if value is None:
        return NOTHING
    return "100 %" if value >= 1 else f"{int(value * 1000) / 10:.1f} %"


def day(value: str | None) -> str:
    """Write a day as 5 Jun."""
    return f"{date.fromisoformat(value):%-d %b}" if value else NOTHING


def long_day(value: str) -> str:
    """Write a day as Tuesday 30 June 2026."""
    return f"{date.fromisoformat(value):%A %-d %B %Y}"


def direction(value: float | None) -> str:
    """Return the class of a change."""
    return "flat" if not value else "up" if value > 0 else "down"


def missing_days(dashboard: Dashboard) -> list[str]:
    """Return the days that are not published."""
    published = {
        row["snapshot_date"]
        for row in dashboard["catalogue_days"]
        if row["is_published"]
    }
    return [each for each in dashboard["days"] if each not in published]


def days_listed(days: Sequence[str]) -> str:
    """Write days as "11 to 13 May, 2 Jun": days in a row as one stretch."""
    stretches: list[list[date]] = []
    for each in map(date.fromisoformat, days):
        if stretches and each - stretches[-1][-1] == timedelta(days=1):
            stretches[-1].append(each)
        else:
            stretches.append([each])
    return ", ".join(map(_stretch, stretches))


def _stretch(days: Sequence[date]) -> str:
    first, last = days[0], days[-1]
    if first == last:
        return f"{last:%-d %b}"
    joined = "and" if last - first == timedelta(days=1) else "to"
    of_month = "" if first.month == last.month else f" {first:%b}"
    return f"{first:%-d}{of_month} {joined} {last:%-d %b}"


def expected_popularity(row: Breakout | Movie) -> float | None:
    """Return what was expected, moved by the day as in explain."""
    expected, factor = row["popularity_expected"], row["market_factor"]
    return None if expected is None else expected * (factor or 1)


def of_breakout(breakout: Breakout, newest: str) -> str:
    """Say by what evidence a breakout began, and what confirmed it.

    That is another alarm, and Wikipedia's readers where they are known.
    """
    evidence = []
    if breakout["votes_3d"] is not None:
        evidence.append(
            f"{count(breakout['votes_3d'])} votes in 3 days where "
            f"{count(breakout['votes_3d_expected'], 1)} were expected"
        )
    if breakout["popularity_now"] is not None:
        evidence.append(
            f"popularity {number(breakout['popularity_now'])} where "
            f"{number(expected_popularity(breakout))} was expected"
        )
    text = "; ".join(evidence) or "An alarm without numbers"
    return f"{text[0].upper()}{text[1:]}. {_confirmation(breakout, newest)}" + (
        of_readers(breakout["wikipedia_ratio"], breakout["is_confirmed_by_wikipedia"])
    )


def of_readers(ratio: float | None, is_confirmed: bool | None) -> str:  # noqa: FBT001 - a column of v_breakouts
    """Say whether a movie's Wikipedia article was read more too; "" where unknown."""
    if ratio is None or is_confirmed is None:
        return ""
    times = f"read {number(ratio)} times as often as usual"
    if is_confirmed:
        return f" Wikipedia confirms it: the article was {times}."
    if ratio < WIKIPEDIA_MIN_RATIO:
        return f" Wikipedia shows no matching rise: the article was {times}."
    return (
        f" Wikipedia does not confirm it: the article was {times}, but by few readers, "
        "or on one of desktop and mobile only."
    )


def _confirmation(breakout: Breakout, newest: str) -> str:
    if breakout["is_confirmed"]:
        return "Confirmed."
    until = date.fromisoformat(breakout["started_on"]) + timedelta(days=2)
    if date.fromisoformat(newest) < until:
        return f"Not confirmed yet: another alarm by {day(str(until))} would."
    return "Not confirmed: no other alarm within 2 days."


def of_momentum(movie: Movie, thresholds: Mapping[str, float]) -> str:
    """Say why the word of the week is what it is.

    The percentage beside it compares one day with one day; the word compares the last
    2 days with the mean of last week, the day's median taken out, in units of noise.
    """
    factor, deviations = (
        movie["popularity_growth_factor_7d"],
        movie["popularity_growth_z"],
    )
    if factor is None or deviations is None:
        least = int(thresholds["last_week_min_days_observed"])
        return f"needs popularity on {least} days of last week"
    if movie["is_frozen"]:
        return "kept from before TMDB re-scaled popularity"
    needed = thresholds["momentum_min_growth_z"]
    # Cut and not rounded: 2.28 is not the 2.3 that would make it another word.
    surprise = math.trunc(deviations * 10) / 10
    text = f"{TIMES}{factor:.2f} on last week, {signed(surprise)}{SIGMA}"
    percent = movie["weekly_pct_change"]
    if abs(deviations) < needed:
        return f"{text} (under {needed:g}{SIGMA})"
    if percent is not None and percent * deviations <= 0:
        return f"{text}, but the week's percentage says otherwise"
    return text


def moment(value: str) -> str:
    """Write a moment in UTC as 5 Jun, 09:24 UTC."""
    return f"{day(value[:10])}, {value[11:16]} UTC"


def of_revisions(revisions: Sequence[Revision]) -> str | None:
    """Say how often the lists of the day changed, and by how much the last time."""
    moments = sorted({row["published_at"] for row in revisions})
    if not moments:
        return None
    often = "once" if len(moments) == 1 else f"{len(moments)} times, last"
    changed = [
        f"{row['list_name']} ({_change(row)})"
        for row in revisions
        if row["published_at"] == moments[-1]
    ]
    return (
        f"The lists of this day changed after it was first published, {often} on "
        f"{moment(moments[-1])}: {', '.join(changed)}."
    )


def _change(row: Revision) -> str:
    parts = [
        f"{count} {what}"
        for count, what in (
            (row["entered"], "new"),
            (row["gone"], "gone"),
            (row["moved"], "moved"),
        )
        if count
    ]
    return ", ".join(parts) or "other numbers or titles"


def duration(started_at: str, ended_at: str | None) -> str:
    """Write how long a run took."""
    if ended_at is None:
        return "in progress"
    took = datetime.fromisoformat(ended_at) - datetime.fromisoformat(started_at)
    minutes, seconds = divmod(int(took.total_seconds()), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
