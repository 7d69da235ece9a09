"""Checks before a deployment, each with a hint for when it fails.

What each asks is in preflight_questions.py.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cli.deployment import org_policies
from cli.deployment import preflight_questions as questions
from cli.deployment.terraform_root import TerraformRoot
from cli.output import Finding


@dataclass(frozen=True, slots=True)
class Check:
    """A question, and the names of the checks that must pass before it is asked."""

    name: str
    question: Callable[[], tuple[bool, str]]
    hint: str
    needs: tuple[str, ...] = ()

    def ask(self, failed: set[str]) -> Finding:
        """Return the finding; `ok` is None while a check that it needs has failed."""
        if missing := [name for name in self.needs if name in failed]:
            return Finding(self.name, None, "not checked", f"first: {missing[0]}")
        ok, message = self.question()
        return Finding(self.name, ok, message, "" if ok else self.hint)


def of_target(root: TerraformRoot, token: str, tmdb_url: str) -> list[Check]:
    """List the checks of a deployment, each after those that it needs."""
    project, region = root.project, root.region
    return [
        Check(
            "terraform",
            questions.terraform,
            "install Terraform 1.11 or newer: "
            "https://developer.hashicorp.com/terraform/install",
        ),
        Check(
            "gcloud",
            questions.gcloud,
            "install the Google Cloud CLI: https://cloud.google.com/sdk/docs/install",
        ),
        Check("login", questions.login, "gcloud auth login", ("gcloud",)),
        Check(
            "application login",
            questions.application_login,
            "gcloud auth application-default login",
            ("gcloud",),
        ),
        Check(
            "project",
            lambda: questions.is_active(project),
            f"gcloud projects create {project}, or say another --project",
            ("gcloud", "login"),
        ),
        Check(
            "billing",
            lambda: questions.is_billed(project),
            f"gcloud billing projects link {project} --billing-account=ACCOUNT "
            "(gcloud billing accounts list)",
            ("gcloud", "login", "project"),
        ),
        Check(
            "first APIs",
            lambda: questions.has_first_apis(project),
            f"gcloud services enable {' '.join(questions.FIRST_APIS)} "
            f"--project={project}",
            ("gcloud", "login", "project"),
        ),
        Check(
            "quota project",
            lambda: questions.counts_on(project),
            f"gcloud auth application-default set-quota-project {project}",
            ("gcloud", "application login"),
        ),
        Check(
            "organization policies",
            lambda: org_policies.allow(project, region),
            "ask who owns the policy for an exception, or choose another region: "
            'docs/reference/configuration.md, "Organization policies"',
            ("gcloud", "login", "project"),
        ),
        Check(
            "region",
            lambda: questions.is_offered(project, region),
            f"gcloud functions regions list --gen2 --project={project}, then say one "
            "of them as --region or in terraform.tfvars",
            ("gcloud", "login", "project", "first APIs"),
        ),
        Check(
            "TMDB token",
            lambda: questions.is_taken_by_tmdb(token, tmdb_url),
            "copy the API Read Access Token from "
            "https://www.themoviedb.org/settings/api into TMDB_TOKEN",
        ),
    ]


def functions(root: TerraformRoot) -> Check:
    """Return the check of what is deployed already."""
    return Check(
        "functions",
        lambda: questions.serves_all(root.project, root.region, root.prefix),
        "`make deploy` builds the failed ones again, once the cause is fixed",
        ("gcloud", "login", "project", "first APIs"),
    )


def run(checks: list[Check]) -> list[Finding]:
    """Ask them all, in order."""
    findings: list[Finding] = []
    failed: set[str] = set()
    for check in checks:
        finding = check.ask(failed)
        findings.append(finding)
        if not finding.ok:
            failed.add(check.name)
    return findings
