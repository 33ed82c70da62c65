"""Words that the glossary replaced and that must not come back: none in README and manual, ever fewer in `reid/`."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests import prose

STILL = {
    r"told": 13,
    r"tell(s|ing)?": 64,
    r"closer[ -]looks?|looks? closer|looked at closer": 44,
    r"camps?": 0,
    r"held to the fire": 0,
    r"anew": 2,
    r"to and fro": 0,
    r"makes? no odds": 0,
    r"for want of": 0,
    r"from the root": 0,
    r"whom": 40,
    r"whoever": 0,
    r"go(es)? by": 0,
    r"herds?": 63,
    r"nobody": 198,
    r"newness": 0,
    r"familiarity": 45,
    r"doubts?|doubtful": 260,
    r"suspects?": 26,
    r"plausible histor(y|ies)": 3,
    r"(brought|brings?) forward": 0,
    r"puts? right": 0,
    r"turned back": 0,
    r"parcels?": 28,
    r"swap(s|ped)? in": 4,
    r"place[ -]by[ -]place": 17,
    r"met": 86,
}
"""How often each stands in the code, its docstrings, comments and texts. These numbers may only fall.

Some of `nobody`, `doubts` and `tell` are names of stored or printed fields, files and values: they stay."""


@cache
def _code() -> str:
    """All of `reid/`: names of several words are read as words, and lines as one."""
    paths = [path for path in sorted((prose.ROOT / "reid").rglob("*")) if path.suffix in (".py", ".html")]
    return re.sub(r"[_\s]+", " ", " ".join(path.read_text(encoding="utf-8") for path in paths))


def _count(words: str, text: str) -> int:
    return len(re.findall(rf"(?<![A-Za-z])(?:{words})(?![A-Za-z])", text, flags=re.IGNORECASE))


@pytest.mark.parametrize("words", STILL)
def test_a_word_that_was_replaced_becomes_rarer_in_the_code(words: str) -> None:
    assert _count(words, _code()) <= STILL[words]


@pytest.mark.parametrize("name", list(prose.texts()))
def test_readme_and_manual_use_none_of_them(name: str) -> None:
    text = re.sub(r"\s+", " ", prose.without_code(prose.texts()[name]))
    assert {words: count for words in STILL if (count := _count(words, text))} == {}


def test_a_word_is_found_in_names_and_over_the_end_of_a_line() -> None:
    assert _count("closer[ -]looks?", re.sub(r"[_\s]+", " ", "a closer\n  look, closer_look, CLOSER-LOOKS, disclosure")) == 3
    assert _count("met", "method, met, Met_, 'met'") == 3
