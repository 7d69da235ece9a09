"""Refused: Google's 403 in, what is missing and who can give it out.

Decided by the reason of Google's ErrorInfo; where there is none, Google's own sentence
names the permission.
"""

from google.api_core.exceptions import Forbidden

TABLE = 'docs/reference/configuration.md, "Who may do what", says which role holds it'


def in_words(error: Forbidden) -> tuple[str, str]:
    """Return what is missing, and the hint."""
    about = error.metadata or {}
    service = str(about.get("service", "the API"))
    # "projects/123456789012"
    consumer = str(about.get("consumer", "the project")).rsplit("/", 1)[-1]
    match error.reason:
        case "SERVICE_DISABLED":
            return (
                f"{service} is off in project {consumer}",
                f"gcloud services enable {service} --project={consumer}",
            )
        case "USER_PROJECT_DENIED":
            said = f"you may not use the APIs of project {consumer}"
            role = "roles/serviceusage.serviceUsageConsumer"
            return said, f"you need serviceusage.services.use on {consumer} ({role})"
        case "IAM_PERMISSION_DENIED":
            permission = str(about.get("permission", "a permission"))
            resource = str(about.get("resource", "the resource"))
            return f"{permission} is missing on {resource}", f"ask for it: {TABLE}"
    text = str(error.message or "").splitlines() or ["403 Forbidden"]
    return text[0], f"ask for the permission that it names: {TABLE}"
