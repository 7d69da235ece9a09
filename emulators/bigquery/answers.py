"""Cache what translations look up in the catalogue, and check it for changes.

An answer is cached until its table changes, or a table that its view may read.
"""

import threading
from collections.abc import Callable
from typing import Any

import duckdb
from local_bigquery.catalog import datasets, metadata, row_access
from local_bigquery.models import Table

from emulators.bigquery import catalog

type Name = tuple[str, str, str]
type Question = tuple[str, ...]
"""("kind", "columns", "described", "expires" or "stored", project, dataset, table),
("dataset", project, dataset), or ("secured",)."""
type Answer = Any
"""A JSON value; for "described" a `catalog.Described`, which is never stored."""

_UNREADABLE = "cannot be read"
"""The answer for a view whose tables have changed; no translation has it."""

_stock_exists = datasets.exists
_stock_load = metadata.load
_stock_secured = row_access.secured


class _Answers:
    """The answers that are still valid."""

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
            if version == self.version:  # otherwise it may be outdated
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
    """Return the number of changes of the catalogue so far."""
    return _answers.version


def get(question: Question) -> Answer:
    """Return the catalogue's current answer."""
    return _answers.get(question)


def hold(answers: dict[Question, Answer]) -> bool:
    """Return whether the catalogue still gives these answers."""
    return all(_answers.get(question) == answer for question, answer in answers.items())


def changed(table: Name | None = None, *, is_new: bool = False) -> None:
    """Invalidate the answers that depend on a changed table, or all.

    is_new: the table did not exist before, so no readable view depends on it.
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
    if kind == "dataset":
        return bool(_stock_exists(*name))
    if not name:
        return bool(_stock_secured())
    stored = _stock_load(Table, *name)
    is_asked_when = kind == "expires"
    return (
        bool(stored and stored.expirationTime) if is_asked_when else as_stored(stored)
    )


def as_columns(found: catalog.Described | None) -> Answer:
    """Return the kind and the columns of a table or view, with DuckDB's types."""
    if found is None:
        return None
    columns = [[name, str(of), required] for name, of, required in found.columns]
    return [found.kind, columns]


def as_stored(stored: Table | None) -> Answer:
    """Return what the translator's rules read of a table's stored description."""
    if stored is None:
        return None
    partitioning = stored.timePartitioning
    field = partitioning.field if partitioning else None
    return [stored.type, bool(stored.requirePartitionFilter), field]
