-- first_class_day: the first day whose classes the requested days may need.
-- A shift freezes its own day and the 8 after it, and a frozen class is carried on from one of the
-- 30 days before. Without a frozen day no class of an earlier day is read.
-- Grain: one row.
SELECT
  IF(
    LOGICAL_OR(is_catalogue_shift), DATE_SUB(@from_date, INTERVAL 30 DAY), @from_date
  ) AS first_day
FROM tmdb_analytics.catalogue_days
WHERE snapshot_date BETWEEN DATE_SUB(@from_date, INTERVAL 8 DAY) AND @to_date
