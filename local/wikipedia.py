"""Wikipedia of the local stack: Wikidata's emulator and the public page views.

Both say what the TMDB simulator knows of its movies' articles and their readers.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from emulators.processes import Child
from emulators.wikidata import WikidataEmulator
from local import simulator
from local.public_tables import create_pageviews, load_pageviews

if TYPE_CHECKING:
    from google.cloud import bigquery

CONTACT = "https://example.org/operator"
HOURS = 24
_HOUR_OF_MOVIES = 12
"""In which all of a day's views of an article are: 24 rows would say no more."""


class Wikipedia:
    """The two, of a stack's simulator; Wikidata runs until `wikidata.stop`."""

    def __init__(self, tmdb: Child) -> None:
        self._tmdb = tmdb
        self.wikidata = WikidataEmulator(self._articles)

    @property
    def settings(self) -> dict[str, str]:
        """What the functions are given."""
        return {"WIKIPEDIA_CONTACT": CONTACT, "WIKIDATA_URL": self.wikidata.url}

    def publish(self, client: "bigquery.Client", days: Sequence[date]) -> None:
        """Load the page views of days into the public tables of their years."""
        for year in sorted({day.year for day in days}):
            create_pageviews(client, year)
            of_year = [day for day in days if day.year == year]
            rows = (row for day in of_year for row in self._rows(day))
            load_pageviews(client, year, rows)

    def _rows(self, day: date) -> Iterator[dict[str, object]]:
        for hour in range(HOURS):
            yield _row(day, hour, "en", "Main_Page", 200_000)
        for title, desktop, mobile in simulator.readers(self._tmdb, day):
            name = title.replace(" ", "_")
            yield _row(day, _HOUR_OF_MOVIES, "en", name, desktop)
            yield _row(day, _HOUR_OF_MOVIES, "en.m", name, mobile)

    def _articles(self) -> Mapping[str, str]:
        return simulator.articles(self._tmdb)


def _row(day: date, hour: int, wiki: str, title: str, views: int) -> dict[str, object]:
    return {
        "datehour": f"{day}T{hour:02}:00:00Z",
        "wiki": wiki,
        "title": title,
        "views": views,
    }
