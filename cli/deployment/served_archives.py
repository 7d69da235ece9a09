"""Check whether each deployed function serves the archive that it should.

Terraform does not know: after a failed build its state has the new archive, and the
next plan is empty although the old code still runs. Cloud Functions has the result of a
deployment, and the reason. The Cloud Run revision has in SOURCE_SHA256 which archive it
was built from, because only a successful build makes a revision.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cli.deployment.shell import ask
from cli.deployment.terraform_root import Resource, of_type
from cli.output import Finding
from local import archives

BUILT_FROM = "SOURCE_SHA256"
BUILDS = "https://console.cloud.google.com/cloud-build/builds;region={}?project={}"
UNDER_WAY = "DEPLOYING"
MISSING = "it is not there"


@dataclass(frozen=True, slots=True)
class Function:
    """A function. archive: the SHA-256 of what it should serve; "" if unknown.

    may_be_missing: not every deployment has it.
    """

    key: str
    name: str
    archive: str = ""
    may_be_missing: bool = False


def of_state(resources: Iterable[Resource]) -> list[Function]:
    """Return the functions that Terraform has created, or has tried to."""
    return [
        Function(one["index"], one["values"]["name"], _archive(one["values"]))
        for one in of_type(resources, "google_cloudfunctions2_function")
    ]


def of_code(prefix: str) -> list[Function]:
    """Return our functions if there is no state."""
    return [
        Function(
            key,
            f"{prefix}{key.replace('_', '-')}",
            may_be_missing=key == archives.DASHBOARD,
        )
        for key in archives.FUNCTIONS
    ]


def look(project: str, region: str, functions: Iterable[Function]) -> list[Finding]:
    """Ask Google what each function serves; return which are behind, and why.

    Without a region, in every region.
    """
    flags = (f"--project={project}", "--format=json")
    listed = ask(
        "gcloud", "functions", "list", "--v2", f"--regions={region or '-'}", *flags
    )
    in_region = [f"--region={region}"] if region else []
    running = ask("gcloud", "run", "services", "list", *in_region, *flags)
    for result in (listed, running):
        if not result.is_ok:
            return [Finding("functions", None, result.first_error, ASK)]
    by_name = {_last(one["name"]): one for one in json.loads(listed.out or "[]")}
    services = {one["metadata"]["name"]: one for one in json.loads(running.out or "[]")}
    builds = BUILDS.format(region, project)
    return [
        _finding(one, by_name.get(one.name), services.get(one.name), builds)
        for one in functions
        if one.name in by_name or not one.may_be_missing
    ]


ASK = "needs cloudfunctions.functions.list and run.services.list: see `operators`"


def behind(findings: Iterable[Finding], functions: Iterable[Function]) -> list[str]:
    """Return the keys of the functions to build again."""
    bad = {one.name for one in findings if one.ok is False}
    return [one.key for one in functions if one.name in bad]


def _finding(
    function: Function,
    found: Mapping[str, Any] | None,
    service: Mapping[str, Any] | None,
    builds: str,
) -> Finding:
    name = function.name
    if found is None:
        return Finding(name, ok=False, message=MISSING, hint="`make deploy`")
    if found.get("state") == UNDER_WAY:
        message = "a deployment is under way"
        return Finding(
            name, ok=None, message=message, hint="look again when it has ended"
        )
    status = service["status"] if service else {}
    if others := _elsewhere(status):
        message = f"its traffic goes to an older revision, {others[0]}"
        to_latest = f"gcloud run services update-traffic {name} --to-latest"
        return Finding(name, None, message, f"{to_latest}, unless you pinned it")
    served = _built_from(service)
    why = _why(found) or f"see {builds}"
    if fault := _fault(function, found, status, served, why):
        return Finding(
            name, ok=False, message=fault,
            hint="`make deploy` builds it again, once the cause is fixed",
        )  # fmt: skip
    return Finding(name, ok=True, message=f"serves {_short(served)}")


def _fault(
    function: Function,
    found: Mapping[str, Any],
    status: Mapping[str, Any],
    served: str,
    why: str,
) -> str:
    """Return why a function does not serve what it should; "" if it does."""
    state = str(found.get("state"))
    # Without Terraform's state: what was sent to Cloud Functions last.
    config = found.get("serviceConfig") or {}
    wanted = str((config.get("environmentVariables") or {}).get(BUILT_FROM, ""))
    if state != "ACTIVE":
        serves_on = f"; it still serves {_short(served)}" if served else ""
        return f"{state}: {why}{serves_on}"
    if status.get("latestCreatedRevisionName") != status.get("latestReadyRevisionName"):
        return f"its newest revision does not start: {_not_ready(status)}"
    if (wanted := function.archive or wanted) and served != wanted:
        return f"it still serves {_short(served)}, an older archive: {why}"
    return ""


def _why(found: Mapping[str, Any]) -> str:
    """Return Cloud Functions' result of the last deployment."""
    messages = [
        str(one.get("message", "")).strip()
        for one in found.get("stateMessages", [])
        if one.get("severity") != "INFO"
    ]
    return "; ".join(filter(None, messages))


def _elsewhere(status: Mapping[str, Any]) -> list[str]:
    """Return the revisions that serve although they are not the newest."""
    newest = status.get("latestReadyRevisionName")
    return [
        str(one["revisionName"])
        for one in status.get("traffic", [])
        if one.get("percent")
        and not one.get("latestRevision")
        and one.get("revisionName") != newest
    ]


def _not_ready(status: Mapping[str, Any]) -> str:
    reasons = (
        str(one.get("message", ""))
        for one in status.get("conditions", [])
        if one.get("status") != "True"
    )
    return next(filter(None, reasons), "Cloud Run does not say why")


def _built_from(service: Mapping[str, Any] | None) -> str:
    if not service:
        return ""
    container = service["spec"]["template"]["spec"]["containers"][0]
    env = {one["name"]: one.get("value", "") for one in container.get("env", [])}
    return str(env.get(BUILT_FROM, ""))


def _archive(values: Mapping[str, Any]) -> str:
    [config] = values["service_config"]
    return str((config.get("environment_variables") or {}).get(BUILT_FROM, ""))


def _short(archive: str) -> str:
    return archive[:8] or "of unknown origin"


def _last(path: str) -> str:
    return path.rsplit("/", 1)[-1]
