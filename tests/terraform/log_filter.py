"""Match log entries with Cloud Logging filters, the part of the language that we use.

Anything else is refused. OR binds closer than AND, as Google's does
(cloud.google.com/logging/docs/view/logging-query-language).
"""

import operator
import re
from collections.abc import Callable, Iterator
from typing import Any

type Entry = dict[str, Any]
type Test = Callable[[Entry], bool]

SEVERITIES = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL")
_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<op>=~|!=|>=|=)|(?P<paren>[()])'
    r"|(?P<word>[\w.]+))"
)


class FilterError(Exception):
    """A filter that is not supported here, or invalid."""


def compiled(text: str) -> Test:
    """Return the function that decides whether an entry matches."""
    parser = _Parser(text)
    test = parser.conjunction()
    parser.end()
    return test


class _Parser:
    """Recursive descent over one filter."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._text = text

    def conjunction(self) -> Test:
        """Read terms joined by AND."""
        tests = [self._disjunction()]
        while self._takes("AND"):
            tests.append(self._disjunction())
        return lambda entry: all(test(entry) for test in tests)

    def end(self) -> None:
        """Refuse remaining text."""
        if self._tokens:
            raise FilterError(f"{self._tokens[0]!r} is left over in {self._text}")

    def _disjunction(self) -> Test:
        tests = [self._factor()]
        while self._takes("OR"):
            tests.append(self._factor())
        return lambda entry: any(test(entry) for test in tests)

    def _factor(self) -> Test:
        if self._takes("NOT"):
            test = self._factor()
            return lambda entry: not test(entry)
        if self._takes("("):
            test = self.conjunction()
            self._must(")")
            return test
        return self._comparison()

    def _comparison(self) -> Test:
        path, op = self._next(), self._next()
        if self._takes("("):
            tests = [_compare(path, op, self._next())]
            while self._takes("OR"):
                tests.append(_compare(path, op, self._next()))
            self._must(")")
            return lambda entry: any(test(entry) for test in tests)
        return _compare(path, op, self._next())

    def _takes(self, token: str) -> bool:
        if self._tokens[:1] != [token]:
            return False
        self._tokens.pop(0)
        return True

    def _must(self, token: str) -> None:
        if not self._takes(token):
            raise FilterError(f"{token} is missing in {self._text}")

    def _next(self) -> str:
        if not self._tokens:
            raise FilterError(f"{self._text} ends too early")
        return self._tokens.pop(0)


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text.rstrip()):
        if not (match := _TOKEN.match(text, at)):
            raise FilterError(f"what is {text[at:]!r}?")
        yield match[0].strip()
        at = match.end()


def _compare(path: str, op: str, literal: str) -> Test:
    if path == "severity":
        if op != ">=" or literal not in SEVERITIES:
            raise FilterError(f"severity {op} {literal}")
        least = SEVERITIES.index(literal)
        return lambda entry: SEVERITIES.index(entry["severity"]) >= least
    wanted = _value(literal)
    if op == "=~":
        pattern = re.compile(str(wanted))
        return lambda entry: bool(pattern.search(str(found(entry, path) or "")))
    if op not in ("=", "!="):
        raise FilterError(f"{path} {op} {literal}")
    equals = operator.eq if op == "=" else operator.ne
    return lambda entry: (
        (value := found(entry, path)) is not None and equals(value, wanted)
    )


def found(entry: Entry, path: str) -> Any:
    """Return the value at a dotted path of an entry; None if there is none."""
    value: Any = entry
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return value


def _value(literal: str) -> str | bool | int:
    if literal.isdigit():
        return int(literal)
    if literal in ("true", "false"):
        return literal == "true"
    if not literal.startswith('"'):
        raise FilterError(f"write {literal} in quotes")
    return re.sub(r"\\(.)", r"\1", literal[1:-1])
