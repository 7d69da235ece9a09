-- select_all: select every movie of the export that a run has landed, as if it had listed them.
-- Once per run: a redelivery adds nothing.
-- Grain: one row per movie_id and run_id.
INSERT INTO tmdb_analytics.tracked_movies_raw (
  run_id,
  run_date,
  movie_id,
  rank,
  popularity,
  changed_on,
  is_deleted,
  loaded_at
)
SELECT
  run_id,
  @run_date AS run_date,
  movie_id,
  ROW_NUMBER() OVER (ORDER BY popularity DESC, movie_id ASC) AS rank,
  popularity,
  CAST(NULL AS DATE) AS changed_on,
  FALSE AS is_deleted,
  loaded_at
FROM tmdb_analytics.movie_popularity_raw
WHERE
  run_id = @run_id AND export_date = @export_date
  AND NOT EXISTS (
    SELECT 1 FROM tmdb_analytics.tracked_movies_raw
    WHERE run_id = @run_id AND run_date = @run_date AND rank IS NOT NULL
  )
