"""Map the claims that only a real deployment can prove to the findings of smoke."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from cli.commands.destroy import UNUSED_TOKENS
from cli.deployment import preflight, served_archives
from cli.deployment.shell import ask
from cli.deployment.terraform_root import TerraformRoot, of_type
from cli.output import Finding

CLAIMS: Mapping[str, tuple[str, ...]] = {
    "the functions work as deployed": ("functions", "daily run", "dead letters"),
    "the TMDB client handles TMDB's behaviour": ("snapshots", "history run"),
    "the SQL is valid in BigQuery": ("views",),
    "the numbers are right": ("metrics", "checks"),
    "the Terraform root is right": ("terraform",),
    "an alert fires with its fault and not without": ("alerts",),
    "plan, load, status, backfill, validate, export, cost": ("bytes billed",),
    "doctor, deploy, destroy, smoke": ("doctor",),
}
"""A claim of README's table of evidence -> the findings that prove the rest of it. Of
alerts only that they exist and are enabled; a person has to see that a mail arrives."""


def of_google(root: TerraformRoot, prefix: str) -> list[Finding]:
    """Ask Google and Terraform: functions, a second plan, alerts, doctor's checks."""
    project, region = root.project, root.region
    root = replace(root, credential=UNUSED_TOKENS["TF_VAR_tmdb_token"])
    found = served_archives.look(project, region, served_archives.of_code(prefix))
    return [
        _all("functions", found),
        second_plan(root),
        alerts(root),
        _all(
            "doctor", preflight.run(_without_token(preflight.of_target(root, "", "")))
        ),
    ]


def verdict(findings: Iterable[Finding]) -> list[str]:
    """Return for each claim whether it is proved, and otherwise what failed."""
    well = {one.name: bool(one.ok) for one in findings}
    lines = []
    for claim, needed in CLAIMS.items():
        failed = [name for name in needed if not well.get(name)]
        lines.append(
            f"not proved: {claim} ({', '.join(failed)})"
            if failed
            else f"proved: {claim}"
        )
    return lines


def second_plan(root: TerraformRoot) -> Finding:
    """Plan again: an empty plan shows that Google has stored what was sent."""
    result = ask(
        "terraform", "plan", "-input=false", "-detailed-exitcode", "-lock=false",
        "-no-color", *root.variables(), cwd=root.folder, env=UNUSED_TOKENS,
        timeout_s=600,
    )  # fmt: skip
    words = {0: "a plan is empty", 2: "a plan is not empty"}
    return Finding(
        "terraform",
        result.code == 0,
        words.get(result.code, result.first_error),
        "`tmdb-traction deploy --dry-run` shows it",
    )


def alerts(root: TerraformRoot) -> Finding:
    """Ask whether the alert policies exist and are enabled."""
    wanted = {
        str(one["values"]["name"])
        for one in of_type(root.resources(), "google_monitoring_alert_policy")
    }
    if not wanted:
        none = "none: alert_emails and alert_slack are not set"
        return Finding("alerts", ok=True, message=none)
    result = ask(
        "gcloud", "monitoring", "policies", "list",
        f"--project={root.project}", "--format=json",
    )  # fmt: skip
    if not result.is_ok:
        hint = "needs monitoring.alertPolicies.list"
        return Finding("alerts", ok=None, message=result.first_error, hint=hint)
    enabled = {
        str(one["name"]) for one in json.loads(result.out or "[]") if one.get("enabled")
    }
    missing = len(wanted - enabled)
    return Finding(
        "alerts",
        missing == 0,
        f"{len(wanted) - missing} of {len(wanted)} are enabled; that a mail arrives "
        "you see when one comes",
        "`make deploy`",
    )


def _all(name: str, found: list[Finding]) -> Finding:
    """Join findings into one."""
    bad = [one for one in found if not one.ok]
    message = "; ".join(f"{one.name}: {one.message}" for one in bad or found)
    hints = [one.hint for one in bad if one.hint]
    return Finding(name, not bad, message, hints[0] if hints else "")


def _without_token(every: list[preflight.Check]) -> list[preflight.Check]:
    """Leave out TMDB's token: the run tests the deployed one."""
    return [one for one in every if one.name != "TMDB token"]
