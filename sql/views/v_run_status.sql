-- v_run_status: how far each run has come, computed from what is visible and never stored.
-- The functions run the query below, with a filter on run_id and run_date around it, before this
-- view and metric_thresholds exist (they put its text in); it groups by both columns so that
-- BigQuery applies the filter to each table.
-- Grain: one row per run_id.
--
-- A run has the first of these states whose facts are visible. "Since" is since nothing more was
-- to come: since the last batch, or since a run was closed without it.
--   FAILED     CHECK_FAILED since, and no METRICS_DONE after it
--   PARTIAL    METRICS_DONE since, and the coverage is below published_min_coverage
--   PUBLISHED  METRICS_DONE since
--   FAILED     METRICS_FAILED since: metrics were requested several times without a result
--   METRICS    METRICS_REQUESTED since
--   COMPLETE   BATCH_DONE of every batch, and as many detail rows as the batches claim
--   FAILED     RUN_CLOSED, and no movie was fetched
--   FETCHING   BATCH_DONE of some batch
--   PLANNED    the rows of batch_plan
-- A weekly run publishes no day and ends with its batches. Before any of the above:
--   DONE       it is complete, and its coverage suffices
--   PARTIAL    it is complete without, or RUN_CLOSED and some movies were fetched
-- Late batches repair a PARTIAL run: what came before them is no longer since.
CREATE OR REPLACE VIEW tmdb_analytics.v_run_status AS
WITH
facts AS (
  SELECT
    run_id,
    run_date,
    mode,
    'BATCH_PLANNED' AS fact,
    batch_no,
    CAST(NULL AS INT64) AS movie_id,
    ARRAY_LENGTH(movie_ids) AS expected,
    CAST(NULL AS INT64) AS fetched,
    CAST(NULL AS INT64) AS not_found,
    CAST(NULL AS INT64) AS failed,
    CAST(NULL AS INT64) AS written,
    CAST(NULL AS INT64) AS tmdb_requests,
    CAST(NULL AS INT64) AS tmdb_throttled,
    CAST(NULL AS INT64) AS bytes_billed,
    CAST(NULL AS STRING) AS code_version,
    created_at AS happened_at,
    created_at AS began_at
  FROM tmdb_analytics.batch_plan
  UNION ALL
  SELECT
    run_id,
    run_date,
    mode,
    event AS fact,
    batch_no,
    movie_id,
    expected,
    fetched,
    not_found,
    failed,
    written,
    tmdb_requests,
    tmdb_throttled,
    bytes_billed,
    code_version,
    logged_at AS happened_at,
    TIMESTAMP_SUB(
      logged_at, INTERVAL CAST(COALESCE(seconds, 0) * 1000 AS INT64) MILLISECOND
    ) AS began_at
  FROM tmdb_analytics.ingestion_log
  UNION ALL
  SELECT
    run_id,
    run_date,
    NULL AS mode,
    'MOVIE_LANDED' AS fact,
    NULL AS batch_no,
    movie_id,
    NULL AS expected,
    NULL AS fetched,
    NULL AS not_found,
    NULL AS failed,
    NULL AS written,
    NULL AS tmdb_requests,
    NULL AS tmdb_throttled,
    NULL AS bytes_billed,
    NULL AS code_version,
    fetched_at AS happened_at,
    fetched_at AS began_at
  FROM tmdb_analytics.movie_details_raw
),

-- Redelivered messages repeat facts: the newest of each counts, so batches and movies are distinct,
-- and it happened when it first did. Republications, requests and computations are each one of
-- their own: all computations were billed.
newest AS (
  SELECT
    *,
    MIN(happened_at) OVER same_fact AS first_at
  FROM facts
  QUALIFY
    ROW_NUMBER() OVER (
      same_fact ORDER BY happened_at DESC, written DESC, fetched DESC, bytes_billed DESC
    ) = 1
  WINDOW
    same_fact AS (
      PARTITION BY
        run_id,
        run_date,
        fact,
        batch_no,
        movie_id,
        IF(
          fact IN (
            'RUN_REPUBLISHED',
            'METRICS_REQUESTED',
            'METRICS_DONE',
            'CHECK_FAILED',
            'COMPUTATION_FAILED'
          ),
          UNIX_MICROS(happened_at),
          NULL
        )
    )
),

counts AS (
  SELECT
    run_id,
    run_date,
    MAX(IF(fact = 'BATCH_PLANNED', mode, NULL)) AS mode,
    COUNTIF(fact = 'BATCH_PLANNED') AS batches_total,
    COUNTIF(fact = 'BATCH_DONE') AS batches_done,
    SUM(IF(fact = 'BATCH_PLANNED', expected, 0)) AS expected_by_plan,
    MAX(IF(fact = 'RUN_PLANNED', expected, NULL)) AS expected_by_run,
    SUM(IF(fact = 'BATCH_DONE', expected, 0)) AS expected_by_batches,
    COALESCE(SUM(IF(fact = 'BATCH_DONE', fetched, NULL)), 0) AS fetched,
    COALESCE(SUM(IF(fact = 'BATCH_DONE', not_found, NULL)), 0) AS not_found,
    COALESCE(SUM(IF(fact = 'BATCH_DONE', failed, NULL)), 0) AS failed,
    COALESCE(SUM(IF(fact = 'BATCH_DONE', written, NULL)), 0) AS written,
    COALESCE(SUM(IF(fact = 'BATCH_DONE', tmdb_requests, NULL)), 0) AS tmdb_requests,
    COALESCE(SUM(IF(fact = 'BATCH_DONE', tmdb_throttled, NULL)), 0) AS tmdb_throttled,
    COUNTIF(fact = 'MOVIE_LANDED') AS rows_visible,
    LOGICAL_OR(fact = 'BATCH_DONE') AS is_begun,
    COUNTIF(fact = 'RUN_REPUBLISHED') AS republished,
    COALESCE(SUM(bytes_billed), 0) AS bytes_billed,
    MAX(code_version) AS code_version,
    MAX(IF(fact = 'BATCH_DONE', first_at, NULL)) AS batches_done_at,
    MAX(IF(fact = 'RUN_CLOSED', first_at, NULL)) AS closed_at,
    MAX(IF(fact = 'METRICS_REQUESTED', happened_at, NULL)) AS metrics_requested_at,
    ARRAY_AGG(IF(fact = 'METRICS_REQUESTED', happened_at, NULL) IGNORE NULLS) AS requests_at,
    MAX(IF(fact = 'METRICS_FAILED', happened_at, NULL)) AS metrics_failed_at,
    -- What came while the statements ran may not be in what they wrote: their beginning counts.
    MAX(IF(fact = 'METRICS_DONE', began_at, NULL)) AS metrics_began_at,
    MAX(IF(fact = 'CHECK_FAILED', began_at, NULL)) AS check_began_at,
    MAX(IF(fact = 'CHECK_FAILED', happened_at, NULL)) AS check_failed_at,
    MIN(IF(fact = 'BATCH_PLANNED', happened_at, NULL)) AS started_at,
    MAX(IF(fact = 'METRICS_DONE', happened_at, NULL)) AS ended_at,
    MAX(happened_at) AS last_seen_at
  FROM newest
  GROUP BY run_id, run_date
  HAVING LOGICAL_OR(fact = 'BATCH_PLANNED')
),

judged AS (
  SELECT
    *,
    -- What the batches found to do; until all have said so, what the run had counted.
    IF(
      batches_done >= batches_total,
      expected_by_batches,
      COALESCE(expected_by_run, expected_by_plan)
    ) AS expected,
    -- A marker may be visible before the rows that it claims. History has no detail rows, and of a
    -- weekly run nothing is computed. Detail rows expire: what came after the last marker says that
    -- they were visible, or that nobody waits for them any more.
    batches_done >= batches_total
    AND (
      mode IN ('history', 'weekly')
      OR rows_visible >= written
      OR COALESCE(closed_at >= batches_done_at, FALSE)
      OR COALESCE(metrics_requested_at >= batches_done_at, FALSE)
      OR COALESCE(ended_at >= batches_done_at, FALSE)
    ) AS is_complete
  FROM counts
),

-- Metrics are due once nothing more is to come, and again when something came after all.
due AS (
  SELECT
    *,
    SAFE_DIVIDE(fetched, expected - not_found) AS coverage,
    closed_at IS NOT NULL AS is_closed,
    GREATEST(
      COALESCE(batches_done_at, started_at), COALESCE(IF(is_complete, NULL, closed_at), started_at)
    ) AS due_at,
    mode != 'weekly'
    AND (is_complete OR (closed_at IS NOT NULL AND NULLIF(fetched, 0) IS NOT NULL)) AS is_due
  FROM judged
),

settled AS (
  SELECT
    due.*,
    COALESCE(coverage >= thresholds.published_min_coverage, FALSE) AS is_covered,
    COALESCE(is_due AND metrics_began_at >= due_at, FALSE) AS is_published,
    COALESCE(is_due AND metrics_requested_at >= due_at, FALSE) AS is_metrics_requested,
    (SELECT COUNT(*) FROM UNNEST(requests_at) AS requested_at WHERE requested_at >= due_at)
      AS metrics_requests,
    COALESCE(is_due AND metrics_failed_at >= due_at, FALSE) AS is_metrics_failed,
    COALESCE(
      is_due AND check_began_at >= due_at AND check_failed_at >= COALESCE(ended_at, due_at), FALSE
    ) AS is_check_failed
  FROM due
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
)

SELECT
  run_id,
  mode,
  run_date,
  CASE
    -- A weekly run refreshes movies and publishes no day: it ends with its last batch.
    WHEN mode = 'weekly' AND is_complete THEN IF(is_covered, 'DONE', 'PARTIAL')
    WHEN mode = 'weekly' AND is_closed AND NULLIF(fetched, 0) IS NOT NULL THEN 'PARTIAL'
    WHEN is_check_failed THEN 'FAILED'
    WHEN is_published AND NOT is_covered THEN 'PARTIAL'
    WHEN is_published THEN 'PUBLISHED'
    WHEN is_metrics_failed THEN 'FAILED'
    WHEN is_metrics_requested THEN 'METRICS'
    WHEN is_complete THEN 'COMPLETE'
    WHEN is_closed AND NOT is_due THEN 'FAILED'
    WHEN is_begun THEN 'FETCHING'
    ELSE 'PLANNED'
  END AS state,
  batches_total,
  batches_done,
  expected,
  fetched,
  not_found,
  failed,
  written,
  rows_visible,
  coverage,
  is_covered,
  is_complete,
  is_closed,
  is_due,
  is_metrics_requested,
  is_metrics_failed,
  metrics_requests,
  is_check_failed,
  is_published,
  republished,
  started_at,
  ended_at,
  metrics_requested_at,
  last_seen_at,
  -- From the plan to the end; to the newest fact while there is no end.
  TIMESTAMP_DIFF(COALESCE(ended_at, last_seen_at), started_at, MILLISECOND) / 1000 AS seconds,
  tmdb_requests,
  tmdb_throttled,
  bytes_billed,
  code_version
FROM settled
