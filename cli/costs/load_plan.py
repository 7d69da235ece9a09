"""Estimate a load of a deployment, by the settings that the deployment has."""

from dataclasses import replace
from typing import Annotated

import typer

from cli.costs import load_estimate
from cli.costs.assumptions import (
    MOVIES_EXPORTED,
    SIMULATED,
    Setting,
    movies_with_details,
)
from cli.costs.estimate import Estimate
from cli.environment import Deployment, running
from cli.options import Selector
from shared.messages import LARGEST_LIMIT

MOVIES, HISTORY_DAYS = 1_000, 90
"""As shared/config.py's TRACKED_MOVIES and HISTORY_DAYS, where nobody says more."""
Limit = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=LARGEST_LIMIT,
        help="How many of the most popular movies; all that the deployment tracks.",
    ),
]
AllMovies = Annotated[
    bool,
    typer.Option("--all", help="Every feature film of TMDB: tracked_movies = all."),
]
DetailsPerDay = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=LARGEST_LIMIT,
        help="Of how many movies a run of the deployment asks for details; 200,000.",
    ),
]
HistoryDays = Annotated[
    int | None,
    typer.Option(
        min=1, max=90, help="Days of history that the deployment is set to read; 90."
    ),
]
MaxGibBilled = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="GiB that a query of the deployment may bill; the deployment's, or 20.",
    ),
]
Rate = Annotated[
    float | None,
    typer.Option(
        min=0.1,
        help="Requests a second to TMDB that the deployment is set to; 30.",
        envvar="TMDB_REQUESTS_PER_SECOND",
    ),
]


def plan_of_load(  # noqa: PLR0913 - options of commands
    deployment: Deployment | None,
    selector: Selector,
    limit: int | None,
    history_days: int | None,
    rate: float | None,
    *,
    all_movies: bool = False,
    details_per_day: int | None = None,
    max_gib_billed: int | None = None,
) -> tuple[str, Estimate]:
    """Return a load's title and estimate by the settings of what is meant.

    Refuses a limit above what the deployment tracks, as the function does.
    """
    stack = None if selector.project else running(selector)
    tracked = (
        stack.tracked_movies if stack else deployment and deployment.tracked_movies
    )
    if limit and tracked and limit > tracked:
        raise typer.BadParameter(
            f"{limit}: the deployment tracks {tracked} movies; write that or less, or "
            "raise tracked_movies (TRACKED_MOVIES) and deploy",
            param_hint="--limit",
        )
    if all_movies:
        tracked = MOVIES_EXPORTED
    movies = limit or tracked or MOVIES
    days = history_days or (stack.history_days if stack else HISTORY_DAYS)
    if not details_per_day and deployment:
        details_per_day = deployment.details_per_day
    details = movies_with_details(movies, details_per_day)
    setting = setting_of(selector, rate, deployment, max_gib_billed)
    made = load_estimate.of_load(movies, days, setting, details=details)
    noun = "movie" if movies == 1 else "movies"
    some = "" if details == movies else f", {details:,} of them with details,"
    return f"Load of {movies:,} {noun}{some} with {days} days of history", made


def setting_of(
    selector: Selector,
    rate: float | None = None,
    deployment: Deployment | None = None,
    max_gib_billed: int | None = None,
) -> Setting:
    """Return the settings of the stack that runs, else of a project."""
    stack = None if selector.project else running(selector)
    limit = max_gib_billed or (deployment and deployment.max_gib_billed)
    setting = SIMULATED if stack and stack.simulator else Setting()
    return replace(
        setting,
        requests_per_second=rate
        or (stack.requests_per_second if stack else setting.requests_per_second),
        max_gib_billed=limit or setting.max_gib_billed,
    )
