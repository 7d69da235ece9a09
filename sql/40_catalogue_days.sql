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

  -- Every movie that a run of the day was to fetch. Weekly runs make no day.
  planned AS (
    SELECT DISTINCT
      plans.run_date,
      movie_id
    FROM tmdb_analytics.batch_plan AS plans
    CROSS JOIN UNNEST(plans.movie_ids) AS movie_id
    WHERE plans.run_date BETWEEN @from_date AND @to_date AND plans.mode IN ('initial', 'daily')
  ),

  -- On which days TMDB had a movie and on which not; a day with both answers counts as had.
  answers AS (
    SELECT
      movie_id,
      day,
      LOGICAL_OR(is_found) AS is_found
    FROM (
      SELECT
        movie_id,
        snapshot_date AS day,
        TRUE AS is_found
      FROM tmdb_analytics.movie_daily_snapshots
      WHERE
        snapshot_date BETWEEN DATE_SUB(@from_date, INTERVAL 14 DAY) AND @to_date
        AND vote_count IS NOT NULL
      UNION ALL
      SELECT
        movie_id,
        run_date AS day,
        FALSE AS is_found
      FROM tmdb_analytics.ingestion_log
      WHERE
        run_date BETWEEN DATE_SUB(@from_date, INTERVAL 14 DAY) AND @to_date
        AND event = 'MOVIE_NOT_FOUND'
    )
    GROUP BY movie_id, day
  ),

  -- A movie is gone if it was not found the last time either: a single 404 may be an outage.
  known AS (
    SELECT
      *,
      NOT is_found
      AND NOT COALESCE(LAG(is_found) OVER (PARTITION BY movie_id ORDER BY day), TRUE) AS is_gone
    FROM answers
  ),

  coverages AS (
    SELECT
      planned.run_date,
      COUNTIF(NOT COALESCE(known.is_gone, FALSE)) AS movies_expected,
      COUNTIF(known.is_found) AS movies_fetched
    FROM planned
    LEFT JOIN known ON planned.movie_id = known.movie_id AND planned.run_date = known.day
    GROUP BY planned.run_date
  ),

  -- Recorded by a run that fetches details of fewer movies than are tracked: the others have
  -- popularity from the export only.
  tracked AS (
    SELECT
      run_date,
      MAX(tracked) AS movies_tracked
    FROM tmdb_analytics.ingestion_log
    WHERE
      run_date BETWEEN @from_date AND @to_date
      AND event = 'RUN_PLANNED' AND mode IN ('initial', 'daily')
    GROUP BY run_date
  ),

  judged AS (
    SELECT
      days.*,
      coverages.movies_expected,
      SAFE_DIVIDE(coverages.movies_fetched, coverages.movies_expected) AS details_coverage,
      LEAST(SAFE_DIVIDE(days.movies_observed, tracked.movies_tracked), 1) AS popularity_coverage,
      days.movies_compared >= thresholds.median_min_movies AS is_compared,
      LN(thresholds.catalogue_shift_min_factor) AS shift_min_log_change
    FROM days
    LEFT JOIN coverages ON days.snapshot_date = coverages.run_date
    LEFT JOIN tracked ON days.snapshot_date = tracked.run_date
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  )

  SELECT
    snapshot_date,
    movies_observed,
    has_votes,
    movies_expected,
    LEAST(details_coverage, COALESCE(popularity_coverage, details_coverage)) AS coverage,
    popularity_coverage,
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
      movies_expected = fresh.movies_expected,
      coverage = fresh.coverage,
      popularity_coverage = fresh.popularity_coverage,
      popularity_log_change_1d_median = fresh.popularity_log_change_1d_median,
      is_catalogue_shift = fresh.is_catalogue_shift
WHEN NOT MATCHED THEN INSERT (
  snapshot_date,
  movies_observed,
  has_votes,
  movies_expected,
  coverage,
  popularity_coverage,
  popularity_log_change_1d_median,
  is_catalogue_shift,
  is_published
) VALUES (
  fresh.snapshot_date,
  fresh.movies_observed,
  fresh.has_votes,
  fresh.movies_expected,
  fresh.coverage,
  fresh.popularity_coverage,
  fresh.popularity_log_change_1d_median,
  fresh.is_catalogue_shift,
  FALSE
)
