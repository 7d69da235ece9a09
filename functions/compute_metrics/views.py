"""Create the views of the dataset from the files of sql/views.

Fill the small tables that views read, for days computed before these tables existed.

Each view has a label with a hash of its SQL and of the views that it reads. A view is
created again if its label is missing or differs: after a change of the SQL, after an
interrupted update, and after somebody has replaced, edited or deleted the view.
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping
from functools import cache

from functions.compute_metrics.deadline import Deadline
from shared import sql_files, sql_scripts
from shared.interfaces import Tables
from shared.sql_files import Statement

log = logging.getLogger(__name__)

LABEL = "made_from"
_HASH_DIGITS = 32


def make(tables: Tables, deadline: Deadline) -> int:
    """Create or replace every view, each after the views it reads; return how many."""
    views = sql_files.views()
    count = _make(views, hashes(views), tables, deadline)
    _fill_small_tables(tables, deadline)
    return count


def make_changed(tables: Tables, deadline: Deadline) -> None:
    """Create the views that differ from their files; check once per instance.

    A deployment starts new instances.
    """
    looked_at = _looked_at(tables)
    if looked_at:
        return
    views = sql_files.views()
    stored, wanted = tables.view_labels(LABEL), hashes(views)
    changed = [view for view in views if stored.get(view.view) != wanted[view.view]]
    if _make(changed, wanted, tables, deadline):
        log.info("views_made", extra={"views": [view.view for view in changed]})
    _fill_small_tables(tables, deadline)
    looked_at.append(True)


def hashes(views: Iterable[Statement]) -> dict[str, str]:
    """Return a hash of each view's text and of the views it reads, which come first."""
    made: dict[str, str] = {}
    for view in views:
        reads = sorted(view.reads_or_makes & made.keys())
        text = "\n".join([view.sql, *(made[name] for name in reads)])
        made[view.view] = hashlib.sha256(text.encode()).hexdigest()[:_HASH_DIGITS]
    return made


def _make(
    views: Iterable[Statement],
    labels: Mapping[str, str],
    tables: Tables,
    deadline: Deadline,
) -> int:
    count = 0
    for view in views:
        sql = view.labelled(LABEL, labels[view.view])
        tables.execute(sql, timeout_s=deadline.left_s())
        count += 1
    return count


def _fill_small_tables(tables: Tables, deadline: Deadline) -> None:
    """Make the small tables of published days that they lack, and of those between."""
    [days] = tables.select(_LACKING)
    if days["from_date"]:
        tables.execute(sql_scripts.small_tables(), timeout_s=deadline.left_s(), **days)


_LACKING = """\
-- lacking_days: the published days that the small tables lack, first to last
SELECT MIN(snapshot_date) AS from_date, MAX(snapshot_date) AS to_date
FROM tmdb_analytics.v_published_days
WHERE snapshot_date NOT IN (SELECT snapshot_date FROM tmdb_analytics.leading_movie_days)
"""


@cache
def _looked_at(tables: Tables) -> list[bool]:  # noqa: ARG001 - whose views they are
    return []
