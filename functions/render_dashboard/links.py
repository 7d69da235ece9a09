"""Addresses in Google's console, for the readers of the page."""

from functions.render_dashboard.payload import Links
from shared.messages import DEAD_LETTERS

CONSOLE = "https://console.cloud.google.com"


def of_project(project_id: str, prefix: str, dataset: str) -> Links:
    """Return the addresses that terraform/outputs.tf gives out too."""
    subscription = f"subscription/detail/{prefix}{DEAD_LETTERS}"
    return {
        "dead_letters": f"{CONSOLE}/cloudpubsub/{subscription}?project={project_id}",
        "alerts": f"{CONSOLE}/monitoring/alerting?project={project_id}",
        "tables": f"{CONSOLE}/bigquery?project={project_id}"
        f"&ws=!1m4!1m3!3m2!1s{project_id}!2s{dataset}",
    }
