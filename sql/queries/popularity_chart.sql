-- popularity_chart: which movies are the most popular, and where do they come from?
-- Grain: one row per movie_id on the chart of the newest published day.
SELECT
  popularity_rank,
  title,
  current_popularity,
  momentum_status,
  rank_change_1d,
  rank_change_7d,
  peak_rank,
  peak_date,
  days_on_chart,
  CASE
    WHEN is_new_entry THEN 'new'
    WHEN is_re_entry THEN 'back'
  END AS entry
FROM tmdb_analytics.v_popularity_chart
ORDER BY popularity_rank, movie_id
LIMIT 100
