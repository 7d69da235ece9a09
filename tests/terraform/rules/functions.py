"""Functions: settings, threads, time and labels."""

from collections.abc import Iterator
from typing import Any

from local import archives, topics
from local.function_processes import CONCURRENCY
from shared import deadlines
from shared.config import Settings
from tests.terraform.driver import Json, planned
from tests.terraform.rules.reading import of_type

RUNTIME = "python" + (archives.ROOT / ".python-version").read_text().strip().replace(
    ".", ""
)


OF_WIKIPEDIA = {"WIKIDATA_URL", "WIKIPEDIA_CONTACT"}
USE_NO_WIKIPEDIA = {archives.DASHBOARD}
"""It only reads what the others have stored."""


def settings_are_whole(plan: Json) -> Iterator[str]:
    """Each function has every setting, those of functions-framework, and no other."""
    for item in of_type(plan, "google_cloudfunctions2_function"):
        config = item["values"]["service_config"][0]
        env = dict(config["environment_variables"])
        threads = env.pop("THREADS", None)
        concurrency = config["max_instance_request_concurrency"]
        if env.pop("SOURCE_SHA256", None) != _archives(plan)[item["index"]]:
            yield f"{item['index']} does not say which archive it was built from"
        if threads != str(concurrency):
            yield f"{item['index']} has {threads} threads for {concurrency} requests"
        reader = _Reader(env)
        Settings.from_env(reader)
        left_out = {"TOPIC_PREFIX"} - env.keys()  # where it is empty
        if item["index"] in USE_NO_WIKIPEDIA:
            left_out |= OF_WIKIPEDIA
        for name in sorted(reader.names - left_out ^ env.keys()):
            yield f"{item['index']}: {name} is set or read, but not both"
        for name in sorted(name for name, value in env.items() if not value):
            yield f"{item['index']}: {name} is empty, which an API may drop"


def _archives(plan: Json) -> dict[str, str]:
    """Return the hash of each function's archive."""
    read = plan["prior_state"]["values"]["root_module"]["resources"]
    return {
        item["index"]: item["values"]["output_sha256"]
        for item in read
        if item["type"] == "archive_file"
    }


class _Reader(dict[str, str]):
    """An environment that records which variables were read."""

    def __init__(self, env: dict[str, str]) -> None:
        super().__init__(env)
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


def functions_are_as_tested(plan: Json) -> Iterator[str]:
    """Runtime, concurrency and timeout are those of the local stack."""
    for item in of_type(plan, "google_cloudfunctions2_function"):
        key, values = item["index"], item["values"]
        config = values["service_config"][0]
        if config["max_instance_request_concurrency"] != CONCURRENCY[key]:
            yield f"{key} is tested with {CONCURRENCY[key]} requests at once"
        if config["max_instance_count"] != 1:
            yield f"{key} has several instances: TMDB's rate is kept within one"
        if not config["timeout_seconds"] < topics.ACK_DEADLINE_S:
            yield f"{key} may still work when its message is delivered again"
        if config["timeout_seconds"] != deadlines.FUNCTION_S:
            yield f"{key} may take other than {deadlines.FUNCTION_S} s"
        deadline_s = float(config["environment_variables"]["FETCH_DEADLINE_S"])
        if key == "fetch_details" and deadline_s != deadlines.FETCH_S:
            yield f"{key} is ended before it gives a batch back"
        build = values["build_config"][0]
        if (build["runtime"], build["entry_point"]) != (RUNTIME, key):
            yield f"{key} is built as {build['runtime']}, {build['entry_point']}"


def everything_is_labelled(plan: Json) -> Iterator[str]:
    """Every resource that can have labels names the project."""
    for item in planned(plan):
        labels = item["values"].get("effective_labels")
        if labels is not None and labels.get("app") != "tmdb-traction":
            yield f"{item['address']} is not labelled"
