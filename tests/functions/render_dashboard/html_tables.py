"""The tables of an HTML page, as texts."""

from html.parser import HTMLParser


class Tables(HTMLParser):
    """The tables of a page, by label: the texts of each row's cells."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self._rows: list[list[str]] = []
        self._is_in_cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            known = dict(attrs)
            label = known.get("aria-labelledby") or known.get("aria-label") or ""
            self._rows = self.tables[label] = []
        elif tag == "tr":
            self._rows.append([])
        elif tag == "td":
            self._rows[-1].append("")
            self._is_in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            cell = " ".join(self._rows[-1][-1].split())
            self._rows[-1][-1] = cell
            self._is_in_cell = False

    def handle_data(self, data: str) -> None:
        if self._is_in_cell:
            self._rows[-1][-1] += data

    def columns(self, label: str, *places: int) -> list[tuple[str, ...]]:
        """Return some cells of every row; a row of headers has none."""
        return [tuple(row[n] for n in places) for row in self.tables[label] if row]
