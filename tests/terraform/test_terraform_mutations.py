"""Deliberate mistakes: each is noticed before anything is deployed."""

from pathlib import Path

import pytest

from tests.terraform import rules
from tests.terraform.driver import Root, TerraformError
from tests.terraform.terraform_mutations import MISTAKES, Mistake


def _notice(root: Root) -> dict[str, str]:
    """Return who notices something, with what they say."""
    try:
        plan = root.plan()
    except TerraformError as error:
        # Planning validates too: ask which of the two it was.
        if (alone := root.attempt("validate", "-no-color")).returncode:
            return {"validate": alone.stdout}
        return {"plan": str(error)}
    return {rule: "\n".join(text) for rule, text in rules.broken(root, plan).items()}


@pytest.mark.terraform
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_noticed(
    mistake: Mistake, planned_root: Root, tmp_path: Path
) -> None:
    copy = planned_root.copy(tmp_path / "copy")
    mistake.make(copy)
    noticed = _notice(copy)
    assert mistake.noticed_by in noticed, noticed
    # Terraform breaks its lines where it likes.
    assert mistake.words in " ".join(noticed[mistake.noticed_by].split())
