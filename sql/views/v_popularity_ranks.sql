-- v_popularity_ranks: every movie's place by popularity on the newest published day, and how it
-- got there. Changes count places gained since the newest rank 1 to 3, 7 to 9 days before; peak,
-- days on chart and entries are of the days kept. The chart has top_list_max_rows places.
-- Grain: one row per movie_id of that day with a popularity.
CREATE OR REPLACE VIEW tmdb_analytics.v_popularity_ranks AS
WITH
ranks AS (
  SELECT
    metrics.movie_id,
    metrics.calculation_date,
    metrics.popularity,
    metrics.popularity_rank,
    metrics.momentum_status,
    days.is_newest,
    days.coverage,
    UNIX_DATE(metrics.calculation_date) AS day,
    metrics.popularity_rank <= thresholds.top_list_max_rows AS is_on_chart
  FROM tmdb_analytics.movie_metrics_aggregated AS metrics
  INNER JOIN tmdb_analytics.v_published_days AS days
    ON metrics.calculation_date = days.snapshot_date
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  WHERE metrics.popularity_rank IS NOT NULL
),

histories AS (
  SELECT
    *,
    LAST_VALUE(popularity_rank) OVER day_before AS popularity_rank_1d_ago,
    LAST_VALUE(popularity_rank) OVER week_before AS popularity_rank_7d_ago,
    LAST_VALUE(is_on_chart) OVER day_before AS was_on_chart,
    COUNTIF(is_on_chart) OVER whole_history AS days_on_chart,
    MIN(popularity_rank) OVER whole_history AS peak_rank,
    FIRST_VALUE(calculation_date) OVER from_the_peak AS peak_date,
    MIN(IF(is_on_chart, calculation_date, NULL)) OVER whole_history AS first_on_chart
  FROM ranks
  WINDOW
    day_before AS (
      PARTITION BY movie_id ORDER BY day RANGE BETWEEN 3 PRECEDING AND 1 PRECEDING
    ),
    week_before AS (
      PARTITION BY movie_id ORDER BY day RANGE BETWEEN 9 PRECEDING AND 7 PRECEDING
    ),
    whole_history AS (PARTITION BY movie_id),
    from_the_peak AS (
      PARTITION BY movie_id ORDER BY popularity_rank, calculation_date
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
)

SELECT
  histories.popularity_rank,
  histories.movie_id,
  COALESCE(movies.title, movies.original_title) AS title,
  movies.release_date,
  histories.calculation_date AS last_updated,
  histories.popularity AS current_popularity,
  histories.momentum_status,
  histories.popularity_rank_1d_ago - histories.popularity_rank AS rank_change_1d,
  histories.popularity_rank_7d_ago - histories.popularity_rank AS rank_change_7d,
  histories.peak_rank,
  histories.peak_date,
  histories.days_on_chart,
  histories.is_on_chart,
  COALESCE(histories.first_on_chart = histories.calculation_date, FALSE) AS is_new_entry,
  COALESCE(
    histories.is_on_chart
    AND histories.first_on_chart < histories.calculation_date
    AND NOT COALESCE(histories.was_on_chart, FALSE),
    FALSE
  ) AS is_re_entry,
  histories.coverage
FROM histories
LEFT JOIN tmdb_analytics.movies AS movies ON histories.movie_id = movies.movie_id
WHERE histories.is_newest
