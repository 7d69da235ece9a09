"""Tell whether the catalogue still says what a translation has looked up in it.

An answer is kept until that table changes, or one that its view may read.
"""

import threading
from collections.abc import Callable
from typing import Any

import duckdb
from local_bigquery.catalog import metadata, row_access
from local_bigquery.models import Table

from emulators.bigquery import catalog

type Name = tuple[str, str, str]
type Question = tuple[str, ...]
"""("kind", "columns", "described", "expires" or "stored", project, dataset, table), or
("secured",)."""
type Answer = Any
"""As JSON holds it; of "described" a `catalog.Described`, which no file holds."""

_UNREADABLE = "cannot be read"
"""Of a view whose tables have changed; no noted answer is that."""

_stock_load = metadata.load
_stock_secured = row_access.secured


class _Answers:
    """The answers that no change has made doubtful."""

    def __init__(self) -> None:
        self._answers: dict[Question, Answer] = {}
        self._lock = threading.Lock()
        self.version = 0
        """Counts the changes."""

    def get(self, question: Question) -> Answer:
        with self._lock:
            version = self.version
            if question in self._answers:
                return self._answers[question]
        answer = _answer(question)
        with self._lock:
            if version == self.version:  # else it may be from before the change
                self._answers[question] = answer
        return answer

    def drop(self, is_doubtful: Callable[[Question, Answer], bool]) -> None:
        with self._lock:
            self.version += 1
            for question, answer in list(self._answers.items()):
                if is_doubtful(question, answer):
                    del self._answers[question]


_answers = _Answers()


def version() -> int:
    """Return a number that each change of the catalogue raises."""
    return _answers.version


def get(question: Question) -> Answer:
    """Return what the catalogue says now."""
    return _answers.get(question)


def hold(answers: dict[Question, Answer]) -> bool:
    """Say whether the catalogue still gives these answers."""
    return all(_answers.get(question) == answer for question, answer in answers.items())


def changed(table: Name | None = None, *, is_new: bool = False) -> None:
    """Drop the answers that a change may have made wrong; all without a table.

    is_new: it was made where none was, so no view that can be read reads it.
    """
    name = _folded(table) if table else None

    def is_doubtful(question: Question, answer: Answer) -> bool:
        if name is None or answer is _UNREADABLE or _folded(question[1:]) == name:
            return True
        if answer is None or is_new:
            return answer is None
        if question[0] == "described":
            return bool(answer.kind == catalog.VIEW)
        return question[0] == "columns" and answer[0] == catalog.VIEW

    _answers.drop(is_doubtful)


def _folded(name: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.casefold() for part in name)


def _answer(question: Question) -> Answer:
    kind, *name = question
    try:
        if kind == "kind":
            return catalog.kind_of(*name)
        if kind in ("columns", "described"):
            found = catalog.look(*name)
            return found if kind == "described" else as_columns(found)
    except duckdb.Error:
        return _UNREADABLE
    if not name:
        return bool(_stock_secured())
    stored = _stock_load(Table, *name)
    is_asked_when = kind == "expires"
    return (
        bool(stored and stored.expirationTime) if is_asked_when else as_stored(stored)
    )


def as_columns(found: catalog.Described | None) -> Answer:
    """Return what a table or view is and has, its types as DuckDB names them."""
    if found is None:
        return None
    columns = [[name, str(of), required] for name, of, required in found.columns]
    return [found.kind, columns]


def as_stored(stored: Table | None) -> Answer:
    """Return what the translator's rules ask of a table's stored description."""
    if stored is None:
        return None
    partitioning = stored.timePartitioning
    field = partitioning.field if partitioning else None
    return [stored.type, bool(stored.requirePartitionFilter), field]
