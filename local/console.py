"""Open a console that prints any data safely on any terminal.

Data are never markup: a title such as `X [/end]` or `:skull:` is printed as it is, so
styles are arguments (`style=`, `Text`), never part of a text. Characters that the
terminal's encoding lacks are replaced.
"""

import codecs
import io
import sys
import unicodedata

from rich.console import Console

_INSTEAD = {
    "✓": "ok",
    "✗": "x",
    "…": "...",
    "±": "+/-",
    "×": "x",  # noqa: RUF001 - a multiplication sign
    "–": "-",  # noqa: RUF001 - an en dash
    "—": "-",
    "‘": "'",  # noqa: RUF001 - a quotation mark
    "’": "'",  # noqa: RUF001 - a quotation mark
    "“": '"',
    "”": '"',
    "ß": "ss",
    "ø": "o",
    "Ø": "O",
    "ł": "l",
    "Ł": "L",
    "æ": "ae",
    "Æ": "AE",
}
_UNKNOWN = "?"


def open_console(
    *,
    is_error: bool = False,
    soft_wrap: bool = False,
    quiet: bool = False,
    width: int | None = None,
) -> Console:
    """Open a console; by default it is as wide as the terminal."""
    take_any_letter()
    return Console(
        stderr=is_error,
        soft_wrap=soft_wrap,
        quiet=quiet,
        width=width,
        markup=False,
        emoji=False,
        highlight=False,
    )


def take_any_letter() -> None:
    """Replace letters that the encoding of this process's output lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_degrade.__name__)


def _degrade(error: UnicodeError) -> tuple[str, int]:
    """Return the replacement of letters that an encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(map(_nearest, letters)), error.end


def _nearest(letter: str) -> str:
    if letter in _INSTEAD:
        return _INSTEAD[letter]
    # NFKD makes the accent a character of its own, which is removed.
    parts = unicodedata.normalize("NFKD", letter)
    bare = "".join(part for part in parts if not unicodedata.combining(part))
    return bare if bare.isascii() else _UNKNOWN


codecs.register_error(_degrade.__name__, _degrade)
