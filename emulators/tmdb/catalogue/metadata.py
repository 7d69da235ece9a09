"""A simulated movie's metadata: a pure function of the plan and its index in it.

Missing values occur at the shares measured on TMDB's 4,000 most popular movies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

import numpy as np

from emulators.tmdb.catalogue import words
from emulators.tmdb.catalogue.plan import Kind, Plan

type Json = dict[str, object]

GENRES = {
    28: "Action",
    12: "Adventure",
    16: "Animation",
    35: "Comedy",
    80: "Crime",
    99: "Documentary",
    18: "Drama",
    10751: "Family",
    14: "Fantasy",
    36: "History",
    27: "Horror",
    10402: "Music",
    9648: "Mystery",
    10749: "Romance",
    878: "Science Fiction",
    10770: "TV Movie",
    53: "Thriller",
    10752: "War",
    37: "Western",
}
_LANGUAGE_WEIGHTS = [facts["share_percent"] for facts in words.LANGUAGES.values()]
_RUNTIME_SHARE = [0, 0.04, 0.25, 0.5, 0.75, 0.95, 0.99, 1]
_RUNTIME_MINUTES = [40, 63, 92, 104, 119, 149, 181, 240]
_BUDGET_SHARE = [0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 1]
_BUDGET_DOLLARS = [3, 1e5, 3.5e6, 1.2e7, 3.3e7, 8e7, 1.5e8, 4e8]
_OBSCURE_BELOW = 20.0  # popularity
_IMDB_OFFSET = 20_000_000
_HEX = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Metadata:
    """The part of a movie that never changes.

    `details` is the answer of /movie/{id} in TMDB's field order, with the values that
    depend on the day (popularity, votes, status, revenue, runtime) still at their last.
    """

    details: Json
    list_row: Json
    unknown_release: bool
    unreleased_status: str


def imdb_number(imdb_id: str) -> int | None:
    """Return the TMDB id of a simulated imdb id; None if it is malformed."""
    digits = imdb_id.removeprefix("tt")
    return int(digits) - _IMDB_OFFSET if digits.isdigit() and digits.isascii() else None


def original_title(plan: Plan, movie: int) -> str:
    """Return the original title only, for the daily export."""
    draw = Random(f"{plan.seed}:{plan.movie_id[movie]}:language")
    language = _language(draw)
    return words.original_title(draw, language, words.title(movie, plan.seed))


def make_metadata(plan: Plan, movie: int) -> Metadata:
    """Generate a movie's metadata."""
    movie_id = int(plan.movie_id[movie])
    draw = Random(f"{plan.seed}:{movie_id}:metadata")
    language = _language(Random(f"{plan.seed}:{movie_id}:language"))
    obscure = bool(
        plan.kind[movie] == Kind.EVERGREEN and plan.floor[movie] < _OBSCURE_BELOW
    )
    unknown_release = obscure and _happens(draw, 0.009)
    released = "" if unknown_release else _iso(int(plan.released_on[movie]))
    list_row = _list_row(plan, movie, language, released, draw)
    details = _details(list_row, language, draw)
    unreleased = draw.choices(("Released", "Rumored", "Planned"), (2, 3, 2))[0]
    return Metadata(details, list_row, unknown_release, unreleased)


def _language(draw: Random) -> str:
    return draw.choices(list(words.LANGUAGES), _LANGUAGE_WEIGHTS)[0]


def _iso(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def _picture(draw: Random, missing_share: float) -> str | None:
    name = "".join(draw.choices(_HEX, k=27))
    return None if _happens(draw, missing_share) else f"/{name}.jpg"


def _list_row(
    plan: Plan, movie: int, language: str, released: str, draw: Random
) -> Json:
    genre_count = 0 if _happens(draw, 0.004) else draw.choice((1, 2, 2, 3, 3, 4))
    return {
        "adult": bool(plan.adult[movie]),
        "backdrop_path": _picture(draw, 0.01),
        "genre_ids": draw.sample(list(GENRES), genre_count),
        "id": int(plan.movie_id[movie]),
        "title": words.title(movie, plan.seed),
        "original_language": language,
        "original_title": original_title(plan, movie),
        "overview": "" if _happens(draw, 0.006) else words.overview(draw),
        "popularity": 0.0,
        "poster_path": _picture(draw, 0.001),
        "release_date": released,
        "softcore": False,
        "video": bool(plan.video[movie]),
        "vote_average": 0.0,
        "vote_count": 0,
    }


def _details(row: Json, language: str, draw: Random) -> Json:
    """Return all of /movie/{id}, in TMDB's order of fields."""
    country = words.LANGUAGES[language]["country"]
    budget = _quantile(draw, _BUDGET_SHARE, _BUDGET_DOLLARS, missing_share=0.375)
    revenue = draw.lognormvariate(0.7, 0.9) * budget
    genre_ids = row["genre_ids"]
    assert isinstance(genre_ids, list)  # noqa: S101 - _list_row made it one
    slug = str(row["title"]).lower().replace(" ", "-")
    first_half: Json = {
        "adult": row["adult"],
        "backdrop_path": row["backdrop_path"],
        "belongs_to_collection": _collection(row, draw),
        "budget": budget,
        "genres": [{"id": genre, "name": GENRES[genre]} for genre in genre_ids],
        "homepage": "" if _happens(draw, 0.45) else f"https://{slug}.example/",
        "id": row["id"],
        "imdb_id": _imdb_id(row, draw),
        "origin_country": [country],
        "original_language": language,
        "original_title": row["original_title"],
        "overview": row["overview"],
        "popularity": 0.0,
        "poster_path": row["poster_path"],
        "production_companies": _companies(draw, country),
        "production_countries": [_country(language)],
        "release_date": row["release_date"],
        "revenue": round(revenue) if budget > _BUDGET_DOLLARS[0] else 0,
    }
    return first_half | _second_half(row, language, draw)


def _second_half(row: Json, language: str, draw: Random) -> Json:
    spoken = words.LANGUAGES[language]
    return {
        "runtime": _quantile(draw, _RUNTIME_SHARE, _RUNTIME_MINUTES, 0.018),
        "softcore": False,
        "spoken_languages": [
            {
                "english_name": spoken["english_name"],
                "iso_639_1": language,
                "name": spoken["name"],
            }
        ],
        "status": "Released",
        "tagline": "" if _happens(draw, 0.3) else words.tagline(draw),
        "title": row["title"],
        "video": row["video"],
        "vote_average": 0.0,
        "vote_count": 0,
    }


def _country(language: str) -> Json:
    facts = words.LANGUAGES[language]
    return {"iso_3166_1": facts["country"], "name": facts["country_name"]}


def _happens(draw: Random, share: float) -> bool:
    return draw.random() < share


def _quantile(
    draw: Random, shares: Sequence[float], values: Sequence[float], missing_share: float
) -> int:
    if _happens(draw, missing_share):
        return 0
    return int(np.interp(draw.random(), shares, values))


def _imdb_id(row: Json, draw: Random) -> str | None:
    if _happens(draw, 0.02):
        return None
    return "" if _happens(draw, 0.01) else f"tt{_IMDB_OFFSET + int(str(row['id']))}"


def _collection(row: Json, draw: Random) -> Json | None:
    if _happens(draw, 0.75):
        return None
    return {
        "id": draw.randrange(200, 1_500_000),
        "name": f"{row['title']} Collection",
        "poster_path": _picture(draw, 0.1),
        "backdrop_path": _picture(draw, 0.2),
    }


def _companies(draw: Random, country: str) -> list[Json]:
    return [
        {
            "id": draw.randrange(2, 250_000),
            "logo_path": _picture(draw, 0.5),
            "name": words.company(draw),
            "origin_country": "" if _happens(draw, 0.15) else country,
        }
        for _ in range(draw.choice((0, 1, 1, 2, 3, 4)))
    ]
