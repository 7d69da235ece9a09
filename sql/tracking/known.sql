-- known: the movies that are or were tracked.
SELECT movie_id FROM tmdb_analytics.tracked_movies
