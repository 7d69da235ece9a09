-- metric_thresholds: every number a metric is judged by. Change one here and nowhere else.
-- Words (momentum, engagement, virality) follow at once, they are derived in views; weights,
-- trends and the 7-day average are stored: recompute the days that are to follow.
-- Grain: one row.
CREATE OR REPLACE VIEW tmdb_analytics.metric_thresholds AS
SELECT
  -- Windows. The frames in 30, 40 and the views repeat the tolerance, for GoogleSQL wants
  -- literals there; a test compares them.
  2 AS reference_tolerance_days,  -- "7 days ago" may be 7 to 9 days ago, scaled by its real age
  4 AS average_7d_min_days_observed,  -- of 7; fewer give no average and no calendar-week comparison

  -- Momentum: one-day change of popularity in percent.
  10.0 AS surging_min_popularity_pct_change_1d,  -- above it
  5.0 AS rising_min_popularity_pct_change_1d,  -- above it
  -5.0 AS declining_max_popularity_pct_change_1d,  -- at or below it
  -10.0 AS falling_max_popularity_pct_change_1d,  -- at or below it

  -- Trend: change of popularity in points per 7 days, all "beyond it".
  50.0 AS viral_trend_min_votes_per_day,
  10.0 AS viral_trend_min_popularity_change_7d,
  5.0 AS rising_trend_min_popularity_change_7d,
  -5.0 AS declining_trend_max_popularity_change_7d,

  -- Engagement: votes per day over 7 days, all "at least".
  100.0 AS viral_engagement_min_votes_per_day,
  50.0 AS high_engagement_min_votes_per_day,
  20.0 AS moderate_engagement_min_votes_per_day,
  5.0 AS low_engagement_min_votes_per_day,

  -- Viral coefficient, 0 to 100: weights of the 7-day growth in percent, classes "at least".
  0.6 AS viral_weight_of_vote_pct_change_7d,
  0.4 AS viral_weight_of_popularity_pct_change_7d,
  80.0 AS extremely_viral_min_coefficient,
  60.0 AS highly_viral_min_coefficient,
  40.0 AS moderately_viral_min_coefficient,
  20.0 AS slightly_viral_min_coefficient,

  -- Emerging: votes per day speed up, there are enough of them, and one of the last two holds.
  0.0 AS accelerating_min_vote_acceleration_7d,  -- votes per day per week, above it
  10.0 AS emerging_min_votes_per_day,  -- at least
  30.0 AS emerging_min_viral_coefficient,  -- above it
  5.0 AS emerging_min_vote_acceleration_7d,  -- votes per day per week, above it

  -- Top lists.
  100 AS top_list_max_rows,
  0.0 AS gaining_min_popularity_pct_change_7d,  -- above it
  0.0 AS declining_max_popularity_pct_change_7d,  -- below it
  -- About rank 4,000 on TMDB's scale since 2025 (rank 1,000 is near 10): far enough up that a
  -- triple is news, while 0.6 to 1.8 is two visitors more. After a re-scaling it must move.
  4.0 AS top_list_min_popularity,
  20.0 AS top_viral_min_coefficient,  -- at least
  -- With 50 votes one more is 2 %; below, growth in percent is chance (2 to 4 votes is 100 %).
  50 AS top_viral_min_vote_count,

  -- Completeness: a run below it is not whole. Share of the movies TMDB has.
  0.99 AS published_min_coverage
