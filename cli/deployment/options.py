"""Options of the commands that run Terraform, and TMDB's token."""

import os
from pathlib import Path
from typing import Annotated

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


def token() -> str:
    """Return TMDB's credential from the environment; "" where there is none."""
    return next(filter(None, map(_plain, TOKEN_VARIABLES)), "")


def _plain(variable: str) -> str:
    try:
        return plain(os.fsencode(os.environ.get(variable, "")))
    except ValueError as error:
        raise typer.BadParameter(
            "it is not text: copy the token into it, and nothing else",
            param_hint=variable,
        ) from error
