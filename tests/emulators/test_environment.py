"""The environment of this process and its children, from a user's variables."""

import os
import urllib.request

import pytest

from emulators import environment

MEANT_FOR_OTHERS = {
    "BIGQUERY_DATASET": "elsewhere",
    "BIGQUERY_EMULATOR_HOST": "http://127.0.0.1:9",
    "DEBUG": "release",
    "FLASK_APP": "theirs",
    "FUNCTION_SIGNATURE_TYPE": "event",
    "FUNCTION_SOURCE": "/nowhere.py",
    "FUNCTION_TARGET": "theirs",
    "GOOGLE_APPLICATION_CREDENTIALS": "/nowhere.json",
    "GOOGLE_CLOUD_PROJECT": "theirs",
    "GUNICORN_CMD_ARGS": "--bind=127.0.0.1:1",
    "LOG_LEVEL": "info",
    "PORT": "1",
    "PUBSUB_EMULATOR_HOST": "127.0.0.1:9",
    "PYTHONHOME": "/nowhere",
    "PYTHONIOENCODING": "cp1252",
    "PYTHONPATH": "/theirs",
    "PYTHONSTARTUP": "/nowhere.py",
    "TMDB_BASE_URL": "http://127.0.0.1:9",
    "TMDB_TOKEN": "theirs",
    "TOPIC_PREFIX": "theirs-",
}
PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize("name", MEANT_FOR_OTHERS)
def test_a_child_does_not_get_a_variable_that_is_meant_for_others(name: str) -> None:
    assert name not in environment.of_child(user=MEANT_FOR_OTHERS)
    given = {"PORT": "8080"}
    assert environment.of_child(given, user=MEANT_FOR_OTHERS)["PORT"] == "8080"


def test_a_child_keeps_what_a_program_needs_to_run() -> None:
    user = {"PATH": "/bin", "HOME": "/home/a b é", "TMPDIR": ""}
    kept = environment.of_child(user=user)
    assert kept == {"PATH": "/bin", "HOME": "/home/a b é", **environment.CHOSEN}


@pytest.mark.parametrize("name", ["http_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_only_a_child_that_goes_outside_has_the_proxy(name: str) -> None:
    user = {name: PROXY, "REQUESTS_CA_BUNDLE": "/ca.pem", "NO_PROXY": "intra.example"}
    at_home = environment.of_child(user=user)
    assert at_home == environment.CHOSEN
    outside = environment.of_child(user=user, goes_outside=True)
    scheme = name.lower().removesuffix("_proxy")
    assert outside[f"{scheme}_proxy"] == outside[f"{scheme.upper()}_PROXY"] == PROXY
    assert outside["REQUESTS_CA_BUNDLE"] == "/ca.pem"
    direct = ["intra.example", *environment.LOOPBACK]
    assert outside["no_proxy"].split(",") == outside["NO_PROXY"].split(",") == direct


@pytest.fixture
def _no_proxy() -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            del os.environ[name]


@pytest.mark.usefixtures("_no_proxy")
@pytest.mark.parametrize("no_proxy", ["", "intra.example"])
def test_this_process_reaches_loopback_directly_and_the_rest_by_proxy(
    no_proxy: str,
) -> None:
    os.environ |= {"HTTPS_PROXY": PROXY, "NO_PROXY": no_proxy}
    environment.spare_loopback()
    before = dict(os.environ)
    for host in environment.LOOPBACK:
        assert urllib.request.proxy_bypass(host)
    assert not urllib.request.proxy_bypass("api.themoviedb.org")
    assert bool(urllib.request.proxy_bypass("intra.example")) == bool(no_proxy)
    assert urllib.request.getproxies()["https"] == PROXY
    environment.spare_loopback()
    assert dict(os.environ) == before


@pytest.mark.usefixtures("_no_proxy")
def test_grpc_has_a_list_of_its_own_and_a_star_means_no_proxy_at_all() -> None:
    os.environ |= {"grpc_proxy": PROXY, "no_grpc_proxy": "intra.example"}
    environment.spare_loopback()
    directly = dict(os.environ)["no_grpc_proxy"]
    assert directly == "intra.example,127.0.0.1,localhost,::1"
    os.environ |= {"no_proxy": "*", "https_proxy": PROXY}
    environment.spare_loopback()
    assert "https_proxy" not in os.environ
    assert "https_proxy" not in environment.of_child(goes_outside=True)
