"""The faults, by name: each one prepares a scenario and sets what must come of it."""

from collections.abc import Callable, Mapping

from benchmarks.fault_injection.faults import bigquery, crashes, messages, tmdb
from benchmarks.fault_injection.scenario import Scenario

type Fault = Callable[[Scenario], None]


def _nothing(_scenario: Scenario) -> None:
    """No fault, except the duplicates that every run has."""


FAULTS: Mapping[str, Fault] = {
    "none": _nothing,
    "killed before work": crashes.killed_before_work,
    "killed between rows and marker": crashes.killed_before_marker,
    "killed between marker and check": crashes.killed_after_marker,
    "killed while planning": crashes.killed_while_planning,
    "killed during metrics": crashes.killed_during_metrics,
    "lost batch": messages.lost_batch,
    "batch later than the deadline": messages.late_batch,
    "three sweeps at once": messages.two_sweeps,
    "poison movies": tmdb.poison_movies,
    "poison messages": messages.poison_messages,
    "storm of 429": tmdb.storm,
    "TMDB outage": tmdb.outage,
    "slow TMDB": tmdb.slow,
    "short and repeated pages": tmdb.bad_pages,
    "export missing or damaged": tmdb.bad_export,
    "BigQuery 503": bigquery.away,
    "rows refused": bigquery.refused_rows,
    "midnight during the run": crashes.midnight,
    "rows visible late": bigquery.visible_late,
    "quota used up": bigquery.quota,
    "storm of 404": tmdb.storm_of_404,
    "gzip without a header": tmdb.bare_gzip,
    "missed tick": messages.missed_tick,
    "expired partitions": bigquery.expired,
}
