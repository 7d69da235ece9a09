"""Planned: a deployment in; the estimate of a load, and how estimates read, out."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.costs import load_estimate, prices, reads
from cli.costs.assumptions import SIMULATED, Setting
from cli.costs.estimate import Estimate
from cli.environment import Place, running
from cli.options import Where
from shared.config import Settings
from shared.messages import LARGEST_LIMIT

MOVIES, HISTORY_DAYS = 1_000, 90
"""As shared/config.py's TRACKED_MOVIES and HISTORY_DAYS, where nobody says more."""
DEADLINE_S = Settings.from_env(
    {"GOOGLE_CLOUD_PROJECT": "", "TMDB_TOKEN_SECRET": ""}
).run_deadline_s
"""After so long a run is closed with what it has."""

Limit = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=LARGEST_LIMIT,
        help="How many of the most popular movies; all that the deployment tracks.",
    ),
]
HistoryDays = Annotated[
    int | None,
    typer.Option(
        min=1, max=90, help="Days of history that the deployment is set to read; 90."
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


def plan_of_load(
    place: Place | None,
    where: Where,
    limit: int | None,
    history_days: int | None,
    rate: float | None,
) -> tuple[str, Estimate]:
    """Return a load's title and estimate by the settings of what is meant.

    Refuses a limit above what the deployment tracks, as the function does.
    """
    stack = None if where.project else running(where)
    tracked = stack.tracked_movies if stack else place and place.tracked_movies
    if limit and tracked and limit > tracked:
        raise typer.BadParameter(
            f"{limit}: the deployment tracks {tracked} movies; write that or less, or "
            "raise tracked_movies (TRACKED_MOVIES) and deploy",
            param_hint="--limit",
        )
    movies = limit or tracked or MOVIES
    days = history_days or (stack.history_days if stack else HISTORY_DAYS)
    made = load_estimate.of_load(
        movies, days, setting_of(where, rate), reads.of_metrics()
    )
    noun = "movie" if movies == 1 else "movies"
    return f"Load of {movies:,} {noun} with {days} days of history", made


def setting_of(where: Where, rate: float | None = None) -> Setting:
    """Return the speed of what is meant: of the stack that runs, else a project's."""
    stack = None if where.project else running(where)
    if not stack:
        return Setting(rate) if rate else Setting()
    told = rate or stack.requests_per_second
    return Setting(told, **SIMULATED) if stack.simulator else Setting(told)


def show(console: Console, title: str, made: Estimate, setting: Setting) -> None:
    """Print an estimate for people."""
    console.print(title, style="bold")
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column()
    for name, text in _lines(made, setting):
        grid.add_row(f"  {name}", text)
    console.print(grid)
    if made.seconds > DEADLINE_S:
        console.print(
            Text.assemble(
                (f"Longer than RUN_DEADLINE_S ({DEADLINE_S:,.0f} s)", "yellow"),
                ": the run is closed and published as PARTIAL then, and again as more "
                "comes. Raise it in terraform/functions.tf for as large a load.",
            )
        )
    console.print(
        "Besides, each month: the sweeps, every 15 minutes, "
        f"{dollars(load_estimate.of_sweeps().usd)} of queries by the price list.",
        style="dim",
    )
    console.print(
        f"By price lists read in {prices.READ_IN}; metrics assumed to take "
        f"{setting.metrics_s:.0f} s each, an export {setting.export_s:g} s. All "
        "assumptions: cli/costs/assumptions.py, prices: cli/costs/prices.py.",
        style="dim",
    )


def _lines(made: Estimate, setting: Setting) -> list[tuple[str, str | Text]]:
    rows = sum(made.rows.values())
    gib = made.bytes_queried / prices.GIB
    free = f"{dollars(made.usd_beyond_free)} with the free allowances of a month"
    price = Text.assemble((dollars(made.usd), "bold"), f" by the price list; {free}")
    asked = f"{made.tmdb_requests:,} at {setting.requests_per_second:g} a second"
    exports = f"{made.exports:,}, {made.export_mb:,.1f} MB to download"
    computed = several(made.metrics_runs, "computation")
    return [
        ("TMDB requests", asked if made.tmdb_requests else "none"),
        ("daily exports", exports if made.exports else "none"),
        ("time", duration(made.seconds)),
        ("Pub/Sub", several(made.messages, "message")),
        ("BigQuery rows", f"{rows:,} written, {made.bytes_stored / 1e6:,.1f} MB kept"),
        ("BigQuery queries", f"{gib:,.1f} GiB billed: {computed} of metrics, and more"),
        ("cost", price),
    ]


def several(count: int, noun: str) -> str:
    """Say how many of something."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def duration(seconds: float) -> str:
    """Say a time as a person would: 45 s, 5 min, 7.6 h."""
    if seconds < 90:  # noqa: PLR2004 - below two minutes seconds tell more
        return f"about {max(1, round(seconds))} s"
    if seconds < 5_400:  # noqa: PLR2004 - one and a half hours
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3_600:.1f} h"


def dollars(usd: float) -> str:
    """Say an amount; less than half a cent is not nothing."""
    if 0 < usd < 0.005:  # noqa: PLR2004 - half a cent
        return "less than $0.01"
    return f"${usd:,.2f}"
