-- v_top_declining_movies: movies that lost most popularity in a week, in percent.
-- Of the newest day, from a popularity that mattered a week before; ties go to the one that
-- was more popular.
-- Grain: one row per movie_id, at most top_list_max_rows of them.
CREATE OR REPLACE VIEW tmdb_analytics.v_top_declining_movies AS
WITH
ranked AS (
  SELECT
    latest.*,
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
  ranked.declining_rank,
  ranked.movie_id,
  ranked.title,
  ranked.release_date,
  ranked.last_updated,
  ranked.current_popularity,
  metrics.popularity_7d_ma,
  ranked.weekly_change,
  ranked.weekly_pct_change,
  ranked.daily_pct_change,
  ranked.momentum_status,
  metrics.trend_category
FROM ranked
LEFT JOIN tmdb_analytics.movie_metrics_aggregated AS metrics
  ON
    ranked.movie_id = metrics.movie_id
    AND ranked.last_updated = metrics.calculation_date
CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
WHERE ranked.declining_rank <= thresholds.top_list_max_rows
