"""Render a payload of plain data as one self-contained HTML file. Pure.

The headline, the top tables and every sentence are in the HTML, so that it reads in a
mail and without a script; templates/scripts adds charts, search, sort and a page for
each movie from the compressed data beside them.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from functions.render_dashboard import empty_parts, wording
from functions.render_dashboard.encoding import FINE_RANKS, columns, compress
from functions.render_dashboard.payload import Breakout, Dashboard, Movie

TEMPLATES = Path(__file__).parent / "templates"
STYLES = (
    "base",
    "header",
    "sections",
    "tables",
    "charts",
    "movie_page",
    "narrow",
    "print",
)
"""Files of templates/styles, in the order in which later rules override earlier."""
SCRIPTS = (
    "numbers",
    "elements",
    "payload",
    "svg",
    "scales",
    "sparkline",
    "movie_chart",
    "map",
    "small_multiples",
    "trust_charts",
    "value_reader",
    "board",
    "all_movies",
    "search",
    "movie_figure",
    "movie_page",
    "routes",
    "start",
)
"""Files of templates/scripts, one script when joined; the last one starts it."""

MOST_CARDS = 4
MOST_BREAKOUT_CARDS = 2
BREAKOUT_CARD_DAYS = 7
MOVERS = 10
CHART_PLACES = 100
BOARD_PLACES = 20
OUTLOOK_PROMISE_PCT = 80
"""The bounds of the outlook leave out 10 % below and 10 % above."""

# The script needs no input of a sentence that is made here.
_NOT_SENT = {
    "is_frozen",
    "is_new_entry",
    "is_re_entry",
    "days_on_chart",
    "market_factor",
    "popularity_growth_factor_7d",
    "popularity_growth_z",
    "rank_change_1d",
}


def render(dashboard: Dashboard) -> bytes:
    """Return the HTML file, UTF-8; the same dashboard gives the same bytes."""
    style = "\n".join(_texts("styles", STYLES, "css"))
    script = "\n".join(['"use strict";', *_texts("scripts", SCRIPTS, "js")])
    movies = {movie["movie_id"]: movie for movie in dashboard["movies"]}
    html = (
        _environment()
        .get_template("page.html.j2")
        .render(
            policy=_policy(script, style),
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            data=compress(_data(dashboard)),
            dashboard=dashboard,
            header=dashboard["header"],
            thresholds=dashboard["thresholds"],
            missing=wording.missing_days(dashboard),
            revised=wording.of_revisions(dashboard["revisions"]),
            cards=_cards(dashboard, movies),
            chart=dashboard["movies"][:CHART_PLACES],
            gaining=_of(dashboard["gaining"][:MOVERS], movies),
            declining=_of(dashboard["declining"][:MOVERS], movies),
            viral=_of(dashboard["viral"][:BOARD_PLACES], movies),
            emerging=[
                (row, movies[row["movie_id"]])
                for row in dashboard["emerging"][:BOARD_PLACES]
            ],
            promise=OUTLOOK_PROMISE_PCT,
            words=wording,
            empty=empty_parts,
        )
    )
    return html.encode()


def _texts(folder: str, names: Sequence[str], ending: str) -> Iterator[str]:
    for name in names:
        yield (TEMPLATES / folder / f"{name}.{ending}").read_text()


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _policy(script: str, style: str) -> str:
    """Allow this script and this style and nothing else: no request can leave."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {_hash(script)}",
            f"style-src {_hash(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        ]
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _of(movie_ids: Sequence[int], movies: Mapping[int, Movie]) -> list[Movie]:
    return [movies[movie_id] for movie_id in movie_ids]


def _data(dashboard: Dashboard) -> dict[str, Any]:
    """Choose what the script needs."""
    thresholds = dashboard["thresholds"]
    movies = [
        {name: value for name, value in movie.items() if name not in _NOT_SENT}
        | {
            "momentum_reason": wording.of_momentum(movie, thresholds),
            "popularity_expected": wording.expected_popularity(movie),
        }
        for movie in dashboard["movies"]
    ]
    newest = dashboard["header"]["popularity_date"] or ""
    breakouts = [
        {
            "movie_id": row["movie_id"],
            "started_on": row["started_on"],
            "evidence": wording.of_breakout(row, newest),
        }
        for row in dashboard["breakouts"]
    ]
    return {
        "days": dashboard["days"],
        "votes_date": dashboard["header"]["votes_date"],
        "no_votes": empty_parts.no_votes(dashboard),
        "no_outlook": empty_parts.no_outlook(dashboard),
        "missing": wording.missing_days(dashboard),
        "movies": columns(movies),
        "breakouts": breakouts,
        "genres": dashboard["genres"],
        "cohorts": dashboard["cohorts"],
        "catalogue_days": dashboard["catalogue_days"],
        "outlook": dashboard["outlook"],
        "thresholds": thresholds,
        "promise": OUTLOOK_PROMISE_PCT,
        "fine_ranks": FINE_RANKS,
    }


def _cards(dashboard: Dashboard, movies: Mapping[int, Movie]) -> list[dict[str, Any]]:
    """Choose at most four: breakouts of the week, the first gainer, the first loser."""
    newest = dashboard["header"]["popularity_date"]
    if newest is None:
        return []
    week = dashboard["days"][-BREAKOUT_CARD_DAYS:]
    recent = [row for row in dashboard["breakouts"] if row["started_on"] in week]
    cards = [
        _breakout_card(row, movies[row["movie_id"]], newest)
        for row in recent[:MOST_BREAKOUT_CARDS]
    ]
    for label, kind, ids in (
        ("Biggest gain of the week", "up", dashboard["gaining"]),
        ("Biggest loss of the week", "down", dashboard["declining"]),
    ):
        if ids:
            cards.append(
                _mover_card(label, kind, movies[ids[0]], dashboard["thresholds"])
            )
    cards += [
        _breakout_card(row, movies[row["movie_id"]], newest)
        for row in recent[MOST_BREAKOUT_CARDS : MOST_CARDS - len(cards) + 2]
    ]
    return cards


def _breakout_card(row: Breakout, movie: Movie, newest: str) -> dict[str, Any]:
    return {
        "kind": "hot",
        "label": f"Breakout of {wording.day(row['started_on'])}",
        "movie": movie,
        "text": wording.of_breakout(row, newest),
    }


def _mover_card(
    label: str, kind: str, movie: Movie, thresholds: Mapping[str, float]
) -> dict[str, Any]:
    return {
        "kind": kind,
        "label": label,
        "movie": movie,
        "text": (
            f"Popularity {wording.percent(movie['weekly_pct_change'])} in a week, now "
            f"{wording.number(movie['current_popularity'])} and "
            f"#{wording.count(movie['popularity_rank'])}. "
            f"{movie['momentum_status']}: {wording.of_momentum(movie, thresholds)}."
        ),
    }
