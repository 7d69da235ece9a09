"""Agents: the accounts by which Google's services act in a project, made if missing.

A new project has no agent of Pub/Sub until Pub/Sub first needs one, and a grant to an
account that does not exist is refused.
"""

from ops.exits import Exit, OperatorError
from ops.machine import ask

SERVICES = ("pubsub.googleapis.com", "cloudfunctions.googleapis.com")
"""Whose agents the Terraform root grants something to."""


def make(project: str) -> None:
    """Make the agents; one that is there stays as it is."""
    for service in SERVICES:
        making = command(project, service)
        said = ask(*making)
        if not said.is_ok:
            raise OperatorError(
                Exit.AMISS,
                f"the service agent of {service} is not there: {said.first_error}",
                "you need serviceusage.services.enable on the project "
                f"(roles/serviceusage.serviceUsageAdmin): {' '.join(making)}",
            )


def command(project: str, service: str) -> tuple[str, ...]:
    """Return the command that makes the agent of one service."""
    return (
        "gcloud", "beta", "services", "identity", "create",
        f"--service={service}", f"--project={project}",
    )  # fmt: skip
