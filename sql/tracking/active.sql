-- active: the tracked movies, the most popular first.
SELECT movie_id FROM tmdb_analytics.tracked_movies
WHERE retired_on IS NULL
ORDER BY rank IS NULL, rank, movie_id
