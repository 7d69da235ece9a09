-- v_breakouts: the breakouts of the days kept: when they began and by what evidence.
-- A breakout begins with an alarm after 7 days without one; another alarm within 2 days
-- confirms it.
-- Grain: one row per movie_id and started_on.
CREATE OR REPLACE VIEW tmdb_analytics.v_breakouts AS
WITH
alarms AS (
  SELECT
    breakouts.*,
    days.coverage
  FROM tmdb_analytics.movie_breakouts AS breakouts
  INNER JOIN tmdb_analytics.v_published_days AS days
    ON breakouts.calculation_date = days.snapshot_date
),

confirmed AS (
  SELECT DISTINCT
    starts.movie_id,
    starts.calculation_date
  FROM alarms AS starts
  INNER JOIN alarms AS confirmations
    ON
      starts.movie_id = confirmations.movie_id
      AND confirmations.calculation_date > starts.calculation_date
      AND confirmations.calculation_date <= DATE_ADD(starts.calculation_date, INTERVAL 2 DAY)
  WHERE confirmations.is_breakout_confirmed
)

SELECT
  starts.movie_id,
  COALESCE(movies.title, movies.original_title) AS title,
  movies.release_date,
  starts.calculation_date AS started_on,
  confirmed.movie_id IS NOT NULL AS is_confirmed,
  starts.viral_coefficient,
  starts.surge,
  starts.z_votes,
  starts.z_popularity,
  starts.votes_3d,
  starts.votes_3d_expected,
  starts.popularity,
  starts.popularity_now,
  starts.popularity_expected,
  starts.market_factor,
  starts.vote_count,
  attention.wikipedia_ratio,
  attention.is_confirmed_by_wikipedia,
  starts.coverage
FROM alarms AS starts
LEFT JOIN confirmed
  ON
    starts.movie_id = confirmed.movie_id
    AND starts.calculation_date = confirmed.calculation_date
LEFT JOIN tmdb_analytics.v_wikipedia_attention AS attention
  ON
    starts.movie_id = attention.movie_id
    AND starts.calculation_date = attention.calculation_date
LEFT JOIN tmdb_analytics.movies AS movies ON starts.movie_id = movies.movie_id
WHERE starts.is_breakout_start
