"""Invented titles, overviews and companies.

In: `words.json`, and a number or a generator of random numbers. Out: texts that read
like those of a film. Titles are two words, unique for every number.
"""

import json
from math import gcd
from pathlib import Path
from random import Random
from typing import Any

_WORDS = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
_ADJECTIVES: list[str] = _WORDS["adjectives"]
_NOUNS: list[str] = _WORDS["nouns"]
# Fewer titles of the second kind, "Map of the Harbor".
_HEADS = _NOUNS[::3]
_SCRIPTS: dict[str, dict[str, list[str]]] = _WORDS["scripts"]
LANGUAGES: dict[str, dict[str, Any]] = _WORDS["languages"]
"""By code: english_name, name, country, country_name, share_percent."""

_COMBINATIONS = 2 * len(_ADJECTIVES) * len(_NOUNS) + len(_HEADS) * (len(_NOUNS) - 1)


def title(number: int, seed: int) -> str:
    """Return the `number`-th title of a seed; each is unique."""
    part, place = divmod(number, _COMBINATIONS)
    stride = round(_COMBINATIONS * 0.618) + seed % 997  # neighbours far apart
    while gcd(stride, _COMBINATIONS) != 1:
        stride += 1
    mixed = (place * stride + seed * 7919) % _COMBINATIONS
    name = _two_words(mixed)
    return name if part == 0 else f"{name} {part + 1}"


def _two_words(number: int) -> str:
    pairs = len(_ADJECTIVES) * len(_NOUNS)
    if number < 2 * pairs:
        article, pair = divmod(number, pairs)
        adjective, noun = divmod(pair, len(_NOUNS))
        name = f"{_ADJECTIVES[adjective]} {_NOUNS[noun]}"
        return f"The {name}" if article else name
    first, second = divmod(number - 2 * pairs, len(_NOUNS) - 1)
    second += _NOUNS[second] >= _HEADS[first]  # no Night of the Night
    return f"{_HEADS[first]} of the {_NOUNS[second]}"


def original_title(draw: Random, language: str, english: str) -> str:
    """Return a title in the language's script; the English title if it is Latin."""
    if language not in _SCRIPTS:
        return english
    script = _SCRIPTS[language]
    gap = "" if language in {"ja", "zh"} else " "
    return f"{draw.choice(script['adjectives'])}{gap}{draw.choice(script['nouns'])}"


def overview(draw: Random) -> str:
    """Return two sentences of plot."""
    hero = str(draw.choice(_WORDS["heroes"]))
    verb = draw.choice(_WORDS["turns"])
    return f"{hero[0].upper()}{hero[1:]} {verb}. {tagline(draw)}"


def tagline(draw: Random) -> str:
    """Return one sentence."""
    return str(draw.choice(_WORDS["stakes"]))


def company(draw: Random) -> str:
    """Return a production company's name."""
    first = str(draw.choice(_WORDS["company_first"])).replace("-", " ")
    return f"{first} {draw.choice(_WORDS['company_last'])}"
