-- v_popularity_chart: the most popular movies of the newest published day, and how they got there.
-- Grain: one row per movie_id on the chart, top_list_max_rows places.
CREATE OR REPLACE VIEW tmdb_analytics.v_popularity_chart AS
SELECT
  popularity_rank,
  movie_id,
  title,
  release_date,
  last_updated,
  current_popularity,
  momentum_status,
  rank_change_1d,
  rank_change_7d,
  peak_rank,
  peak_date,
  days_on_chart,
  is_new_entry,
  is_re_entry,
  coverage
FROM tmdb_analytics.v_popularity_ranks
WHERE is_on_chart
