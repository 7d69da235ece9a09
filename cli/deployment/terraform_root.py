"""The Terraform root module of a deployment: its plans, settings and state."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import typer

from cli.deployment.shell import ask, show
from cli.errors import Exit, OperatorError

# Below .build, which is not committed: a plan holds every value but the token.
PLAN = ".build/deploy.tfplan"

NOTHING_TO_CHANGE, CHANGES = 0, 2
"""Exit codes of `terraform plan -detailed-exitcode`, besides 1: it failed."""

type Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """Values of the variables, from files or the environment."""

    dataset: str
    location: str
    prefix: str


@dataclass(frozen=True, slots=True)
class TerraformRoot:
    """A project, its region, and the root module that describes it.

    `credential` is TMDB's; it travels in the environment only.
    """

    project: str
    region: str
    folder: Path
    prefix: str = ""
    credential: str = ""

    @classmethod
    def of(cls, project: str, region: str, folder: Path, credential: str = "") -> Self:
        """Complete missing values from terraform.tfvars and variables.tf."""
        written = folder / "terraform.tfvars"
        known = _texts(written.read_text()) if written.is_file() else {}
        project = project or known.get("project_id", "")
        if not project:
            raise typer.BadParameter(
                f"write --project=my-project, or project_id in {written}"
            )
        region = region or known.get("region", "") or _default_region(folder)
        return cls(project, region, folder, known.get("prefix", ""), credential)

    def variables(self) -> list[str]:
        """Return the values as Terraform's options."""
        return [f"-var=project_id={self.project}", f"-var=region={self.region}"]

    def init(self) -> bool:
        """Fetch the providers; return whether that succeeded."""
        return self._show("init", "-input=false") == 0

    def plan(self, *options: str) -> int:
        """Show a plan and save it; return one of the codes above."""
        (self.folder / ".build").mkdir(exist_ok=True)
        return self._show(
            "plan", "-input=false", "-detailed-exitcode", f"-out={PLAN}",
            *self.variables(), *options,
        )  # fmt: skip

    def apply(self) -> bool:
        """Apply the saved plan; return whether that succeeded."""
        return self._show("apply", "-input=false", PLAN) == 0

    def settings(self) -> Settings:
        """Evaluate the variables as a plan would."""
        result = ask(
            "terraform", "console", *self.variables(),
            cwd=self.folder, env=self._env,
            text="jsonencode([var.dataset, var.bigquery_location, var.prefix])\n",
        )  # fmt: skip
        if not result.is_ok:
            raise OperatorError(
                Exit.FAILED,
                f"the variables cannot be read: {result.first_error}",
                "see docs/reference/configuration.md for every variable and what to "
                "write",
            )
        return Settings(*json.loads(json.loads(result.out)))

    def resources(self) -> list[Resource]:
        """Return the resources of the state; none without a state."""
        result = ask("terraform", "show", "-json", cwd=self.folder, env=self._env)
        if not result.is_ok:
            raise OperatorError(
                Exit.FAILED,
                f"the state cannot be read: {result.first_error}",
                "terraform -chdir=terraform init",
            )
        values = json.loads(result.out or "{}").get("values") or {}
        found: list[Resource] = values.get("root_module", {}).get("resources", [])
        return found

    @property
    def _env(self) -> dict[str, str]:
        return {"TF_VAR_tmdb_token": self.credential}

    def _show(self, *arguments: str) -> int:
        return show("terraform", *arguments, cwd=self.folder, env=self._env)


def of_type(resources: Iterable[Resource], kind: str) -> list[Resource]:
    """Return the resources of one type; data sources have types of their own."""
    return [
        one
        for one in resources
        if one["type"] == kind and one.get("mode", "managed") == "managed"
    ]


def _texts(tfvars: str) -> dict[str, str]:
    """Read the plain texts of a .tfvars file: lines of `name = "value"`."""
    return dict(re.findall(r'^\s*(\w+)\s*=\s*"([^"]*)"', tfvars, re.MULTILINE))


def _default_region(folder: Path) -> str:
    text = (folder / "variables.tf").read_text()
    found = re.search(
        r'variable "region" \{.*?default\s*=\s*"([^"]+)"', text, re.DOTALL
    )
    return found[1] if found else ""
