"""Decisions that are kept, kept again, and changed."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import sleep

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reid.errors import GalleryError, UsageError
from reid.records import Box, Decision, Match, Outcome, Sighting, SpeciesGuess
from reid.store import Gallery, KeptSighting
from tests.store.stock import NET, digest
from tests.store.test_store_model import MEMORY

LEFT, RIGHT = Box(0.0, 0.0, 0.4, 1.0), Box(0.5, 0.0, 1 / 3, 1.0)
SURE = Decision(Outcome.KNOWN, "a", 0.97, "score 0.9", 0.02)
DOUBT = Decision(Outcome.REVIEW, "a", 0.6, "score 0.7", 0.4)


def told(file: str, decision: Decision = DOUBT, box: Box | None = None) -> Sighting:
    match = Match("zebra", "a", 1, 0.9, 0.97, "/photos/0.jpg", sha256=digest(0))
    return Sighting(
        photo=f"/{file}.jpg", sha256=file * 4, species=SpeciesGuess("zebra", 0.9, (("horse", 0.1),)), decision=decision,
        matches=(match,), side="left", captured_at=None, encounter=f"E{file}", camera="C1", season="2024",
        embedding_fingerprint=NET, photos=(f"/{file}.jpg",), box=box,
    )


def of_encounter(files: str, decision: Decision = DOUBT, box: Box | None = None) -> Sighting:
    """One decision for several photos."""
    shown = f" {box.key()}" if box else ""
    return replace(
        told(files[0], decision, box), photos=tuple(f"/{file}.jpg" for file in files), encounter=f"E{files}",
        contents=tuple(file * 4 + shown for file in files),
    )


def kept(gallery: Gallery) -> list[tuple[int, str, str, Box | None]]:
    return [(one.seq, one.sighting.photo, one.sighting.decision.outcome.value, one.sighting.box) for one in gallery.sightings()]


def test_the_same_decisions_again_change_nothing(gallery: Gallery) -> None:
    asked = [told("p", SURE), told("q", box=LEFT), told("q", box=RIGHT)]
    gallery.add_sightings(asked)
    before, seq = gallery.sightings(), gallery.head()
    gallery.add_sightings(asked)
    gallery.add_sightings(asked[1:])
    assert gallery.sightings() == before and gallery.head() == seq


def test_another_decision_takes_the_place_of_the_one_before_and_undo_brings_that_back(gallery: Gallery) -> None:
    gallery.add_sightings([told("p"), told("other")])
    before, seq = gallery.sightings(), gallery.head()
    gallery.add_sightings([told("p", SURE)])
    assert kept(gallery) == [(seq, "/other.jpg", "review", None), (seq + 1, "/p.jpg", "known", None)]
    assert gallery.log(1)[0].summary == "1 sightings, in place of 1"
    gallery.history.undo(seq + 1)
    assert gallery.sightings() == before


def test_animals_of_one_frame_stay_decisions_of_one_change(gallery: Gallery) -> None:
    """Else the one that stayed would be older than its frame, and count no more (`unresolved_sightings`)."""
    gallery.add_sightings([told("q", box=LEFT), told("q", box=RIGHT)])
    gallery.add_sightings([told("q", SURE, LEFT), told("q", box=RIGHT)])
    assert kept(gallery) == [(gallery.head(), "/q.jpg", "known", LEFT), (gallery.head(), "/q.jpg", "review", RIGHT)]


def test_another_animal_of_the_frame_leaves_the_first_as_it_is(gallery: Gallery) -> None:
    gallery.add_sightings([told("q", box=LEFT)])
    gallery.add_sightings([told("q", box=RIGHT)])
    assert [(photo, box) for _, photo, _, box in kept(gallery)] == [("/q.jpg", LEFT), ("/q.jpg", RIGHT)]


@pytest.mark.parametrize(("decision", "species"), [(DOUBT, "horse"), (Decision(Outcome.NEW, None, 0.9, ""), "zebra")])
def test_an_animal_nobody_enrolled_is_of_the_species_that_stage_1_saw(gallery: Gallery, decision: Decision, species: str) -> None:
    one = told("p", decision)
    gallery.add_sightings([replace(one, matches=(replace(one.matches[0], species="horse"),))])
    assert [one.species for one in gallery.sightings()] == [species]


def test_what_was_replaced_and_purged_comes_back_by_no_undo_and_nothing_else_goes(gallery: Gallery) -> None:
    gallery.add_sightings([told("p")])
    gallery.add_sightings([told("p", SURE), told("q")])
    seq, before = gallery.head(), gallery.sightings()
    gallery.history.purge()
    with pytest.raises(UsageError, match=rf"entry {seq} .* something that it removed has been purged since \(entry {seq + 1} "):
        gallery.history.undo(seq)
    assert gallery.sightings() == before


def test_a_day_whose_kept_decisions_were_purged_since_is_told_and_not_shown_without_them(
    gallery: Gallery, caplog: pytest.LogCaptureFixture
) -> None:
    def of(at: datetime) -> list[Decision]:
        with Gallery.open(gallery.folder, as_of=at) as past:
            assert [one.name for one in past.individuals()] == []
            return [one.sighting.decision for one in past.sightings()]

    gallery.add_sightings([told("p"), told("q")])
    first = gallery.log(1)[0].at
    sleep(0.002)  # the journal's clock counts milliseconds
    gallery.add_sightings([told("p", SURE)])
    second = gallery.log(1)[0].at
    assert of(first) == [DOUBT, DOUBT] and of(second) == [DOUBT, SURE] and caplog.messages == []
    sleep(0.002)
    purge = gallery.history.purge().seq
    assert gallery.log(1)[0].summary == "0 photos, 0 individuals, 1 sightings, 0 embeddings deleted for good"
    with pytest.raises(GalleryError, match=rf"after entry {purge - 2} cannot be shown in full any more: entry {purge} .* purged"):
        of(first)
    assert len(caplog.messages) == 1 and caplog.messages[0].endswith("all else is shown as it was")
    assert of(second) == of(gallery.log(1)[0].at) == [DOUBT, SURE] and len(caplog.messages) == 1


def test_a_purge_that_did_not_tell_since_when_decisions_were_kept_leaves_no_day_before_it_sure(gallery: Gallery) -> None:
    gallery.add_sightings([told("p")])
    sleep(0.002)
    connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
    with connection:  # as purges were written once
        entry = (gallery.head() + 1, "2999-01-01", "me", "purge", "", "{}", '{"in_use": [], "sightings": 1}', "x")
        connection.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", entry)
    connection.close()
    with Gallery.open(gallery.folder, as_of=datetime.now(UTC)) as past, pytest.raises(GalleryError, match="in full any more"):
        past.sightings()


def test_an_undo_whose_removals_were_purged_is_not_undone_by_half(gallery: Gallery) -> None:
    gallery.add_sightings([told("p")])
    gallery.add_sightings([told("p", SURE)])
    undo, before = gallery.history.undo().seq, gallery.sightings()
    assert [one.sighting.decision for one in before] == [DOUBT]
    gallery.history.purge()
    with pytest.raises(UsageError, match=rf"entry {undo} \(undo\) cannot be undone: something that it removed has been purged"):
        gallery.history.undo(undo)
    assert gallery.sightings() == before


def test_of_many_decisions_only_the_one_that_differs_is_written_and_undo_and_the_day_before_are_exact(gallery: Gallery) -> None:
    files = [chr(ord("A") + number) for number in range(50)]
    asked = [told(file) for file in files]
    gallery.add_sightings(asked)
    before, seq, size = gallery.sightings(), gallery.head(), len(files)
    for night, file in enumerate(files[:10], start=1):
        asked[files.index(file)] = told(file, SURE)
        assert gallery.add_sightings(asked) == ()
        assert gallery.log(1)[0].summary == "1 sightings, in place of 1" and gallery.head() == seq + night
    after = gallery.sightings()
    assert len(after) == size and [one.id for one in after] == [*range(11, size + 1), *range(size + 1, size + 11)]
    for _ in range(10):
        gallery.history.undo()
    assert gallery.sightings() == before


def test_one_photo_alone_does_not_take_the_place_of_its_encounters_decision(gallery: Gallery) -> None:
    gallery.add_sightings([of_encounter("pqr"), told("x")])
    before, seq = gallery.sightings(), gallery.head()
    for alone in (told("p", SURE), told("r", SURE)):  # the first photo, by which it is known, and another one
        (left,) = gallery.add_sightings([alone, told("x")])
        assert (left.sighting, left.seq, left.photos) == (alone, seq, ("/p.jpg", "/q.jpg", "/r.jpg"))
        assert "all 3 photos of its encounter" in str(left) and f"`reid undo {seq}`" in str(left)
    assert gallery.sightings() == before and gallery.head() == seq
    assert len(gallery.add_sightings([told("p", SURE), told("y")])) == 1  # the others of one batch are kept
    assert [one.sighting.photo for one in gallery.sightings()] == ["/p.jpg", "/x.jpg", "/y.jpg"]


def test_a_photo_of_an_encounter_is_known_by_its_content_and_where_that_was_not_kept_by_its_path(gallery: Gallery) -> None:
    gallery.add_sightings([of_encounter("pq"), replace(of_encounter("st"), contents=())])
    before = gallery.sightings()
    assert len(gallery.add_sightings([replace(told("q", SURE), photo="/moved/q.jpg", photos=("/moved/q.jpg",))])) == 1
    assert gallery.add_sightings([replace(told("z", SURE), photo="/q.jpg", photos=("/q.jpg",))]) == ()  # another card's q.jpg
    assert len(gallery.add_sightings([told("t", SURE)])) == 1
    assert gallery.sightings()[:2] == before


def test_photos_of_an_encounter_that_were_kept_by_relative_paths_are_found_from_their_folder(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def at(folder: str, one: Sighting) -> Sighting:
        return replace(one, photo=folder + one.photo, photos=tuple(folder + path for path in one.photos))

    gallery.add_sightings([at("card", replace(of_encounter("pqr"), contents=()))])  # as reid kept them once
    for alone in ("p", "r"):
        assert len(gallery.add_sightings([at(f"{tmp_path}/card", told(alone, SURE))])) == 1
    again = at(f"{tmp_path}/card", of_encounter("pqr", SURE))
    assert gallery.add_sightings([again]) == ()
    assert [one.sighting for one in gallery.sightings()] == [again]


def test_photos_that_are_in_no_answer_were_asked_about_too(gallery: Gallery) -> None:
    gallery.add_sightings([of_encounter("pqr")])
    assert len(gallery.add_sightings([of_encounter("pq", SURE)])) == 1
    looked_at = [Path(f"/{file}.jpg") for file in "pqr"]  # r.jpg is told to be empty now
    assert gallery.add_sightings([of_encounter("pq", SURE)], looked_at) == ()
    assert [one.sighting for one in gallery.sightings()] == [of_encounter("pq", SURE)]


@pytest.mark.parametrize("again", [
    [of_encounter("pqrs", SURE)], [told("r"), told("p"), told("q", SURE)], [of_encounter("pq"), told("r")],
])
def test_all_photos_of_an_encounter_together_are_decided_anew(gallery: Gallery, again: list[Sighting]) -> None:
    gallery.add_sightings([of_encounter("pqr"), told("x")])
    before, seq = gallery.sightings(), gallery.head()
    assert gallery.add_sightings(again) == ()
    assert [one.sighting for one in gallery.sightings() if one.seq > seq] == again
    assert [one.sighting.photo for one in gallery.sightings() if one.seq == seq] == ["/x.jpg"]
    gallery.history.undo()
    assert gallery.sightings() == before
    gallery.add_sightings(again)
    gallery.add_sightings([of_encounter("pqrs")])  # what the photos were told alone goes with it
    assert [one.sighting for one in gallery.sightings()][1:] == [of_encounter("pqrs")]


def test_of_two_animals_of_one_encounter_both_are_written_where_one_differs(gallery: Gallery) -> None:
    pair = [of_encounter("pq", box=LEFT), of_encounter("pq", box=RIGHT)]
    gallery.add_sightings(pair)
    pair[1] = of_encounter("pq", SURE, RIGHT)
    assert gallery.add_sightings(pair) == ()
    assert [(one.seq, one.sighting) for one in gallery.sightings()] == [(gallery.head(), one) for one in pair]
    assert len(gallery.add_sightings([told("p", SURE, LEFT)])) == 1
    assert [one.sighting for one in gallery.sightings()] == pair


def test_the_whole_frame_does_not_take_the_place_of_several_animals_in_it(gallery: Gallery) -> None:
    pair = [told("q", box=LEFT), told("q", box=RIGHT)]
    gallery.add_sightings([*pair, told("p", box=LEFT)])
    (left,) = gallery.add_sightings([told("q", SURE), told("p", SURE)])  # of p it does: one animal, seen without its box
    assert left.sighting == told("q", SURE) and "kept one for each of several animals in it" in str(left)
    assert [one.sighting for one in gallery.sightings()] == [*pair, told("p", box=LEFT), told("p", SURE)]
    assert gallery.add_sightings([told("q", SURE, Box(0.1, 0.0, 0.4, 1.0))]) == ()  # boxes of another detector do


def test_a_decision_is_kept_whatever_the_bytes_of_the_files_names(gallery: Gallery) -> None:
    odd = "/fo\udcff.jpg"
    gallery.add_sightings([replace(told("p"), photo=odd, photos=(odd,))])
    assert [(one.sighting.photo, one.sighting.photos) for one in gallery.sightings()] == [("/fo\\udcff.jpg", ("/fo\\udcff.jpg",))]


BATCH = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 3), st.sampled_from([SURE, DOUBT])), min_size=1, max_size=3)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(batches=st.lists(BATCH, min_size=1, max_size=6))
def test_whatever_is_asked_no_photo_loses_its_decision_and_undo_gives_back_each_state(
    batches: list[list[tuple[int, int, Decision]]]
) -> None:
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    with Gallery.open(folder / "g", create=True) as gallery:
        states = [gallery.sightings()]
        for batch in batches:
            files = ["pqrstuv"[start : start + count] for start, count, _ in batch]
            asked = [
                of_encounter(names, decision) if len(names) > 1 else told(names, decision)
                for names, (_, _, decision) in zip(files, batch, strict=True)
            ]
            head = gallery.head()
            left = [one.sighting for one in gallery.add_sightings(asked)]
            after = gallery.sightings()
            assert decided(states[-1]) <= decided(after)
            assert all(one in [kept.sighting for kept in after] for one in asked if one not in left)
            if gallery.head() > head:
                states.append(after)
            else:
                assert after == states[-1]
        for state in reversed(states[:-1]):
            gallery.history.undo()
            assert gallery.sightings() == state
    shutil.rmtree(folder)


def decided(kept: Sequence[KeptSighting]) -> set[str]:
    return {photo for one in kept for photo in one.sighting.photos}
