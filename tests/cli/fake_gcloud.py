"""gcloud for a fake project: what a person's commands ask, answer and change.

A program, started by a small script on PATH. `project.json` beside it names the file of
the fake provider's cloud and Terraform's state: both see the same project. Builds
whose function is in "failing_builds" of that file fail: a function that is new stays
FAILED, one that was there goes on serving what it served, ACTIVE. A command that the
real gcloud would not take ends with 2, one that nobody expected with 64.
"""

import fcntl
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

type Json = dict[str, Any]

NUMBER_OF_AGENT = {
    "pubsub.googleapis.com": "gcp-sa-pubsub",
    "cloudfunctions.googleapis.com": "gcf-admin-robot",
    "cloudscheduler.googleapis.com": "gcp-sa-cloudscheduler",
}
BUILD_ERROR = "Build failed: could not find a version that satisfies the requirement"
REGIONS_OF_GEN1 = ("us-central1", "europe-west1")
REGIONS_OF_GEN2 = (*REGIONS_OF_GEN1, "europe-west4", "us-east5")
FUNCTION = "google_cloudfunctions2_function"


class RefusedError(Exception):
    """What gcloud says on its error output, and how it ends."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Project:
    """The project: the fake provider's file, Terraform's state, and the words asked."""

    def __init__(self, folder: Path, words: list[str]) -> None:
        config = json.loads((folder / "project.json").read_text())
        self.id: str = config["project"]
        self.number: str = config["number"]
        self._cloud = Path(config["cloud"])
        self._state = Path(config["state"])
        # Terraform runs several of these, and its provider, at once.
        self._lock = self._cloud.open("r+")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.cloud: Json = json.loads(self._cloud.read_text() or "{}")
        if "--data" in words:  # its value may be the next argument
            here = words.index("--data")
            words = [*words[:here], f"--data={words[here + 1]}", *words[here + 2 :]]
        self.names = [word for word in words if not word.startswith("-")]
        self.flags = dict(
            word.removeprefix("--").partition("=")[::2]
            for word in words
            if word.startswith("--")
        )

    def save(self) -> None:
        """Store the changes."""
        self._cloud.write_text(json.dumps(self.cloud))

    def add(self, kind: str, *items: str) -> None:
        """Add to a list of the cloud, once."""
        known = self.cloud.setdefault(kind, [])
        known.extend(item for item in items if item not in known)

    def functions(self) -> list[Json]:
        """Return the functions of Terraform's state."""
        text = self._state.read_text() if self._state.is_file() else "{}"
        return [
            instance["attributes"]
            for resource in json.loads(text).get("resources", [])
            if resource["type"] == FUNCTION
            for instance in resource["instances"]
        ]

    def built(self) -> dict[str, Json]:
        """Return what each function serves: its newest deployment that did not fail."""
        served = self.cloud.setdefault("served", {})
        log = [tuple(entry) for entry in self.cloud.get("log", [])]
        for one in self.functions():
            worked = sum(
                log.count((op, FUNCTION, one["id"])) for op in ("create", "update")
            )
            if worked > served.get(one["name"], {}).get("deployments", 0):
                served[one["name"]] = {"deployments": worked, **_wanted(one)}
        return dict(served)


def _wanted(function: Json) -> Json:
    source = function["build_config"][0]["source"][0]["storage_source"][0]
    return {
        "object": source["object"],
        "env": function["service_config"][0]["environment_variables"],
    }


def _functions(project: Project) -> list[Json]:
    if "v2" not in project.flags or "regions" not in project.flags:
        raise RefusedError(2, "functions list: --v2 and --regions")
    served = project.built()
    listed = []
    for one in project.functions():
        serves = served.get(one["name"])
        has_failed = not serves or serves["object"] != _wanted(one)["object"]
        listed.append(
            {
                "name": f"projects/{project.id}/locations/r/functions/{one['name']}",
                "state": "ACTIVE" if serves else "FAILED",
                "stateMessages": [{"severity": "ERROR", "message": BUILD_ERROR}]
                if has_failed
                else [],
            }
        )
    return listed


def _services(project: Project) -> list[Json]:
    return [
        {
            "metadata": {"name": name},
            "spec": {
                "template": {
                    "spec": {
                        "containers": [
                            {
                                "env": [
                                    {"name": key, "value": value}
                                    for key, value in serves["env"].items()
                                ]
                            }
                        ]
                    }
                }
            },
            "status": {
                "latestCreatedRevisionName": f"{name}-1",
                "latestReadyRevisionName": f"{name}-1",
                "traffic": [{"latestRevision": True, "percent": 100}],
            },
        }
        for name, serves in project.built().items()
    ]


def _make_agent(project: Project) -> Json:
    service = project.flags["service"]
    name = NUMBER_OF_AGENT[service]
    email = f"service-{project.number}@{name}.iam.gserviceaccount.com"
    project.add("agents", email)
    return {"email": email}


def _enable(project: Project) -> None:
    project.add("apis", *project.names[2:])


def _call(project: Project) -> Json:
    name = project.names[2]
    if name not in project.built():
        raise RefusedError(1, f"ERROR: (gcloud.functions.call) {name} not found")
    body = json.loads(project.flags["data"])
    project.cloud.setdefault("called", []).append([name, body])
    return {"status": "views made"}


def _regions(project: Project) -> list[Json]:
    offered = REGIONS_OF_GEN2 if "gen2" in project.flags else REGIONS_OF_GEN1
    return [{"name": f"projects/{project.id}/locations/{one}"} for one in offered]


def _locations(project: Project) -> list[Json]:
    return [
        {"name": f"projects/{project.id}/locations/{one}"} for one in REGIONS_OF_GEN2
    ]


def _apis(project: Project) -> list[Json]:
    return [{"config": {"name": name}} for name in project.cloud.get("apis", [])]


COMMANDS: dict[str, Callable[[Project], Any]] = {
    "version": lambda _: {"Google Cloud SDK": "560.0.0"},
    "auth list": lambda _: [{"account": "me@example.com"}],
    "auth application-default print-access-token": lambda _: "a-credential",
    "projects describe": lambda _: {"lifecycleState": "ACTIVE"},
    "billing projects describe": lambda _: {"billingEnabled": True},
    "services list": _apis,
    "services enable": _enable,
    "functions regions list": _regions,
    "scheduler locations list": _locations,
    "beta services identity create": _make_agent,
    "functions list": _functions,
    "run services list": _services,
    "functions call": _call,
    "org-policies describe": lambda _: {"spec": {"rules": [{"allowAll": True}]}},
}


def main(program: Path, words: list[str]) -> int:
    """Execute one command."""
    out, error = sys.stdout.write, sys.stderr.write
    with (program.parent / "calls").open("a") as calls:
        calls.write(f"gcloud {' '.join(words)}\n")
    project = Project(program.parent, words)
    for start, answer in COMMANDS.items():
        if " ".join(project.names).startswith(start):
            named = project.flags.get("project", project.id)
            if named != project.id:
                error(f"ERROR: {named} is not {project.id}\n")
                return 1
            try:
                reply = answer(project)
            except RefusedError as refused:
                error(f"{refused}\n")
                return refused.code
            project.save()
            if reply is not None:
                out(reply if isinstance(reply, str) else json.dumps(reply))
            return 0
    error(f"ERROR: gcloud was not expected to be called: {words}\n")
    return 64


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
