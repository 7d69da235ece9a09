"""Request the dashboard's page after a day was withheld or published."""

from datetime import date

from rich.text import Text

from cli.environment import Deployment
from local.console import open_console
from shared.errors import QueueUnavailableError
from shared.messages import DASHBOARD_REQUESTS, DashboardRequest

REQUESTED, NOT_DEPLOYED, NOT_REQUESTED = "requested", "not deployed", "not requested"


def request_page(deployment: Deployment, the_day: date) -> str:
    """Request the page where a dashboard is deployed; return the result.

    It never fails: the day is already changed, and the next published day updates the
    page. An error is printed on standard error.
    """
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError
    from requests import RequestException

    try:
        if not deployment.has_dashboard:
            return NOT_DEPLOYED
        body = DashboardRequest(the_day).to_json()
        deployment.topics.publish(DASHBOARD_REQUESTS, [body])
    except QueueUnavailableError as error:
        # The error's own hint is for a function, to which Pub/Sub redelivers.
        _warn(error.reason)
    except (GoogleAPIError, GoogleAuthError, RequestException) as error:
        _warn(f"{type(error).__name__}: {error}")
    else:
        return REQUESTED
    return NOT_REQUESTED


def _warn(reason: str) -> None:
    warning = Text.assemble(
        ("warning: ", "yellow"),
        f"the dashboard's page was not requested: {reason}\n",
        ("hint: ", "cyan"),
        "run the same command again; else the next published day brings the page",
    )
    open_console(is_error=True, soft_wrap=True).print(warning)


def in_words(page: str) -> str:
    """Return a sentence about the page; "" if the error was printed."""
    return {
        REQUESTED: "The dashboard's page is being rendered again.",
        NOT_DEPLOYED: "To see it on the page: tmdb-traction dashboard",
    }.get(page, "")
