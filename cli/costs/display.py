"""Print estimates, and numbers as a person would write them."""

from math import ceil

from rich.console import Console
from rich.text import Text

from cli.costs import bytes_read, load_estimate, prices
from cli.costs.assumptions import PAGE_VIEW_DAYS, PAGE_VIEWS_GIB, Setting
from cli.costs.estimate import Estimate
from local.table_layout import show_pairs
from shared.config import Settings

DEADLINE_S = Settings.from_env(
    {"GOOGLE_CLOUD_PROJECT": "", "TMDB_TOKEN_SECRET": ""}
).run_deadline_s
"""After this time a run is closed with what it has."""


def show(console: Console, title: str, made: Estimate, setting: Setting) -> None:
    """Print an estimate for people."""
    console.print(title, style="bold")
    show_pairs(console, _lines(made, setting))
    if made.seconds > DEADLINE_S:
        console.print(
            Text.assemble(
                (f"Longer than RUN_DEADLINE_S ({DEADLINE_S:,.0f} s)", "yellow"),
                ": the run is closed and published as PARTIAL then, and again as more "
                "comes. Raise it in terraform/functions.tf for as large a load.",
            )
        )
    if made.is_split or made.is_refused:
        console.print(Text(_refused(made), "yellow"))
    console.print(
        "Besides, each month: the sweeps, every 15 minutes, "
        f"{dollars(load_estimate.of_sweeps().usd)} of queries by the price list. With "
        f"the option wikipedia, {30 * PAGE_VIEWS_GIB} GiB more, and once "
        f"{PAGE_VIEW_DAYS * PAGE_VIEWS_GIB} GiB.",
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
    requests = f"{made.tmdb_requests:,} at {setting.requests_per_second:g} a second"
    exports = f"{made.exports:,}, {made.export_mb:,.1f} MB to download"
    computed = several(made.metrics_runs, "computation")
    return [
        ("TMDB requests", requests if made.tmdb_requests else "none"),
        ("daily exports", exports if made.exports else "none"),
        ("time", duration(made.seconds)),
        ("Pub/Sub", several(made.messages, "message")),
        ("BigQuery rows", f"{rows:,} written, {made.bytes_stored / 1e6:,.1f} MB kept"),
        ("BigQuery queries", f"{gib:,.1f} GiB billed: {computed} of metrics, and more"),
        ("each day then reads", daily_reads(made.movies, made.details)),
        ("cost", price),
    ]


def _refused(made: Estimate) -> str:
    """Say what BigQuery would refuse, and what then happens or must be done."""
    days = several(made.largest_computation_days, "day")
    billed = size(made.largest_computation_bytes)
    why = (
        f"One computation of metrics bills up to {billed} ({days} of {made.movies:,} "
        f"movies); BigQuery refuses more than max_gib_billed, {made.max_gib_billed} GiB"
    )
    if made.is_split:
        parts = several(made.most_days_computed, "day")
        needed = ceil(made.largest_computation_bytes / prices.GIB)
        return (
            f"{why}. So it is computed in parts of at most {parts}, which bill more in "
            f"all than one; max_gib_billed = {needed} allows one."
        )
    needed = ceil(made.largest_day_bytes / prices.GIB)
    return (
        f"{why}, so not even one day is published. Set max_gib_billed = {needed} or "
        "more in terraform.tfvars and deploy."
    )


def daily_reads(movies: int, details_per_day: int | None = None) -> str:
    """Say what metrics, page and views read of so many movies, 180 days kept."""
    read = bytes_read.of_movies(movies, details_per_day)
    return (
        f"metrics {size(read.metrics)}, at most {size(read.most_metrics)}; "
        f"a page {size(read.page)}, a view of the "
        f"newest day at most {size(read.largest_view)}"
    )


def size(count: int) -> str:
    """Say bytes: 12 MiB, 1.5 GiB."""
    if count < prices.GIB:
        return f"{count / prices.MIB:,.0f} MiB"
    return f"{count / prices.GIB:,.1f} GiB"


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
        return "under $0.01"
    return f"${usd:,.2f}"
