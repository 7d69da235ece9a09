-- metric_thresholds: every number a metric is judged by. Change one here and nowhere else.
-- Words (engagement, virality) and top lists follow at once, they are derived in views; scores,
-- classes and averages are stored: recompute the days that are to follow.
-- Grain: one row.
CREATE OR REPLACE VIEW tmdb_analytics.metric_thresholds AS
SELECT
  -- Windows. The frames in 30, 50, 60 and the views repeat the tolerance, for GoogleSQL wants
  -- literals there; a test compares them.
  2 AS reference_tolerance_days,  -- "7 days ago" may be 7 to 9 days ago, scaled by its real age
  4 AS average_7d_min_days_observed,  -- of 7; fewer give no average and no comparison of weeks

  -- Momentum: mean of the last 2 days over mean of last week, the day's median taken out.
  3 AS last_week_min_days_observed,  -- of 7
  2.3 AS momentum_min_growth_z,  -- units of noise; fewer are Stable. x 1.35 for a well-known title
  1.5 AS surging_min_growth_factor_7d,  -- at least, else Rising; Falling: at most 1 / this

  -- Momentum of one day: change of popularity in percent.
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

  -- Viral coefficient, 0 to 100: classes "at least".
  80.0 AS extremely_viral_min_coefficient,
  60.0 AS highly_viral_min_coefficient,
  40.0 AS moderately_viral_min_coefficient,
  20.0 AS slightly_viral_min_coefficient,
  4.0 AS viral_half_distance_surge,  -- so many standard deviations halve the distance to 100

  -- Viral coefficient: the counter of votes. A step down by more than both is a clean-up by
  -- TMDB; a step up that makes good this share of a dip within a week is a restore.
  2.0 AS vote_correction_min_votes,
  0.002 AS vote_correction_min_share,
  0.5 AS vote_restore_min_share,

  -- Viral coefficient: how many votes to expect, and what they weigh.
  0.5 AS vote_rate_prior_votes_per_day,
  2.0 AS vote_rate_prior_days,  -- weight of the prior in the rate, and of the rate in this week's
  7.0 AS last_week_prior_days,  -- of the rate that are mixed into last week's
  0.1 AS vote_overdispersion,  -- of 3 days' votes over Poisson's, for z_votes
  1.0 AS vote_weight_half_votes,  -- votes at which z_votes counts sqrt(1/2) of z_popularity

  -- Votes per day and their bounds.
  0.03 AS vote_rate_overdispersion,  -- of a week's votes over Poisson's
  4.0 AS vote_acceleration_min_days,  -- measured days of each week
  1.645 AS bounds_z,  -- of the 5 % and 95 % bounds

  -- Viral coefficient: noise is of the natural logarithm of popularity. It is this for a
  -- well-known title and grows below breakout_min_popularity: there it is a few visitors.
  0.01 AS popularity_min,  -- below it all is the same
  0.13 AS popularity_noise_min,

  -- Outlook: the unit is the movie's own one-day change, of the natural logarithm.
  14 AS full_history_min_days,  -- of the days 35 to 4 before
  0.09 AS volatility_max_variance_1d,  -- a jump of more than 30 % counts as 30 %
  0.0036 AS volatility_prior_variance_1d,  -- 6 %
  14.0 AS volatility_prior_days,  -- weight of the prior
  0.0004 AS volatility_min_variance_1d,  -- 2 %

  -- Medians and quantiles of a day's movies.
  30 AS median_min_movies,  -- fewer say nothing

  -- Breakouts: surge, and votes or popularity that matter. At 1.1 million movies take 4.0.
  3.0 AS breakout_min_surge,
  5.0 AS breakout_min_votes_3d,
  4.0 AS breakout_min_popularity,

  -- Wikipedia's readers, a second witness of a breakout: nothing of it enters a score.
  2 AS wikipedia_new_days,  -- before the alarm, all of them read
  8 AS wikipedia_usual_first_days_before,
  35 AS wikipedia_usual_last_days_before,
  14 AS wikipedia_usual_min_days,  -- of these 28
  22 AS wikipedia_min_hours,  -- of 24; a day with fewer counts as not read
  1.5 AS wikipedia_min_ratio,  -- at least, on desktop and on mobile
  1000.0 AS wikipedia_min_further_views,  -- a day, at least

  -- Classic viral coefficient: weights of the 7-day growth in percent.
  0.6 AS viral_weight_of_vote_pct_change_7d,
  0.4 AS viral_weight_of_popularity_pct_change_7d,

  -- Emerging: votes per day speed up beyond chance, there are enough of them, and one of the
  -- last two holds.
  0.0 AS accelerating_min_vote_acceleration_7d,  -- votes per day per week, lower bound above it
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

  -- Outlook: movies that moved by this factor in a week are climbing or sinking (1 / this).
  1.4 AS outlook_moving_min_factor_7d,

  -- Catalogue: a median one-day change by this factor, up or down, is TMDB's and not the movies'.
  1.2 AS catalogue_shift_min_factor,

  -- Checks: what can be, and what is usual (TMDB's: 0.24 % corrections, 21 % unchanged).
  0.0 AS valid_min_count,
  10.0 AS valid_max_vote_average,
  100.0 AS valid_max_coefficient,
  0.05 AS usual_max_share_of_corrected_votes,
  0.5 AS usual_max_share_of_stale_popularity,
  -- At least: somebody looks at such a movie every day. Of 2,962 pairs of real days from it up none
  -- was equal; further down a movie may rest for weeks, and most of 1.1 million are further down.
  4.0 AS stale_popularity_min_popularity,

  -- Reports: what sql/queries list and how they group.
  5.0 AS momentum_report_min_popularity_pct_change_7d,  -- above it
  50 AS viral_report_max_rank,
  30 AS release_cohort_1_max_days,  -- since release; each begins the day after the one before
  90 AS release_cohort_2_max_days,
  180 AS release_cohort_3_max_days,
  20.0 AS rapid_breakout_min_coefficient_change_7d,  -- at least
  10 AS genre_report_min_movies,  -- at least
  10000 AS dashboard_max_movies,
  -- Places of each day that leading_movie_days keeps, for series of the page and for peaks: they
  -- are whole for so many tracked movies. More of them read more.
  30000 AS leading_max_rank,

  -- Completeness: a run below it is not whole. Share of the movies TMDB has.
  0.99 AS published_min_coverage
