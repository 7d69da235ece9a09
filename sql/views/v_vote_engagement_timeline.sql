-- v_vote_engagement_timeline: votes per day over time, their peak, and where they are heading.
-- Trend: today's new votes against their mean of the days 13 to 7 before. A count that TMDB has
-- lowered says nothing about interest.
-- Grain: one row per movie_id and published snapshot_date with votes.
CREATE OR REPLACE VIEW tmdb_analytics.v_vote_engagement_timeline AS
WITH
timelines AS (
  SELECT
    snapshots.movie_id,
    snapshots.snapshot_date,
    snapshots.vote_count,
    snapshots.vote_average,
    snapshots.vote_count_change_1d,
    AVG(snapshots.vote_count_change_1d) OVER this_week AS vote_velocity_7d_ma,
    MAX(snapshots.vote_count_change_1d) OVER so_far AS peak_daily_votes_so_far,
    AVG(snapshots.vote_count_change_1d) OVER week_before AS vote_velocity_week_before,
    days.coverage
  FROM tmdb_analytics.movie_daily_snapshots AS snapshots
  INNER JOIN tmdb_analytics.v_published_days AS days
    ON snapshots.snapshot_date = days.snapshot_date
  WHERE snapshots.vote_count IS NOT NULL
  WINDOW
    this_week AS (
      PARTITION BY snapshots.movie_id ORDER BY UNIX_DATE(snapshots.snapshot_date)
      RANGE BETWEEN 6 PRECEDING AND CURRENT ROW
    ),
    week_before AS (
      PARTITION BY snapshots.movie_id ORDER BY UNIX_DATE(snapshots.snapshot_date)
      RANGE BETWEEN 13 PRECEDING AND 7 PRECEDING
    ),
    so_far AS (
      PARTITION BY snapshots.movie_id ORDER BY UNIX_DATE(snapshots.snapshot_date)
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
    WHEN timelines.vote_count_change_1d != ABS(timelines.vote_count_change_1d)
      THEN 'Votes corrected'
    WHEN timelines.vote_count_change_1d > timelines.vote_velocity_week_before THEN 'Increasing'
    WHEN timelines.vote_count_change_1d < timelines.vote_velocity_week_before THEN 'Decreasing'
    WHEN timelines.vote_count_change_1d = timelines.vote_velocity_week_before THEN 'Stable'
    ELSE 'Insufficient history'
  END AS engagement_trend,
  timelines.coverage
FROM timelines
LEFT JOIN tmdb_analytics.movies AS movies ON timelines.movie_id = movies.movie_id
