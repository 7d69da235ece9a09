"""Views: the files of sql/views in, the views of the dataset out."""

from functools import cache

from functions.compute_metrics.deadline import Deadline
from shared import sql_files
from shared.interfaces import Tables


def make(tables: Tables, deadline: Deadline) -> int:
    """Create or replace every view, each after those it reads; return how many."""
    _made(tables).clear()
    return make_once(tables, deadline)


def make_once(tables: Tables, deadline: Deadline) -> int:
    """Make the views that this instance has not made: a deployment starts new ones."""
    made = _made(tables)
    views = sql_files.views()
    for view in views:
        if view.name not in made:
            tables.execute(view.sql, timeout_s=deadline.left_s())
            made.add(view.name)
    return len(views)


@cache
def _made(tables: Tables) -> set[str]:  # noqa: ARG001 - whose views they are
    return set()
