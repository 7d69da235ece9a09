-- v_popularity_wow_comparison: popularity by calendar week (from Sunday) against the week before.
-- The comparison is NULL when either week has too few observed days; coverage is its worst day's.
-- Grain: one row per movie_id and calendar week.
CREATE OR REPLACE VIEW tmdb_analytics.v_popularity_wow_comparison AS
WITH
weeks AS (
  SELECT
    snapshots.movie_id,
    DATE_TRUNC(snapshots.snapshot_date, WEEK) AS week_start,
    AVG(snapshots.popularity) AS avg_popularity,
    MAX(snapshots.popularity) AS max_popularity,
    MIN(snapshots.popularity) AS min_popularity,
    COUNT(snapshots.popularity) AS days_observed,
    MIN(days.coverage) AS coverage
  FROM tmdb_analytics.movie_daily_snapshots AS snapshots
  INNER JOIN tmdb_analytics.v_published_days AS days
    ON snapshots.snapshot_date = days.snapshot_date
  GROUP BY snapshots.movie_id, week_start
),

pairs AS (
  SELECT
    this_week.*,
    week_before.avg_popularity AS prev_week_avg_popularity,
    IF(
      this_week.days_observed >= thresholds.average_7d_min_days_observed
      AND week_before.days_observed >= thresholds.average_7d_min_days_observed,
      this_week.avg_popularity - week_before.avg_popularity,
      NULL
    ) AS wow_change
  FROM weeks AS this_week
  LEFT JOIN weeks AS week_before
    ON
      this_week.movie_id = week_before.movie_id
      AND this_week.week_start = DATE_ADD(week_before.week_start, INTERVAL 7 DAY)
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
)

SELECT
  pairs.movie_id,
  COALESCE(movies.title, movies.original_title) AS title,
  pairs.week_start AS current_week,
  pairs.avg_popularity AS current_week_avg_popularity,
  pairs.prev_week_avg_popularity,
  pairs.wow_change,
  100 * SAFE_DIVIDE(pairs.wow_change, pairs.prev_week_avg_popularity) AS wow_pct_change,
  pairs.max_popularity AS peak_popularity,
  pairs.min_popularity AS low_popularity,
  pairs.days_observed,
  pairs.coverage
FROM pairs
LEFT JOIN tmdb_analytics.movies AS movies ON pairs.movie_id = movies.movie_id
