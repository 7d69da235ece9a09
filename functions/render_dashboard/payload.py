"""What the page is made of: the rows of sql/dashboard as plain JSON types.

Days are ISO dates, moments are ISO timestamps in UTC, NULL is None. A name is the
column's name in the view that the docstring names.
"""

from typing import TypedDict


class Header(TypedDict):
    """Of which day? How complete? v_published_days, the newest daily v_run_status."""

    popularity_date: str | None
    """snapshot_date of the newest published day; None: nothing is published."""
    votes_date: str | None
    """The same of the newest published day with votes."""
    days_with_votes: int
    """Published days with votes among the days kept."""
    fetched: int | None
    """Of the newest initial or daily run; None: no run so far."""
    expected: int | None
    not_found: int | None
    coverage: float | None
    """Of the newest published day: 0 to 1."""
    built_at: str
    """From the clock, not from a query."""
    source: str
    """Whose data it is: the project's id, or "demo data on this machine"."""


class Movie(TypedDict):
    """One tracked movie on the newest published day.

    v_latest_popularity_metrics, v_popularity_ranks, v_vote_velocity_metrics,
    v_movie_score_explained, movies.genres, and the series of movie_daily_snapshots.
    """

    movie_id: int
    title: str
    release_date: str | None
    genres: list[str]

    # v_latest_popularity_metrics
    current_popularity: float
    daily_pct_change: float | None
    weekly_pct_change: float | None
    momentum_status: str
    popularity_7d_ma: float | None
    popularity_outlook_7d: float | None
    popularity_outlook_7d_low: float | None
    popularity_outlook_7d_high: float | None
    is_frozen: bool

    # v_popularity_ranks
    popularity_rank: int
    rank_change_1d: int | None
    rank_change_7d: int | None
    peak_rank: int
    peak_date: str
    days_on_chart: int
    is_new_entry: bool
    is_re_entry: bool

    # v_vote_velocity_metrics, of the newest published day with votes
    current_vote_count: int | None
    vote_average: float | None
    avg_daily_votes_7d: float | None
    engagement_level: str | None

    # v_movie_score_explained, of the newest published day
    viral_coefficient: float | None
    virality_category: str
    surge: float | None
    votes_3d: float | None
    votes_3d_expected: float | None
    z_votes: float | None
    surge_from_votes: float | None
    popularity_now: float | None
    popularity_expected: float | None
    expected_level: str | None
    market_factor: float | None
    z_popularity: float | None
    surge_from_popularity: float | None
    popularity_growth_factor_7d: float | None
    popularity_growth_z: float | None
    not_in_top_viral_because: str | None
    not_in_top_gaining_because: str | None
    not_in_emerging_because: str | None

    # movie_daily_snapshots, one value per entry of Dashboard.days
    popularity: list[float | None]
    votes: list[float | None]
    """vote_count_change_1d."""


class Breakout(TypedDict):
    """One row of v_breakouts, of the days of Dashboard.days."""

    movie_id: int
    started_on: str
    is_confirmed: bool
    viral_coefficient: float | None
    surge: float | None
    votes_3d: float | None
    votes_3d_expected: float | None
    popularity_now: float | None
    popularity_expected: float | None
    market_factor: float | None
    wikipedia_ratio: float | None
    is_confirmed_by_wikipedia: bool | None


class Emerging(TypedDict):
    """One row of v_emerging_viral_trends, in the order of emerging_rank."""

    movie_id: int
    last_updated: str
    vote_velocity_7d: float
    vote_acceleration_7d: float
    vote_acceleration_7d_low: float
    vote_acceleration_7d_high: float
    current_viral_score: float | None
    viral_score_change_7d: float | None


class Genre(TypedDict):
    """One row of sql/queries/genre_performance.sql."""

    genre: str
    movies: int
    weekly_pct_change_median: float | None
    viral_pct: float | None
    votes_per_day_mean: float | None
    breakouts: int


class Cohort(TypedDict):
    """One row of sql/queries/release_cohorts.sql, in its order."""

    release_cohort: str
    movies: int
    movies_judged: int
    weekly_pct_change_median: float | None
    falling_pct: float | None
    declining_pct: float | None
    stable_pct: float | None
    rising_pct: float | None
    surging_pct: float | None


class CatalogueDay(TypedDict):
    """One row of catalogue_days among Dashboard.days; a day without one is missing."""

    snapshot_date: str
    is_published: bool
    has_votes: bool
    movies_observed: int
    coverage: float | None
    is_catalogue_shift: bool


class Run(TypedDict):
    """One of the 20 newest rows of v_run_status, newest first."""

    run_id: str
    mode: str
    run_date: str
    state: str
    expected: int | None
    fetched: int | None
    not_found: int | None
    failed: int | None
    coverage: float | None
    started_at: str
    ended_at: str | None


class Finding(TypedDict):
    """What one check found on one of Dashboard.days, newest first."""

    check_name: str
    severity: str
    snapshot_date: str
    offending_rows: int
    examples: list[str]


class Revision(TypedDict):
    """One list of the newest published day, published again with other rows.

    A row of sql/queries/chart_vintages.sql, but none of the first vintages.
    """

    list_name: str
    published_at: str
    entered: int
    gone: int
    moved: int


class OutlookDay(TypedDict):
    """One row of v_outlook_coverage: the outlooks whose day has come."""

    snapshot_date: str
    """The day that the outlooks were of; they were made 7 days before."""
    outlooks: int
    inside_pct: float


class OutlookCoverage(TypedDict):
    """v_outlook_coverage of the last 4 weeks, and all of them together."""

    outlooks: int
    inside_pct: float | None
    """None: no outlook's day has come."""
    days: list[OutlookDay]


class Links(TypedDict, total=False):
    """Addresses that exist on Google Cloud only."""

    dead_letters: str
    alerts: str
    tables: str


class Dashboard(TypedDict):
    """Everything that the page shows. Every movie_id of a list is one of movies."""

    header: Header
    days: list[str]
    """Up to 90 calendar days without a hole, oldest first, to popularity_date."""
    movies: list[Movie]
    """By popularity_rank: all tracked, or the first 10,000 and those on a list."""
    breakouts: list[Breakout]
    """By started_on, newest first, then by surge, largest first."""
    gaining: list[int]
    """movie_id of v_top_gaining_movies, by gaining_rank."""
    declining: list[int]
    """movie_id of v_top_declining_movies, by declining_rank."""
    viral: list[int]
    """movie_id of v_top_viral_movies, by viral_rank."""
    emerging: list[Emerging]
    genres: list[Genre]
    cohorts: list[Cohort]
    catalogue_days: list[CatalogueDay]
    runs: list[Run]
    findings: list[Finding]
    revisions: list[Revision]
    """Empty where the day's lists are as they were first published."""
    outlook: OutlookCoverage
    thresholds: dict[str, float]
    """The one row of metric_thresholds: name to value."""
    links: Links
