"""Wikidata's client on the emulator: what is asked, how often, how politely."""

from collections.abc import Iterator

import pytest

from emulators.wikidata import WikidataEmulator
from shared.errors import WikidataUnavailableError
from shared.wikidata import RETRY_S, Wikidata

CONTACT = "ops@example.org"
TITLES = {"Q1": "The Long Night (film)", "Q3": "Third"}


@pytest.fixture
def emulator() -> Iterator[WikidataEmulator]:
    with WikidataEmulator(lambda: TITLES) as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def wikidata(emulator: WikidataEmulator, waits: list[float]) -> Wikidata:
    return Wikidata(emulator.url, CONTACT, sleep=waits.append)


def test_titles_are_written_as_page_views_have_them(
    wikidata: Wikidata, emulator: WikidataEmulator
) -> None:
    assert wikidata.titles(["Q1", "Q2", "Q3"]) == {
        "Q1": "The_Long_Night_(film)",
        "Q2": None,
        "Q3": "Third",
    }
    assert emulator.requests == [["Q1", "Q2", "Q3"]]


def test_the_operator_is_named(wikidata: Wikidata, emulator: WikidataEmulator) -> None:
    wikidata.titles(["Q1"])

    [agent] = emulator.user_agents
    assert CONTACT in agent
    assert agent.startswith("tmdb-traction/")


@pytest.mark.parametrize("fault", ["throttled", "lagged"])
def test_it_waits_as_long_as_wikidata_wants(
    fault: str, wikidata: Wikidata, emulator: WikidataEmulator, waits: list[float]
) -> None:
    setattr(emulator, fault, 2)
    emulator.retry_after_s = 7

    assert wikidata.titles(["Q3"]) == {"Q3": "Third"}
    assert waits == [7.0, 7.0]


def test_it_gives_up_for_this_run(
    wikidata: Wikidata, emulator: WikidataEmulator, waits: list[float]
) -> None:
    emulator.is_down = True
    emulator.retry_after_s = 20

    with pytest.raises(WikidataUnavailableError, match="503") as refusal:
        wikidata.titles(["Q1"])

    assert sum(waits) <= RETRY_S
    assert refusal.value.hint


def test_what_is_refused_is_not_asked_again(
    wikidata: Wikidata, emulator: WikidataEmulator, waits: list[float]
) -> None:
    with pytest.raises(WikidataUnavailableError, match="toomanyvalues"):
        wikidata.titles([f"Q{n}" for n in range(1, 52)])

    assert (waits, emulator.requests) == ([], [])


def test_nobody_answers(waits: list[float]) -> None:
    with WikidataEmulator(dict) as emulator:
        url = emulator.url
    with pytest.raises(WikidataUnavailableError, match="ConnectionError"):
        Wikidata(url, CONTACT, sleep=waits.append).titles(["Q1"])


@pytest.mark.parametrize("contact", ["\u4eba@example.org", "ops@example.org\nX: 1"])
def test_a_contact_that_no_header_takes_is_refused(
    contact: str, emulator: WikidataEmulator
) -> None:
    with pytest.raises(WikidataUnavailableError):
        Wikidata(emulator.url, contact).titles(["Q1"])
    assert emulator.requests == []


@pytest.mark.parametrize(
    "text",
    [
        "<html></html>",
        "[]",
        '{"error": "no such action"}',
        '{"error": {"code": ["odd"]}}',
        '{"entities": []}',
    ],
)
def test_an_answer_that_means_nothing_is_refused(
    text: str, wikidata: Wikidata, emulator: WikidataEmulator
) -> None:
    emulator.garbled = text

    with pytest.raises(WikidataUnavailableError, match="HTTP 200"):
        wikidata.titles(["Q1"])


def test_a_longer_wait_than_a_run_has_is_left_to_the_next_run(
    wikidata: Wikidata, emulator: WikidataEmulator, waits: list[float]
) -> None:
    emulator.throttled = 9
    emulator.retry_after_s = 3_600

    with pytest.raises(WikidataUnavailableError, match="429"):
        wikidata.titles(["Q1"])

    assert waits == []
    assert emulator.throttled == 8
