-- release_cohorts: how do movies move by the time since their release?
-- Movies without a release date are left out. Shares are of the movies whose momentum is known.
-- Grain: one row per release cohort, of the newest published day.
WITH
ages AS (
  SELECT
    movie_id,
    current_popularity,
    weekly_pct_change,
    momentum_status,
    DATE_DIFF(last_updated, release_date, DAY) AS days_since_release,
    release_date > last_updated AS is_upcoming
  FROM tmdb_analytics.v_latest_popularity_metrics
  WHERE release_date IS NOT NULL
),

cohorts AS (
  SELECT
    ages.*,
    CASE
      WHEN ages.is_upcoming THEN 'not yet released'
      WHEN ages.days_since_release <= thresholds.release_cohort_1_max_days
        THEN CONCAT('0-', CAST(thresholds.release_cohort_1_max_days AS STRING), ' days')
      WHEN ages.days_since_release <= thresholds.release_cohort_2_max_days
        THEN CONCAT(
          CAST(thresholds.release_cohort_1_max_days + 1 AS STRING), '-',
          CAST(thresholds.release_cohort_2_max_days AS STRING), ' days'
        )
      WHEN ages.days_since_release <= thresholds.release_cohort_3_max_days
        THEN CONCAT(
          CAST(thresholds.release_cohort_2_max_days + 1 AS STRING), '-',
          CAST(thresholds.release_cohort_3_max_days AS STRING), ' days'
        )
      ELSE CONCAT('more than ', CAST(thresholds.release_cohort_3_max_days AS STRING), ' days')
    END AS release_cohort
  FROM ages
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
),

medians AS (
  SELECT
    *,
    PERCENTILE_CONT(weekly_pct_change, 0.5) OVER (PARTITION BY release_cohort)
      AS weekly_pct_change_median
  FROM cohorts
),

counts AS (
  SELECT
    release_cohort,
    MIN(days_since_release) AS days_since_release_min,
    COUNT(movie_id) AS movies,
    AVG(current_popularity) AS popularity_mean,
    AVG(weekly_pct_change) AS weekly_pct_change_mean,
    MAX(weekly_pct_change_median) AS weekly_pct_change_median,
    COUNTIF(momentum_status != 'Insufficient history') AS movies_judged,
    COUNTIF(momentum_status = 'Surging') AS surging,
    COUNTIF(momentum_status = 'Rising') AS rising,
    COUNTIF(momentum_status = 'Stable') AS stable,
    COUNTIF(momentum_status = 'Declining') AS declining,
    COUNTIF(momentum_status = 'Falling') AS falling
  FROM medians
  GROUP BY release_cohort
)

SELECT
  release_cohort,
  movies,
  popularity_mean,
  weekly_pct_change_median,
  weekly_pct_change_mean,
  movies_judged,
  100 * SAFE_DIVIDE(surging, movies_judged) AS surging_pct,
  100 * SAFE_DIVIDE(rising, movies_judged) AS rising_pct,
  100 * SAFE_DIVIDE(stable, movies_judged) AS stable_pct,
  100 * SAFE_DIVIDE(declining, movies_judged) AS declining_pct,
  100 * SAFE_DIVIDE(falling, movies_judged) AS falling_pct
FROM counts
ORDER BY days_since_release_min
LIMIT 100
