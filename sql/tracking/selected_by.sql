-- selected_by: the most popular movies as a run has landed them, unless retired.
SELECT selected.movie_id
FROM tmdb_analytics.tracked_movies_raw AS selected
INNER JOIN tmdb_analytics.tracked_movies AS tracked
  ON selected.movie_id = tracked.movie_id
WHERE
  selected.run_id = @run_id AND selected.run_date = @run_date
  AND selected.rank IS NOT NULL AND tracked.retired_on IS NULL
ORDER BY selected.rank
