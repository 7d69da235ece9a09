-- articles_due: tracked movies whose Wikipedia article is to be looked up, most popular first.
-- Those never looked up under their Wikidata id, and those not looked up for 7 days.
-- Grain: one row per movie_id.
WITH
looked_up AS (
  SELECT
    movie_id,
    wikidata_id,
    MAX(last_seen) AS looked_up_on
  FROM tmdb_analytics.movie_articles
  GROUP BY movie_id, wikidata_id
)

SELECT
  tracked.movie_id,
  movies.wikidata_id
FROM tmdb_analytics.tracked_movies AS tracked
INNER JOIN tmdb_analytics.movies AS movies ON tracked.movie_id = movies.movie_id
LEFT JOIN looked_up
  ON movies.movie_id = looked_up.movie_id AND movies.wikidata_id = looked_up.wikidata_id
WHERE
  tracked.retired_on IS NULL
  -- Wikidata refuses a whole request for one id that is none, such as TMDB's ''.
  AND REGEXP_CONTAINS(movies.wikidata_id, '^Q[1-9][0-9]{0,17}$')
  AND COALESCE(looked_up.looked_up_on <= DATE_SUB(@run_date, INTERVAL 7 DAY), TRUE)
ORDER BY tracked.popularity DESC, tracked.movie_id ASC
LIMIT 2500
