-- v_wikipedia_attention: whether a movie's Wikipedia article was read more when an alarm came.
-- Popularity of a day follows the readers of the day before. The 2 days before the alarm are
-- compared with the median of the days 8 to 35 before it; automatic traffic shows on one of
-- desktop and mobile, so both must have risen. No row: no article, or too few days were read.
-- Grain: one row per movie_id and calculation_date with an alarm.
CREATE OR REPLACE VIEW tmdb_analytics.v_wikipedia_attention AS
WITH
readings AS (
  SELECT
    alarms.movie_id,
    alarms.calculation_date,
    attention.views_desktop,
    attention.views_mobile,
    attention.views_desktop + attention.views_mobile AS views,
    DATE_DIFF(alarms.calculation_date, attention.day, DAY) AS days_before
  FROM tmdb_analytics.movie_breakouts AS alarms
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  INNER JOIN tmdb_analytics.movie_attention_daily AS attention
    ON
      alarms.movie_id = attention.movie_id
      AND attention.day < alarms.calculation_date
      AND attention.hours >= thresholds.wikipedia_min_hours
),

-- is_new: one of the newest days; is_usual: one of the days to compare with.
compared AS (
  SELECT
    readings.*,
    readings.days_before <= thresholds.wikipedia_new_days AS is_new,
    readings.days_before BETWEEN thresholds.wikipedia_usual_first_days_before
    AND thresholds.wikipedia_usual_last_days_before AS is_usual
  FROM readings
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
),

medians AS (
  SELECT
    *,
    PERCENTILE_CONT(IF(is_usual, views, NULL), 0.5) OVER of_alarm AS views_median,
    PERCENTILE_CONT(IF(is_usual, views_desktop, NULL), 0.5) OVER of_alarm AS desktop_median,
    PERCENTILE_CONT(IF(is_usual, views_mobile, NULL), 0.5) OVER of_alarm AS mobile_median
  FROM compared
  WHERE is_new OR is_usual
  WINDOW of_alarm AS (PARTITION BY movie_id, calculation_date)
),

levels AS (
  SELECT
    movie_id,
    calculation_date,
    COUNTIF(is_new) AS new_days,
    COUNTIF(is_usual) AS usual_days,
    AVG(IF(is_new, views, NULL)) AS views_now,
    AVG(IF(is_new, views_desktop, NULL)) AS desktop_now,
    AVG(IF(is_new, views_mobile, NULL)) AS mobile_now,
    MAX(views_median) AS views_usual,
    MAX(desktop_median) AS desktop_usual,
    MAX(mobile_median) AS mobile_usual
  FROM medians
  GROUP BY movie_id, calculation_date
),

-- A ratio is NULL where nobody read the article before.
ratios AS (
  SELECT
    *,
    SAFE_DIVIDE(views_now, views_usual) AS views_ratio,
    SAFE_DIVIDE(desktop_now, desktop_usual) AS desktop_ratio,
    SAFE_DIVIDE(mobile_now, mobile_usual) AS mobile_ratio
  FROM levels
)

SELECT
  ratios.movie_id,
  ratios.calculation_date,
  ratios.views_now AS wikipedia_views_now,
  ratios.views_usual AS wikipedia_views_usual,
  ratios.views_ratio AS wikipedia_ratio,
  IF(
    ratios.desktop_ratio IS NULL OR ratios.mobile_ratio IS NULL,
    NULL,
    ratios.desktop_ratio >= thresholds.wikipedia_min_ratio
    AND ratios.mobile_ratio >= thresholds.wikipedia_min_ratio
    AND ratios.views_now - ratios.views_usual >= thresholds.wikipedia_min_further_views
  ) AS is_confirmed_by_wikipedia
FROM ratios
CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
WHERE
  ratios.new_days = thresholds.wikipedia_new_days
  AND ratios.usual_days >= thresholds.wikipedia_usual_min_days
