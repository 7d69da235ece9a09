-- lists: who is on which top list, and at which place?
-- Grain: one row per list and movie_id.
SELECT
  'gaining' AS list,
  gaining_rank AS place,
  movie_id
FROM tmdb_analytics.v_top_gaining_movies
UNION ALL
SELECT
  'declining' AS list,
  declining_rank AS place,
  movie_id
FROM tmdb_analytics.v_top_declining_movies
UNION ALL
SELECT
  'viral' AS list,
  viral_rank AS place,
  movie_id
FROM tmdb_analytics.v_top_viral_movies
ORDER BY list, place
