"""Explain errors of Google's libraries, and of our modules that use them.

A module of its own, because those libraries take a second to import, and the help of a
command does not need them.
"""

from google.api_core.exceptions import (
    BadRequest,
    Forbidden,
    GoogleAPICallError,
    NotFound,
)
from google.auth.exceptions import GoogleAuthError
from requests import RequestException

from cli.errors import Exit, OperatorError
from shared.errors import PipelineError, TransientError

LOGIN = "gcloud auth application-default login"
LATER = "try again in a while"
ROLES = 'docs/reference/configuration.md, "Who may do what", says which role holds it'


def in_words(error: BaseException | None) -> OperatorError | None:
    """Return the message, hint and exit code of an expected error; None for others."""
    if isinstance(error, PipelineError):
        return _pipeline_error(error)
    code, hint = Exit.FAILED, ""
    match error:
        case GoogleAuthError():
            message = f"Google does not know who you are: {_first_line(error)}"
            code, hint = Exit.NOT_FOUND, LOGIN
        case NotFound():
            code, message = Exit.NOT_FOUND, f"not found: {_first_line(error)}"
            hint = (
                "check --project and --dataset; `make deploy` creates the tables and "
                "`tmdb-traction load` fills them"
            )
        case Forbidden():
            message, hint = _explain_403(error)
        case BadRequest():
            message = _first_line(error)
        case GoogleAPICallError():
            message = f"{type(error).__name__}: {_first_line(error)}"
            code, hint = Exit.UNREACHABLE, LATER
        case RequestException():
            code, message, hint = Exit.UNREACHABLE, _first_line(error), LATER
        case _:
            return None
    return OperatorError(code, message, hint)


def _pipeline_error(error: PipelineError) -> OperatorError | None:
    """Explain an error of our own modules; its cause is Google's error."""
    is_away = isinstance(error, TransientError)
    match error.__cause__:
        case NotFound() as cause:
            return in_words(cause)
        case Forbidden() as cause if not is_away:
            return in_words(cause)
    code = Exit.UNREACHABLE if is_away else Exit.FAILED
    return OperatorError(code, error.reason.splitlines()[0], error.hint)


def _first_line(error: Exception) -> str:
    text = getattr(error, "message", None) or str(error) or type(error).__name__
    return str(text).splitlines()[0]


def _explain_403(error: Forbidden) -> tuple[str, str]:
    """Return which permission is missing, and the hint.

    Google's ErrorInfo has the reason; without one, Google's message is used.
    """
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
            explanation = f"you may not use the APIs of project {consumer}"
            role = "roles/serviceusage.serviceUsageConsumer"
            return (
                explanation,
                f"you need serviceusage.services.use on {consumer} ({role})",
            )
        case "IAM_PERMISSION_DENIED":
            permission = str(about.get("permission", "a permission"))
            resource = str(about.get("resource", "the resource"))
            return f"{permission} is missing on {resource}", f"ask for it: {ROLES}"
    text = str(error.message or "").splitlines() or ["403 Forbidden"]
    return text[0], f"ask for the permission that it names: {ROLES}"
