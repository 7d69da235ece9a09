-- v_latest_score_explained: v_movie_score_explained of the newest days, from a small table.
-- Of the newest published day, and of the newest one with votes where that is another.
-- Each component with its inputs, its weight and its share of surge; surge_from_votes and
-- surge_from_popularity add up to surge. A reason is NULL where the movie is on the chart.
-- Grain: one row per movie_id and calculation_date.
CREATE OR REPLACE VIEW tmdb_analytics.v_latest_score_explained AS
WITH
shares AS (
  SELECT
    latest.*,
    -- Votes never count for more than popularity does, and for nothing where it has not risen.
    IF(
      latest.z_votes IS NULL OR latest.z_popularity IS NULL,
      NULL,
      LEAST(latest.z_votes, GREATEST(latest.z_popularity, 0))
    ) AS z_votes_counted,
    IF(
      latest.z_votes IS NULL,
      1,
      SQRT(1 + latest.weight_of_votes * latest.weight_of_votes)
    ) AS divisor
  FROM tmdb_analytics.latest_movie_metrics AS latest
  WHERE latest.history IS NOT NULL
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
  shares.popularity,
  shares.popularity_now,
  shares.popularity_expected,
  shares.expected_level,
  shares.market_factor,
  shares.popularity_noise,
  shares.z_popularity,
  IF(shares.z_popularity IS NULL, NULL, 1.0) AS weight_of_popularity,
  shares.z_popularity / shares.divisor AS surge_from_popularity,
  shares.is_breakout_alarm,
  shares.momentum_status,
  EXP(shares.popularity_growth_7d) AS popularity_growth_factor_7d,
  shares.popularity_growth_z,
  shares.popularity_wow_pct_change,
  shares.vote_velocity_7d,
  shares.vote_acceleration_7d_measured AS vote_acceleration_7d,
  shares.vote_acceleration_7d_low,
  CASE
    WHEN viral.movie_id IS NOT NULL AND days.is_newest THEN NULL
    WHEN NOT days.is_newest THEN 'the chart is of a newer day'
    WHEN shares.viral_coefficient IS NULL
      THEN CONCAT('no coefficient: history is ', shares.history)
    WHEN shares.viral_coefficient < thresholds.top_viral_min_coefficient
      THEN CONCAT(
        'viral_coefficient ', CAST(ROUND(shares.viral_coefficient, 1) AS STRING),
        ' is below ', CAST(thresholds.top_viral_min_coefficient AS STRING)
      )
    WHEN
      COALESCE(shares.popularity < thresholds.breakout_min_popularity, TRUE)
      AND COALESCE(shares.votes_3d < thresholds.breakout_min_votes_3d, TRUE)
      THEN CONCAT(
        'fewer than ', CAST(thresholds.breakout_min_votes_3d AS STRING),
        ' votes in 3 days and popularity below ',
        CAST(thresholds.breakout_min_popularity AS STRING)
      )
    ELSE 'every place went to a higher coefficient'
  END AS not_in_top_viral_because,
  CASE
    WHEN gaining.movie_id IS NOT NULL AND days.is_newest THEN NULL
    WHEN NOT days.is_newest THEN 'the chart is of a newer day'
    WHEN shares.popularity_wow_pct_change IS NULL THEN 'no popularity 7 to 9 days before'
    WHEN
      shares.popularity_wow_pct_change <= thresholds.gaining_min_popularity_pct_change_7d
      THEN CONCAT(
        'popularity changed by ', CAST(ROUND(shares.popularity_wow_pct_change, 1) AS STRING),
        ' percent in a week'
      )
    WHEN shares.popularity < thresholds.top_list_min_popularity
      THEN CONCAT(
        'popularity ', CAST(ROUND(shares.popularity, 1) AS STRING),
        ' is below ', CAST(thresholds.top_list_min_popularity AS STRING)
      )
    ELSE 'every place went to a larger gain'
  END AS not_in_top_gaining_because,
  CASE
    WHEN emerging.movie_id IS NOT NULL AND days.is_newest_with_votes THEN NULL
    WHEN NOT COALESCE(days.is_newest_with_votes, FALSE) THEN 'the chart is of another day'
    WHEN shares.vote_acceleration_7d_measured IS NULL OR shares.vote_velocity_7d IS NULL
      THEN 'two weeks of votes are not known'
    WHEN
      shares.vote_acceleration_7d_low <= thresholds.accelerating_min_vote_acceleration_7d
      THEN 'votes do not speed up beyond chance'
    WHEN shares.vote_velocity_7d < thresholds.emerging_min_votes_per_day
      THEN CONCAT(
        CAST(ROUND(shares.vote_velocity_7d, 1) AS STRING), ' votes a day are fewer than ',
        CAST(thresholds.emerging_min_votes_per_day AS STRING)
      )
    WHEN
      shares.vote_acceleration_7d_measured <= thresholds.emerging_min_vote_acceleration_7d
      AND COALESCE(shares.viral_coefficient <= thresholds.emerging_min_viral_coefficient, TRUE)
      THEN 'neither the coefficient nor the acceleration is high enough'
    ELSE 'every place went to a larger acceleration'
  END AS not_in_emerging_because,
  days.is_newest,
  days.coverage
FROM shares
INNER JOIN tmdb_analytics.v_published_days AS days
  ON shares.calculation_date = days.snapshot_date
LEFT JOIN tmdb_analytics.v_latest_viral_scores AS scores
  ON
    shares.movie_id = scores.movie_id
    AND shares.calculation_date = scores.calculation_date
LEFT JOIN tmdb_analytics.v_top_viral_movies AS viral ON shares.movie_id = viral.movie_id
LEFT JOIN tmdb_analytics.v_top_gaining_movies AS gaining ON shares.movie_id = gaining.movie_id
LEFT JOIN tmdb_analytics.v_emerging_viral_trends AS emerging ON shares.movie_id = emerging.movie_id
LEFT JOIN tmdb_analytics.movies AS movies ON shares.movie_id = movies.movie_id
CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
