"""Target: which project a command is about, and the folder of its Terraform root."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import typer

from shared.plain_text import plain

TERRAFORM = Path(__file__).parents[2] / "terraform"
TOKEN_VARIABLES = ("TF_VAR_tmdb_token", "TMDB_TOKEN")

Project = Annotated[
    str,
    typer.Option(
        envvar="PROJECT",
        help="Google Cloud project; default: that of terraform.tfvars.",
    ),
]
Region = Annotated[
    str, typer.Option(help="Region; default: that of terraform.tfvars or variables.tf.")
]
Folder = Annotated[
    Path,
    typer.Option(
        "--terraform", help="Folder of the root module.", show_default="terraform"
    ),
]


@dataclass(frozen=True, slots=True)
class Target:
    """A project, its region, and the root module that describes it."""

    project: str
    region: str
    folder: Path
    prefix: str = ""

    @classmethod
    def of(cls, project: str, region: str, folder: Path) -> Self:
        """Fill what was not said from terraform.tfvars and variables.tf."""
        written = folder / "terraform.tfvars"
        known = _texts(written.read_text()) if written.is_file() else {}
        project = project or known.get("project_id", "")
        if not project:
            raise typer.BadParameter(
                f"say which: --project=my-project, or project_id in {written}"
            )
        region = region or known.get("region", "") or _default_region(folder)
        return cls(project, region, folder, known.get("prefix", ""))

    def variables(self) -> list[str]:
        """Return Terraform's options that say the same."""
        return [f"-var=project_id={self.project}", f"-var=region={self.region}"]


def token() -> str:
    """Return TMDB's credential from the environment; "" where there is none."""
    return next(filter(None, map(_plain, TOKEN_VARIABLES)), "")


def _plain(variable: str) -> str:
    try:
        return plain(os.fsencode(os.environ.get(variable, "")))
    except ValueError as error:
        raise typer.BadParameter(
            "it is no text: copy the token into it, and nothing else",
            param_hint=variable,
        ) from error


def _texts(tfvars: str) -> dict[str, str]:
    """Read the plain texts of a .tfvars file: lines of `name = "value"`."""
    return dict(re.findall(r'^\s*(\w+)\s*=\s*"([^"]*)"', tfvars, re.MULTILINE))


def _default_region(folder: Path) -> str:
    text = (folder / "variables.tf").read_text()
    found = re.search(
        r'variable "region" \{.*?default\s*=\s*"([^"]+)"', text, re.DOTALL
    )
    return found[1] if found else ""
