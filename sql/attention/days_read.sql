-- days_read: the days that were read of the movies with an article, and of how many hours.
-- No row where no movie has an article: then there is nothing to read.
-- Grain: one row per day; day NULL where a movie was read on no day.
SELECT
  attention.day,
  MAX(attention.hours) AS hours
FROM tmdb_analytics.movie_articles AS articles
LEFT JOIN tmdb_analytics.movie_attention_daily AS attention
  ON articles.movie_id = attention.movie_id AND attention.day BETWEEN @from_date AND @to_date
WHERE articles.title IS NOT NULL
GROUP BY attention.day
