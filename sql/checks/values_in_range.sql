-- values_in_range: a value that cannot be.
-- Severity: fail
-- Grain: one row per movie_id and day with such a value.
SELECT
  metrics.calculation_date AS day,
  metrics.movie_id,
  CASE
    WHEN metrics.popularity < thresholds.valid_min_count THEN 'popularity is negative'
    WHEN metrics.vote_count < thresholds.valid_min_count THEN 'vote_count is negative'
    WHEN
      snapshots.vote_average NOT BETWEEN thresholds.valid_min_count
      AND thresholds.valid_max_vote_average
      THEN 'vote_average is not on its scale'
    WHEN
      metrics.viral_coefficient NOT BETWEEN thresholds.valid_min_count
      AND thresholds.valid_max_coefficient
      THEN 'viral_coefficient is not on its scale'
    WHEN
      metrics.viral_coefficient_classic NOT BETWEEN thresholds.valid_min_count
      AND thresholds.valid_max_coefficient
      THEN 'viral_coefficient_classic is not on its scale'
    ELSE 'the bounds of popularity_outlook_7d are crossed'
  END AS problem
FROM tmdb_analytics.movie_metrics_aggregated AS metrics
INNER JOIN tmdb_analytics.movie_daily_snapshots AS snapshots
  ON
    metrics.movie_id = snapshots.movie_id
    AND metrics.calculation_date = snapshots.snapshot_date
    AND snapshots.snapshot_date BETWEEN @from_date AND @to_date
CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
WHERE
  metrics.calculation_date BETWEEN @from_date AND @to_date
  AND (
    metrics.popularity < thresholds.valid_min_count
    OR metrics.vote_count < thresholds.valid_min_count
    OR snapshots.vote_average NOT BETWEEN thresholds.valid_min_count
    AND thresholds.valid_max_vote_average
    OR metrics.viral_coefficient NOT BETWEEN thresholds.valid_min_count
    AND thresholds.valid_max_coefficient
    OR metrics.viral_coefficient_classic NOT BETWEEN thresholds.valid_min_count
    AND thresholds.valid_max_coefficient
    OR metrics.popularity_outlook_7d_low > metrics.popularity_outlook_7d
    OR metrics.popularity_outlook_7d > metrics.popularity_outlook_7d_high
  )
