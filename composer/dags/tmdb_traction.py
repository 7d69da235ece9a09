"""tmdb_traction: start a run of the pipeline, wait for it, check what it published.

Settings come from tmdb_traction.json beside this file, which Terraform writes. This
file imports nothing of the project: any Airflow from 3.2 on with Google's provider
runs it.
"""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
from airflow.providers.google.cloud.hooks.pubsub import PubSubHook
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import (
    DAG,
    Asset,
    BaseOperator,
    Context,
    CronTriggerTimetable,
    Param,
    get_current_context,
    task,
)
from airflow.sdk.exceptions import (
    AirflowFailException,
    AirflowSkipException,
)

SETTINGS = Path(__file__).with_suffix(".json")
MAX_BYTES_BILLED = str(20 * 1024**3)
MOST_DAYS = 90

# A run with no movie to fetch has no plan, so no row in v_run_status.
UNPLANNED = """
SELECT
  run_id,
  'DONE' AS state,
  0 AS batches_done,
  0 AS batches_total,
  CAST(NULL AS FLOAT64) AS coverage,
  MAX(reason) AS reason
FROM `{dataset}.ingestion_log`
WHERE
  run_date = @run_date AND run_id IN UNNEST(@run_ids) AND event = 'NOTHING_TO_DO'
GROUP BY run_id
"""

RUNS = f"""
WITH planned AS (
  SELECT
    runs.run_id,
    runs.state,
    runs.batches_done,
    runs.batches_total,
    runs.coverage,
    (
      SELECT ARRAY_AGG(events.reason ORDER BY events.logged_at DESC LIMIT 1)[OFFSET(0)]
      FROM `{{dataset}}.ingestion_log` AS events
      WHERE
        events.run_date = @run_date
        AND events.run_id = runs.run_id
        AND events.event IN ('RUN_CLOSED', 'CHECK_FAILED', 'METRICS_FAILED')
    ) AS reason
  FROM `{{dataset}}.v_run_status` AS runs
  WHERE runs.run_date = @run_date AND runs.run_id IN UNNEST(@run_ids)
)

SELECT * FROM planned
UNION ALL
SELECT * FROM ({UNPLANNED}) AS unplanned
WHERE run_id NOT IN (SELECT run_id FROM planned)
"""

DAYS = """
SELECT
  CAST(plans.day AS STRING) AS day,
  COALESCE(days.is_published, FALSE) AS is_published,
  days.withheld_reason,
  days.coverage,
  (
    SELECT COUNT(*)
    FROM `{dataset}.movie_metrics_aggregated` AS metrics
    WHERE metrics.calculation_date = plans.day
  ) AS movies
FROM (
  SELECT DISTINCT COALESCE(export_date, run_date) AS day
  FROM `{dataset}.batch_plan`
  WHERE run_date = @run_date AND run_id IN UNNEST(@run_ids)
) AS plans
LEFT JOIN `{dataset}.catalogue_days` AS days ON days.snapshot_date = plans.day
ORDER BY day
"""

DOC = """
Publishes one request to the pipeline's topic, waits until the run's row in
`v_run_status` says that it ended, and checks the days that the run published. A failed
task's log says the state, the reason and the command that repairs.

A repetition is harmless: a run is one mode on one day, and the pipeline starts it once.
Catch-up is off, because TMDB answers with today's votes only. Popularity of past days:
trigger `tmdb_traction_by_hand` with `mode = history`, `from_date`, `to_date`.
Runbook: {runbook_url}
"""


class RunQuery(BaseOperator):
    """Query BigQuery about runs; a subclass judges the rows."""

    template_fields = ("run_ids",)

    def __init__(
        self, *, settings: dict[str, Any], run_ids: list[str], **kwargs: object
    ) -> None:
        super().__init__(**kwargs)
        self.settings = settings
        self.run_ids = run_ids

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a query; a failed job is worth a retry of the task.

        It is waited for here: it takes seconds, and a trigger that fires so soon can
        overtake Airflow's scheduler, which then takes the task for failed.
        """
        run_date = _run_date(self.run_ids).isoformat()
        bigquery = _bigquery(self.settings)
        job = bigquery.insert_job(
            configuration={
                "query": {
                    "query": sql.format(dataset=_dataset(self.settings)),
                    "useLegacySql": False,
                    "maximumBytesBilled": MAX_BYTES_BILLED,
                    "parameterMode": "NAMED",
                    "queryParameters": [
                        {
                            "name": "run_date",
                            "parameterType": {"type": "DATE"},
                            "parameterValue": {"value": run_date},
                        },
                        {
                            "name": "run_ids",
                            "parameterType": {
                                "type": "ARRAY",
                                "arrayType": {"type": "STRING"},
                            },
                            "parameterValue": {
                                "arrayValues": [{"value": one} for one in self.run_ids]
                            },
                        },
                    ],
                }
            },
            project_id=self.settings["project_id"],
            location=self.settings["dataset_location"],
        )
        return bigquery.get_query_results(
            job_id=job.job_id,
            location=self.settings["dataset_location"],
            project_id=self.settings["project_id"],
        )


class WaitForRuns(RunQuery):
    """Wait until every run has ended; fail when one ended badly or takes too long.

    The task is deferred between looks: it occupies no worker.
    """

    def execute(self, context: Context) -> None:
        """Store when to give up, where every later call of this attempt finds it."""
        timeout = timedelta(seconds=self.settings["wait_timeout_s"])
        deadline = datetime.now(UTC) + timeout
        context["ti"].xcom_push(key="deadline", value=deadline.isoformat())
        self.look(context)

    def look(self, context: Context, event: object = None) -> None:
        """Query the state of the runs; v_run_status is made with the first metrics."""
        has_view = _bigquery(self.settings).table_exists(
            dataset_id=self.settings["dataset"],
            table_id="v_run_status",
            project_id=self.settings["project_id"],
        )
        self.judge(context, self.query(RUNS if has_view else UNPLANNED))

    def judge(self, context: Context, runs: list[dict[str, Any]]) -> None:
        """End, fail or wait, as the rows say."""
        for run in runs:
            self.log.info(
                "%(run_id)s: %(state)s, %(batches_done)s of %(batches_total)s batches, "
                "reason: %(reason)s",
                run,
            )
        well = {"PUBLISHED", "DONE"}
        if context["params"]["accept_partial"]:
            well.add("PARTIAL")
        if bad := [one for one in runs if one["state"] in {"PARTIAL", "FAILED"} - well]:
            raise AirflowFailException("\n".join(_failure(run) for run in bad))
        if len([one for one in runs if one["state"] in well]) < len(self.run_ids):
            self.wait(context, runs)

    def wait(self, context: Context, runs: list[dict[str, Any]]) -> None:
        """Defer until the next look, or fail once the time is up."""
        deadline = context["ti"].xcom_pull(key="deadline")
        if datetime.now(UTC) >= datetime.fromisoformat(deadline):
            states = {one["run_id"]: one["state"] for one in runs}
            summary = ", ".join(
                f"{run_id} is {states.get(run_id, 'not planned')}"
                for run_id in self.run_ids
            )
            raise AirflowFailException(
                f"{summary} after {self.settings['wait_timeout_s']} s. What holds it: "
                f"tmdb-traction status {self.run_ids[0]}; tmdb-traction dead-letters. "
                "Then clear this task: it waits again, and starts nothing twice"
            )
        self.defer(
            trigger=TimeDeltaTrigger(timedelta(seconds=self.settings["poll_s"])),
            method_name="look",
        )


class CheckDays(RunQuery):
    """Fail when a day of the runs is withheld or has no metrics."""

    def execute(self, context: Context) -> None:
        """Query the days and judge each; a weekly run has none."""
        if self.run_ids[0].startswith("weekly-"):
            raise AirflowSkipException("a weekly run publishes no day")
        days = self.query(DAYS)
        if not days:
            raise AirflowSkipException("the runs had nothing to do")
        bad = [day for day in days if not day["is_published"] or not day["movies"]]
        if bad:
            raise AirflowFailException("\n".join(_withheld(day) for day in bad))
        for day in days:
            self.log.info(
                "%(day)s is published: %(movies)s movies, coverage %(coverage)s", day
            )


def pipeline(dag_id: str, cron: str | None, params: dict[str, Param]) -> DAG:
    """Make a DAG of the three tasks: request, wait, check."""
    settings = json.loads(SETTINGS.read_text())
    links = {
        name: settings[f"{name}_url"]
        for name in ("dashboard", "runbook")
        if settings[f"{name}_url"]
    }
    with DAG(
        dag_id=dag_id,
        description="TMDB to BigQuery: which movies gain traction.",
        doc_md=DOC.format(**settings),
        # Whatever the environment's settings: the date is the run's own, and without a
        # start_date the first run is the next one, not the last that was missed.
        schedule=cron
        and CronTriggerTimetable(cron, timezone="UTC", run_immediately=timedelta(0)),
        catchup=False,
        # Terraform has paused Cloud Scheduler: a paused DAG would start nothing.
        is_paused_upon_creation=False,
        max_active_runs=1,
        dagrun_timeout=timedelta(seconds=settings["wait_timeout_s"], hours=1),
        default_args={
            "owner": ",".join(links) or "tmdb-traction",
            "retries": 3,
            "retry_delay": timedelta(minutes=1),
            "execution_timeout": timedelta(minutes=10),
        },
        owner_links=links,
        params=params
        | {
            "run_date": Param(
                None,
                type=["null", "string"],
                format="date",
                description="UTC day of the run; the day of the DAG run when empty",
            ),
            "accept_partial": Param(
                default=False,
                type="boolean",
                description="Succeed when too few of the movies were fetched",
            ),
        },
        tags=["tmdb-traction"],
    ) as dag:

        @task
        def publish_requests() -> list[str]:
            """Publish what Cloud Scheduler would; return the ids of the runs."""
            requests = _requests(get_current_context())
            PubSubHook().publish(
                project_id=settings["project_id"],
                topic=settings["topic"],
                messages=[{"data": json.dumps(body).encode()} for body in requests],
            )
            return [_run_id(body) for body in requests]

        run_ids = publish_requests()
        metrics = "{project_id}/{dataset}/movie_metrics_aggregated".format(**settings)
        wait = WaitForRuns(task_id="wait_for_runs", settings=settings, run_ids=run_ids)
        check = CheckDays(
            task_id="check_days",
            settings=settings,
            run_ids=run_ids,
            outlets=[Asset(f"bigquery://{metrics}")],
        )
        wait >> check
    return dag


def _requests(context: Context) -> list[dict[str, Any]]:
    """Return the bodies of topic ingest-requests."""
    params, dag_run = context["params"], context["dag_run"]
    started = dag_run.logical_date or dag_run.run_after
    run_date = params["run_date"] or started.date().isoformat()
    body = {"mode": params["mode"], "run_date": run_date}
    if params.get("limit"):
        body["limit"] = params["limit"]
    first, last = params.get("from_date"), params.get("to_date")
    if not first and not last:
        return [body]
    if params["mode"] != "history" or not first or not last:
        raise AirflowFailException(
            "from_date and to_date belong together, and to mode history"
        )
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    if not 1 <= days <= MOST_DAYS:
        raise AirflowFailException(f"from_date to to_date: 1 to {MOST_DAYS} days")
    return [
        {
            "mode": "history_day",
            "run_date": run_date,
            "date": (date.fromisoformat(first) + timedelta(days=n)).isoformat(),
        }
        for n in range(days)
    ]


def _run_id(body: dict[str, Any]) -> str:
    # A requested day of history is a history run of its own.
    mode = "history" if body["mode"] == "history_day" else body["mode"]
    return "-".join([mode, *(body[key] for key in ("run_date", "date") if key in body)])


def _run_date(run_ids: list[str]) -> date:
    return date.fromisoformat(run_ids[0].partition("-")[2][:10])


def _failure(run: dict[str, Any]) -> str:
    reason = run["reason"] or f"coverage {run['coverage']}"
    return (
        f"{run['run_id']} is {run['state']}: {reason}. See it: tmdb-traction status "
        f"{run['run_id']}; repair it: tmdb-traction replay-dead-letters --only "
        f"{run['run_id']}, or tmdb-traction validate where a check failed. "
        "Then clear this task"
    )


def _withheld(day: dict[str, Any]) -> str:
    if day["withheld_reason"]:
        return (
            f"{day['day']} is withheld: {day['withheld_reason']}. Publish it again: "
            f'tmdb-traction publish {day["day"]} --reason "...", then clear this task'
        )
    days = f"--from {day['day']} --to {day['day']}"
    return (
        f"{day['day']} is not published, or has no metrics. See why: tmdb-traction "
        f"validate {days}; compute it again: tmdb-traction backfill {days} --again"
    )


def _bigquery(settings: dict[str, Any]) -> BigQueryHook:
    return BigQueryHook(location=settings["dataset_location"], use_legacy_sql=False)


def _dataset(settings: dict[str, Any]) -> str:
    return f"{settings['project_id']}.{settings['dataset']}"


def _optional_date(description: str) -> Param:
    return Param(None, type=["null", "string"], format="date", description=description)


def dags() -> list[DAG]:
    """Make the three DAGs; schedules are Terraform's variables, in UTC."""
    settings = json.loads(SETTINGS.read_text())
    return [
        pipeline(
            f"tmdb_traction_{mode}",
            settings[f"{mode}_schedule"],
            {"mode": Param(mode, enum=[mode])},
        )
        for mode in ("daily", "weekly")
    ] + [
        pipeline(
            "tmdb_traction_by_hand",
            None,
            {
                "mode": Param("daily", enum=["initial", "daily", "weekly", "history"]),
                "limit": Param(
                    None,
                    type=["null", "integer"],
                    minimum=1,
                    description="Most popular movies to track: initial, daily",
                ),
                "from_date": _optional_date("First day of history"),
                "to_date": _optional_date("Last day of history"),
            },
        )
    ]


tmdb_traction_daily, tmdb_traction_weekly, tmdb_traction_by_hand = dags()
