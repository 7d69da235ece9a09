"""Rules of a deployment; each yields the errors in a plan or in the files.

A provider's schema cannot check them. test_plan.py applies them to the root, and
test_terraform_mutations.py shows that they find mistakes.
"""

from collections.abc import Callable, Iterator

from tests.terraform.driver import Json, Root
from tests.terraform.rules.access import (
    accounts_are_references,
    agents_come_first,
    apis_come_first,
    buckets_are_private,
    builder_may_build,
    grants_add_only,
    nobody_from_outside,
    project_wide_roles_are_few,
    token_is_nowhere,
)
from tests.terraform.rules.functions import (
    everything_is_labelled,
    functions_are_as_tested,
    settings_are_whole,
)
from tests.terraform.rules.lifecycles import others_let_go_first
from tests.terraform.rules.monitoring import (
    alerts_are_made_and_paid_once,
    alerts_can_be_answered,
    dashboard_is_kept_as_written,
    distributions_have_buckets,
    legends_name_labels,
    metrics_exist,
)
from tests.terraform.rules.queues import (
    dead_letters_are_kept,
    publishers_may_publish,
    queues_are_the_local_ones,
    ticks_are_understood,
)
from tests.terraform.rules.tables import tables_are_their_schemas
from tests.terraform.rules.writers import functions_write_what_they_name

type Rule = Callable[[Json], Iterator[str]]

ALL: tuple[Rule, ...] = (
    nobody_from_outside,
    project_wide_roles_are_few,
    buckets_are_private,
    grants_add_only,
    accounts_are_references,
    apis_come_first,
    agents_come_first,
    builder_may_build,
    functions_write_what_they_name,
    queues_are_the_local_ones,
    dead_letters_are_kept,
    tables_are_their_schemas,
    settings_are_whole,
    functions_are_as_tested,
    publishers_may_publish,
    ticks_are_understood,
    everything_is_labelled,
    token_is_nowhere,
    metrics_exist,
    alerts_can_be_answered,
    alerts_are_made_and_paid_once,
    dashboard_is_kept_as_written,
    distributions_have_buckets,
    legends_name_labels,
)


type TextRule = Callable[[str], Iterator[str]]

OF_THE_TEXT: tuple[TextRule, ...] = (others_let_go_first,)


def broken(root: Root, plan: Json) -> dict[str, list[str]]:
    """Return the broken rules, each with its errors."""
    found = {rule.__name__: list(rule(plan)) for rule in ALL}
    text = root.text()
    found |= {rule.__name__: list(rule(text)) for rule in OF_THE_TEXT}
    return {name: findings for name, findings in found.items() if findings}
