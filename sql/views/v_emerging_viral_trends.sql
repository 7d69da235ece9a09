-- v_emerging_viral_trends: movies whose votes speed up, before the chart shows them.
-- Of the newest day with votes. The score a week before is the newest at most 2 days older;
-- without one its change is NULL.
-- Grain: one row per movie_id, at most top_list_max_rows of them.
CREATE OR REPLACE VIEW tmdb_analytics.v_emerging_viral_trends AS
WITH
newest AS (
  SELECT MAX(calculation_date) AS calculation_date
  FROM tmdb_analytics.movie_metrics_aggregated
  WHERE vote_count IS NOT NULL
),

histories AS (
  SELECT
    metrics.*,
    LAST_VALUE(metrics.viral_coefficient IGNORE NULLS) OVER (
      PARTITION BY metrics.movie_id ORDER BY UNIX_DATE(metrics.calculation_date)
      RANGE BETWEEN 9 PRECEDING AND 7 PRECEDING
    ) AS viral_score_7d_ago
  FROM tmdb_analytics.movie_metrics_aggregated AS metrics
),

ranked AS (
  SELECT
    histories.*,
    ROW_NUMBER() OVER (
      ORDER BY
        histories.vote_acceleration_7d DESC, histories.vote_velocity_7d DESC, histories.movie_id ASC
    ) AS emerging_rank
  FROM histories
  INNER JOIN newest ON histories.calculation_date = newest.calculation_date
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  WHERE
    histories.vote_acceleration_7d > thresholds.accelerating_min_vote_acceleration_7d
    AND histories.vote_velocity_7d >= thresholds.emerging_min_votes_per_day
    AND (
      histories.viral_coefficient > thresholds.emerging_min_viral_coefficient
      OR histories.vote_acceleration_7d > thresholds.emerging_min_vote_acceleration_7d
    )
)

SELECT
  ranked.emerging_rank,
  ranked.movie_id,
  COALESCE(movies.title, movies.original_title) AS title,
  movies.release_date,
  ranked.calculation_date AS last_updated,
  ranked.vote_velocity_7d,
  ranked.vote_acceleration_7d,
  ranked.viral_coefficient AS current_viral_score,
  ranked.viral_score_7d_ago,
  ranked.viral_coefficient - ranked.viral_score_7d_ago AS viral_score_change_7d,
  ranked.trend_category,
  ranked.vote_count,
  ranked.popularity
FROM ranked
LEFT JOIN tmdb_analytics.movies AS movies ON ranked.movie_id = movies.movie_id
CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
WHERE ranked.emerging_rank <= thresholds.top_list_max_rows
