"""Records as JSON: no number that JSON does not know, accents as they are, sightings in their own shape."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pytest

from reid.records import Decision, Match, Outcome, Problem, Sighting, SpeciesGuess
from reid.tables.json_lines import line, plain


@dataclass(frozen=True)
class Row:
    name: str
    path: Path
    days: tuple[date, ...]


def test_a_record_is_its_fields_with_paths_and_dates_as_text() -> None:
    text = line(Row("Été", Path("a") / "b.jpg", (date(2024, 2, 29),)))
    assert text == '{"name": "Été", "path": "a/b.jpg", "days": ["2024-02-29"]}'


@pytest.mark.parametrize(("value", "wanted"), [
    (math.nan, None), (math.inf, None), (0.5, 0.5), (datetime(2024, 1, 2, 3, 4, 5, 678), "2024-01-02T03:04:05"),
    (Outcome.NEW, "new"), ({Path("a"): (1, 2)}, {"a": [1, 2]}), (None, None), (True, True),
])
def test_a_value_is_what_json_knows(value: object, wanted: object) -> None:
    assert plain(value) == wanted


def test_a_problem_names_photo_error_and_origin() -> None:
    assert plain(Problem("a.jpg", "is empty", "photos.csv, row 2", "path")) == {
        "photo": "a.jpg", "error": "is empty", "origin": "photos.csv, row 2",
    }  # fmt: skip


def test_a_sighting_has_its_decision_and_matches_in_the_words_of_the_command() -> None:
    match = Match("zebra", "Ama", 1, 0.91, 0.97, "a.jpg", "left", datetime(2024, 1, 2), local=0.5)
    sighting = Sighting(
        photo="q.jpg", sha256="ab", species=SpeciesGuess("zebra", 0.9, (("giraffe", 0.1),), fingerprint="s1"),
        decision=Decision(Outcome.KNOWN, "Ama", 0.97, "sure"), matches=(match,), side="left", captured_at=None, encounter="e",
        camera="north", season="2024", embedding_fingerprint="e1", searched=("zebra",), photos=("q.jpg",),
    )  # fmt: skip
    shown = json.loads(line(sighting))
    assert {name: shown[name] for name in ("decision", "individual", "probability", "captured_at", "nets")} == {
        "decision": "known", "individual": "Ama", "probability": 0.97, "captured_at": None,
        "nets": {"species": "s1", "embedding": "e1"},
    }  # fmt: skip
    assert shown["species"]["alternatives"] == [{"name": "giraffe", "probability": 0.1}]
    assert shown["matches"] == [{
        "individual": "Ama", "species": "zebra", "rank": 1, "score": 0.91, "local": 0.5, "probability": 0.97, "photo": "a.jpg",
        "side": "left", "captured_at": "2024-01-02T00:00:00",
    }]  # fmt: skip
