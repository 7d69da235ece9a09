-- series: how did popularity and votes of each movie go?
-- Published days only; of the first leading_max_rank places and of movies without a place.
-- Grain: one row per movie_id and snapshot_date.
SELECT
  leaders.movie_id,
  leaders.snapshot_date,
  leaders.popularity,
  leaders.vote_count_change_1d
FROM tmdb_analytics.leading_movie_days AS leaders
INNER JOIN tmdb_analytics.catalogue_days AS days
  ON
    leaders.snapshot_date = days.snapshot_date
    AND days.is_published
    AND days.snapshot_date BETWEEN @from_date AND @to_date
WHERE leaders.snapshot_date BETWEEN @from_date AND @to_date
ORDER BY leaders.movie_id, leaders.snapshot_date
