-- keep_articles: take what Wikidata said about movies' articles on a day; earlier titles stay.
-- The parameter is a JSON array of objects with movie_id, wikidata_id and title (null: none).
-- Grain: one row per movie_id, wikidata_id, wiki and title.
MERGE tmdb_analytics.movie_articles AS stored
USING (
  SELECT
    CAST(JSON_VALUE(answer, '$.movie_id') AS INT64) AS movie_id,
    JSON_VALUE(answer, '$.wikidata_id') AS wikidata_id,
    'en' AS wiki,
    JSON_VALUE(answer, '$.title') AS title,
    @run_date AS first_seen,
    @run_date AS last_seen
  FROM UNNEST(JSON_QUERY_ARRAY(@answers)) AS answer
) AS fresh
  ON
    stored.movie_id = fresh.movie_id
    AND stored.wikidata_id = fresh.wikidata_id
    AND stored.wiki = fresh.wiki
    AND COALESCE(stored.title, '') = COALESCE(fresh.title, '')
WHEN MATCHED THEN
  UPDATE
    SET
      first_seen = LEAST(stored.first_seen, fresh.first_seen),
      last_seen = GREATEST(stored.last_seen, fresh.last_seen)
WHEN NOT MATCHED THEN INSERT (
  movie_id,
  wikidata_id,
  wiki,
  title,
  first_seen,
  last_seen
) VALUES (
  fresh.movie_id,
  fresh.wikidata_id,
  fresh.wiki,
  fresh.title,
  fresh.first_seen,
  fresh.last_seen
)
