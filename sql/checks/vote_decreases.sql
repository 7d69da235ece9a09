-- vote_decreases: more movies than usual lost votes, as in a clean-up by TMDB.
-- Severity: warn
-- Grain: one row per such day.
SELECT
  signals.calculation_date AS day,
  CAST(NULL AS INT64) AS movie_id,
  CONCAT(
    'TMDB corrected the votes of ', CAST(COUNTIF(signals.is_vote_count_corrected) AS STRING),
    ' of ', CAST(COUNT(signals.is_vote_count_corrected) AS STRING), ' movies'
  ) AS problem
FROM tmdb_analytics.movie_viral_signals AS signals
CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
WHERE signals.calculation_date BETWEEN @from_date AND @to_date
GROUP BY
  signals.calculation_date,
  thresholds.usual_max_share_of_corrected_votes,
  thresholds.median_min_movies
HAVING
  COUNT(signals.is_vote_count_corrected) >= thresholds.median_min_movies
  AND SAFE_DIVIDE(
    COUNTIF(signals.is_vote_count_corrected), COUNT(signals.is_vote_count_corrected)
  ) > thresholds.usual_max_share_of_corrected_votes
