"""Sentences for empty parts of the page: what is missing, and when it comes."""

from datetime import date, timedelta

from functions.render_dashboard import wording
from functions.render_dashboard.payload import Dashboard

DAYS_BEFORE_VELOCITY = 8
"""Days with votes that votes per day take: a count, and one of 7 days before."""
DAYS_BEFORE_SCORE = 4
"""Days of popularity that the score takes: the newest, and one 3 days before."""


def no_movers(dashboard: Dashboard, word: str) -> str:
    """Say why nothing gained, or nothing lost."""
    known = any(movie["weekly_pct_change"] is not None for movie in dashboard["movies"])
    so_far = len(dashboard["days"])
    if not known:
        return _wait("Changes of a week need", 8, so_far, "day", dashboard)
    least = dashboard["thresholds"]["top_list_min_popularity"]
    return f"No movie with a popularity of {least:g} or more {word} in this week."


def no_viral(dashboard: Dashboard) -> str:
    """Say why the viral board is empty."""
    scored = any(
        movie["viral_coefficient"] is not None for movie in dashboard["movies"]
    )
    if not scored:
        return _wait(
            "The viral coefficient needs",
            DAYS_BEFORE_SCORE,
            len(dashboard["days"]),
            "day",
            dashboard,
        )
    least_score = dashboard["thresholds"]["top_viral_min_coefficient"]
    return f"No movie reaches a viral coefficient of {least_score:g} on this day."


def no_breakout(dashboard: Dashboard) -> str:
    """Say why no card is about a breakout."""
    days = len(dashboard["days"])
    if days < DAYS_BEFORE_SCORE:
        return _wait("A breakout takes", DAYS_BEFORE_SCORE, days, "day", dashboard)
    sentence = "No movie broke out in the last 7 days."
    return " ".join(filter(None, (sentence, no_votes(dashboard))))


def no_emerging(dashboard: Dashboard) -> str:
    """Say why nothing emerges."""
    needed = 8 + int(dashboard["thresholds"]["vote_acceleration_min_days"])
    so_far = dashboard["header"]["days_with_votes"]
    if so_far < needed:
        return _wait(
            "Faster votes need two weeks to compare:",
            needed,
            so_far,
            "day with votes",
            dashboard,
        )
    return "No movie's votes speed up beyond chance."


def no_votes(dashboard: Dashboard) -> str | None:
    """Say when vote metrics come; None when they are there."""
    so_far = dashboard["header"]["days_with_votes"]
    if so_far >= DAYS_BEFORE_VELOCITY:
        return None
    return _wait("Vote metrics need", DAYS_BEFORE_VELOCITY, so_far, "day", dashboard)


def no_outlook(dashboard: Dashboard) -> str:
    """Say when the first outlook can be judged."""
    if any(movie["popularity_outlook_7d_low"] for movie in dashboard["movies"]):
        return "No outlook's day has come: the first are judged 7 days after their own."
    return (
        "No outlook so far: it is what became, within 7 days, of movies in the same "
        "state in the last 5 weeks. It comes when 30 of them are known, and is judged "
        "7 days later."
    )


def _wait(what: str, needed: int, so_far: int, unit: str, dashboard: Dashboard) -> str:
    newest = dashboard["header"]["popularity_date"]
    plural = unit.replace("day", "days", 1)
    sentence = f"{what} {needed} {plural}: {so_far} so far"
    if newest is None or so_far >= needed:
        return f"{sentence}."
    first = date.fromisoformat(newest) + timedelta(days=needed - so_far)
    return f"{sentence}, so the first come with {wording.day(str(first))}."
