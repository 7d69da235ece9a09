-- movie_daily_snapshots: the past of newly tracked movies, before the requested days.
-- Popularity in the exports of the 46 days before, as far back as windows reach; without votes,
-- changes and, as the movie was not tracked, metrics. What is stored stays. Days before the first
-- export with a movie that was not tracked have nothing to add: windows/first_past_day.sql. A
-- statement of its own, because BigQuery bills one that updates for all columns of all days that it
-- may write.
-- Grain: one row per movie_id and snapshot_date.
MERGE tmdb_analytics.movie_daily_snapshots AS stored
USING (
  WITH
  readings AS (
    SELECT
      movie_id,
      export_date AS snapshot_date,
      popularity,
      COALESCE(is_tracked, TRUE) AS is_tracked,
      loaded_at AS read_at
    FROM tmdb_analytics.movie_popularity_raw
    WHERE export_date BETWEEN @first_past_day AND DATE_SUB(@from_date, INTERVAL 1 DAY)
    UNION ALL
    -- The requested days, which are stored by now, and what is only stored of those before.
    SELECT
      movie_id,
      snapshot_date,
      CAST(NULL AS FLOAT64) AS popularity,
      COALESCE(is_tracked, TRUE) AS is_tracked,
      CAST(NULL AS TIMESTAMP) AS read_at
    FROM tmdb_analytics.movie_daily_snapshots
    WHERE
      snapshot_date BETWEEN DATE_SUB(@from_date, INTERVAL 9 DAY) AND @to_date
      AND snapshot_date >= @first_past_day
  ),

  -- Most readings are of movies that are never tracked: dropped here, before the sorting.
  wanted_movies AS (
    SELECT *
    FROM readings
    QUALIFY LOGICAL_OR(is_tracked) OVER (PARTITION BY movie_id)
  ),

  -- One row per movie and day: the newest popularity.
  days AS (
    SELECT
      movie_id,
      snapshot_date,
      ARRAY_AGG(
        popularity
        ORDER BY popularity IS NULL, read_at DESC, popularity DESC
        LIMIT 1
      )[OFFSET(0)] AS popularity,
      LOGICAL_OR(is_tracked) AS is_tracked,
      MAX(read_at) AS ingestion_timestamp
    FROM wanted_movies
    GROUP BY movie_id, snapshot_date
  ),

  -- A day of a tracked movie, or of its past as far as windows reach.
  wanted AS (
    SELECT *
    FROM days
    QUALIFY LOGICAL_OR(is_tracked) OVER (
      PARTITION BY movie_id ORDER BY UNIX_DATE(snapshot_date)
      RANGE BETWEEN CURRENT ROW AND 46 FOLLOWING
    )
  )

  SELECT
    movie_id,
    snapshot_date,
    is_tracked,
    popularity,
    IF(popularity IS NULL, NULL, 'export') AS popularity_source,
    ingestion_timestamp
  FROM wanted
  WHERE snapshot_date < @from_date AND NOT is_tracked
) AS fresh
-- The last line is for BigQuery: it reads only these partitions of the target.
  ON
    stored.movie_id = fresh.movie_id
    AND stored.snapshot_date = fresh.snapshot_date
    AND stored.snapshot_date BETWEEN @first_past_day AND DATE_SUB(@from_date, INTERVAL 1 DAY)
WHEN NOT MATCHED THEN INSERT (
  movie_id,
  snapshot_date,
  is_tracked,
  popularity,
  popularity_source,
  ingestion_timestamp
) VALUES (
  fresh.movie_id,
  fresh.snapshot_date,
  fresh.is_tracked,
  fresh.popularity,
  fresh.popularity_source,
  fresh.ingestion_timestamp
)
