-- v_vote_engagement_timeline: votes per day over time, their peak, and where they are heading.
-- Trend: today's new votes against their mean of the days 13 to 7 before.
-- Grain: one row per movie_id and snapshot_date with votes.
CREATE OR REPLACE VIEW tmdb_analytics.v_vote_engagement_timeline AS
WITH
timelines AS (
  SELECT
    movie_id,
    snapshot_date,
    vote_count,
    vote_average,
    vote_count_change_1d,
    AVG(vote_count_change_1d) OVER this_week AS vote_velocity_7d_ma,
    MAX(vote_count_change_1d) OVER so_far AS peak_daily_votes_so_far,
    AVG(vote_count_change_1d) OVER week_before AS vote_velocity_week_before
  FROM tmdb_analytics.movie_daily_snapshots
  WHERE vote_count IS NOT NULL
  WINDOW
    this_week AS (
      PARTITION BY movie_id ORDER BY UNIX_DATE(snapshot_date)
      RANGE BETWEEN 6 PRECEDING AND CURRENT ROW
    ),
    week_before AS (
      PARTITION BY movie_id ORDER BY UNIX_DATE(snapshot_date)
      RANGE BETWEEN 13 PRECEDING AND 7 PRECEDING
    ),
    so_far AS (
      PARTITION BY movie_id ORDER BY UNIX_DATE(snapshot_date)
      RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
)

SELECT
  timelines.movie_id,
  COALESCE(movies.title, movies.original_title) AS title,
  timelines.snapshot_date,
  timelines.vote_count,
  timelines.vote_average,
  timelines.vote_count_change_1d,
  timelines.vote_velocity_7d_ma,
  timelines.peak_daily_votes_so_far,
  CASE
    WHEN timelines.vote_count_change_1d > timelines.vote_velocity_week_before THEN 'Increasing'
    WHEN timelines.vote_count_change_1d < timelines.vote_velocity_week_before THEN 'Decreasing'
    WHEN timelines.vote_count_change_1d = timelines.vote_velocity_week_before THEN 'Stable'
    ELSE 'Insufficient history'
  END AS engagement_trend
FROM timelines
LEFT JOIN tmdb_analytics.movies AS movies ON timelines.movie_id = movies.movie_id
