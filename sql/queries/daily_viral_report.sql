-- daily_viral_report: what is viral today, since when is it out, and does it hold?
-- Grain: one row per movie_id, the first viral_report_max_rank of the newest published day.
SELECT
  chart.viral_rank,
  chart.movie_id,
  chart.title,
  chart.days_since_release,
  chart.viral_coefficient,
  chart.virality_category,
  chart.viral_score_percentile,
  chart.trend_category,
  chart.avg_daily_votes,
  chart.vote_acceleration,
  chart.total_votes,
  chart.rating,
  chart.current_popularity,
  chart.wow_popularity_change,
  CASE
    WHEN chart.is_breakout_start THEN 'begins'
    WHEN chart.is_breakout_confirmed THEN 'confirmed'
  END AS breakout
FROM tmdb_analytics.v_top_viral_movies AS chart
CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
WHERE chart.viral_rank <= thresholds.viral_report_max_rank
ORDER BY chart.viral_rank
LIMIT 100
