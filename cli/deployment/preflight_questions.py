"""The single checks before a deployment: each returns a result and a few words.

They call `gcloud` and `terraform` from PATH, and TMDB with one request. Each returns
whether it passed, and what it found; preflight.py has the order and the hints.
"""

import json
import re
from http import HTTPStatus
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from cli.deployment import quota_project, served_archives
from cli.deployment.shell import ask

OLDEST_TERRAFORM = (1, 11)
FIRST_APIS = ("cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com")
"""Terraform enables the others; it needs these to enable any."""
LOCATIONS = {
    "cloudfunctions.googleapis.com": ("functions", "regions", "list", "--gen2"),
    "cloudscheduler.googleapis.com": ("scheduler", "locations", "list"),
}
"""API -> the gcloud command that lists its regions. Without --gen2 it lists those
of the first generation of functions, which are fewer."""
TMDB_TIMEOUT_S = 20.0


def terraform() -> tuple[bool, str]:
    """Ask for Terraform's version."""
    result = ask("terraform", "version", "-json")
    if not result.is_ok:
        return False, result.first_error
    version = str(json.loads(result.out)["terraform_version"])
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    return numbers >= OLDEST_TERRAFORM, version


def gcloud() -> tuple[bool, str]:
    """Ask for the Google Cloud CLI's version."""
    result = ask("gcloud", "version", "--format=json")
    if not result.is_ok:
        return False, result.first_error
    return True, str(json.loads(result.out).get("Google Cloud SDK", "installed"))


def login() -> tuple[bool, str]:
    """Ask who uses gcloud: an account, or the credential file of a workflow."""
    result = ask("gcloud", "auth", "list", "--filter=status:ACTIVE", "--format=json")
    accounts = json.loads(result.out or "[]") if result.is_ok else []
    if accounts:
        return True, str(accounts[0]["account"])
    # Prints a credential: it is read here and not passed on.
    if ask("gcloud", "auth", "print-access-token").is_ok:
        return True, "a credential file"
    return False, "not logged in"


def application_login() -> tuple[bool, str]:
    """Ask whether Terraform and Google's libraries find a login of their own."""
    # Prints a credential: it is read here and not passed on.
    result = ask("gcloud", "auth", "application-default", "print-access-token")
    return result.is_ok, "found" if result.is_ok else "not found"


def is_active(project: str) -> tuple[bool, str]:
    """Ask whether the project exists and is active."""
    result = ask("gcloud", "projects", "describe", project, "--format=json")
    if not result.is_ok:
        return False, f"{project} does not exist, or you have no access"
    state = str(json.loads(result.out).get("lifecycleState", ""))
    return state == "ACTIVE", f"{project} is {state}"


def is_billed(project: str) -> tuple[bool, str]:
    """Ask whether billing is enabled for the project."""
    result = ask("gcloud", "billing", "projects", "describe", project, "--format=json")
    if not result.is_ok:
        # The deployer may lack the permission; without billing Terraform's apply fails.
        return True, f"cannot be checked: {result.first_error}"
    is_enabled = bool(json.loads(result.out).get("billingEnabled"))
    return (
        is_enabled,
        "enabled" if is_enabled else f"no billing account is linked to {project}",
    )


def counts_on(project: str) -> tuple[bool, str]:
    """Ask which project the login counts API calls on; our commands set their own."""
    named = quota_project.named()
    if named in ("", project):
        return True, project
    return True, (
        f"{project} for these commands; your login names {named} for others: "
        f"gcloud auth application-default set-quota-project {project}"
    )


def has_first_apis(project: str) -> tuple[bool, str]:
    """Ask whether the APIs are enabled that Terraform needs to enable others."""
    enabled, error = _enabled_apis(project)
    if error:
        return False, error
    missing = [api for api in FIRST_APIS if api not in enabled]
    return not missing, f"off: {', '.join(missing)}" if missing else "on"


def is_offered(project: str, region: str) -> tuple[bool, str]:
    """Ask whether functions and schedules are offered in the region."""
    enabled, error = _enabled_apis(project)
    if error:
        return False, error
    listings = [location for api, location in LOCATIONS.items() if api in enabled]
    for listing in listings:
        result = ask("gcloud", *listing, f"--project={project}", "--format=json")
        if not result.is_ok:
            return False, result.first_error
        offered = {item["name"].rsplit("/", 1)[-1] for item in json.loads(result.out)}
        if region not in offered:
            return False, f"{region} is not among the regions of {listing[0]}"
    if len(listings) < len(LOCATIONS):
        return True, f"{region}; checked once the APIs are enabled"
    return True, region


def serves_all(project: str, region: str, prefix: str) -> tuple[bool, str]:
    """Ask whether each function serves what was deployed; passes without any."""
    enabled, error = _enabled_apis(project)
    if error:
        return False, error
    if not {"cloudfunctions.googleapis.com", "run.googleapis.com"} <= enabled:
        return True, "none yet"
    found = served_archives.look(project, region, served_archives.of_code(prefix))
    there = [one for one in found if one.message != served_archives.MISSING]
    bad = [one for one in there if not one.ok]
    shown = bad or there
    message = "; ".join(f"{one.name}: {one.message}" for one in shown)
    return not bad, message or "none yet"


def is_taken_by_tmdb(token: str, tmdb_url: str) -> tuple[bool, str]:
    """Ask TMDB whether it knows the credential: a v4 token, or a v3 key."""
    if not token:
        return False, "TMDB_TOKEN is not set"
    from shared.tmdb import CredentialKind, credential_kind

    headers = {"User-Agent": "tmdb-traction"}
    url = f"{tmdb_url.rstrip('/')}/authentication"
    if credential_kind(token) is CredentialKind.API_KEY:
        # TMDB accepts a v3 key nowhere else; the URL is never printed.
        url += "?" + urlencode({"api_key": token})
    else:
        headers["Authorization"] = f"Bearer {token}"
    try:
        with urlopen(Request(url, headers=headers), timeout=TMDB_TIMEOUT_S):  # noqa: S310 - http(s), given by the operator
            return True, "taken"
    except HTTPError as error:
        if error.code == HTTPStatus.UNAUTHORIZED:
            return False, "TMDB does not know it"
        return False, f"TMDB answered {error.code}; try again in a while"
    except (URLError, OSError, ValueError) as error:
        return False, f"TMDB cannot be reached: {type(error).__name__}"


def _enabled_apis(project: str) -> tuple[set[str], str]:
    result = ask(
        "gcloud", "services", "list", "--enabled",
        f"--project={project}", "--format=json",
    )  # fmt: skip
    if not result.is_ok:
        return set(), result.first_error
    return {item["config"]["name"] for item in json.loads(result.out)}, ""
