-- track: take what the runs of a day have found into tracked_movies.
-- Reads the table as it is when this runs, so that two runs at once lose nothing of each other:
-- BigQuery puts one after the other. Days only move forward: a late run of an earlier day takes
-- no rank away and brings no movie back that a later day has retired. Movies retired 180 days
-- ago are forgotten: TMDB's terms keep nothing longer than 6 months.
-- Grain: one row per movie_id.
MERGE tmdb_analytics.tracked_movies AS stored
USING (
  WITH
  -- Ranks are those of the day's newest selection; edits are those of all its runs.
  selections AS (
    SELECT
      *,
      IF(rank IS NULL, NULL, loaded_at) AS ranked_at,
      MAX(IF(rank IS NULL, NULL, loaded_at)) OVER () AS newest_ranked_at
    FROM tmdb_analytics.tracked_movies_raw
    WHERE run_date BETWEEN @from_date AND @to_date
  ),

  seen AS (
    SELECT
      movie_id,
      LOGICAL_OR(rank IS NOT NULL) AS is_in_top,
      MIN(IF(ranked_at = newest_ranked_at, rank, NULL)) AS rank,
      ARRAY_AGG(popularity ORDER BY ranked_at IS NULL, ranked_at DESC LIMIT 1)[OFFSET(0)]
        AS popularity,
      MAX(changed_on) AS changed_on,
      LOGICAL_OR(is_deleted) AS is_deleted,
      ARRAY_AGG(run_id ORDER BY loaded_at DESC, run_id ASC LIMIT 1)[OFFSET(0)] AS run_id
    FROM selections
    GROUP BY movie_id
  ),

  movies AS (
    SELECT
      COALESCE(before.movie_id, seen.movie_id) AS movie_id,
      before.movie_id IS NOT NULL AS is_known,
      before.tracked_since,
      before.last_in_top_on,
      before.rank AS rank_before,
      before.popularity AS popularity_before,
      before.changed_on AS changed_on_before,
      before.retired_on,
      before.retired_reason,
      before.updated_by_run,
      COALESCE(seen.is_in_top, FALSE) AS is_in_top,
      seen.rank,
      seen.popularity,
      seen.changed_on,
      COALESCE(seen.is_deleted, FALSE) AS is_deleted,
      seen.run_id,
      COALESCE(MAX(before.last_in_top_on) OVER () > @to_date, FALSE) AS is_late,
      COALESCE(before.retired_on > @to_date, FALSE) AS is_retired_later
    FROM tmdb_analytics.tracked_movies AS before
    FULL OUTER JOIN seen ON before.movie_id = seen.movie_id
  )

  SELECT
    movie_id,
    COALESCE(tracked_since, @to_date) AS tracked_since,
    IF(
      is_in_top, GREATEST(COALESCE(last_in_top_on, @to_date), @to_date), last_in_top_on
    ) AS last_in_top_on,
    IF(is_late, rank_before, rank) AS rank,
    IF(
      is_late,
      COALESCE(popularity_before, popularity),
      COALESCE(popularity, popularity_before)
    ) AS popularity,
    COALESCE(GREATEST(changed_on, changed_on_before), changed_on, changed_on_before) AS changed_on,
    CASE
      WHEN is_deleted THEN COALESCE(retired_on, @to_date)
      WHEN is_in_top AND NOT is_retired_later THEN NULL
      ELSE retired_on
    END AS retired_on,
    CASE
      WHEN is_deleted THEN COALESCE(retired_reason, 'deleted at TMDB')
      WHEN is_in_top AND NOT is_retired_later THEN NULL
      ELSE retired_reason
    END AS retired_reason,
    COALESCE(run_id, updated_by_run) AS updated_by_run
  FROM movies
  WHERE
    -- An edit alone makes no movie a tracked one.
    (is_known OR is_in_top)
    AND (
      is_in_top OR retired_on IS NULL OR retired_on >= DATE_SUB(@to_date, INTERVAL 180 DAY)
    )
) AS fresh
-- Nothing matches: every stored row goes, every fresh one comes, atomically.
  ON FALSE
WHEN NOT MATCHED BY SOURCE THEN DELETE
WHEN NOT MATCHED THEN INSERT (
  movie_id,
  tracked_since,
  last_in_top_on,
  rank,
  popularity,
  changed_on,
  retired_on,
  retired_reason,
  updated_by_run
) VALUES (
  fresh.movie_id,
  fresh.tracked_since,
  fresh.last_in_top_on,
  fresh.rank,
  fresh.popularity,
  fresh.changed_on,
  fresh.retired_on,
  fresh.retired_reason,
  fresh.updated_by_run
)
