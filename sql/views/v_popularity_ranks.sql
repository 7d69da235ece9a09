-- v_popularity_ranks: every movie's place by popularity on the newest published day, and how it
-- got there. Changes count places gained since the newest rank 1 to 3, 7 to 9 days before; peak,
-- days on chart and entries are of the days kept. The chart has top_list_max_rows places. A peak
-- below leading_max_rank is not known: NULL.
-- Grain: one row per movie_id of that day with a popularity.
CREATE OR REPLACE VIEW tmdb_analytics.v_popularity_ranks AS
WITH
-- The places of days before, and those of the newest day that are kept as well.
places AS (
  SELECT
    leaders.movie_id,
    leaders.snapshot_date,
    leaders.popularity_rank,
    leaders.popularity_rank <= thresholds.top_list_max_rows AS is_on_chart
  FROM tmdb_analytics.leading_movie_days AS leaders
  INNER JOIN tmdb_analytics.v_published_days AS days
    ON leaders.snapshot_date = days.snapshot_date
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  WHERE leaders.popularity_rank IS NOT NULL
),

histories AS (
  SELECT
    movie_id,
    COUNTIF(is_on_chart) AS days_on_chart,
    MIN(popularity_rank) AS peak_rank,
    ARRAY_AGG(snapshot_date ORDER BY popularity_rank, snapshot_date LIMIT 1)[OFFSET(0)]
      AS peak_date,
    MIN(IF(is_on_chart, snapshot_date, NULL)) AS first_on_chart
  FROM places
  GROUP BY movie_id
),

newest AS (
  SELECT
    latest.movie_id,
    latest.calculation_date,
    latest.popularity,
    latest.popularity_rank,
    latest.popularity_rank_1d_ago,
    latest.popularity_rank_7d_ago,
    latest.momentum_status,
    latest.popularity_rank <= thresholds.top_list_max_rows AS is_on_chart,
    COALESCE(latest.popularity_rank_1d_ago <= thresholds.top_list_max_rows, FALSE)
      AS was_on_chart,
    days.coverage
  FROM tmdb_analytics.latest_movie_metrics AS latest
  INNER JOIN tmdb_analytics.v_published_days AS days
    ON latest.calculation_date = days.snapshot_date AND days.is_newest
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  WHERE latest.popularity_rank IS NOT NULL
)

SELECT
  newest.popularity_rank,
  newest.movie_id,
  COALESCE(movies.title, movies.original_title) AS title,
  movies.release_date,
  newest.calculation_date AS last_updated,
  newest.popularity AS current_popularity,
  newest.momentum_status,
  newest.popularity_rank_1d_ago - newest.popularity_rank AS rank_change_1d,
  newest.popularity_rank_7d_ago - newest.popularity_rank AS rank_change_7d,
  histories.peak_rank,
  histories.peak_date,
  COALESCE(histories.days_on_chart, 0) AS days_on_chart,
  newest.is_on_chart,
  COALESCE(histories.first_on_chart = newest.calculation_date, FALSE) AS is_new_entry,
  COALESCE(
    newest.is_on_chart
    AND histories.first_on_chart < newest.calculation_date
    AND NOT newest.was_on_chart,
    FALSE
  ) AS is_re_entry,
  newest.coverage
FROM newest
LEFT JOIN histories ON newest.movie_id = histories.movie_id
LEFT JOIN tmdb_analytics.movies AS movies ON newest.movie_id = movies.movie_id
