"""Moved: another dataset or location than the data is in, refused before a plan.

Terraform would replace the dataset: half way through, BigQuery refuses to delete one
that is in use, or, with delete_data, every row goes.
"""

from collections.abc import Iterable

from cli.deployment.terraform_root import Resource, Settings, of_type
from cli.errors import Exit, OperatorError

HOW = (
    'docs/reference/configuration.md, "Another dataset or location", says how to move '
    "the data; `tmdb-traction destroy --delete-data` deletes it"
)


def refuse(settings: Settings, resources: Iterable[Resource]) -> None:
    """Raise where the tables are in another dataset or location than is wanted."""
    resources = list(resources)
    if not of_type(resources, "google_bigquery_table"):
        return
    for one in of_type(resources, "google_bigquery_dataset"):
        there = one["values"]
        for variable, wanted, found in (
            ("dataset", settings.dataset, str(there["dataset_id"])),
            ("bigquery_location", settings.location, str(there["location"])),
        ):
            if wanted.lower() != found.lower():
                raise OperatorError(
                    Exit.FAILED,
                    f"{variable} is {wanted}, but the tables are in {found}: "
                    "that would delete them",
                    f'write {variable} = "{found}" in terraform.tfvars; {HOW}',
                )
