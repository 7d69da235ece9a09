-- v_emerging_viral_trends: movies whose votes speed up, before the chart shows them.
-- Of the newest published day with votes; faster beyond chance, corrections of the counter left
-- out. The score a week before is the newest at most 2 days older; without one its change is NULL.
-- Grain: one row per movie_id, at most top_list_max_rows of them.
CREATE OR REPLACE VIEW tmdb_analytics.v_emerging_viral_trends AS
WITH
histories AS (
  SELECT
    metrics.*,
    days.coverage,
    days.is_newest_with_votes,
    LAST_VALUE(metrics.viral_coefficient IGNORE NULLS) OVER (
      PARTITION BY metrics.movie_id ORDER BY UNIX_DATE(metrics.calculation_date)
      RANGE BETWEEN 9 PRECEDING AND 7 PRECEDING
    ) AS viral_score_7d_ago
  FROM tmdb_analytics.movie_metrics_aggregated AS metrics
  INNER JOIN tmdb_analytics.v_published_days AS days
    ON metrics.calculation_date = days.snapshot_date
),

ranked AS (
  SELECT
    histories.* EXCEPT (vote_acceleration_7d),
    signals.vote_acceleration_7d,
    signals.vote_acceleration_7d_low,
    signals.vote_acceleration_7d_high,
    thresholds.top_list_max_rows,
    ROW_NUMBER() OVER (
      ORDER BY
        signals.vote_acceleration_7d DESC, histories.vote_velocity_7d DESC, histories.movie_id ASC
    ) AS emerging_rank
  FROM histories
  INNER JOIN tmdb_analytics.movie_viral_signals AS signals
    ON
      histories.movie_id = signals.movie_id
      AND histories.calculation_date = signals.calculation_date
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  WHERE
    histories.is_newest_with_votes
    AND signals.vote_acceleration_7d_low > thresholds.accelerating_min_vote_acceleration_7d
    AND histories.vote_velocity_7d >= thresholds.emerging_min_votes_per_day
    AND (
      histories.viral_coefficient > thresholds.emerging_min_viral_coefficient
      OR signals.vote_acceleration_7d > thresholds.emerging_min_vote_acceleration_7d
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
  ranked.vote_acceleration_7d_low,
  ranked.vote_acceleration_7d_high,
  ranked.viral_coefficient AS current_viral_score,
  ranked.viral_score_7d_ago,
  ranked.viral_coefficient - ranked.viral_score_7d_ago AS viral_score_change_7d,
  ranked.trend_category,
  ranked.vote_count,
  ranked.popularity,
  ranked.coverage
FROM ranked
LEFT JOIN tmdb_analytics.movies AS movies ON ranked.movie_id = movies.movie_id
WHERE ranked.emerging_rank <= ranked.top_list_max_rows
