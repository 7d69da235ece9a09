-- v_vote_velocity_metrics: how fast votes come in on the newest published day that has votes.
-- A week in which TMDB corrected the counter says so instead of an engagement level.
-- Grain: one row per movie_id of that day.
CREATE OR REPLACE VIEW tmdb_analytics.v_vote_velocity_metrics AS
SELECT
  latest.movie_id,
  COALESCE(movies.title, movies.original_title) AS title,
  movies.release_date,
  latest.calculation_date AS last_updated,
  latest.vote_count AS current_vote_count,
  latest.vote_average,
  latest.vote_count_change_1d AS daily_vote_increase,
  latest.vote_count_change_7d AS weekly_vote_increase,
  latest.vote_count_pct_change_7d AS weekly_vote_pct_increase,
  latest.vote_velocity_7d AS avg_daily_votes_7d,
  latest.vote_acceleration_7d AS vote_acceleration,
  CASE
    WHEN latest.vote_velocity_7d IS NULL THEN 'Insufficient history'
    WHEN
      latest.is_vote_count_corrected_9d
      OR latest.vote_velocity_7d != ABS(latest.vote_velocity_7d)
      THEN 'Votes corrected'
    WHEN latest.vote_velocity_7d >= thresholds.viral_engagement_min_votes_per_day THEN 'Viral'
    WHEN latest.vote_velocity_7d >= thresholds.high_engagement_min_votes_per_day
      THEN 'High Engagement'
    WHEN latest.vote_velocity_7d >= thresholds.moderate_engagement_min_votes_per_day
      THEN 'Moderate Engagement'
    WHEN latest.vote_velocity_7d >= thresholds.low_engagement_min_votes_per_day
      THEN 'Low Engagement'
    ELSE 'Minimal Engagement'
  END AS engagement_level,
  days.coverage
FROM tmdb_analytics.latest_movie_metrics AS latest
INNER JOIN tmdb_analytics.v_published_days AS days
  ON latest.calculation_date = days.snapshot_date AND days.is_newest_with_votes
LEFT JOIN tmdb_analytics.movies AS movies ON latest.movie_id = movies.movie_id
CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
WHERE latest.vote_count IS NOT NULL
