-- v_top_declining_movies: movies that lost most popularity in a week, in percent.
-- Of the newest published day, from a popularity that mattered a week before; ties go to the one
-- that was more popular.
-- Grain: one row per movie_id, at most top_list_max_rows of them.
CREATE OR REPLACE VIEW tmdb_analytics.v_top_declining_movies AS
WITH
ranked AS (
  SELECT
    latest.*,
    thresholds.top_list_max_rows,
    ROW_NUMBER() OVER (
      ORDER BY
        latest.weekly_pct_change ASC,
        latest.current_popularity - latest.weekly_change DESC,
        latest.movie_id
    ) AS declining_rank
  FROM tmdb_analytics.v_latest_popularity_metrics AS latest
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  WHERE
    latest.weekly_pct_change < thresholds.declining_max_popularity_pct_change_7d
    AND latest.current_popularity - latest.weekly_change >= thresholds.top_list_min_popularity
)

SELECT
  declining_rank,
  movie_id,
  title,
  release_date,
  last_updated,
  current_popularity,
  popularity_7d_ma,
  weekly_change,
  weekly_pct_change,
  daily_pct_change,
  momentum_status,
  trend_category,
  popularity_rank,
  coverage
FROM ranked
WHERE declining_rank <= top_list_max_rows
