-- v_emerging_viral_trends: movies whose votes speed up, before the chart shows them.
-- Of the newest published day with votes; faster beyond chance, corrections of the counter left
-- out. The score a week before is the newest at most 2 days older; without one its change is NULL.
-- Grain: one row per movie_id, at most top_list_max_rows of them.
CREATE OR REPLACE VIEW tmdb_analytics.v_emerging_viral_trends AS
WITH
ranked AS (
  SELECT
    latest.*,
    days.coverage,
    thresholds.top_list_max_rows,
    ROW_NUMBER() OVER (
      ORDER BY
        latest.vote_acceleration_7d_measured DESC,
        latest.vote_velocity_7d DESC,
        latest.movie_id ASC
    ) AS emerging_rank
  FROM tmdb_analytics.latest_movie_metrics AS latest
  INNER JOIN tmdb_analytics.v_published_days AS days
    ON latest.calculation_date = days.snapshot_date AND days.is_newest_with_votes
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  WHERE
    latest.vote_acceleration_7d_low > thresholds.accelerating_min_vote_acceleration_7d
    AND latest.vote_velocity_7d >= thresholds.emerging_min_votes_per_day
    AND (
      latest.viral_coefficient > thresholds.emerging_min_viral_coefficient
      OR latest.vote_acceleration_7d_measured > thresholds.emerging_min_vote_acceleration_7d
    )
)

SELECT
  ranked.emerging_rank,
  ranked.movie_id,
  COALESCE(movies.title, movies.original_title) AS title,
  movies.release_date,
  ranked.calculation_date AS last_updated,
  ranked.vote_velocity_7d,
  ranked.vote_acceleration_7d_measured AS vote_acceleration_7d,
  ranked.vote_acceleration_7d_low,
  ranked.vote_acceleration_7d_high,
  ranked.viral_coefficient AS current_viral_score,
  ranked.viral_coefficient_7d_ago AS viral_score_7d_ago,
  ranked.viral_coefficient - ranked.viral_coefficient_7d_ago AS viral_score_change_7d,
  ranked.trend_category,
  ranked.vote_count,
  ranked.popularity,
  ranked.coverage
FROM ranked
LEFT JOIN tmdb_analytics.movies AS movies ON ranked.movie_id = movies.movie_id
WHERE ranked.emerging_rank <= ranked.top_list_max_rows
