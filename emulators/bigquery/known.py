"""Find a valid translation: in memory, then in files.

It is valid if the catalogue still gives the answers that the translator got.
"""

from dataclasses import dataclass, field
from pathlib import Path

from emulators.bigquery import answers
from emulators.bigquery.answers import Answer, Name, Question
from emulators.bigquery.memory import Memory
from emulators.bigquery.stored import Files, Json

type Key = tuple[object, ...]
"""All that a translation depends on, except the catalogue; JSON values."""


@dataclass(slots=True)
class Translation:
    """A statement in DuckDB's SQL, with the translator's other results."""

    sql: str
    parameters: frozenset[str]
    tables: frozenset[Name]
    temporary: frozenset[str]
    """Temporary tables that the statement creates, for the statements after it."""
    position: int
    """The number of the next parameter without a name."""
    looked_up: dict[Question, Answer]
    valid_at: int
    """The version of the catalogue at the last comparison of the look-ups."""
    encoded: list[object] = field(default_factory=list)
    """What `results.py` caches about the statement's result."""

    def to_json(self) -> Json:
        """Return what is stored: all that is valid in other processes too."""
        return {
            "sql": self.sql,
            "parameters": sorted(self.parameters),
            "tables": sorted(self.tables),
            "temporary": sorted(self.temporary),
            "position": self.position,
            "looked_up": list(self.looked_up.items()),
        }

    @classmethod
    def from_json(cls, record: Json) -> "Translation":
        """Return a stored translation, to be compared with this process's catalogue.

        KeyError, TypeError or ValueError if it is invalid.
        """
        return cls(
            sql=record["sql"],
            parameters=frozenset(record["parameters"]),
            tables=frozenset(map(tuple, record["tables"])),
            temporary=frozenset(record["temporary"]),
            position=record["position"],
            looked_up={tuple(name): answer for name, answer in record["looked_up"]},
            valid_at=-1,
        )


_translations: Memory[Key, Translation] = Memory()
_files: list[Files] = []


def use(folder: Path | None) -> None:
    """Store translations in a folder too, if one is given."""
    _files[:] = [Files(folder)] if folder else []


def keep(key: Key, made: Translation) -> None:
    """Store a translation."""
    _translations.put(key, made)
    for files in _files:
        files.put(key, made.to_json())


def forget() -> None:
    """Drop the translations in memory; those in files are compared again."""
    _translations.clear()
    answers.changed()


def find(key: Key) -> Translation | None:
    """Return a valid translation of a key; None if there is none."""
    version = answers.version()
    found = _translations.get(key)
    if found is None and _files:
        try:
            found = Translation.from_json(_files[0].get(key))
        except (KeyError, TypeError, ValueError):  # missing, or in another format
            return None
        _translations.put(key, found)
    if found is None or found.valid_at == version:
        return found
    if not answers.hold(found.looked_up):
        return None
    found.valid_at = version
    return found
