"""The first days that statements read from: sql/windows in; parts of scripts out. Pure.

A statement names such a day as a parameter. In a script it is a variable, which a query
of sql/windows sets before the first statement that reads from it. BigQuery prunes
partitions by a variable, so usual days do not pay for what only some days need.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

_INTERVAL = re.compile(r"\bINTERVAL (\d+) DAY\b")


def most_days_before(window: str) -> int:
    """Return how many days before @from_date a query of windows/ answers at most."""
    return max(map(int, _INTERVAL.findall(window)))


def earliest(window: str) -> str:
    """Return the earliest day that a query of windows/ answers, as an expression."""
    return f"DATE_SUB(@from_date, INTERVAL {most_days_before(window)} DAY)"


def named_in(sql: str, windows: Mapping[str, str]) -> dict[str, str]:
    """Return those of the windows, query by variable, that a statement names."""
    return {name: window for name, window in windows.items() if f"@{name}" in sql}


def with_days(sql: str, days: Mapping[str, str]) -> str:
    """Return a statement with expressions for the first days that it names."""
    for name, day in days.items():
        sql = sql.replace(f"@{name}", day)
    return sql


def at_earliest(sql: str, windows: Mapping[str, str]) -> str:
    """Return a statement that reads from the earliest days, whatever is stored."""
    days = {name: earliest(window) for name, window in windows.items()}
    return with_days(sql, days)


def in_script(statements: Iterable[str], windows: Mapping[str, str]) -> Iterator[str]:
    """Yield statements, and what sets a variable before the first that names it."""
    left = dict(windows)
    variables = {name: name for name in windows}
    for sql in statements:
        for name in named_in(sql, left):
            yield f"SET {name} = (\n{left.pop(name).strip()}\n)"
        yield with_days(sql, variables)


def declared(*variables: str) -> str:
    """Return the declarations of variables that are days."""
    return "\n".join(f"DECLARE {name} DATE;" for name in variables)
