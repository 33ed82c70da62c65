"""`reid count`, from the gallery to the table: enrolled photos, kept sightings, corrections, sides, effort, warnings."""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

import reid
from reid.actions.counting.count import count
from reid.actions.counting.results import SpeciesCount
from reid.actions.identification.unresolved_sightings import open_sightings, unsettled
from reid.errors import GalleryError, UsageError
from reid.records import Calibration, Decision, Match, Outcome, Sighting, SpeciesGuess
from reid.settings import CountSettings
from reid.store import Gallery, KeptSighting
from tests.commands import command
from tests.store.stock import DIMENSION, NET, digest, item, unit

CALIBRATION = Calibration(
    slope=10.0, intercept=-4.0, ceiling=5.0, known_at=0.9, new_at=0.9, prior=0.5, max_false_match=0.01, false_match=0.0,
    false_new=0.0, individuals=20, photos=60, comparisons=500,
)  # fmt: skip
MAY = CountSettings(seasons=("2023=2023-05-01..2023-05-20",), days=5)
"""Four occasions of five days."""
SEEN = {"A": (1, 6), "B": (2, 12), "C": (7,), "D": (8, 13), "E": (17,), "F": (3, 9, 18)}
"""Days of May 2023, by individual: 1001 of four occasions and so on."""


def enroll(gallery: Gallery, seen: dict[str, tuple[int, ...]], year: int = 2023, **facts: str) -> None:
    gallery.enroll("zebra", NET, [
        item(name, f"{name}{year}-{day}{facts.get('side', '')}", unit(zlib.crc32(f"{name} {day}".encode()) % 1000, 1)[0],
             captured_at=datetime(year, 5, day, 9), **facts)
        for name, days in seen.items() for day in days
    ])  # fmt: skip


@pytest.fixture
def herd(tmp_path: Path) -> Iterator[Gallery]:
    with Gallery.open(tmp_path / "herd", create=True) as gallery:
        gallery.set_embedding_net("zebra", NET, DIMENSION, calibration=CALIBRATION)
        enroll(gallery, SEEN)
        yield gallery


def asked(
    content: str, day: int, chances: dict[str, float], nobody: float | None, outcome: Outcome = Outcome.REVIEW,
    encounter: str = "", side: str = "",
) -> Sighting:  # fmt: skip
    matches = tuple(
        Match("zebra", name, rank, 0.5, chance, f"/photos/{name}2023-{SEEN[name][0]}.jpg",
              sha256=digest(f"{name}2023-{SEEN[name][0]}"))
        for rank, (name, chance) in enumerate(sorted(chances.items(), key=lambda pair: -pair[1]), start=1)
    )  # fmt: skip
    best = matches[0].individual if matches and outcome != Outcome.NEW else None
    told = nobody if outcome == Outcome.NEW else chances[best] if best else None
    return Sighting(
        f"/cards/{content}.jpg", digest(content), SpeciesGuess("zebra", 0.9), Decision(outcome, best, told, "a test", nobody),
        matches, side, datetime(2023, 5, day, 10), encounter, "C1", "2023", NET, ("zebra",), (f"/cards/{content}.jpg",),
    )  # fmt: skip


def counted(gallery: Gallery, settings: CountSettings = MAY) -> SpeciesCount:
    (one,) = count(gallery=gallery.folder, settings=settings).species
    return one


def test_sightings_come_back_as_they_were_kept(herd: Gallery):
    first = asked("p", 4, {"A": 0.5, "B": 0.2}, 0.25)
    herd.add_sightings([first, asked("q", 5, {}, 1.0, Outcome.NEW)])
    assert herd.sightings()[0] == KeptSighting(1, 3, "zebra", 1, first)
    assert [one.sighting.decision.nobody for one in herd.sightings()] == [0.25, 1.0]


def test_enrolled_photos_are_counted_by_every_estimator_that_fits(herd: Gallery):
    one = counted(herd)
    (scope,) = one.scopes
    assert [occasion.individuals for occasion in scope.occasions] == [3, 4, 2, 2]
    assert (scope.seen, scope.known_alive, scope.recaptures, one.sightings) == (6, 6, 5, 0)
    by_name = {told.method: told for told in scope.estimates}
    assert list(by_name) == ["m0", "mt", "chao"]
    assert by_name["chao"].number == pytest.approx(6 + 3 / 4 * 2**2 / (2 * 3))
    assert by_name["m0"].aicc_difference == 0.0 and by_name["mt"].aicc_difference is None, "6 animals, 5 parameters: too few"
    assert all(told.carried is None for told in scope.estimates)
    assert "5 recaptures: with fewer than 7" in scope.warnings[0]


def test_two_seasons_are_two_occasions_with_a_warning_that_nothing_was_closed(herd: Gallery):
    enroll(herd, {"A": (3,), "B": (4,), "C": (5,), "G": (6,), "H": (7,)}, year=2024)
    first, second, both = counted(herd, CountSettings()).scopes
    assert (first.name, second.name, both.name) == ("2023", "2024", "2023 to 2024")
    assert [told.method for told in both.estimates] == ["chapman", "m0", "mt"]
    assert both.estimates[0].number == pytest.approx(7 * 6 / 4 - 1)
    assert "not closed" in both.warnings[0] and "nothing can be estimated" in first.warnings[0]
    assert first.estimates == () and (first.seen, second.seen) == (6, 5)


def test_who_was_seen_before_and_after_was_alive_between(herd: Gallery):
    enroll(herd, {"G": (6,)}, year=2024)
    enroll(herd, {"A": (3,), "B": (4,)}, year=2025)
    between = counted(herd, CountSettings()).scopes[1]
    assert (between.seen, between.known_alive) == (1, 3)


def test_an_occasion_without_effort_is_not_known_and_left_out(herd: Gallery, tmp_path: Path):
    table = tmp_path / "cameras.csv"
    table.write_text("camera,start,end\nC1,2023-05-01,2023-05-05\nC1,2023-05-11,2023-05-20\n", "utf-8")
    enroll(herd, {"A": (2, 14), "B": (3, 19), "G": (4, 15)}, camera="C1")
    (scope,) = counted(herd, replace(MAY, deployments=table)).scopes
    assert [occasion.individuals for occasion in scope.occasions] == [3, None, 2, 1]
    assert scope.estimates[0].number == pytest.approx(3.0, abs=0.2)
    assert any("2023-2 (2023-05-06 to 2023-05-10): not known (NA)" in warning for warning in scope.warnings)


def test_doubtful_sightings_are_carried_and_say_what_to_look_at(herd: Gallery):
    herd.add_sightings([
        asked("known", 14, {"A": 0.95, "B": 0.03}, 0.02, Outcome.KNOWN),
        asked("new", 2, {"C": 0.1}, 0.9, Outcome.NEW),
        asked("open", 19, {"D": 0.5, "E": 0.1}, 0.4),
    ])  # fmt: skip
    one = counted(herd)
    (scope,) = one.scopes
    assert (one.sightings, one.told_known, one.told_new, one.open) == (3, 1, 1, 1)
    assert [occasion.individuals for occasion in scope.occasions] == [4, 4, 3, 2], "the open one is left out"
    assert (scope.seen, scope.seen_drawn) == (7, (6, 8))
    chao = scope.estimates[-1]
    assert chao.carried is not None and chao.carried.between > 0 and chao.carried.within > 0
    assert scope.if_new == pytest.approx(8 + 3 / 4 * 4**2 / (2 * 2)), "C, E and two new ones once; B and D twice"
    assert scope.if_best == pytest.approx(7 + 3 / 4 * 3**2 / (2 * 1)), "D a third time"
    assert scope.errors is not None
    assert (scope.errors.splits, scope.errors.merges) == pytest.approx((0.1, 0.05), abs=0.06)
    # A new animal where C was once more costs Chao's bound two that were seen once; D a third time or a new one hardly differ.
    assert [(one.photo, one.decision) for one in scope.look[:2]] == [("/cards/new.jpg", "new"), ("/cards/open.jpg", "review")]
    answers = scope.look[1].answers
    assert [answer.answer for answer in answers[:2]] == ["D", "nobody enrolled"]
    assert answers[0].photo == "/photos/D2023-8.jpg"
    assert 1 > scope.look[0].share > scope.look[1].share > 0


def test_enrolling_a_photo_settles_it_and_tightens_the_count(herd: Gallery):
    herd.add_sightings([asked("open", 19, {"D": 0.5}, 0.5)])
    before = counted(herd).scopes[0].estimates[-1].carried
    assert before is not None and before.between > 0
    herd.enroll("zebra", NET, [item("D", "open", unit(5, 1)[0], captured_at=datetime(2023, 5, 19, 10))])
    after = counted(herd)
    assert after.sightings == 0 and after.scopes[0].estimates[-1].carried is None
    assert after.scopes[0].occasions[3].individuals == 3


def test_whoever_was_enrolled_after_a_sighting_was_asked_about_is_told(herd: Gallery):
    herd.add_sightings([asked("p", 19, {"D": 0.3}, 0.7), asked("q", 18, {"D": 0.3}, 0.7)])
    herd.enroll("zebra", NET, [item("D", "x", unit(6, 1)[0], captured_at=datetime(2023, 5, 3))])
    assert not any("asks again" in note for note in counted(herd).notes), "D was known when they were asked about"
    herd.enroll("zebra", NET, [item("Zoe", "p", unit(5, 1)[0], captured_at=datetime(2023, 5, 19, 10))])
    (note,) = [note for note in counted(herd).notes if "asks again" in note]
    assert note == (
        "1 doubtful answer was kept before Zoe came into the gallery, so who was enrolled since was not among the choices and "
        "may count twice: `reid query PHOTOS --record` asks again about /cards/q.jpg"
    )
    herd.identities.rename("Zoe", "Zita")
    assert any("before Zita came" in note for note in counted(herd).notes), "by the name of today"
    herd.add_sightings([asked("q", 18, {"D": 0.29}, 0.71)])
    assert not any("asks again" in note for note in counted(herd).notes)
    enroll(herd, {"Yam": (2,)})
    assert any("before Yam came" in note for note in counted(herd).notes)
    herd.history.undo(herd.head())
    assert not any("asks again" in note for note in counted(herd).notes)


def test_an_answer_that_is_sure_need_not_be_asked_again(herd: Gallery):
    sure = [asked("p", 19, {"D": 0.9995}, 0.0005, Outcome.KNOWN), asked("q", 18, {"E": 0.9999}, 0.0001, Outcome.KNOWN)]
    herd.add_sightings(sure)
    herd.enroll("zebra", NET, [item("Zoe", "x", unit(5, 1)[0], captured_at=datetime(2023, 5, 19, 10))])
    notes = counted(herd).notes
    assert not any("asks again" in note or "compared" in note for note in notes), notes


def test_days_without_effort_are_no_days_of_the_closure_test(herd: Gallery, tmp_path: Path):
    table = tmp_path / "cameras.csv"
    table.write_text("camera,start,end\nC1,2023-06-01,2023-06-02\nC1,2023-06-19,2023-06-20\n", "utf-8")
    for name, days in {"A": (1, 2), "B": (19, 20)}.items():
        herd.enroll("zebra", NET, [
            item(name, f"{name}{day}", unit(day, 1)[0], captured_at=datetime(2023, 6, day, 9), camera="C1") for day in days
        ])  # fmt: skip
    june = CountSettings(seasons=("2023=2023-06-01..2023-06-20",), days=1, deployments=table)
    (scope,) = counted(herd, june).scopes
    assert [one.individuals for one in scope.occasions if one.individuals is not None] == [1, 1, 1, 1]
    assert not any("bunched" in warning for warning in scope.warnings), "of 20 days p were 0.03, of the 4 with effort 0.10"


def test_the_newest_answer_about_a_photo_counts(herd: Gallery):
    herd.add_sightings([asked("p", 19, {"D": 0.5}, 0.5)])
    herd.add_sightings([asked("p", 19, {"D": 0.97}, 0.03, Outcome.KNOWN)])
    one = counted(herd)
    assert (one.sightings, one.told_known) == (1, 1)


def test_a_file_that_lies_in_two_places_is_one_sighting(herd: Gallery):
    first = asked("p", 19, {}, 1.0, Outcome.NEW)
    copy = replace(first, photo="/copy/p.jpg", photos=("/copy/p.jpg",))
    herd.add_sightings([first, copy, asked("q", 12, {}, 1.0, Outcome.NEW)])
    one = counted(herd)
    assert (one.sightings, one.told_new) == (2, 2)
    assert [seen.photos[0].path for seen in open_sightings(herd, "zebra")] == [Path("/cards/q.jpg"), Path("/cards/p.jpg")]


def test_an_export_tells_of_decisions_that_are_kept_and_not_enrolled(herd: Gallery, tmp_path: Path):
    assert not any("kept" in note for note in reid.export("mark", tmp_path / "a", gallery=herd.folder).notes)
    herd.add_sightings([asked("p", 19, {"D": 0.5}, 0.5), asked("q", 19, {"D": 0.97}, 0.03, Outcome.KNOWN)])
    told = reid.export("mark", tmp_path / "b", gallery=herd.folder).notes
    assert told[0] == (
        "zebra: decisions kept and not enrolled are not in the export (1 known, 1 review); `reid report` shows them"
    )


@pytest.mark.parametrize(("outcome", "species"), [(Outcome.EMPTY, "empty"), (Outcome.KNOWN, "giraffe")])
def test_a_photo_that_the_newest_answer_takes_for_nothing_or_another_species_is_no_sighting(herd: Gallery, outcome, species):
    first = asked("p", 19, {"D": 0.5}, 0.5)
    herd.add_sightings([first])
    assert counted(herd).sightings == 1
    herd.add_sightings([
        replace(first, species=SpeciesGuess(species, 0.9), decision=Decision(outcome, None, 0.9, ""), matches=(), searched=()),
    ])  # fmt: skip
    assert counted(herd).sightings == 0


def test_photos_of_one_encounter_are_one_sighting_unless_they_are_of_one_frame(herd: Gallery):
    herd.add_sightings([
        asked("p", 19, {"D": 0.6}, 0.4, encounter="e1"), asked("q", 19, {"D": 0.9}, 0.1, Outcome.KNOWN, encounter="e1"),
        asked("two", 3, {"E": 0.5, "C": 0.3}, 0.2, encounter="e2"), asked("two", 3, {"E": 0.5, "B": 0.3}, 0.2, encounter="e2"),
    ])  # fmt: skip
    one = counted(herd)
    assert (one.sightings, one.told_known, one.open) == (3, 1, 2)
    look = {seen.photo: seen for seen in one.scopes[0].look}
    assert [answer.answer for answer in look["/cards/p.jpg"].answers] == ["D", "nobody enrolled"]
    (found,) = [seen for seen in open_sightings(herd, "zebra") if seen.outcome == Outcome.KNOWN]
    assert (found.alternatives[0].probability, found.nobody) == pytest.approx((0.75, 0.25))


def test_names_are_those_of_today(herd: Gallery):
    herd.add_sightings([asked("p", 19, {"D": 0.5, "E": 0.3}, 0.2)])
    herd.identities.rename("D", "Dora")
    herd.identities.merge("E", "A")
    answers = counted(herd).scopes[0].look[0].answers
    assert [answer.answer for answer in answers] == ["Dora", "A", "nobody enrolled"]
    assert [answer.probability for answer in answers] == pytest.approx([0.5, 0.3, 0.2], abs=1e-3)


def test_half_known_animals_count_by_one_side(herd: Gallery):
    enroll(herd, {"A": (2, 7), "L": (3, 8)}, side="left")
    enroll(herd, {"A": (12,), "R": (4, 9), "S": (5, 10)}, side="right")
    herd.add_sightings([asked("left", 19, {"A": 0.5}, 0.5, side="left"), asked("right", 19, {"A": 0.5}, 0.5, side="right")])
    by_side = {side: counted(herd, replace(MAY, side=side)) for side in ("all", "left", "right", "best")}
    assert [one.individuals for one in by_side.values()] == [9, 2, 3, 3]
    assert [one.sightings for one in by_side.values()] == [2, 1, 1, 1]
    assert by_side["best"].side == "right" and "known from the left only" in by_side["all"].notes[0]
    linked = counted(herd, replace(MAY, side="both-linked"))
    assert (linked.individuals, linked.sightings) == (1, 0) and "a person must say" in linked.notes[-1]


def test_what_is_not_calibrated_does_not_count_and_is_told(herd: Gallery):
    one = asked("p", 19, {"D": 0.5}, None)
    herd.add_sightings([replace(one, decision=Decision(Outcome.REVIEW, "D", None, "not calibrated"))])
    found = counted(herd)
    assert found.sightings == 0 and "1 sightings have no probability" in found.notes[0]


def test_the_command_prints_tables_json_and_csv(herd: Gallery, tmp_path: Path):
    herd.add_sightings([asked("open", 19, {"D": 0.5}, 0.5)])
    options = ("count", "--gallery", herd.folder, "--season", MAY.seasons[0], "--days", 5, "--out", tmp_path / "out")
    shown = command(*options)
    assert shown.code == 0 and "Mh, Chao's lower bound" in shown.out and "/cards/open.jpg" in shown.out
    assert "fewer than 7" in shown.err
    (told,) = command(*options, "--json").lines
    assert told["scopes"][0]["seen"] == 6 and told["scopes"][0]["estimates"][2]["method"] == "chao"
    with (tmp_path / "out" / "count.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == ["m0", "mt", "chao"]
    assert float(rows[2]["number"]) == pytest.approx(told["scopes"][0]["estimates"][2]["number"])
    with (tmp_path / "out" / "look.csv").open(encoding="utf-8", newline="") as file:
        assert [row["answer"] for row in csv.DictReader(file)] == ["D", "nobody enrolled"]
    assert json.loads(command(*options, "--json").out) == told, "the same seed, the same answer"


def test_a_species_without_dates_does_not_hide_the_others(herd: Gallery):
    herd.set_embedding_net("seal", NET, DIMENSION, calibration=None)
    herd.enroll("seal", NET, [item("S", "undated", unit(1, 1)[0])])
    report = count(gallery=herd.folder, settings=MAY)
    assert [(one.species, one.scopes[0].seen) for one in report.species] == [("zebra", 6)]
    (note,) = report.notes
    assert note.startswith("seal is not counted: no photo of seal is left")
    shown = command("count", "--gallery", herd.folder, "--season", "2023=2023-05-01..2023-05-20", "--days", 5)
    assert shown.code == 0 and "zebra: 6 individuals" in shown.out and "seal is not counted" in shown.err
    with pytest.raises(UsageError, match="seal is not counted"):
        count(gallery=herd.folder, settings=replace(MAY, species="seal"))


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        (CountSettings(side="top"), "side 'top'.*wanted one of all, left"),
        (CountSettings(method="guess"), "method 'guess'.*chapman, m0, mt, chao"),
        (CountSettings(draws=1), "draws must be 0 or at least 2"),
        (CountSettings(species="lion"), "no photo of a named individual of lion"),
    ],
)
def test_what_cannot_be_counted_is_refused(herd: Gallery, settings: CountSettings, match: str):
    with pytest.raises(UsageError, match=match):
        count(gallery=herd.folder, settings=settings)


def test_a_folder_without_a_gallery_is_told(tmp_path: Path):
    with pytest.raises(GalleryError, match="no gallery"):
        count(gallery=tmp_path / "none")


def test_no_name_of_an_individual_is_taken_for_a_doubt(herd: Gallery):
    before = counted(herd)
    enroll(herd, {"\N{WORD JOINER}doubt 0": (2, 9)})
    herd.add_sightings([asked("p", 4, {"A": 0.5, "B": 0.2}, 0.25)])
    after = counted(herd)
    assert (after.individuals, after.open) == (before.individuals + 1, 1)


def test_the_next_card_has_the_same_names_and_its_photos_are_others(herd: Gallery) -> None:
    """A card in the same slot: the same paths, other contents and dates. Neither answers nor enrolled photos are taken for it."""
    may = asked("p", 4, {"A": 0.5}, 0.5)
    june = replace(asked("other", 19, {"B": 0.5}, 0.5), photo=may.photo, photos=may.photos)
    herd.add_sightings([may])
    herd.add_sightings([june])
    assert [one.sighting for one in unsettled(herd, "zebra")] == [may, june]
    herd.enroll("zebra", NET, [item("A", "third", unit(77, 1)[0], captured_at=datetime(2023, 5, 20))])
    third = herd.photos("zebra")[-1]
    last = replace(june, sha256=digest("fourth"), photo=str(third.path), photos=(str(third.path),))
    herd.add_sightings([last])
    assert [one.sighting for one in unsettled(herd, "zebra")] == [may, june, last]
    again = replace(june, sha256=digest("turned upright"))  # the same file, written anew: its newest answer counts
    herd.add_sightings([again])
    assert [one.sighting for one in unsettled(herd, "zebra")] == [may, last, again]


def test_an_encounter_is_settled_or_asked_again_by_the_content_of_any_of_its_photos(herd: Gallery) -> None:
    lead = asked("p", 4, {"A": 0.5}, 0.5)
    both = replace(lead, photos=("/cards/p.jpg", "/cards/q.jpg"), contents=(digest("p"), digest("q")))
    herd.add_sightings([replace(asked("q", 4, {"B": 0.5}, 0.5), photo="/moved/q.jpg", photos=("/moved/q.jpg",))])
    herd.add_sightings([both])
    assert [one.sighting for one in unsettled(herd, "zebra")] == [both]
    herd.enroll("zebra", NET, [item("A", "q", unit(78, 1)[0], captured_at=datetime(2023, 5, 4))])
    assert unsettled(herd, "zebra") == []
