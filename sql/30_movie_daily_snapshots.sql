-- movie_daily_snapshots: popularity and votes of each day, with their changes.
-- Popularity comes from the day's export, else from details; votes come from details. Stored
-- values replace landing rows that have expired, so a recomputation never removes a value. Details
-- count if TMDB answered on the day itself or within 3 hours after it: later readings belong to
-- another day. Details of a weekly run never count: it refreshes movies and computes no day.
-- A change compares with the newest value at the horizon or at most 2 days older, scaled by its
-- real age; without such a value it is NULL.
-- A newly tracked movie has a past, without changes and, as it was not tracked, without metrics:
-- the requested days of it are written here, those before them by the next file.
-- Grain: one row per movie_id and snapshot_date.
MERGE tmdb_analytics.movie_daily_snapshots AS stored
USING (
  WITH
  readings AS (
    SELECT
      movie_id,
      export_date AS snapshot_date,
      popularity,
      'export' AS popularity_source,
      CAST(NULL AS INT64) AS vote_count,
      CAST(NULL AS FLOAT64) AS vote_average,
      COALESCE(is_tracked, TRUE) AS is_tracked,
      FALSE AS is_stored,
      loaded_at AS read_at
    FROM tmdb_analytics.movie_popularity_raw
    -- 9 days: the oldest reference of the first day.
    WHERE export_date BETWEEN DATE_SUB(@from_date, INTERVAL 9 DAY) AND @to_date
    UNION ALL
    SELECT
      movie_id,
      run_date AS snapshot_date,
      popularity,
      'details' AS popularity_source,
      vote_count,
      vote_average,
      TRUE AS is_tracked,
      FALSE AS is_stored,
      fetched_at AS read_at
    FROM tmdb_analytics.movie_details_raw
    WHERE
      run_date BETWEEN @from_date AND @to_date
      AND NOT STARTS_WITH(run_id, 'weekly-')
      AND COALESCE(answered_at, fetched_at)
      >= TIMESTAMP_SUB(TIMESTAMP(run_date, 'UTC'), INTERVAL 5 MINUTE)
      AND COALESCE(answered_at, fetched_at)
      < TIMESTAMP_ADD(TIMESTAMP(run_date, 'UTC'), INTERVAL 27 HOUR)
    UNION ALL
    SELECT
      movie_id,
      snapshot_date,
      popularity,
      popularity_source,
      vote_count,
      vote_average,
      COALESCE(is_tracked, TRUE) AS is_tracked,
      TRUE AS is_stored,
      ingestion_timestamp AS read_at
    FROM tmdb_analytics.movie_daily_snapshots
    WHERE snapshot_date BETWEEN DATE_SUB(@from_date, INTERVAL 9 DAY) AND @to_date
  ),

  -- Most readings are of movies that are never tracked: dropped here, before the sorting.
  wanted_movies AS (
    SELECT *
    FROM readings
    QUALIFY LOGICAL_OR(is_tracked) OVER (PARTITION BY movie_id)
  ),

  -- One row per movie and day: of each value the best reading that has it.
  days AS (
    SELECT
      movie_id,
      snapshot_date,
      ARRAY_AGG(
        popularity
        ORDER BY
          popularity IS NULL, popularity_source = 'export' DESC, is_stored, read_at DESC,
          popularity DESC
        LIMIT 1
      )[OFFSET(0)] AS popularity,
      ARRAY_AGG(
        IF(popularity IS NULL, NULL, popularity_source)
        ORDER BY popularity IS NULL, popularity_source = 'export' DESC
        LIMIT 1
      )[OFFSET(0)] AS popularity_source,
      ARRAY_AGG(
        vote_count
        ORDER BY vote_count IS NULL, is_stored ASC, read_at DESC, vote_count DESC
        LIMIT 1
      )[OFFSET(0)] AS vote_count,
      ARRAY_AGG(
        vote_average
        ORDER BY
          vote_average IS NULL, is_stored ASC, read_at DESC, vote_count DESC, vote_average DESC
        LIMIT 1
      )[OFFSET(0)] AS vote_average,
      LOGICAL_OR(is_tracked) AS is_tracked,
      MAX(read_at) AS ingestion_timestamp
    FROM wanted_movies
    GROUP BY movie_id, snapshot_date
  ),

  -- Days as numbers, because RANGE frames need numbers; NULL where there is no value.
  points AS (
    SELECT
      *,
      UNIX_DATE(snapshot_date) AS day,
      IF(popularity IS NULL, NULL, UNIX_DATE(snapshot_date)) AS popularity_day,
      IF(vote_count IS NULL, NULL, UNIX_DATE(snapshot_date)) AS vote_day
    FROM days
  ),

  -- A day of a tracked movie, or of its past as far as windows reach.
  wanted AS (
    SELECT *
    FROM points
    QUALIFY LOGICAL_OR(is_tracked) OVER (
      PARTITION BY movie_id ORDER BY day RANGE BETWEEN CURRENT ROW AND 46 FOLLOWING
    )
  ),

  -- The newest values in [day - k - 2, day - k].
  referred AS (
    SELECT
      *,
      LAST_VALUE(popularity IGNORE NULLS) OVER day_before AS popularity_1d_ago,
      day - LAST_VALUE(popularity_day IGNORE NULLS) OVER day_before AS popularity_age_1d,
      LAST_VALUE(vote_count IGNORE NULLS) OVER day_before AS vote_count_1d_ago,
      day - LAST_VALUE(vote_day IGNORE NULLS) OVER day_before AS vote_age_1d,
      LAST_VALUE(popularity IGNORE NULLS) OVER week_before AS popularity_7d_ago,
      day - LAST_VALUE(popularity_day IGNORE NULLS) OVER week_before AS popularity_age_7d,
      LAST_VALUE(vote_count IGNORE NULLS) OVER week_before AS vote_count_7d_ago,
      day - LAST_VALUE(vote_day IGNORE NULLS) OVER week_before AS vote_age_7d
    FROM wanted
    WINDOW
      day_before AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 3 PRECEDING AND 1 PRECEDING
      ),
      week_before AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 9 PRECEDING AND 7 PRECEDING
      )
  ),

  changes AS (
    SELECT
      *,
      IF(is_tracked, (popularity - popularity_1d_ago) / popularity_age_1d, NULL)
        AS popularity_change_1d,
      IF(is_tracked, 7 * (popularity - popularity_7d_ago) / popularity_age_7d, NULL)
        AS popularity_change_7d,
      (vote_count - vote_count_1d_ago) / vote_age_1d AS vote_count_change_1d,
      7 * (vote_count - vote_count_7d_ago) / vote_age_7d AS vote_count_change_7d
    FROM referred
  )

  -- The requested days, chosen after the windows.
  SELECT
    movie_id,
    snapshot_date,
    is_tracked,
    popularity,
    popularity_source,
    vote_count,
    vote_average,
    popularity_change_1d,
    100 * SAFE_DIVIDE(popularity_change_1d, popularity_1d_ago) AS popularity_pct_change_1d,
    popularity_change_7d,
    100 * SAFE_DIVIDE(popularity_change_7d, popularity_7d_ago) AS popularity_pct_change_7d,
    vote_count_change_1d,
    100 * SAFE_DIVIDE(vote_count_change_1d, vote_count_1d_ago) AS vote_count_pct_change_1d,
    vote_count_change_7d,
    100 * SAFE_DIVIDE(vote_count_change_7d, vote_count_7d_ago) AS vote_count_pct_change_7d,
    ingestion_timestamp
  FROM changes
  WHERE snapshot_date >= @from_date
) AS fresh
-- The last line is for BigQuery: it reads only these partitions of the target.
  ON
    stored.movie_id = fresh.movie_id
    AND stored.snapshot_date = fresh.snapshot_date
    AND stored.snapshot_date BETWEEN @from_date AND @to_date
WHEN MATCHED THEN
  UPDATE
    SET
      is_tracked = fresh.is_tracked,
      popularity = fresh.popularity,
      popularity_source = fresh.popularity_source,
      vote_count = fresh.vote_count,
      vote_average = fresh.vote_average,
      popularity_change_1d = fresh.popularity_change_1d,
      popularity_pct_change_1d = fresh.popularity_pct_change_1d,
      popularity_change_7d = fresh.popularity_change_7d,
      popularity_pct_change_7d = fresh.popularity_pct_change_7d,
      vote_count_change_1d = fresh.vote_count_change_1d,
      vote_count_pct_change_1d = fresh.vote_count_pct_change_1d,
      vote_count_change_7d = fresh.vote_count_change_7d,
      vote_count_pct_change_7d = fresh.vote_count_pct_change_7d,
      ingestion_timestamp = fresh.ingestion_timestamp
WHEN NOT MATCHED THEN INSERT (
  movie_id,
  snapshot_date,
  is_tracked,
  popularity,
  popularity_source,
  vote_count,
  vote_average,
  popularity_change_1d,
  popularity_pct_change_1d,
  popularity_change_7d,
  popularity_pct_change_7d,
  vote_count_change_1d,
  vote_count_pct_change_1d,
  vote_count_change_7d,
  vote_count_pct_change_7d,
  ingestion_timestamp
) VALUES (
  fresh.movie_id,
  fresh.snapshot_date,
  fresh.is_tracked,
  fresh.popularity,
  fresh.popularity_source,
  fresh.vote_count,
  fresh.vote_average,
  fresh.popularity_change_1d,
  fresh.popularity_pct_change_1d,
  fresh.popularity_change_7d,
  fresh.popularity_pct_change_7d,
  fresh.vote_count_change_1d,
  fresh.vote_count_pct_change_1d,
  fresh.vote_count_change_7d,
  fresh.vote_count_pct_change_7d,
  fresh.ingestion_timestamp
)
