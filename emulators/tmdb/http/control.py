"""The control endpoints under /_sim, which read and change the simulation.

They need no credential and answer JSON; a 400 names the invalid field.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date, time

from emulators.tmdb.http.faults import Faults, UnknownFieldError
from emulators.tmdb.http.replies import Reply, to_json_bytes
from emulators.tmdb.http.simulation import Request, Simulation

PREFIX = "/_sim/"

_FIELDS = {"today", "time_of_day", "age_s", "faults", "rate_limit", "latency_ms"}


def answer(request: Request, simulation: Simulation) -> Reply:
    """Return the reply to a control request."""
    name = request.path.removeprefix(PREFIX)
    if request.method == "POST":
        return _post(name, request.body, simulation)
    if name == "readers":
        return _readers(request.query.get("day", ""), simulation)
    reads: dict[str, Callable[[], object]] = {
        "state": lambda: state(simulation),
        "articles": lambda: simulation.source.articles(simulation.today),
        "stats": simulation.stats.to_json,
        "breakouts": lambda: {"breakouts": simulation.source.breakouts()},
    }
    return _json(reads[name]()) if name in reads else _unknown(name)


def _post(name: str, body: bytes, simulation: Simulation) -> Reply:
    if name == "stats/reset":
        simulation.stats.reset()
        return _json(simulation.stats.to_json())
    if name != "state":
        return _unknown(name)
    try:
        _change(simulation, _read(body))
    except ValueError as error:
        return _json({"error": str(error)}, 400)
    return _json(state(simulation))


def _readers(text: str, simulation: Simulation) -> Reply:
    try:
        day = date.fromisoformat(text)
        return _json({"readers": simulation.source.readers(day)})
    except ValueError as error:
        return _json({"error": f"day: {error}"}, 400)


def _unknown(name: str) -> Reply:
    return _json({"error": f"no such control: {PREFIX}{name}"}, 404)


def state(simulation: Simulation) -> dict[str, object]:
    """Return the simulation's current settings."""
    source = simulation.source
    return {
        "today": simulation.today.isoformat(),
        "time_of_day": simulation.time_of_day.isoformat(),
        "age_s": simulation.age_s,
        "seed": simulation.options.seed,
        "movies": len(source),
        "first_day": source.first_day.isoformat(),
        "last_day": source.last_day.isoformat(),
        "rate_limit": simulation.rate_limit,
        "latency_ms": simulation.latency_ms,
        "faults": simulation.faults.to_json(),
    }


def _read(body: bytes) -> Mapping[str, object]:
    values = json.loads(body or b"{}")
    if not isinstance(values, dict):
        raise UnknownFieldError("the body must be a JSON object")
    return values


def _change(simulation: Simulation, values: Mapping[str, object]) -> None:
    """Change settings; all are checked first, so that an error changes none."""
    for name in values:
        if name not in _FIELDS:
            raise UnknownFieldError(f"{name}: no such field")
    numbers = {
        name: _number(name, values[name])
        for name in ("rate_limit", "latency_ms", "age_s")
        if name in values
    }
    faults = _faults(values["faults"]) if "faults" in values else None
    clock = _time(values["time_of_day"]) if "time_of_day" in values else None
    if "today" in values:
        simulation.today = _date(values["today"])
    if clock is not None:
        simulation.time_of_day = clock
    if "age_s" in numbers:
        simulation.age_s = int(numbers["age_s"])
    # The given faults replace all earlier ones: {} ends them.
    if faults is not None:
        simulation.faults = faults
    if "rate_limit" in numbers:
        simulation.rate_limit = numbers["rate_limit"]
    if "latency_ms" in numbers:
        simulation.latency_ms = numbers["latency_ms"]


def _faults(value: object) -> Faults:
    if not isinstance(value, dict):
        raise UnknownFieldError("faults: must be a JSON object")
    return Faults.from_json(value)


def _date(value: object) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise UnknownFieldError(f"today: {error}") from error


def _time(value: object) -> time:
    try:
        return time.fromisoformat(str(value)).replace(tzinfo=None)
    except ValueError as error:
        raise UnknownFieldError(f"time_of_day: {error}") from error


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise UnknownFieldError(f"{name}: must be a number from 0")
    return float(value)


def _json(value: object, status: int = 200) -> Reply:
    text = json.dumps(value, default=str)
    return Reply(status, to_json_bytes(json.loads(text)))
