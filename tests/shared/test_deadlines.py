"""Deadlines: each fits into the next."""

from shared import deadlines
from shared.config import Settings


def test_what_is_fetched_is_stored_before_the_function_is_ended() -> None:
    work_s = deadlines.FETCH_S + deadlines.CHUNK_S + deadlines.STORE_S
    assert work_s <= deadlines.FUNCTION_S < deadlines.ACK_S


def test_by_default_a_batch_stops_fetching_at_the_deadline() -> None:
    env = {"GOOGLE_CLOUD_PROJECT": "p", "TMDB_TOKEN_SECRET": "s"}
    assert Settings.from_env(env).fetch_deadline_s == deadlines.FETCH_S
