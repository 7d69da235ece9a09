-- read_day: how often the movies' Wikipedia articles were read on one day.
-- Earlier titles of an article count too: after a rename readers still ask for the old one.
-- Titles of another Wikidata id than the movie's do not. Run again it takes what came late; a
-- public table that has lost hours since changes nothing. The year of the table is the day's:
-- functions/compute_metrics/attention.py writes it.
-- Grain: one row per movie_id and day.
MERGE tmdb_analytics.movie_attention_daily AS stored
USING (
  WITH
  titles AS (
    SELECT DISTINCT
      articles.movie_id,
      articles.title
    FROM tmdb_analytics.movie_articles AS articles
    INNER JOIN tmdb_analytics.movies AS movies
      ON articles.movie_id = movies.movie_id AND articles.wikidata_id = movies.wikidata_id
    WHERE articles.title IS NOT NULL
  ),

  -- One scan: pages that are no movie's say too which hours there are.
  readings AS (
    SELECT
      titles.movie_id,
      pageviews.datehour,
      IF(pageviews.wiki = 'en', pageviews.views, 0) AS views_desktop,
      IF(pageviews.wiki = 'en.m', pageviews.views, 0) AS views_mobile
    FROM `bigquery-public-data`.wikipedia.pageviews_2026 AS pageviews
    LEFT JOIN titles ON pageviews.title = titles.title
    WHERE
      pageviews.datehour >= TIMESTAMP(@day, 'UTC')
      AND pageviews.datehour < TIMESTAMP(DATE_ADD(@day, INTERVAL 1 DAY), 'UTC')
      AND pageviews.wiki IN ('en', 'en.m')
    UNION ALL
    SELECT
      movie_id,
      NULL AS datehour,
      0 AS views_desktop,
      0 AS views_mobile
    FROM titles
  ),

  hourly AS (
    SELECT
      movie_id,
      datehour,
      SUM(views_desktop) AS views_desktop,
      SUM(views_mobile) AS views_mobile
    FROM readings
    GROUP BY movie_id, datehour
  ),

  counted AS (
    SELECT
      movie_id,
      views_desktop,
      views_mobile,
      NULLIF(COUNT(DISTINCT datehour) OVER (), 0) AS hours
    FROM hourly
  )

  SELECT
    movie_id,
    @day AS day,
    SUM(views_desktop) AS views_desktop,
    SUM(views_mobile) AS views_mobile,
    MAX(hours) AS hours
  FROM counted
  WHERE movie_id IS NOT NULL AND hours IS NOT NULL
  GROUP BY movie_id
) AS fresh
  ON stored.movie_id = fresh.movie_id AND stored.day = fresh.day AND stored.day = @day
WHEN MATCHED AND fresh.hours >= stored.hours THEN
  UPDATE
    SET
      views_desktop = fresh.views_desktop,
      views_mobile = fresh.views_mobile,
      hours = fresh.hours
WHEN NOT MATCHED THEN INSERT (
  movie_id,
  day,
  views_desktop,
  views_mobile,
  hours
) VALUES (
  fresh.movie_id,
  fresh.day,
  fresh.views_desktop,
  fresh.views_mobile,
  fresh.hours
)
