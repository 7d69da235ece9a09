-- chart_history: keep the lists of days as they are published. What has not changed adds nothing.
-- Who is on a list, and where, is what its view says of the newest day: a test compares them.
-- Grain: one row per list_name, snapshot_date and movie_id; one row without movie where the list
-- is empty.
INSERT INTO tmdb_analytics.chart_history (
  list_name,
  snapshot_date,
  rank,
  movie_id,
  title,
  popularity,
  popularity_wow_pct_change,
  viral_coefficient,
  vote_velocity_7d,
  vote_acceleration_7d,
  surge,
  run_id,
  code_version,
  published_at,
  content_hash
)
WITH
days AS (
  SELECT
    snapshot_date,
    has_votes
  FROM tmdb_analytics.v_published_days
  WHERE snapshot_date BETWEEN @from_date AND @to_date
),

movies_of_days AS (
  SELECT
    days.snapshot_date,
    metrics.movie_id,
    COALESCE(movies.title, movies.original_title) AS title,
    metrics.popularity,
    metrics.popularity_wow_pct_change,
    metrics.viral_coefficient,
    metrics.vote_velocity_7d,
    signals.vote_acceleration_7d,
    signals.surge,
    metrics.popularity_rank,
    metrics.popularity - metrics.popularity_wow_change AS popularity_7d_ago,
    thresholds.top_list_max_rows,
    COALESCE(
      metrics.popularity_wow_pct_change > thresholds.gaining_min_popularity_pct_change_7d
      AND metrics.popularity >= thresholds.top_list_min_popularity,
      FALSE
    ) AS is_gaining,
    COALESCE(
      metrics.popularity_wow_pct_change < thresholds.declining_max_popularity_pct_change_7d
      AND metrics.popularity - metrics.popularity_wow_change
      >= thresholds.top_list_min_popularity,
      FALSE
    ) AS is_declining,
    COALESCE(
      signals.movie_id IS NOT NULL
      AND metrics.viral_coefficient >= thresholds.top_viral_min_coefficient
      AND (
        signals.votes_3d >= thresholds.breakout_min_votes_3d
        OR metrics.popularity >= thresholds.breakout_min_popularity
      ),
      FALSE
    ) AS is_viral,
    COALESCE(
      signals.vote_acceleration_7d_low > thresholds.accelerating_min_vote_acceleration_7d
      AND metrics.vote_velocity_7d >= thresholds.emerging_min_votes_per_day
      AND (
        metrics.viral_coefficient > thresholds.emerging_min_viral_coefficient
        OR signals.vote_acceleration_7d > thresholds.emerging_min_vote_acceleration_7d
      ),
      FALSE
    ) AS is_emerging,
    COALESCE(metrics.is_breakout_start, FALSE) AS is_breakout_start
  FROM tmdb_analytics.movie_metrics_aggregated AS metrics
  INNER JOIN days ON metrics.calculation_date = days.snapshot_date
  LEFT JOIN tmdb_analytics.movie_viral_signals AS signals
    ON
      metrics.movie_id = signals.movie_id
      AND metrics.calculation_date = signals.calculation_date
      AND signals.calculation_date BETWEEN @from_date AND @to_date
  LEFT JOIN tmdb_analytics.movies AS movies ON metrics.movie_id = movies.movie_id
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  WHERE metrics.calculation_date BETWEEN @from_date AND @to_date
),

ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY snapshot_date, is_gaining
      ORDER BY popularity_wow_pct_change DESC, popularity DESC, movie_id ASC
    ) AS gaining_rank,
    ROW_NUMBER() OVER (
      PARTITION BY snapshot_date, is_declining
      ORDER BY popularity_wow_pct_change ASC, popularity_7d_ago DESC, movie_id ASC
    ) AS declining_rank,
    ROW_NUMBER() OVER (
      PARTITION BY snapshot_date, is_viral
      ORDER BY viral_coefficient DESC, vote_velocity_7d DESC, movie_id ASC
    ) AS viral_rank,
    ROW_NUMBER() OVER (
      PARTITION BY snapshot_date, is_emerging
      ORDER BY vote_acceleration_7d DESC, vote_velocity_7d DESC, movie_id ASC
    ) AS emerging_rank,
    ROW_NUMBER() OVER (
      PARTITION BY snapshot_date, is_breakout_start
      ORDER BY surge DESC, movie_id ASC
    ) AS breakouts_rank
  FROM movies_of_days
),

listed AS (
  SELECT
    list.list_name,
    ranked.snapshot_date,
    list.rank,
    ranked.movie_id,
    ranked.title,
    -- Far below what anybody reads, and far above what the order of a sum changes.
    ROUND(ranked.popularity, 4) AS popularity,
    ROUND(ranked.popularity_wow_pct_change, 4) AS popularity_wow_pct_change,
    ROUND(ranked.viral_coefficient, 4) AS viral_coefficient,
    ROUND(ranked.vote_velocity_7d, 4) AS vote_velocity_7d,
    ROUND(ranked.vote_acceleration_7d, 4) AS vote_acceleration_7d,
    ROUND(ranked.surge, 4) AS surge
  FROM ranked
  CROSS JOIN
    UNNEST([
      STRUCT('chart' AS list_name, ranked.popularity_rank AS rank),
      STRUCT('gaining', IF(ranked.is_gaining, ranked.gaining_rank, NULL)),
      STRUCT('declining', IF(ranked.is_declining, ranked.declining_rank, NULL)),
      STRUCT('viral', IF(ranked.is_viral, ranked.viral_rank, NULL)),
      STRUCT('emerging', IF(ranked.is_emerging, ranked.emerging_rank, NULL)),
      STRUCT('breakouts', IF(ranked.is_breakout_start, ranked.breakouts_rank, NULL))
    ]) AS list
  WHERE list.rank <= ranked.top_list_max_rows
),

-- Every list of the days, the empty ones too. A day without votes shows those of an earlier
-- one, so it has no list of whose votes speed up.
shown AS (
  SELECT
    names.list_name,
    days.snapshot_date,
    listed.* EXCEPT (list_name, snapshot_date)
  FROM days
  CROSS JOIN
    UNNEST([
      STRUCT('chart' AS list_name, FALSE AS is_of_votes),
      STRUCT('gaining', FALSE),
      STRUCT('declining', FALSE),
      STRUCT('viral', FALSE),
      STRUCT('emerging', TRUE),
      STRUCT('breakouts', FALSE)
    ]) AS names
  LEFT JOIN listed
    ON names.list_name = listed.list_name AND days.snapshot_date = listed.snapshot_date
  WHERE days.has_votes OR NOT names.is_of_votes
),

hashes AS (
  SELECT
    list_name,
    snapshot_date,
    TO_HEX(SHA256(COALESCE(
      STRING_AGG(
        IF(
          movie_id IS NULL,
          NULL,
          TO_JSON_STRING(STRUCT(
            rank,
            movie_id,
            title,
            popularity,
            popularity_wow_pct_change,
            viral_coefficient,
            vote_velocity_7d,
            vote_acceleration_7d,
            surge
          ))
        ),
        '\n'
        ORDER BY rank, movie_id
      ),
      ''
    ))) AS content_hash
  FROM shown
  GROUP BY list_name, snapshot_date
),

newest_vintages AS (
  SELECT
    list_name,
    snapshot_date,
    content_hash
  FROM tmdb_analytics.chart_history
  WHERE snapshot_date BETWEEN @from_date AND @to_date
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY list_name, snapshot_date ORDER BY published_at DESC) = 1
)

SELECT
  shown.list_name,
  shown.snapshot_date,
  shown.rank,
  shown.movie_id,
  shown.title,
  shown.popularity,
  shown.popularity_wow_pct_change,
  shown.viral_coefficient,
  shown.vote_velocity_7d,
  shown.vote_acceleration_7d,
  shown.surge,
  @run_id AS run_id,
  @code_version AS code_version,
  CURRENT_TIMESTAMP() AS published_at,
  hashes.content_hash
FROM shown
INNER JOIN hashes
  ON shown.list_name = hashes.list_name AND shown.snapshot_date = hashes.snapshot_date
LEFT JOIN newest_vintages
  ON
    shown.list_name = newest_vintages.list_name
    AND shown.snapshot_date = newest_vintages.snapshot_date
WHERE newest_vintages.content_hash IS DISTINCT FROM hashes.content_hash
