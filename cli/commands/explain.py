"""explain: show how a movie gets its score, and why it is on no chart."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from cli.environment import open_deployment
from cli.errors import Exit, leave
from cli.options import Json, On, Selector
from functions.render_dashboard import wording
from local import table_layout
from local.console import open_console
from local.table_layout import Layout, Row, number, text
from shared.interfaces import Tables

MOST_NAMED = 20
COMPONENTS = Layout(
    (
        text("component"),
        *map(number, ("seen", "expected", "surprise", "weight", "share of surge")),
    )
)

_FIND = f"""
SELECT movie_id, COALESCE(title, original_title) AS title, release_date
FROM tmdb_analytics.movies
WHERE movie_id = SAFE_CAST(@movie AS INT64)
  OR LOWER(COALESCE(title, original_title)) LIKE CONCAT('%', LOWER(@movie), '%')
ORDER BY movie_id = SAFE_CAST(@movie AS INT64) DESC, title, movie_id
LIMIT {MOST_NAMED}
"""
EXPLAIN = """
SELECT
  explained.*,
  IF(
    breakouts.movie_id IS NULL,
    NULL,
    STRUCT(
      breakouts.started_on AS started_on,
      breakouts.wikipedia_ratio AS wikipedia_ratio,
      breakouts.is_confirmed_by_wikipedia AS is_confirmed_by_wikipedia
    )
  ) AS breakout
FROM tmdb_analytics.{view} AS explained
LEFT JOIN tmdb_analytics.v_breakouts AS breakouts
  ON explained.movie_id = breakouts.movie_id
    AND breakouts.started_on > DATE_SUB(explained.calculation_date, INTERVAL 7 DAY)
    AND breakouts.started_on <= explained.calculation_date
WHERE explained.movie_id = @movie_id {and_day}
ORDER BY explained.calculation_date DESC, breakouts.started_on DESC
LIMIT 1
"""
"""The score, and the movie's breakout of the week as the page's cards show it: one
query, because BigQuery bills each query for every table that it names.

view: one of _NEWEST_FIRST. and_day: OF_DAY, or "" for the newest.
"""
OF_DAY = "AND explained.calculation_date = @day"
_NEWEST_FIRST = ("v_latest_score_explained", "v_movie_score_explained")
"""The first reads the newest days only; the second all that is kept, for a movie that
is tracked no longer."""
_TRACKED = """
SELECT movie_id, retired_on FROM tmdb_analytics.tracked_movies
WHERE movie_id = SAFE_CAST(@movie AS INT64)
"""
_CHARTS = {
    "v_top_viral_movies": "not_in_top_viral_because",
    "v_top_gaining_movies": "not_in_top_gaining_because",
    "v_emerging_viral_trends": "not_in_emerging_because",
}


def explain(
    selector: Selector,
    movie: Annotated[str, typer.Argument(help="TMDB id, or a part of the title.")],
    *,
    on: On = None,
    as_json: Json = False,
) -> None:
    """Explain a movie's viral coefficient, and why it is on no chart.

    Where Wikipedia's readers are known, it says whether they confirm the movie's
    breakout of the last 7 days.

    $ tmdb-traction explain 603
    $ tmdb-traction explain "the matrix" --day 2026-03-01
    """
    console = open_console(soft_wrap=True)
    with open_deployment(selector) as deployment:
        movie_id = _movie_id(deployment.tables, movie, console)
        if on:
            sql = EXPLAIN.format(view=_NEWEST_FIRST[-1], and_day=OF_DAY)
            rows = deployment.tables.select(sql, movie_id=movie_id, day=on)
        else:
            rows = _newest(deployment.tables, movie_id)
    if not rows:
        when = f"on {on}" if on else "on any published day"
        console.print(f"no score of movie {movie_id} {when}: it has no snapshot then")
        leave(Exit.FAILED)
    if as_json:
        print(json.dumps(rows[0], default=str))
        return
    show(console, rows[0])
    breakout = rows[0]["breakout"]
    if breakout and (readers := _readers(breakout)):
        console.print(f"  breakout of {breakout['started_on']}.{readers}")


def _newest(tables: Tables, movie_id: int) -> list[dict[str, Any]]:
    for view in _NEWEST_FIRST:
        sql = EXPLAIN.format(view=view, and_day="")
        rows = tables.select(sql, movie_id=movie_id)
        if rows:
            break
    return rows


def _readers(breakout: dict[str, Any]) -> str:
    return wording.of_readers(
        breakout["wikipedia_ratio"], breakout["is_confirmed_by_wikipedia"]
    )


def show(console: Console, row: dict[str, Any]) -> None:
    """Print one row of v_movie_score_explained."""
    title = (row["title"] or "without a title", "bold")
    about = f" (movie {row['movie_id']}) on {row['calculation_date']}"
    console.print(Text.assemble(title, about))
    if row["viral_coefficient"] is None:
        console.print(f"  no viral coefficient: history is {row['history']}")
    else:
        console.print(
            Text.assemble(
                "  viral coefficient ",
                (f"{row['viral_coefficient']:.1f}", "bold"),
                f" of 100: {row['virality_category']}, above "
                f"{row['viral_score_percentile']:.0f} % of the day's movies; "
                f"history is {row['history']}",
            )
        )
    table_layout.show(console, COMPONENTS, _components(row))
    if row["expected_level"] is not None:
        console.print(f"  popularity is compared with {row['expected_level']}")
    if row["surge"] is not None:
        console.print(
            f"  surge {row['surge']:.2f} gives "
            f"100 x (1 - 2^(-{max(row['surge'], 0):.2f} / 4)); "
            "see docs/concepts/metrics.md"
        )
    growth = row["popularity_growth_factor_7d"]
    if growth is not None:
        console.print(
            f"  momentum {row['momentum_status']}: {growth - 1:+.0%} on last week, the "
            f"market taken out, {row['popularity_growth_z']:+.1f} units of noise"
        )
    for chart, reason in _CHARTS.items():
        why = ("on it", "green") if row[reason] is None else f"not on it: {row[reason]}"
        console.print(Text.assemble(f"  {chart}: ", why))


def _components(row: dict[str, Any]) -> list[Row]:
    corrected = " (counter corrected)" if row["is_vote_count_corrected"] else ""
    expected = row["popularity_expected"]
    if expected is not None:
        expected *= row["market_factor"]
    votes = (
        row["votes_3d"],
        row["votes_3d_expected"],
        row["z_votes_counted"],
        row["weight_of_votes"],
        row["surge_from_votes"],
    )
    popularity = (
        row["popularity_now"],
        expected,
        row["z_popularity"],
        row["weight_of_popularity"],
        row["surge_from_popularity"],
    )
    return [
        Row((f"votes in 3 days{corrected}", *map(_number, votes))),
        Row(("popularity", *map(_number, popularity))),
    ]


def _movie_id(stored: Tables, movie: str, console: Console) -> int:
    """Return the one movie that matches; exit with the candidates otherwise."""
    found = stored.select(_FIND, movie=movie)
    exact = [row for row in found if str(row["movie_id"]) == movie]
    match exact or found:
        case [one]:
            return int(one["movie_id"])
        case []:
            if stored.select(_TRACKED, movie=movie):
                return int(movie)
            console.print(
                f"no movie {movie!r}: it is not tracked, that is, it has not been "
                "among the most popular"
            )
        case several:
            more = "or more " if len(several) == MOST_NAMED else ""
            console.print(f"{len(several)} {more}movies; name one by its id:")
            for row in several:
                released = f" ({row['release_date']})" if row["release_date"] else ""
                console.print(f"  {row['movie_id']}  {row['title'] or ''}{released}")
    return leave(Exit.FAILED)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"
