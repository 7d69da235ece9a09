"""Words of our own that must not come back, in prose, messages and names.

Each listed word has no other meaning in this project. Beside it is what to write
instead: the word that a reader would search for.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository import ROOT, texts

INSTEAD = {
    r"stand-ins?": "emulator, fake, simulator",
    r"remed(y|ies)": "hint",
    r"amiss": "failed",
    r"mend(s|ed|ing)?": "fix, repair, correct",
    r"pretend(s|ed|ing)?": "fake, simulate",
    r"for ever": "forever",
    r"anew|afresh": "again",
    r"at (its|his|their) word": "believe",
    r"hand(s|ed)? back": "redeliver, return",
    r"asked to be|ask(s|ed)? to come back": "request, redeliver",
    r"who is told|is told once": "notify, log",
    r"has begun already": "has already started",
    r"not for you to see": "you lack the permission",
    r"in vain": "without a result",
    r"look(s|ed|ing)? after": "manage, repair",
    r"nobody knows": "is unknown",
    r"a guest": "does not change the machine",
    r"owes?|owed": "is due, is missing",
    r"what has been proved": "test evidence",
}
WORDS = re.compile(
    "|".join(rf"(?P<_{n}>\b(?:{word})\b)" for n, word in enumerate(INSTEAD)),
    re.IGNORECASE,
)
NOT_OURS = {
    "LICENSE",
    "uv.lock",
    "composer/uv.lock",
    "emulators/tmdb/catalogue/words.json",
    Path(__file__).relative_to(ROOT).as_posix(),
}
"""The licence, generated locks, words of invented titles, and this list."""


NOT_NAMES = {"said", "told", "asked", "mend"}
"""Names to avoid: write what a value is, such as text, output, answer or calls."""


def _names(tree: ast.AST) -> Iterator[str]:
    """Yield each name that a module gives: variables, arguments, functions."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.arg(arg=name) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name.strip("_")


def _found(text: str) -> Iterator[str]:
    """Yield each word with what to write instead."""
    # A phrase may go on in the next line of a comment or of a paragraph.
    joined = re.sub(r"\s*\n[ \t]*(?:#|--|//|\*)?[ \t]*", " ", text)
    for match in WORDS.finditer(joined):
        n = int(str(match.lastgroup)[1:])
        yield f"{match[0]!r}: write {[*INSTEAD.values()][n]}"


def test_no_file_has_a_word_of_our_own() -> None:
    found = {
        name: words
        for name in texts()
        if name not in NOT_OURS
        if (words := sorted(set(_found((ROOT / name).read_text()))))
    }
    assert not found


def test_no_python_name_is_such_a_word() -> None:
    found = {
        name: words
        for name in texts()
        if name.endswith(".py")
        if (
            words := NOT_NAMES.intersection(
                _names(ast.parse((ROOT / name).read_text()))
            )
        )
    }
    assert not found


@pytest.mark.parametrize(
    "text", ["told = 1", "def f(asked): ...", "def _told(): ...", "x.said = 2"]
)
def test_such_a_python_name_is_noticed(text: str) -> None:
    assert NOT_NAMES.intersection(_names(ast.parse(text)))


@pytest.mark.parametrize(
    "text",
    [
        "the remedy follows",
        "A stand-in of TMDB",
        "it was Mended",
        "-- messages are handed\n-- back to Pub/Sub",
        "# taken at\n    # its word",
    ],
)
def test_a_word_of_our_own_is_noticed(text: str) -> None:
    assert [*_found(text)]


@pytest.mark.parametrize(
    "text", ["recommended", "a standing order", "for everyone", "the amended row"]
)
def test_a_word_within_another_is_no_word_of_our_own(text: str) -> None:
    assert not [*_found(text)]
