-- why_this_score: why does the most viral movie have the coefficient it has?
-- For another one replace the join by WHERE explained.movie_id = ...; of another day read
-- v_movie_score_explained, and give movie_id and calculation_date.
-- Grain: one row, of the newest published day.
SELECT explained.*
FROM tmdb_analytics.v_latest_score_explained AS explained
INNER JOIN tmdb_analytics.v_top_viral_movies AS chart
  ON
    explained.movie_id = chart.movie_id
    AND explained.calculation_date = chart.last_updated
ORDER BY chart.viral_rank
LIMIT 1
