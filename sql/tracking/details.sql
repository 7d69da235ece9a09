-- details: the movies whose details a run fetches, at most details_per_day of them.
-- All tracked movies where they fit. Else the most popular; of the others those whose popularity
-- differs most from their own mean of the 7 days before; and the rest of the budget goes to those
-- whose description is missing or oldest, so that every movie gets its turn.
-- A difference and not a ratio: a ratio is largest where popularity is next to nothing.
WITH
days AS (
  SELECT
    movie_id,
    export_date,
    MAX(popularity) AS popularity
  FROM tmdb_analytics.movie_popularity_raw
  WHERE export_date BETWEEN DATE_SUB(@run_date, INTERVAL 7 DAY) AND @run_date
  GROUP BY movie_id, export_date
),

moves AS (
  SELECT
    movie_id,
    ABS(
      MAX(IF(export_date = @run_date, popularity, NULL))
      - AVG(IF(export_date < @run_date, popularity, NULL))
    ) AS moved
  FROM days
  GROUP BY movie_id
),

ranked AS (
  SELECT
    tracked.movie_id,
    moves.moved,
    movies.last_updated,
    ROW_NUMBER() OVER (
      ORDER BY tracked.rank IS NULL, tracked.rank, tracked.popularity DESC, tracked.movie_id
    ) AS place
  FROM tmdb_analytics.tracked_movies AS tracked
  LEFT JOIN moves ON tracked.movie_id = moves.movie_id
  LEFT JOIN tmdb_analytics.movies AS movies ON tracked.movie_id = movies.movie_id
  WHERE tracked.retired_on IS NULL
),

moved AS (
  SELECT
    *,
    place <= @most_popular AS is_popular,
    ROW_NUMBER() OVER (
      PARTITION BY place <= @most_popular ORDER BY moved IS NULL, moved DESC, place
    ) AS place_by_move
  FROM ranked
)

SELECT movie_id
FROM moved
WHERE TRUE
QUALIFY
  ROW_NUMBER() OVER (
    ORDER BY
      is_popular DESC,
      moved IS NOT NULL AND place_by_move <= @most_moved DESC,
      last_updated IS NOT NULL,
      last_updated,
      place
  ) <= @details_per_day
ORDER BY place
