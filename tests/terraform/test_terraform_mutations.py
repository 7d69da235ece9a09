"""Deliberate mistakes: each is noticed before anything is deployed.

Mistakes that different rules notice share a plan: planning is what takes the time.
"""

from collections.abc import Callable

import pytest

from tests.terraform import rules
from tests.terraform.driver import REPOSITORY, Root, TerraformError
from tests.terraform.terraform_mutations import MISTAKES, Mistake

type Noticed = dict[str, str]
"""Rule, "validate" or "plan" -> what it found."""


def _place(mistake: Mistake) -> range:
    """Return the range of characters that it replaces in its file."""
    start = (REPOSITORY / mistake.file).read_text().index(mistake.right)
    return range(start, start + len(mistake.right))


def _can_share(one: Mistake, other: Mistake) -> bool:
    """Return whether one plan can have both, found by different rules."""
    # Terraform stops at its own errors.
    if one.noticed_by == other.noticed_by or {"validate", "plan"} & {
        one.noticed_by,
        other.noticed_by,
    }:
        return False
    return one.file != other.file or not {*_place(one)} & {*_place(other)}


def _plans() -> list[list[Mistake]]:
    """Group the mistakes: each joins the first group whose plan it can share."""
    plans: list[list[Mistake]] = []
    for mistake in MISTAKES:
        for plan in plans:
            if all(_can_share(mistake, other) for other in plan):
                plan.append(mistake)
                break
        else:
            plans.append([mistake])
    return plans


def _notice(root: Root) -> Noticed:
    validated = root.attempt("validate", "-no-color")
    if validated.returncode:
        return {"validate": validated.stdout}
    try:
        plan = root.plan()
    except TerraformError as error:
        return {"plan": str(error)}
    broken = rules.broken(root, plan)
    return {rule: "\n".join(findings) for rule, findings in broken.items()}


@pytest.fixture(scope="module")
def noticed(
    planned_root: Root, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Mistake], Noticed]:
    """Return the findings about a group, which is planned once."""
    by_mistake: dict[Mistake, Noticed] = {}

    def by(mistake: Mistake) -> Noticed:
        if mistake not in by_mistake:
            [together] = (plan for plan in _plans() if mistake in plan)
            copy = planned_root.copy(tmp_path_factory.mktemp("mistakes") / "copy")
            for one in together:
                one.make(copy)
            by_mistake.update(dict.fromkeys(together, _notice(copy)))
        return by_mistake[mistake]

    return by


@pytest.mark.exhaustive
@pytest.mark.terraform
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_noticed(
    mistake: Mistake, noticed: Callable[[Mistake], Noticed]
) -> None:
    findings = noticed(mistake)
    assert mistake.noticed_by in findings, findings
    # Terraform breaks its lines anywhere.
    assert mistake.words in " ".join(findings[mistake.noticed_by].split())
