-- gaps_in_days: a day between the first known and the last requested day has no row.
-- Severity: warn
-- Grain: one row per missing day, of the 35 that windows reach back.
SELECT
  day,
  CAST(NULL AS INT64) AS movie_id,
  'no snapshots of the day; TMDB keeps exports for about 3 months' AS problem
FROM (
  SELECT MIN(snapshot_date) AS first_day
  FROM tmdb_analytics.catalogue_days
  WHERE snapshot_date BETWEEN DATE_SUB(@from_date, INTERVAL 35 DAY) AND @to_date
) AS known
CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(known.first_day, @to_date)) AS day
LEFT JOIN tmdb_analytics.catalogue_days AS days
  ON
    day = days.snapshot_date
    AND days.snapshot_date BETWEEN DATE_SUB(@from_date, INTERVAL 35 DAY) AND @to_date
WHERE days.snapshot_date IS NULL
