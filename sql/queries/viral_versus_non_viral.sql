-- viral_versus_non_viral: what do viral movies have that others have not?
-- Viral: at least moderately. Movies without a coefficient are in neither group.
-- Grain: one row per group, of the newest published day.
WITH
scores AS (
  SELECT
    latest.*,
    latest.viral_coefficient >= thresholds.moderately_viral_min_coefficient AS is_viral,
    DATE_DIFF(latest.calculation_date, latest.release_date, DAY) AS days_since_release
  FROM tmdb_analytics.v_latest_viral_scores AS latest
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  WHERE latest.is_newest
),

medians AS (
  SELECT
    *,
    PERCENTILE_CONT(current_popularity, 0.5) OVER of_group AS popularity_median,
    PERCENTILE_CONT(popularity_wow_pct_change, 0.5) OVER of_group AS weekly_pct_change_median,
    PERCENTILE_CONT(vote_velocity_7d, 0.5) OVER of_group AS votes_per_day_median,
    PERCENTILE_CONT(days_since_release, 0.5) OVER of_group AS days_since_release_median
  FROM scores
  WINDOW of_group AS (PARTITION BY is_viral)
)

SELECT
  IF(is_viral, 'viral', 'not viral') AS virality,
  COUNT(movie_id) AS movies,
  AVG(viral_coefficient) AS viral_coefficient_mean,
  MAX(popularity_median) AS popularity_median,
  MAX(weekly_pct_change_median) AS weekly_pct_change_median,
  AVG(popularity_wow_pct_change) AS weekly_pct_change_mean,
  MAX(votes_per_day_median) AS votes_per_day_median,
  AVG(vote_velocity_7d) AS votes_per_day_mean,
  AVG(vote_acceleration_7d) AS vote_acceleration_mean,
  AVG(vote_average) AS rating_mean,
  MAX(days_since_release_median) AS days_since_release_median
FROM medians
GROUP BY is_viral
ORDER BY is_viral DESC
LIMIT 2
