"""Check the organization's policies that may refuse a part of a deployment.

Read where they can be read: that needs the Organization Policy API and
orgpolicy.policy.get, which many who deploy do not have.
"""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from cli.deployment.shell import ask

CONTINENTS = {
    "us": "us", "northamerica": "canada", "southamerica": "southamerica",
    "europe": "europe", "asia": "asia", "australia": "australia",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rules:
    """An effective list policy. A value may be a group, such as in:us-locations."""

    allows_all: bool
    denies_all: bool
    allowed: frozenset[str]
    denied: frozenset[str]

    @classmethod
    def of(cls, policy: Mapping[str, Any]) -> "Rules":
        """Read what `gcloud org-policies describe --effective` answers."""
        rules = [
            rule
            for rule in policy.get("spec", {}).get("rules", [])
            if not rule.get("condition")
        ]
        values = [rule.get("values", {}) for rule in rules]
        return cls(
            any(rule.get("allowAll") for rule in rules),
            any(rule.get("denyAll") for rule in rules),
            frozenset(
                one for value in values for one in value.get("allowedValues", [])
            ),
            frozenset(one for value in values for one in value.get("deniedValues", [])),
        )

    def refuses(self, value: str, groups: frozenset[str] = frozenset()) -> bool:
        """Whether a value, which is in these groups, is refused for certain.

        A group that we do not know may hold it: then it is not certain.
        """
        names = {value, f"is:{value}"} | groups
        if self.denies_all or names & self.denied:
            return True
        if self.allows_all or not self.allowed or names & self.allowed:
            return False
        return not any(
            one.startswith(("in:", "under:")) and not _is_known(one)
            for one in self.allowed
        )

    def __str__(self) -> str:
        if self.denies_all:
            return "nothing is allowed"
        allowed = f"allowed: {', '.join(sorted(self.allowed))}" if self.allowed else ""
        denied = f"denied: {', '.join(sorted(self.denied))}" if self.denied else ""
        return "; ".join(filter(None, (allowed, denied)))


def allow(project: str, region: str) -> tuple[bool, str]:
    """Ask whether the policies allow what the root makes; name the first that does not.

    A policy that restricts something in a way that we cannot judge is only named.
    """
    with ThreadPoolExecutor(len(JUDGES)) as pool:
        answers = pool.map(lambda name: _read(project, name), JUDGES)
    read = dict(zip(JUDGES, answers, strict=True))
    unread = [name for name, rules in read.items() if rules is None]
    if len(unread) == len(JUDGES):
        return True, "cannot be checked: you lack the permission to see them"
    named = []
    for name, judge in JUDGES.items():
        if not (rules := read[name]):
            continue
        if refused := judge(rules, region):
            return False, f"{name} refuses {refused} ({rules})"
        if str(rules):
            named.append(f"{name} ({rules})")
    return True, "; ".join(named) or "none that restricts us"


def _read(project: str, name: str) -> Rules | None:
    result = ask(
        "gcloud", "org-policies", "describe", name, f"--project={project}",
        "--effective", "--format=json",
    )  # fmt: skip
    return Rules.of(json.loads(result.out or "{}")) if result.is_ok else None


def _locations(rules: Rules, region: str) -> str:
    return region if rules.refuses(region, _groups(region)) else ""


def _groups(region: str) -> frozenset[str]:
    """Return Google's groups of locations that certainly hold a region."""
    continent = CONTINENTS.get(region.split("-", maxsplit=1)[0], region)
    return frozenset({f"in:{region}-locations", f"in:{continent}-locations"})


def _is_known(group: str) -> bool:
    """Whether a group is one region's or one continent's: we know its members."""
    name = group.removeprefix("in:").removesuffix("-locations")
    return name in CONTINENTS.values() or any(sign.isdigit() for sign in name)


def _services(rules: Rules, _region: str) -> str:
    needed = ("cloudfunctions", "run", "pubsub", "bigquery", "cloudscheduler")
    names = (f"{name}.googleapis.com" for name in needed)
    return next((name for name in names if rules.refuses(name)), "")


def _one_of(*values: str) -> Callable[[Rules, str], str]:
    def judge(rules: Rules, _region: str) -> str:
        return next((value for value in values if rules.refuses(value)), "")

    return judge


JUDGES: Mapping[str, Callable[[Rules, str], str]] = {
    "gcp.resourceLocations": _locations,
    "gcp.restrictServiceUsage": _services,
    # Members of other organizations in `operators`; whose it allows we cannot compare.
    "iam.allowedPolicyMemberDomains": lambda _rules, _region: "",
    "cloudfunctions.allowedIngressSettings": _one_of(
        "ALLOW_ALL", "ALLOW_INTERNAL_ONLY"
    ),
    "run.allowedIngress": _one_of("all", "internal"),
}
"""Policy -> what of a deployment it refuses for certain; "" for nothing."""
