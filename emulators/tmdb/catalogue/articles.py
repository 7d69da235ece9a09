"""Wikipedia articles of the invented movies, and how often they are read.

Readers come first: popularity of a day follows the articles' readers of the day before.
One movie of three is talked about where nobody looks it up, so its breakouts are on
TMDB alone; one of ten has no article.
"""

from emulators.tmdb.catalogue.plan import Floats
from emulators.tmdb.catalogue.source import Json

VIEWS_PER_POPULARITY = 300.0
"""Of a day, desktop and mobile together."""
MOST_READ = 500
"""Articles of the most popular movies of a day; others are not read."""
_MOBILE_SHARE = 0.6
_NO_ARTICLE_OF, _TMDB_ALONE_OF = 10, 3
_QUIET_DAYS = 36


def wikidata_id(movie_id: int) -> str:
    """Return the id of a movie's item."""
    return f"Q{100_000_000 + movie_id}"


def external_ids(movie_id: int, details: Json) -> Json:
    """Return what append_to_response=external_ids adds to a movie's details."""
    return {
        "imdb_id": details.get("imdb_id"),
        "wikidata_id": wikidata_id(movie_id),
        "facebook_id": None,
        "instagram_id": None,
        "twitter_id": None,
    }


def title(movie_id: int, movie_title: object) -> str | None:
    """Return the title of a movie's article; None where it has none."""
    if movie_id % _NO_ARTICLE_OF == 0:
        return None
    return f"{movie_title} (film {movie_id})"


def views(movie_id: int, attention: Floats, day: int) -> tuple[int, int]:
    """Return the desktop and mobile views of a day, from the attention of every day."""
    level = float(attention[day])
    if movie_id % _TMDB_ALONE_OF == 0:
        level = float(attention[max(0, day - _QUIET_DAYS) : day + 1].min())
    total = round(level * VIEWS_PER_POPULARITY)
    mobile = round(total * _MOBILE_SHARE)
    return total - mobile, mobile
