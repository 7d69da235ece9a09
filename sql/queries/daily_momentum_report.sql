-- daily_momentum_report: which movies are rising this week, and is it more than noise?
-- Their popularity must matter, as in the top lists; momentum_status judges whole weeks, daily
-- and weekly changes compare two days.
-- Grain: one row per movie_id of the newest published day.
SELECT
  latest.movie_id,
  latest.title,
  latest.release_date,
  latest.current_popularity,
  latest.popularity_rank,
  latest.daily_pct_change,
  latest.weekly_pct_change,
  latest.momentum_status,
  latest.trend_category,
  latest.popularity_outlook_7d_low,
  latest.popularity_outlook_7d,
  latest.popularity_outlook_7d_high
FROM tmdb_analytics.v_latest_popularity_metrics AS latest
CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
WHERE
  latest.weekly_pct_change > thresholds.momentum_report_min_popularity_pct_change_7d
  AND latest.current_popularity >= thresholds.top_list_min_popularity
ORDER BY latest.weekly_pct_change DESC, latest.current_popularity DESC, latest.movie_id ASC
LIMIT 100
