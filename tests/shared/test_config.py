"""Settings: defaults, what is required, and how a bad value is refused."""

import pytest

from shared.config import Platform, Settings
from shared.messages import LARGEST_LIMIT

REQUIRED = {"GOOGLE_CLOUD_PROJECT": "p", "TMDB_TOKEN_SECRET": "projects/p/secrets/s"}


def test_two_variables_are_enough() -> None:
    settings = Settings.from_env(REQUIRED)
    assert settings.dataset == "tmdb_analytics"
    assert settings.tmdb_requests_per_second == 30
    assert settings.tracked_movies == 1_000


@pytest.mark.parametrize("missing", REQUIRED)
def test_a_missing_variable_is_named(missing: str) -> None:
    env = {name: value for name, value in REQUIRED.items() if name != missing}
    with pytest.raises(KeyError, match=missing):
        Settings.from_env(env)


@pytest.mark.parametrize("value", ["many", "0", "-3", ""])
def test_a_bad_number_names_its_variable(value: str) -> None:
    with pytest.raises(ValueError, match="TRACKED_MOVIES"):
        Settings.from_env({**REQUIRED, "TRACKED_MOVIES": value})


@pytest.mark.parametrize(
    ("value", "level"), [("info", "INFO"), ("Warning", "WARNING"), ("DEBUG", "DEBUG")]
)
def test_a_log_level_may_be_in_small_letters(value: str, level: str) -> None:
    assert Settings.from_env({**REQUIRED, "LOG_LEVEL": value}).log_level == level


@pytest.mark.parametrize("value", ["", "verbose", "10"])
def test_no_log_level_is_an_error_that_names_it_and_the_choices(value: str) -> None:
    with pytest.raises(ValueError, match=r"LOG_LEVEL is .*; write DEBUG, INFO"):
        Settings.from_env({**REQUIRED, "LOG_LEVEL": value})


def test_all_movies_are_tracked_by_a_word() -> None:
    settings = Settings.from_env({**REQUIRED, "TRACKED_MOVIES": "all"})
    assert settings.tracked_movies is None
    assert settings.details_per_day == LARGEST_LIMIT


def test_more_movies_than_a_run_fetches_are_refused() -> None:
    settings = Settings.from_env({**REQUIRED, "TRACKED_MOVIES": str(LARGEST_LIMIT)})
    assert settings.tracked_movies == LARGEST_LIMIT
    with pytest.raises(ValueError, match=f"TRACKED_MOVIES .* {LARGEST_LIMIT} or less"):
        Settings.from_env({**REQUIRED, "TRACKED_MOVIES": str(LARGEST_LIMIT + 1)})


def test_outside_cloud_run_the_platform_is_local() -> None:
    assert Platform.from_env({}) == Platform("local", "local", None, None, None)
