-- catalogue_days: what each day looked like across all movies.
-- A day is published, or not, by gate/publish.sql; computing it again leaves that as it is.
-- Grain: one row per snapshot_date.
MERGE tmdb_analytics.catalogue_days AS stored
USING (
  WITH
  changes AS (
    SELECT
      snapshot_date,
      popularity,
      vote_count,
      IF(
        popularity_pct_change_1d IS NULL,
        NULL,
        SAFE.LN(1 + popularity_pct_change_1d / 100)
      ) AS popularity_log_change_1d
    FROM tmdb_analytics.movie_daily_snapshots
    WHERE snapshot_date BETWEEN @from_date AND @to_date AND COALESCE(is_tracked, TRUE)
  ),

  medians AS (
    SELECT
      *,
      PERCENTILE_CONT(popularity_log_change_1d, 0.5) OVER (PARTITION BY snapshot_date)
        AS popularity_log_change_1d_median
    FROM changes
  ),

  days AS (
    SELECT
      snapshot_date,
      COUNT(popularity) AS movies_observed,
      LOGICAL_OR(vote_count IS NOT NULL) AS has_votes,
      COUNT(popularity_log_change_1d) AS movies_compared,
      MAX(popularity_log_change_1d_median) AS popularity_log_change_1d_median
    FROM medians
    GROUP BY snapshot_date
  ),

  -- The best run of the day: a later one repairs an earlier one.
  runs AS (
    SELECT
      run_date,
      MAX(coverage) AS coverage
    FROM tmdb_analytics.v_run_status
    WHERE run_date BETWEEN @from_date AND @to_date AND mode IN ('initial', 'daily')
    GROUP BY run_date
  ),

  judged AS (
    SELECT
      days.*,
      runs.coverage,
      days.movies_compared >= thresholds.cohort_min_movies AS is_compared,
      LN(thresholds.catalogue_shift_min_factor) AS shift_min_log_change
    FROM days
    LEFT JOIN runs ON days.snapshot_date = runs.run_date
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  )

  SELECT
    snapshot_date,
    movies_observed,
    has_votes,
    coverage,
    IF(is_compared, popularity_log_change_1d_median, NULL) AS popularity_log_change_1d_median,
    is_compared AND ABS(popularity_log_change_1d_median) >= shift_min_log_change
      AS is_catalogue_shift
  FROM judged
) AS fresh
  ON
    stored.snapshot_date = fresh.snapshot_date
    AND stored.snapshot_date BETWEEN @from_date AND @to_date
WHEN MATCHED THEN
  UPDATE
    SET
      movies_observed = fresh.movies_observed,
      has_votes = fresh.has_votes,
      coverage = fresh.coverage,
      popularity_log_change_1d_median = fresh.popularity_log_change_1d_median,
      is_catalogue_shift = fresh.is_catalogue_shift
WHEN NOT MATCHED THEN INSERT (
  snapshot_date,
  movies_observed,
  has_votes,
  coverage,
  popularity_log_change_1d_median,
  is_catalogue_shift,
  is_published
) VALUES (
  fresh.snapshot_date,
  fresh.movies_observed,
  fresh.has_votes,
  fresh.coverage,
  fresh.popularity_log_change_1d_median,
  fresh.is_catalogue_shift,
  FALSE
)
