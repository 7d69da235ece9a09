"""The file: its size, content policy and sentences, without a browser."""

import re
from pathlib import Path

import pytest

from benchmarks.made_up_dashboard import dashboard, thresholds
from functions.render_dashboard import queries, wording
from functions.render_dashboard.encoding import (
    coarse_code,
    columns,
    letters,
    popularity_code,
    steps,
)
from functions.render_dashboard.page import SCRIPTS, STYLES, TEMPLATES, render
from functions.render_dashboard.payload import Revision
from local import archives

DATA = dashboard()


def test_every_statement_that_is_read_is_in_the_archive() -> None:
    text = Path(queries.__file__).read_text()
    names = set(re.findall(r'"((?:dashboard|queries)/\w+)"', text))
    assert len(names) > 8
    deployed = archives.contents(archives.DASHBOARD)
    assert {f"sql/{name}.sql" for name in names} <= deployed.keys()


@pytest.mark.parametrize(
    ("folder", "named"),
    [
        ("styles", [f"{name}.css" for name in STYLES]),
        ("scripts", [f"{name}.js" for name in SCRIPTS]),
    ],
)
def test_every_style_and_script_is_on_the_page(folder: str, named: list[str]) -> None:
    assert sorted(named) == sorted(path.name for path in (TEMPLATES / folder).iterdir())


def test_the_same_dashboard_gives_the_same_bytes() -> None:
    assert render(DATA) == render(dashboard())


@pytest.mark.parametrize(
    ("movies", "most_bytes"),
    [
        (1_000, 500_000),
        pytest.param(10_000, 1_700_000, marks=pytest.mark.exhaustive),
    ],
)
def test_the_file_stays_small(movies: int, most_bytes: int) -> None:
    """With some reserve: the limits of the page are 1 and 2 million bytes."""
    assert len(render(dashboard(movies=movies, vote_days=90))) < most_bytes


def test_a_revised_day_says_when_and_by_how_much() -> None:
    once = Revision(
        list_name="chart",
        published_at="2026-06-30T09:20:00+00:00",
        entered=1,
        gone=2,
        moved=0,
    )
    sentence = "The lists of this day changed after it was first published, "
    assert wording.of_revisions([once]) == (
        f"{sentence}once on 30 Jun, 09:20 UTC: chart (1 new, 2 gone)."
    )
    viral = Revision(
        list_name="viral",
        published_at="2026-07-01T10:00:00+00:00",
        entered=0,
        gone=0,
        moved=0,
    )
    emerging = viral.copy()
    emerging["list_name"], emerging["moved"] = "emerging", 3
    assert wording.of_revisions([once, emerging, viral]) == (
        f"{sentence}2 times, last on 1 Jul, 10:00 UTC: emerging (3 moved), "
        "viral (other numbers or titles)."
    )
    assert wording.of_revisions([]) is None

    html = render(DATA).decode()
    assert "<li>Lists revised 30 Jun, 09:20 UTC</li>" in html
    assert "30 Jun, 09:20 UTC: chart (1 new, 1 gone, 4 moved)." in html
    assert "revised" not in render({**DATA, "revisions": []}).decode()


def test_votes_are_called_missing_only_where_no_score_has_them() -> None:
    early = dashboard(movies=300, vote_days=3)
    missing = "Votes are not in the score yet"
    for movie in early["movies"]:
        movie["surge_from_votes"] = None
    assert missing in render(early).decode()
    ids = {movie["movie_id"]: movie for movie in early["movies"]}
    ids[early["viral"][0]]["surge_from_votes"] = 1.5
    html = render(early).decode()
    assert missing not in html
    assert "Vote metrics need 8 days: 3 so far" in html


def test_nothing_but_its_own_script_and_style_may_run() -> None:
    html = render(DATA).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy
    rules = dict(rule.split(" ", 1) for rule in policy[1].split("; "))
    assert rules["default-src"] == "&#39;none&#39;"
    assert "unsafe" not in policy[1]
    assert " style=" not in html
    assert "onerror=alert" not in re.sub(r"&lt;[^;]*?&gt;", "", html)


def test_a_series_is_a_letter_for_each_day() -> None:
    assert letters([0, -1, 1, None, -2, 30_000]) == "012 3" + chr(0x30 + 60_000 + 0x800)
    assert list(steps([100, None, 103, 101])) == [100, None, 3, -2]


@pytest.mark.parametrize(
    ("popularity", "code"),
    [(0.0, 0), (5.834, 583), (9.994, 999), (9.996, 1000), (44.93, 1349), (None, None)],
)
def test_popularity_is_finer_below_ten(
    popularity: float | None, code: int | None
) -> None:
    assert popularity_code(popularity) == code


@pytest.mark.parametrize(
    ("popularity", "code"),
    # 1 + 50 ln(p / 0.01): ln 1 = 0, ln 100 = 4.605, ln 102 = 4.625
    [(None, None), (0.0, 0), (0.002, 1), (0.01, 1), (1.0, 231), (1.02, 232)],
)
def test_the_past_of_a_late_rank_is_in_steps_of_two_percent(
    popularity: float | None, code: int | None
) -> None:
    assert coarse_code(popularity) == code


def test_words_become_codes_where_they_repeat() -> None:
    rows = [{"title": name, "word": "Stable"} for name in ("one", "two", "three")]
    assert columns(rows) == {
        "title": ["one", "two", "three"],
        "word": {"words": ["Stable"], "codes": [0, 0, 0]},
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, wording.NOTHING),
        (0.524, "0.52"),
        (9.994, "9.99"),
        (44.93, "44.9"),
        (1234.5, "1,235"),
    ],
)
def test_numbers_have_three_digits_that_count(value: float | None, text: str) -> None:
    assert wording.number(value) == text


def test_a_coefficient_never_reaches_a_class_that_the_movie_is_not_in() -> None:
    assert wording.score(59.96) == "59"
    assert columns([{"viral_coefficient": 59.96}, {"viral_coefficient": None}]) == {
        "viral_coefficient": [59.9, None]
    }


def test_days_in_a_row_are_one_stretch() -> None:
    days = ["2026-05-11", "2026-05-12", "2026-05-20", "2026-05-30", "2026-05-31"]
    days += ["2026-06-01"]
    text = wording.days_listed(days)
    assert text == "11 and 12 May, 20 May, 30 May to 1 Jun"


def test_a_share_is_cut_and_never_rounded_up_to_whole() -> None:
    assert wording.share(0.9999) == "99.9 %"
    assert wording.share(1.0) == "100 %"


def test_a_word_that_says_less_than_the_percentage_says_why() -> None:
    movie = DATA["movies"][0].copy()
    movie["momentum_status"] = "Stable"
    movie["popularity_growth_factor_7d"] = 1.62
    movie["popularity_growth_z"] = 1.8
    text = wording.of_momentum(movie, thresholds())
    times, sigma = wording.TIMES, wording.SIGMA
    assert text == f"{times}1.62 on last week, +1.8{sigma} (under 2.3{sigma})"


@pytest.mark.parametrize(
    ("deviations", "expected_text"),
    [
        (2.29, "+2.2{} (under 2.3{})"),  # not +2.3, which would not be Stable
        (2.3, "+2.3{}"),
        (-2.35, "{minus}2.3{}"),
        (-0.04, "0.0{} (under 2.3{})"),
    ],
)
def test_a_surprise_is_cut_and_never_reaches_the_bound_that_it_missed(
    deviations: float, expected_text: str
) -> None:
    movie = DATA["movies"][0].copy()
    movie["popularity_growth_factor_7d"] = 1.1 if deviations > 0 else 0.9
    movie["popularity_growth_z"] = deviations
    movie["weekly_pct_change"] = 10 * deviations
    sigma = wording.SIGMA
    expected = expected_text.format(sigma, sigma, minus=wording.MINUS)
    assert wording.of_momentum(movie, thresholds()).endswith(f" week, {expected}")


def test_a_growth_that_the_percentage_contradicts_says_so() -> None:
    movie = DATA["movies"][0].copy()
    movie["popularity_growth_factor_7d"], movie["popularity_growth_z"] = 1.5, 2.5
    movie["weekly_pct_change"] = -3.0
    assert wording.of_momentum(movie, thresholds()).endswith(
        "but the week's percentage says otherwise"
    )


def test_a_breakout_says_its_evidence_and_whether_it_is_confirmed() -> None:
    breakout = DATA["breakouts"][0].copy()
    breakout |= {
        "started_on": "2026-06-29",
        "is_confirmed": False,
        "votes_3d": 39,
        "votes_3d_expected": 3.1,
        "popularity_now": 44.9,
        "popularity_expected": 11.0,
        "market_factor": 1.1,
        "wikipedia_ratio": None,
        "is_confirmed_by_wikipedia": None,
    }
    says = (
        "39 votes in 3 days where 3.1 were expected; popularity 44.9 where 12.1 was "
        "expected. Not confirmed yet: another alarm by 1 Jul would."
    )
    assert wording.of_breakout(breakout, "2026-06-30") == says
    breakout |= {"wikipedia_ratio": 4.516, "is_confirmed_by_wikipedia": True}
    assert wording.of_breakout(breakout, "2026-06-30") == (
        f"{says} Wikipedia confirms it: the article was read 4.52 times as often as "
        "usual."
    )
    breakout |= {"wikipedia_ratio": 1.03, "is_confirmed_by_wikipedia": False}
    assert wording.of_breakout(breakout, "2026-06-30") == (
        f"{says} Wikipedia shows no matching rise: the article was read 1.03 times as "
        "often as usual."
    )


def test_readers_that_are_few_or_on_desktop_alone_confirm_nothing() -> None:
    text = (archives.ROOT / "sql/10_metric_thresholds.sql").read_text()
    assert f"  {wording.WIKIPEDIA_MIN_RATIO} AS wikipedia_min_ratio" in text
    assert "shows no matching rise" in wording.of_readers(1.49, is_confirmed=False)
    assert wording.of_readers(10.5, is_confirmed=False) == (
        " Wikipedia does not confirm it: the article was read 10.5 times as often as "
        "usual, but by few readers, or on one of desktop and mobile only."
    )


def test_a_rise_that_nobody_can_judge_is_not_mentioned() -> None:
    """Nobody read the article on desktop before: the ratio is of mobile alone."""
    assert wording.of_readers(40.0, None) == ""


def test_a_list_with_a_movie_that_is_not_on_the_page_is_refused() -> None:
    data = dashboard(movies=5)
    data["viral"] = [424242]
    with pytest.raises(KeyError):
        render(data)


def test_tmdb_is_attributed() -> None:
    assert (
        "not endorsed, certified, or otherwise approved by TMDB"
        in render(dashboard(movies=0, days=0, vote_days=0)).decode()
    )


def test_the_page_of_a_project_links_to_its_dead_letters() -> None:
    data = dashboard(movies=0, days=0, vote_days=0)
    html = render(data).decode()
    for name, address in data["links"].items():
        shown = str(address).replace("&", "&amp;")
        label = name.replace("_", " ").capitalize()
        assert f'<a href="{shown}" rel="noreferrer">{label}</a>' in html
    assert "detail/dead-letters?project=a-project" in html
