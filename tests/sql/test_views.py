"""Views: the columns that users query, and the rows of an empty dataset."""

from datetime import date

import pytest
from google.cloud import bigquery

from local.tables import DATASET
from tests.sql.sandbox import SCHEMAS, Sandbox

pytestmark = pytest.mark.emulator

EXPLAINED = (
    "movie_id title calculation_date viral_coefficient "
    "virality_category viral_score_percentile surge history votes_3d "
    "votes_3d_expected is_vote_count_corrected z_votes weight_of_votes "
    "z_votes_counted surge_from_votes popularity popularity_now popularity_expected "
    "expected_level market_factor "
    "popularity_noise z_popularity weight_of_popularity surge_from_popularity "
    "is_breakout_alarm momentum_status popularity_growth_factor_7d "
    "popularity_growth_z popularity_wow_pct_change vote_velocity_7d "
    "vote_acceleration_7d vote_acceleration_7d_low not_in_top_viral_because "
    "not_in_top_gaining_because not_in_emerging_because is_newest coverage"
)
"""The view of the newest days has the columns of the view of all days."""

COLUMNS = {
    "v_latest_popularity_metrics": "movie_id title release_date genres last_updated "
    "current_popularity daily_change daily_pct_change weekly_change weekly_pct_change "
    "momentum_status momentum_status_1d trend_category popularity_rank "
    "popularity_7d_ma popularity_outlook_7d popularity_outlook_7d_low "
    "popularity_outlook_7d_high is_frozen coverage",
    "v_popularity_7d_moving_average": "movie_id title snapshot_date popularity "
    "popularity_7d_ma deviation_from_ma popularity_volatility_7d days_observed_7d "
    "coverage",
    "v_popularity_wow_comparison": "movie_id title current_week "
    "current_week_avg_popularity prev_week_avg_popularity wow_change wow_pct_change "
    "peak_popularity low_popularity days_observed coverage",
    "v_top_gaining_movies": "gaining_rank movie_id title release_date last_updated "
    "current_popularity popularity_7d_ma weekly_change weekly_pct_change "
    "daily_pct_change momentum_status trend_category popularity_rank coverage",
    "v_top_declining_movies": "declining_rank movie_id title release_date last_updated "
    "current_popularity popularity_7d_ma weekly_change weekly_pct_change "
    "daily_pct_change momentum_status trend_category popularity_rank coverage",
    "v_vote_velocity_metrics": "movie_id title release_date last_updated "
    "current_vote_count vote_average daily_vote_increase weekly_vote_increase "
    "weekly_vote_pct_increase avg_daily_votes_7d vote_acceleration engagement_level "
    "coverage",
    "v_viral_coefficient_scores": "movie_id title release_date calculation_date "
    "vote_velocity_7d vote_acceleration_7d popularity_wow_pct_change viral_coefficient "
    "trend_category current_vote_count current_popularity vote_average "
    "viral_score_percentile virality_category viral_coefficient_classic "
    "is_breakout_start is_breakout_confirmed is_newest coverage",
    "v_top_viral_movies": "viral_rank movie_id title release_date days_since_release "
    "last_updated viral_coefficient virality_category trend_category avg_daily_votes "
    "vote_acceleration total_votes rating current_popularity wow_popularity_change "
    "viral_score_percentile is_breakout_start is_breakout_confirmed coverage",
    "v_emerging_viral_trends": "emerging_rank movie_id title release_date last_updated "
    "vote_velocity_7d vote_acceleration_7d vote_acceleration_7d_low "
    "vote_acceleration_7d_high current_viral_score viral_score_7d_ago "
    "viral_score_change_7d trend_category vote_count popularity coverage",
    "v_vote_engagement_timeline": "movie_id title snapshot_date vote_count "
    "vote_average vote_count_change_1d vote_velocity_7d_ma peak_daily_votes_so_far "
    "engagement_trend coverage",
    "v_published_days": "snapshot_date movies_observed has_votes coverage "
    "popularity_log_change_1d_median is_catalogue_shift is_newest is_newest_with_votes",
    "v_popularity_chart": "popularity_rank movie_id title release_date last_updated "
    "current_popularity momentum_status rank_change_1d rank_change_7d peak_rank "
    "peak_date days_on_chart is_new_entry is_re_entry coverage",
    "v_popularity_ranks": "popularity_rank movie_id title release_date last_updated "
    "current_popularity momentum_status rank_change_1d rank_change_7d peak_rank "
    "peak_date days_on_chart is_on_chart is_new_entry is_re_entry coverage",
    "v_outlook_coverage": "snapshot_date outlooks outlooks_inside outlooks_inside_pct "
    "coverage",
    "v_breakouts": "movie_id title release_date started_on is_confirmed "
    "viral_coefficient surge z_votes z_popularity votes_3d votes_3d_expected "
    "popularity popularity_now popularity_expected market_factor vote_count "
    "wikipedia_ratio is_confirmed_by_wikipedia coverage",
    "v_wikipedia_attention": "movie_id calculation_date wikipedia_views_now "
    "wikipedia_views_usual wikipedia_ratio is_confirmed_by_wikipedia",
    "v_movie_score_explained": EXPLAINED,
    "v_chart_history": "list_name snapshot_date rank movie_id title popularity "
    "popularity_wow_pct_change viral_coefficient vote_velocity_7d vote_acceleration_7d "
    "surge vintage published_at run_id code_version coverage",
    "v_latest_score_explained": EXPLAINED,
    "v_latest_viral_scores": "movie_id title release_date calculation_date "
    "vote_velocity_7d vote_acceleration_7d popularity_wow_pct_change viral_coefficient "
    "trend_category current_vote_count current_popularity vote_average "
    "viral_score_percentile virality_category viral_coefficient_classic "
    "is_breakout_start is_breakout_confirmed votes_3d is_newest coverage",
    "v_run_status": "run_id mode run_date state batches_total batches_done expected "
    "fetched not_found failed written rows_visible coverage is_covered is_complete "
    "is_closed is_due is_metrics_requested is_metrics_failed metrics_requests "
    "is_check_failed is_published republished started_at ended_at "
    "metrics_requested_at last_seen_at seconds tmdb_requests "
    "tmdb_throttled bytes_billed code_version",
}


def test_the_columns_that_queries_name_are_there(sandbox: Sandbox) -> None:
    found = {
        view: " ".join(field.name for field in _table(sandbox, view))
        for view in COLUMNS
    }

    assert found == COLUMNS


def test_nothing_is_shown_of_nothing(sandbox: Sandbox) -> None:
    assert [view for view in COLUMNS if sandbox.rows(view)] == []


def test_every_view_has_its_columns_listed_here() -> None:
    views = {path.stem for path in SCHEMAS[0].parents[1].glob("views/*.sql")}

    assert views == COLUMNS.keys()


def test_a_top_list_ends(sandbox: Sandbox) -> None:
    # 150 movies, movie n gains n percent and has n viral points.
    numbers = range(1, 151)
    day = "2026-03-20"
    sandbox.load(
        "catalogue_days",
        [
            {
                "snapshot_date": day,
                "has_votes": True,
                "is_catalogue_shift": False,
                "is_published": True,
            }
        ],
    )
    sandbox.load(
        "movie_viral_signals",
        [
            {
                "movie_id": n,
                "calculation_date": day,
                "history": "full",
                "is_breakout_alarm": False,
                "votes_3d": 50,
                "vote_acceleration_7d": n,
                "vote_acceleration_7d_low": 1,
            }
            for n in numbers
        ],
    )
    sandbox.load(
        "movie_metrics_aggregated",
        [
            {
                "movie_id": n,
                "calculation_date": day,
                "popularity": 50,
                "popularity_wow_pct_change": n,
                "vote_count": 1000,
                "vote_velocity_7d": 20 + n,
                "viral_coefficient": n / 2,
            }
            for n in numbers
        ],
    )

    sandbox.make_small(date.fromisoformat(day), date.fromisoformat(day))

    for view, rank in (
        ("v_top_gaining_movies", "gaining_rank"),
        ("v_top_viral_movies", "viral_rank"),
        ("v_emerging_viral_trends", "emerging_rank"),
    ):
        rows = sandbox.select(
            f"SELECT {rank} AS place, movie_id FROM {DATASET}.{view} ORDER BY place"
        )
        assert [(row["place"], row["movie_id"]) for row in rows] == [
            (place, 151 - place) for place in range(1, 101)
        ]


def _table(sandbox: Sandbox, view: str) -> list[bigquery.SchemaField]:
    return list(sandbox.client.get_table(f"{DATASET}.{view}").schema)
