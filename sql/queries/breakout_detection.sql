-- breakout_detection: whose viral coefficient jumped within a week, in the last 30 days?
-- Major: from not viral to at least moderately viral. Strong: from below moderately to at least
-- highly viral. Rapid: up by rapid_breakout_min_coefficient_change_7d. Steady: up by less, to at
-- least moderately viral. Each movie with its strongest class, on the first day it had it. For
-- breakouts judged by their evidence see recent_breakouts.
-- Grain: one row per movie_id.
WITH
histories AS (
  SELECT
    *,
    LAST_VALUE(viral_coefficient) OVER (
      PARTITION BY movie_id ORDER BY UNIX_DATE(calculation_date)
      RANGE BETWEEN 9 PRECEDING AND 7 PRECEDING
    ) AS viral_score_7d_ago
  FROM tmdb_analytics.v_viral_coefficient_scores
),

rises AS (
  SELECT
    histories.*,
    histories.viral_coefficient - histories.viral_score_7d_ago AS viral_score_change_7d
  FROM histories
  INNER JOIN tmdb_analytics.v_published_days AS newest
    ON
      newest.is_newest
      AND histories.calculation_date > DATE_SUB(newest.snapshot_date, INTERVAL 30 DAY)
  WHERE histories.viral_coefficient > histories.viral_score_7d_ago
),

classes AS (
  SELECT
    rises.*,
    CASE
      WHEN
        rises.viral_score_7d_ago < thresholds.slightly_viral_min_coefficient
        AND rises.viral_coefficient >= thresholds.moderately_viral_min_coefficient
        THEN 'Major'
      WHEN
        rises.viral_score_7d_ago < thresholds.moderately_viral_min_coefficient
        AND rises.viral_coefficient >= thresholds.highly_viral_min_coefficient
        THEN 'Strong'
      WHEN
        rises.viral_score_change_7d >= thresholds.rapid_breakout_min_coefficient_change_7d
        THEN 'Rapid'
      WHEN rises.viral_coefficient >= thresholds.moderately_viral_min_coefficient THEN 'Steady'
    END AS breakout_class
  FROM rises
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
),

strongest AS (
  SELECT *
  FROM classes
  WHERE breakout_class IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY movie_id
    ORDER BY
      breakout_class = 'Major' DESC,
      breakout_class = 'Strong' DESC,
      breakout_class = 'Rapid' DESC,
      calculation_date ASC
  ) = 1
)

SELECT
  breakout_class,
  movie_id,
  title,
  calculation_date AS detected_on,
  viral_score_7d_ago,
  viral_coefficient,
  viral_score_change_7d,
  vote_velocity_7d,
  current_vote_count,
  current_popularity,
  popularity_wow_pct_change
FROM strongest
ORDER BY
  breakout_class = 'Major' DESC,
  breakout_class = 'Strong' DESC,
  breakout_class = 'Rapid' DESC,
  viral_score_change_7d DESC,
  movie_id ASC
LIMIT 100
