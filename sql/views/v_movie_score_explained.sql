-- v_movie_score_explained: why a movie has the viral coefficient it has, and why it is on no chart.
-- Each component with its inputs, its weight and its share of surge; surge_from_votes and
-- surge_from_popularity add up to surge. A reason is NULL where the movie is on the chart.
-- The newest days are v_latest_score_explained: read that where they are all you need. For other
-- days give calculation_date, or all that is kept is read.
-- Grain: one row per movie_id and published calculation_date.
CREATE OR REPLACE VIEW tmdb_analytics.v_movie_score_explained AS
WITH
shares AS (
  SELECT
    signals.*,
    -- Votes never count for more than popularity does, and for nothing where it has not risen.
    IF(
      signals.z_votes IS NULL OR signals.z_popularity IS NULL,
      NULL,
      LEAST(signals.z_votes, GREATEST(signals.z_popularity, 0))
    ) AS z_votes_counted,
    IF(
      signals.z_votes IS NULL,
      1,
      SQRT(1 + signals.weight_of_votes * signals.weight_of_votes)
    ) AS divisor
  FROM tmdb_analytics.movie_viral_signals AS signals
)

SELECT
  shares.movie_id,
  COALESCE(movies.title, movies.original_title) AS title,
  shares.calculation_date,
  shares.viral_coefficient,
  scores.virality_category,
  scores.viral_score_percentile,
  shares.surge,
  shares.history,
  shares.votes_3d,
  shares.votes_3d_expected,
  shares.is_vote_count_corrected,
  shares.z_votes,
  shares.weight_of_votes,
  shares.z_votes_counted,
  shares.weight_of_votes * shares.z_votes_counted / shares.divisor AS surge_from_votes,
  metrics.popularity,
  shares.popularity_now,
  shares.popularity_expected,
  shares.expected_level,
  shares.market_factor,
  shares.popularity_noise,
  shares.z_popularity,
  IF(shares.z_popularity IS NULL, NULL, 1.0) AS weight_of_popularity,
  shares.z_popularity / shares.divisor AS surge_from_popularity,
  shares.is_breakout_alarm,
  metrics.momentum_status,
  EXP(shares.popularity_growth_7d) AS popularity_growth_factor_7d,
  shares.popularity_growth_z,
  metrics.popularity_wow_pct_change,
  metrics.vote_velocity_7d,
  shares.vote_acceleration_7d,
  shares.vote_acceleration_7d_low,
  'the chart is of a newer day' AS not_in_top_viral_because,
  'the chart is of a newer day' AS not_in_top_gaining_because,
  'the chart is of another day' AS not_in_emerging_because,
  days.is_newest,
  days.coverage
FROM shares
INNER JOIN tmdb_analytics.v_published_days AS days
  ON shares.calculation_date = days.snapshot_date
INNER JOIN tmdb_analytics.movie_metrics_aggregated AS metrics
  ON
    shares.movie_id = metrics.movie_id
    AND shares.calculation_date = metrics.calculation_date
LEFT JOIN tmdb_analytics.v_viral_coefficient_scores AS scores
  ON
    shares.movie_id = scores.movie_id
    AND shares.calculation_date = scores.calculation_date
LEFT JOIN tmdb_analytics.movies AS movies ON shares.movie_id = movies.movie_id
WHERE NOT days.is_newest AND NOT COALESCE(days.is_newest_with_votes, FALSE)
UNION ALL
SELECT *
FROM tmdb_analytics.v_latest_score_explained
