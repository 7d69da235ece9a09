"""TMDB away, slow, in a storm, or with broken answers, lists and exports."""

from benchmarks.fault_injection.scenario import Scenario
from emulators.tmdb.http.malformed import MALFORMED_KINDS, READABLE_KINDS


def poison_movies(scenario: Scenario) -> None:
    """One keeps the day publishable, several make it partial."""
    how_many = scenario.draw.choice([1, 1, 4])
    poisoned = scenario.draw.sample(
        scenario.tracked[: len(scenario.tracked) // 2], how_many
    )
    kinds = [kind for kind in MALFORMED_KINDS if kind not in READABLE_KINDS]
    scenario.simulated["malformed_movies"] = {
        str(movie): scenario.draw.choice(kinds) for movie in poisoned[1:]
    }
    if scenario.draw.random() < 0.5:  # noqa: PLR2004
        scenario.simulated["poison_movies"] = poisoned[:1]
    else:
        kind = scenario.draw.choice(kinds)
        scenario.simulated["malformed_movies"][str(poisoned[0])] = kind
    scenario.failing |= set(poisoned)


def storm(scenario: Scenario) -> None:
    """Answer 429 for 2 s."""
    start_s = scenario.draw.uniform(0, 1.5)
    scenario.simulated |= {"storm_429_start_s": start_s, "storm_429_s": 2.0}


def outage(scenario: Scenario) -> None:
    """Half as long as a request is tried again, as 30 s are of the default 60."""
    start_s = scenario.draw.uniform(0, 1.5)
    scenario.simulated |= {"outage_start_s": start_s, "outage_s": 1.5}


def slow(scenario: Scenario) -> None:
    """Answer every request 0.9 s late."""
    scenario.simulated |= {"slow_share": 1.0, "slow_s": 0.9}


def bad_pages(scenario: Scenario) -> None:
    """Without an export the lists decide, and the lists are short and repeat."""
    scenario.simulated |= {
        "missing_exports": [scenario.day.isoformat()],
        "short_pages": [2, 4],
        "repeated_pages": [3],
    }


def bad_export(scenario: Scenario) -> None:
    """Let the day's export be missing, cut short or corrupt."""
    kind = scenario.draw.choice(
        ["missing_exports", "truncated_exports", "corrupt_exports"]
    )
    scenario.simulated[kind] = [scenario.day.isoformat()]


def storm_of_404(scenario: Scenario) -> None:
    """Find no movie at all for 2 s."""
    start_s = scenario.draw.uniform(0, 1.5)
    scenario.simulated |= {"storm_404_start_s": start_s, "storm_404_s": 2.0}
    scenario.may_miss = True  # a batch that the storm only touches


def bare_gzip(scenario: Scenario) -> None:
    """Send gzip bodies without a header that says so."""
    scenario.simulated["bare_gzip_share"] = scenario.draw.choice([0.3, 1.0])
