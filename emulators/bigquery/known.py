"""Find a translation that is still valid: in memory, then in the files.

One is valid if the catalogue still gives the answers that the translator got.
"""

from dataclasses import dataclass, field
from pathlib import Path

from emulators.bigquery import answers
from emulators.bigquery.answers import Answer, Name, Question
from emulators.bigquery.memory import Memory
from emulators.bigquery.stored import Files, Json

type Key = tuple[object, ...]
"""All that a translation depends on but the catalogue; JSON can hold it."""


@dataclass(slots=True)
class Translation:
    """A statement in DuckDB's SQL, and what the translator told of it."""

    sql: str
    parameters: frozenset[str]
    tables: frozenset[Name]
    temporary: frozenset[str]
    """Temporary tables that the statement makes: the next ones look for them."""
    position: int
    """The number of the next parameter without a name."""
    looked_up: dict[Question, Answer]
    valid_at: int
    """The version of the catalogue at which the look-ups were last compared."""
    encoded: list[object] = field(default_factory=list)
    """What `results.py` has found out about the statement's result."""

    def to_json(self) -> Json:
        """Return what a file holds; not what only this process can know."""
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
        """Return a stored translation, not yet compared with this catalogue.

        KeyError, TypeError or ValueError if it is none.
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
    """Keep translations in a folder too, if one is given."""
    _files[:] = [Files(folder)] if folder else []


def keep(key: Key, made: Translation) -> None:
    """Keep a translation."""
    _translations.put(key, made)
    for files in _files:
        files.put(key, made.to_json())


def forget() -> None:
    """Forget all that this process knows, and compare what the files know."""
    _translations.clear()
    answers.changed()


def find(key: Key) -> Translation | None:
    """Return a valid translation of a key; None if there is none."""
    version = answers.version()
    found = _translations.get(key)
    if found is None and _files:
        try:
            found = Translation.from_json(_files[0].get(key))
        except (KeyError, TypeError, ValueError):  # none, or another's
            return None
        _translations.put(key, found)
    if found is None or found.valid_at == version:
        return found
    if not answers.hold(found.looked_up):
        return None
    found.valid_at = version
    return found
