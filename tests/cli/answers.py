"""The output of gcloud and terraform on a machine without a problem."""

import json
from typing import Any

FIRST_APIS = ["cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com"]
LATER_APIS = [
    "cloudfunctions.googleapis.com",
    "cloudscheduler.googleapis.com",
    "run.googleapis.com",
]


def apis(*names: str) -> tuple[int, str]:
    """Return enabled APIs as gcloud lists them."""
    return 0, json.dumps([{"config": {"name": name}} for name in names])


def regions(*names: str) -> tuple[int, str]:
    """Return regions as gcloud lists them."""
    return 0, json.dumps([{"name": f"projects/p/locations/{name}"} for name in names])


WELL = {
    "version": (0, json.dumps({"Google Cloud SDK": "560.0.0"})),
    "auth list": (0, json.dumps([{"account": "me@example.com"}])),
    "auth application-default": (0, "a-credential"),
    "projects describe my-project": (0, json.dumps({"lifecycleState": "ACTIVE"})),
    "billing projects describe": (0, json.dumps({"billingEnabled": True})),
    "services list": apis(*FIRST_APIS, *LATER_APIS),
    "functions regions list --gen2": regions("us-central1", "europe-west1"),
    "scheduler locations list": regions("us-central1", "europe-west1"),
    "org-policies describe": (0, json.dumps({"spec": {"rules": [{"allowAll": True}]}})),
    "beta services identity create": (0, "{}"),
    "functions list --v2": (0, "[]"),
    "run services list": (0, "[]"),
    "functions call compute-metrics": (0, "{}"),
}
"""The output of gcloud without a problem."""


def deployed(
    name: str,
    state: str = "ACTIVE",
    *,
    wanted: str = "a" * 64,
    served: str = "a" * 64,
    **status: Any,
) -> dict[str, tuple[int, str]]:
    """Return the output of gcloud about one function and its Cloud Run service."""
    message = {"severity": "ERROR", "message": "Build failed: no such version"}
    function = {
        "name": f"projects/p/locations/r/functions/{name}",
        "state": state,
        "stateMessages": [message] if state == "FAILED" else [],
        "serviceConfig": {"environmentVariables": {"SOURCE_SHA256": wanted}},
    }
    env = [{"name": "SOURCE_SHA256", "value": served}]
    service = {
        "metadata": {"name": name},
        "spec": {"template": {"spec": {"containers": [{"env": env}]}}},
        "status": {
            "latestCreatedRevisionName": "r-2",
            "latestReadyRevisionName": "r-2",
            "traffic": [{"latestRevision": True, "percent": 100}],
            **status,
        },
    }
    return {
        "functions list --v2": (0, json.dumps([function])),
        "run services list": (0, json.dumps([service])),
    }


VERSION = {"version": (0, json.dumps({"terraform_version": "1.15.0"}))}


def console(dataset: str, location: str, prefix: str) -> tuple[int, str]:
    """Return a JSON text as `terraform console` prints it."""
    return 0, json.dumps(json.dumps([dataset, location, prefix]))


READ = {
    "console": console("films", "US", ""),
    "show -json": (0, "{}"),
}
"""The output of a root with an empty state."""
