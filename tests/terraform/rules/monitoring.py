"""Monitoring: existing metrics, fields of logs, and texts with links."""

import json
import re
from collections.abc import Iterator

from local import archives
from tests.terraform.driver import Json
from tests.terraform.rules.reading import of_type

GOOGLES = {
    "bigquery.googleapis.com/query/scanned_bytes_billed": "global",
    "pubsub.googleapis.com/subscription/num_undelivered_messages": (
        "pubsub_subscription"
    ),
    "run.googleapis.com/request_count": "cloud_run_revision",
    "run.googleapis.com/request_latencies": "cloud_run_revision",
}
"""Google's metrics that we use, and the resource each is about (cloud.google.com/
monitoring/api/metrics_gcp): no schema knows them, and a wrong one is never heard of."""

OF_DISTRIBUTIONS = re.compile(r"_(bucket|count|sum)$")
SERIES = re.compile(r'([a-z_]+:[a-z_]+)\{monitored_resource="(\w+)"')
RUNBOOK = archives.ROOT / "docs/runbook.md"
MOST_CHARACTERS = 8_192
"""Of an alert's documentation; Cloud Monitoring refuses more."""


def metrics_exist(plan: Json) -> Iterator[str]:
    """Alerts and the dashboard use metrics of Google or of this root."""
    known = _known_series(plan)
    for address, text in _queries(plan):
        series = SERIES.findall(text)
        kinds = re.findall(r'metric\.type="([^"]+)"', text)
        resources = re.findall(r'resource\.type="([^"]+)"', text)
        if not series and not kinds and "jsonPayload" not in text:
            yield f"{address} is about no metric: {text}"
        for name, resource in series:
            if known.get(OF_DISTRIBUTIONS.sub("", name), known.get(name)) != resource:
                yield f"{address}: there is no {name} of {resource}"
        for kind in kinds:
            if [GOOGLES.get(kind)] != resources:
                yield f"{address}: there is no {kind} of {resources}"


def alerts_are_made_and_paid_once(plan: Json) -> Iterator[str]:
    """Require one series per condition, and no metric that must exist before."""
    for policy in of_type(plan, "google_monitoring_alert_policy"):
        [condition] = policy["values"]["conditions"]
        for of_kind in condition["condition_threshold"]:
            reducers = [by["cross_series_reducer"] for by in of_kind["aggregations"]]
            if not any(reducers) or of_kind["filter"].count("user/"):
                yield f"{policy['index']} is of several series, or of a metric of ours"
        for of_kind in condition["condition_prometheus_query_language"]:
            if " by (" in of_kind["query"]:
                yield f"{policy['index']} is of several series"
            if not of_kind["disable_metric_validation"]:
                yield f"{policy['index']}: a first apply is answered 404"


def alerts_can_be_answered(plan: Json) -> Iterator[str]:
    """Each alert says what to check and to do, and has a chapter in the runbook."""
    chapters = set(re.findall(r"^## ([a-z-]+)$", RUNBOOK.read_text(), re.MULTILINE))
    named = set()
    for policy in of_type(plan, "google_monitoring_alert_policy"):
        values = policy["values"]
        [documentation] = values["documentation"]
        content = documentation["content"]
        chapter = content.strip().rpartition("#")[2]
        named.add(chapter)
        if chapter != policy["index"].replace("_", "-") or chapter not in chapters:
            yield f"{policy['index']} has no chapter in docs/runbook.md"
        if not {"First look: ", "Then: "} <= set(re.findall(r"(?m)^[\w ]+: ", content)):
            yield f"{policy['index']} says neither where to look nor what to do"
        if len(content) > MOST_CHARACTERS:
            yield f"{policy['index']} has {len(content)} characters of documentation"
        if not values.get("user_labels"):
            yield f"{policy['index']} is not labelled"
        is_limited = bool(values["alert_strategy"][0]["notification_rate_limit"])
        if is_limited != bool(values["conditions"][0]["condition_matched_log"]):
            yield f"{policy['index']}: matched logs need a rate limit, others take none"
    if named != chapters:
        yield f"chapters without an alert: {sorted(chapters - named)}"


def dashboard_is_kept_as_written(plan: Json) -> Iterator[str]:
    """No tile overlaps another; fields that the API omits are omitted."""
    for dashboard in of_type(plan, "google_monitoring_dashboard"):
        written = json.loads(dashboard["values"]["dashboard_json"])
        yield from _nothings(written, "dashboard")
        tiles = written["mosaicLayout"]["tiles"]
        places = {(tile.get("xPos", 0), tile.get("yPos", 0)) for tile in tiles}
        if len(places) < len(tiles):
            yield "tiles lie on each other"


def distributions_have_buckets(plan: Json) -> Iterator[str]:
    """Every distribution has buckets: the API requires them."""
    for metric in of_type(plan, "google_logging_metric"):
        values = metric["values"]
        [descriptor] = values["metric_descriptor"]
        bounds = [
            explicit["bounds"]
            for options in values["bucket_options"]
            for explicit in options["explicit_buckets"]
        ]
        if descriptor["value_type"] != "DISTRIBUTION":
            if bounds:
                yield f"{metric['index']} is no distribution, but has buckets"
        elif not bounds:
            yield f"{metric['index']} is a distribution without buckets"
        elif not 3 < len(bounds[0]) <= 200 or bounds[0] != sorted(set(bounds[0])):
            yield f"{metric['index']} has the bounds {bounds[0]}"


def legends_name_labels(plan: Json) -> Iterator[str]:
    """Let legends name labels as the dashboards API reads them: ${label}.

    The query of a legend must return its labels.
    """
    for dashboard in of_type(plan, "google_monitoring_dashboard"):
        layout = json.loads(dashboard["values"]["dashboard_json"])["mosaicLayout"]
        for tile in layout["tiles"]:
            title = tile["widget"]["title"]
            for shown in tile["widget"]["xyChart"]["dataSets"]:
                legend = shown["legendTemplate"]
                query = shown["timeSeriesQuery"]["prometheusQuery"]
                kept = set(
                    re.findall(r"\w+", "".join(re.findall(r"by \(([^)]*)\)", query)))
                )
                if "{" in (rest := re.sub(r"\$\{\w+\}", "", legend)):
                    yield f"tile {title}: {rest} would be shown as it is"
                for label in set(re.findall(r"\$\{(\w+)\}", legend)) - kept:
                    yield f"tile {title}: its query has no {label}"


def _nothings(value: object, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _nothings(part, f"{path}.{name}")
    elif isinstance(value, list):
        for part in value:
            yield from _nothings(part, path)
    elif not value:
        yield f"{path} is {value!r}, which the API drops"


def _known_series(plan: Json) -> dict[str, str]:
    """Return PromQL's names of all metrics, and the resource of each."""
    googles = {
        re.sub(r"[./]", "_", kind.replace("/", ":", 1)): resource
        for kind, resource in GOOGLES.items()
    }
    ours = {
        f"logging_googleapis_com:user_{metric['values']['name']}": "cloud_run_revision"
        for metric in of_type(plan, "google_logging_metric")
    }
    return googles | ours


def _queries(plan: Json) -> Iterator[tuple[str, str]]:
    for policy in of_type(plan, "google_monitoring_alert_policy"):
        for condition in policy["values"]["conditions"]:
            for of_kind in condition["condition_prometheus_query_language"]:
                yield policy["address"], of_kind["query"]
            for kind in ("condition_threshold", "condition_matched_log"):
                for of_kind in condition[kind]:
                    yield policy["address"], of_kind["filter"]
    for dashboard in of_type(plan, "google_monitoring_dashboard"):
        layout = json.loads(dashboard["values"]["dashboard_json"])["mosaicLayout"]
        for tile in layout["tiles"]:
            for shown in tile["widget"]["xyChart"]["dataSets"]:
                query = shown["timeSeriesQuery"]["prometheusQuery"]
                yield f"tile {tile['widget']['title']}", query
