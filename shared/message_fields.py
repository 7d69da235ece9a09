"""Read the fields of a message's body; BadMessageError names the field that is wrong.

The error's `field` is the name in the body, its `hint` says what to write instead.
"""

import re
from collections.abc import Mapping
from datetime import date
from textwrap import shorten
from typing import Any, TypeGuard

from shared.days import FIRST_EXPORT
from shared.errors import BadMessageError
from shared.runs import Run

type Json = Mapping[str, Any]


def bad_field(field: str, value: object, hint: str) -> BadMessageError:
    """Return the error of one field; a value of None means that it is missing."""
    shown = shorten(repr(value), width=60, placeholder="...")
    reason = f"{field} is missing" if value is None else f"{field} is {shown}"
    return BadMessageError(reason, field=field, hint=hint)


def read_fields(body: object, *known: str) -> Json:
    """Return the fields of a body that is an object of known fields, without nulls."""
    if not isinstance(body, dict):
        raise BadMessageError(
            f"the body is a JSON {type(body).__name__}, not an object",
            field="body",
            hint='write an object, such as {"mode": "daily"}',
        )
    # An explicit null is the same as a missing field.
    fields = {name: value for name, value in body.items() if value is not None}
    for name in fields:
        if name not in known:
            raise BadMessageError(
                f"{name[:60]!r} is not a field of this message",
                field=name[:60] or '""',
                hint=f"leave it out; known fields: {', '.join(known)}",
            )
    return fields


def is_int(value: object) -> TypeGuard[int]:
    """Return whether a value is an integer; true and false are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def read_day(fields: Json, name: str, latest: date) -> date:
    """Read a day, from TMDB's first export to the latest."""
    value = fields.get(name)
    hint = f"write a day as YYYY-MM-DD, from {FIRST_EXPORT} to {latest}"
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise bad_field(name, value, hint)
    try:
        read = date.fromisoformat(value)
    except ValueError as error:
        raise bad_field(name, value, hint) from error
    if not FIRST_EXPORT <= read <= latest:
        raise bad_field(name, value, hint)
    return read


def read_run(fields: Json, today: date) -> tuple[str, date]:
    """Read run_id and run_date, which must agree."""
    run_id, run_date = fields.get("run_id"), read_day(fields, "run_date", today)
    hint = f"write <mode>-{run_date}, such as daily-{run_date}"
    if not isinstance(run_id, str):
        raise bad_field("run_id", run_id, hint)
    try:
        named = Run.from_id(run_id)
    except ValueError as error:
        raise bad_field("run_id", run_id, hint) from error
    is_possible = FIRST_EXPORT <= (named.export_date or run_date) <= run_date
    if named.run_date != run_date or not is_possible:
        raise bad_field("run_id", run_id, hint)
    return run_id, run_date


def read_place(fields: Json) -> tuple[int, int]:
    """Read batch_no and batch_count: the place of a batch in its run, from 1."""
    no, count = fields.get("batch_no"), fields.get("batch_count")
    if not is_int(count) or count < 1:
        raise bad_field("batch_count", count, "write a positive integer")
    if not is_int(no) or not 1 <= no <= count:
        raise bad_field("batch_no", no, f"write an integer from 1 to {count}")
    return no, count
