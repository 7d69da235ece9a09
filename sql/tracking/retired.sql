-- retired: the movies that were tracked and still exist at TMDB.
SELECT movie_id FROM tmdb_analytics.tracked_movies
WHERE retired_on IS NOT NULL AND retired_reason != 'deleted at TMDB'
ORDER BY movie_id
