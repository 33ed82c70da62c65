"""How alike doubtful sightings are: evidence by side as a query weighs it, and new animals that are put together by it."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reid.actions.counting.count import count
from reid.actions.counting.pairwise_evidence import pairwise
from reid.records import Calibration, Decision, Outcome, Sighting, SpeciesGuess
from reid.settings import CountSettings
from reid.steps.decision import evidence
from reid.store import Gallery
from tests.commands import World

LEARNED = Calibration(
    slope=10.0, intercept=-5.0, ceiling=4.0, known_at=0.9, new_at=0.9, prior=0.5, max_false_match=0.01, false_match=0.0,
    false_new=0.0, individuals=20, photos=60, comparisons=500,
)  # fmt: skip


def at(*degrees: float) -> np.ndarray:
    turned = np.radians(degrees)
    return np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32)


def test_the_evidence_of_two_sightings_is_that_of_a_query():
    vectors, units = at(0, 30, 90, 60), np.array([0, 1, 2, 2])
    found = pairwise(vectors, units, ["", "", "", ""], 3, LEARNED)
    scores = {(0, 1): [30], (0, 2): [90, 60], (1, 2): [60, 30]}
    for (first, second), angles in scores.items():
        wanted = np.mean([evidence(float(np.cos(np.radians(angle))), LEARNED) for angle in angles])
        assert found[first, second] == found[second, first] == pytest.approx(wanted, abs=1e-5)
    assert np.diag(found).tolist() == [0, 0, 0]


def test_the_left_and_the_right_are_not_compared_and_two_sides_are_added():
    vectors, units = at(0, 0, 0, 0), np.array([0, 1, 2, 2])
    found = pairwise(vectors, units, ["left", "right", "left", "right"], 3, LEARNED)
    assert found[0, 1] == 0 and found[0, 2] == found[1, 2] == 4.0
    both = pairwise(at(0, 0, 0, 0), np.array([0, 0, 1, 1]), ["left", "right", "left", "right"], 2, LEARNED)
    assert both[0, 1] == 8.0
    unknown = pairwise(at(0, 0), np.array([0, 1]), ["left", ""], 2, replace(LEARNED, left=replace(LEARNED, ceiling=1.0)))
    assert unknown[0, 1] == 1.0, "a photo of unknown side is judged by the side it is compared with"


def test_photos_of_unknown_side_may_show_the_two_flanks_of_one_animal():
    unlike = at(0, 90)
    assert pairwise(unlike, np.array([0, 1]), ["", ""], 2, LEARNED)[0, 1] == pytest.approx(-4.0)
    told = pairwise(unlike, np.array([0, 1]), ["", ""], 2, LEARNED, flanks=True)[0, 1]
    assert told == pytest.approx(math.log(0.5 * math.exp(-4.0) + 0.5))
    half = pairwise(unlike, np.array([0, 1]), ["", "left"], 2, LEARNED, flanks=True)[0, 1]
    assert half == pytest.approx(told)
    alike = pairwise(at(0, 0), np.array([0, 1]), ["", ""], 2, LEARNED, flanks=True)[0, 1]
    assert alike == pytest.approx(math.log(0.5 * math.exp(4.0) + 0.5))
    assert pairwise(unlike, np.array([0, 1]), ["left", "left"], 2, LEARNED, flanks=True)[0, 1] == pytest.approx(-4.0)


def test_one_new_animal_in_two_sightings_counts_once_where_their_photos_are_compared(world: World, tmp_path: Path):
    shown = sorted(world.second.glob("**/zebra/*.jpg"))[0]
    copies = [tmp_path / f"{name}.jpg" for name in "ab"]
    for copy in copies:
        copy.write_bytes(shown.read_bytes() + copy.name.encode())  # two files of one picture
    content = {copy: hashlib.sha256(copy.read_bytes()).hexdigest() for copy in copies}
    with Gallery.open(world.gallery) as gallery:
        first = min(one.captured_at for one in gallery.photos("zebra") if one.captured_at)
        learned = replace(LEARNED, slope=60.0, intercept=-48.0, ceiling=20.0)
        gallery.set_calibrations({"zebra": (gallery.embedding_net("zebra") or "", learned)})
        gallery.add_sightings([
            Sighting(str(path), content[path], SpeciesGuess("zebra", 1.0), Decision(Outcome.NEW, None, 1.0, "a test", 1.0), (),
                     "", first, path.name, "", "", gallery.embedding_net("zebra") or "")
            for path in copies
        ])  # fmt: skip
    together, apart = (
        count(gallery=world.gallery, settings=CountSettings(species="zebra", compare=compare)).species[0]
        for compare in (True, False)
    )
    assert together.scopes[0].seen_drawn == (11, 11), "ten are enrolled, and one new one"
    assert apart.scopes[0].seen_drawn is not None and apart.scopes[0].seen_drawn[1] == 12
    assert "not compared with each other (--no-compare)" in apart.notes[-1]
    assert not any("compared" in note for note in together.notes)
    for replaced in (copies[1].read_bytes(), b"no photo"):  # neither speaks for the photo that was asked about
        copies[0].write_bytes(replaced)
        (other,) = count(gallery=world.gallery, settings=CountSettings(species="zebra")).species
        assert other.scopes[0].seen_drawn is not None and other.scopes[0].seen_drawn[1] == 12
        assert other.notes[-1].endswith(f"look for {copies[0]}")
    copies[0].unlink()
    gone = count(gallery=world.gallery, settings=CountSettings(species="zebra")).species[0]
    assert gone.notes[-1].startswith("1 doubtful photo was not opened (missing or damaged) and not compared with the others")
    assert gone.notes[-1].endswith(f"look for {copies[0]}")
