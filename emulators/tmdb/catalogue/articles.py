"""Wikipedia articles of the invented movies, and how often they are read.

Readers come first: popularity of a day follows the articles' readers of the day before.
One movie of three is talked about where nobody looks it up, so its breakouts are on
TMDB alone. One of ten has no article, and half of those no item of Wikidata. One
article of eight gets another title on some day; one of seven is read by a bot now and
then, on desktop; one of five has a namesake about something else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from emulators.tmdb.catalogue import words
from emulators.tmdb.catalogue.plan import WINDOW_DAYS, Floats, Plan
from emulators.tmdb.catalogue.source import Json, Readers

VIEWS_PER_POPULARITY = 300.0
"""Of a day, desktop and mobile together."""
MOST_READ = 500
"""Articles of the most popular movies of a day; others are not read."""
_MOBILE_SHARE = 0.6
_NO_ITEM_OF, _NO_ARTICLE_OF, _TMDB_ALONE_OF = 20, 10, 3
_QUIET_DAYS = 36
_RENAMED_OF, _RENAMED = 8, 3
_STEP = 7_919
"""A prime: the days of renames are spread over the window."""
_STILL_OLD = 3
"""One reader of so many follows a link to the old title."""
_BOT_OF, _BOT, _BOT_EVERY_DAYS, _BOT_DAYS, _BOT_VIEWS = 7, 2, 23, 2, 20_000
_NAMESAKE_OF, _NAMESAKE, _NAMESAKE_READ = 5, 1, 3


def external_ids(movie_id: int, details: Json) -> Json:
    """Return what append_to_response=external_ids adds to a movie's details."""
    return {
        "imdb_id": details.get("imdb_id"),
        "wikidata_id": None if movie_id % _NO_ITEM_OF == 0 else _item(movie_id),
        "facebook_id": None,
        "instagram_id": None,
        "twitter_id": None,
    }


@dataclass(frozen=True, slots=True)
class Article:
    """A movie's article. title: until the day on which it is renamed, if ever."""

    movie_id: int
    movie_title: str
    renamed_on: date | None

    @property
    def wikidata_id(self) -> str:
        """The item that it is about."""
        return _item(self.movie_id)

    @property
    def title(self) -> str:
        """The title that it begins with."""
        return f"{self.movie_title} (film {self.movie_id})"

    @property
    def namesake(self) -> str | None:
        """The title of an article about something else, if there is one."""
        is_one = self.movie_id % _NAMESAKE_OF == _NAMESAKE
        return self.movie_title if is_one else None

    def title_on(self, day: date) -> str:
        """Return its title of a day."""
        if self.renamed_on is None or day < self.renamed_on:
            return self.title
        return f"{self.movie_title} (movie {self.movie_id})"

    def readers(self, day: date, attention: Floats, number: int) -> list[Readers]:
        """Return who read it on a day, by title.

        attention: of every day; `number` is that of the day after, which shows them.
        """
        desktop, mobile = self._views(attention, number)
        if self._is_read_by_a_bot(day):
            desktop += _BOT_VIEWS
        rows = [(self.title_on(day), desktop, mobile)]
        if rows[0][0] != self.title:
            old = (desktop // _STILL_OLD, mobile // _STILL_OLD)
            rows = [
                (self.title_on(day), desktop - old[0], mobile - old[1]),
                (self.title, *old),
            ]
        if self.namesake:
            more = (_NAMESAKE_READ * desktop, _NAMESAKE_READ * mobile)
            rows.append((self.namesake, *more))
        return rows

    def _views(self, attention: Floats, number: int) -> tuple[int, int]:
        level = float(attention[number])
        if self.movie_id % _TMDB_ALONE_OF == 0:
            first = max(0, number - _QUIET_DAYS)
            level = float(attention[first : number + 1].min())
        total = round(level * VIEWS_PER_POPULARITY)
        mobile = round(total * _MOBILE_SHARE)
        return total - mobile, mobile

    def _is_read_by_a_bot(self, day: date) -> bool:
        turn = (day.toordinal() + self.movie_id) % _BOT_EVERY_DAYS
        return self.movie_id % _BOT_OF == _BOT and turn < _BOT_DAYS


def articles_of(plan: Plan) -> Mapping[int, Article]:
    """Return the articles of a plan's movies by movie id; some have none."""
    written = (
        _article(int(movie_id), words.title(movie, plan.seed), plan.first_on)
        for movie, movie_id in enumerate(plan.movie_id)
    )
    return {article.movie_id: article for article in written if article}


def _article(movie_id: int, movie_title: str, first_on: int) -> Article | None:
    if movie_id % _NO_ARTICLE_OF == 0:
        return None
    renamed_on = None
    if movie_id % _RENAMED_OF == _RENAMED:
        renamed_on = date.fromordinal(first_on + movie_id * _STEP % WINDOW_DAYS)
    return Article(movie_id, movie_title, renamed_on)


def _item(movie_id: int) -> str:
    return f"Q{100_000_000 + movie_id}"
