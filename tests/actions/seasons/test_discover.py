"""Individuals from nothing."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import reid
from reid.actions.seasons.discover import put
from reid.actions.seasons.results import DiscoverReport
from reid.errors import GalleryError, UsageError
from reid.images import write_jpeg
from reid.records import Photo
from reid.settings import QuerySettings
from reid.steps.embedded_photos import embed_and_map
from reid.steps.season.clustering import LinkCalibration
from reid.store import Enrollment, Gallery
from reid.tables.tables import write_table
from tests.actions import colour_pool
from tests.actions.colour_pool import Taken
from tests.commands import command
from tests.steps.stock import calibration

NOW = datetime(2024, 5, 1, 12)
DAY = timedelta(days=1)
ZEBRA = QuerySettings(species="zebra", rerank=0)


@pytest.fixture(autouse=True)
def _eyes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reid.steps.embedded_photos.embed_and_map", colour_pool.colours)
    monkeypatch.setattr(
        "reid.actions.seasons.season_search.synthetic_links", lambda net: LinkCalibration(20.0, -14.0, 100, 90, 24, drawn=True)
    )


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """Ada on days 0, 3 and 6 and Bo on 1 and 4, Cy once; nobody named."""
    met = (("Ada", 0), ("Bo", 1), ("Ada", 3), ("Bo", 4), ("Ada", 6), ("Cy", 8))
    return colour_pool.write(tmp_path / "card", [Taken(name, when=NOW + day * DAY) for name, day in met], named=False)


def files(report: DiscoverReport) -> dict[str, list[str]]:
    return {one.proposal or one.individual: [path.name for path in one.photos] for one in report.proposals}


WANTED = {"new-2024-001": ["0.jpg", "2.jpg", "4.jpg"], "new-2024-002": ["1.jpg", "3.jpg"], "new-2024-003": ["5.jpg"]}


def test_individuals_are_made_of_nothing_and_nothing_is_changed(card: Path, tmp_path: Path) -> None:
    gallery = colour_pool.gallery(tmp_path / "gallery", None)
    before = [one.seq for one in reid.log(gallery=gallery)]
    report = reid.discover([card], gallery=gallery, out=tmp_path / "out", settings=ZEBRA)
    assert files(report) == WANTED and report.count("new") == 3
    first = report.proposals[0]
    assert (first.encounters, first.sides, first.first, first.last) == (3, "left", NOW, NOW + 6 * DAY)
    assert first.link_probability is not None and first.link_probability > 0.5
    assert {Path(path).name for path in first.link_photos} <= {"0.jpg", "2.jpg", "4.jpg"}
    assert report.notes[0].endswith("what a link is worth was counted on drawn animals: look at each")
    assert [one.seq for one in reid.log(gallery=gallery)] == before and reid.individuals(gallery) == ()
    with (tmp_path / "out" / "photos.csv").open(encoding="utf-8") as file:
        rows = {Path(row["path"]).name: row["individual"] for row in csv.DictReader(file)}
    assert rows == {name: who for who, names in WANTED.items() for name in names}
    assert "new-2024-002" in (tmp_path / "out" / "discover.html").read_text(encoding="utf-8")


def test_enroll_is_one_entry_of_the_journal_and_undo_takes_it_back(card: Path, tmp_path: Path) -> None:
    gallery = colour_pool.gallery(tmp_path / "gallery", None)
    before = len(reid.log(gallery=gallery))
    report = reid.discover([card], gallery=gallery, enroll=True, settings=ZEBRA)
    assert {one.name: one.photos for one in reid.individuals(gallery)} == {name: len(names) for name, names in WANTED.items()}
    assert len(reid.log(gallery=gallery)) == before + 1 and report.enrolled == 6
    (entry,) = report.entries
    assert "3 proposed individuals" in reid.log(gallery=gallery)[0].why
    again = reid.discover([card], gallery=gallery, enroll=True, settings=ZEBRA)
    assert again.entries == () and again.count("known") == 6 and len(reid.individuals(gallery)) == 3
    reid.undo(entry, gallery=gallery)
    assert reid.individuals(gallery) == ()


def test_the_table_of_photos_can_be_enrolled_as_it_is(card: Path, tmp_path: Path) -> None:
    gallery = colour_pool.gallery(tmp_path / "gallery", None)
    reid.discover([card], gallery=gallery, out=tmp_path / "out", settings=ZEBRA)
    reid.enroll([tmp_path / "out" / "photos.csv"], gallery=gallery)
    assert {one.name: one.photos for one in reid.individuals(gallery)} == {name: len(names) for name, names in WANTED.items()}


def test_an_empty_frame_of_an_encounter_is_no_photo_of_its_animal(card: Path, tmp_path: Path) -> None:
    write_jpeg(card / "empty.jpg", colour_pool.pattern("grass", "", 99), captured_at=NOW, camera="C1")
    with (card / "manifest.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rows = [one | {"encounter": "E" if one["path"] == "0.jpg" else one["path"]} for one in rows]
    rows.append({"path": "empty.jpg", "captured_at": NOW.isoformat(), "camera": "C1", "encounter": "E", "detector": "empty"})
    columns = (*rows[0], "detector")
    write_table(card / "manifest.csv", columns, [[one.get(name) for name in columns] for one in rows])
    gallery = colour_pool.gallery(tmp_path / "gallery", None)
    report = reid.discover([card], gallery=gallery, out=tmp_path / "out", settings=ZEBRA)
    assert files(report) == WANTED and report.left == 1
    reid.enroll([tmp_path / "out" / "photos.csv"], gallery=gallery)
    assert {one.name: one.photos for one in reid.individuals(gallery)} == {name: len(names) for name, names in WANTED.items()}


def test_names_that_the_gallery_ever_had_are_passed_over(card: Path, tmp_path: Path) -> None:
    gallery = colour_pool.gallery(tmp_path / "gallery", calibration())
    other = colour_pool.write(tmp_path / "other", [Taken("Zoe", when=NOW)], named=False)
    reid.enroll([other], gallery=gallery, individual="herd-001")
    reid.remove_individual("herd-001", gallery=gallery)
    report = reid.discover([card], gallery=gallery, name="herd", settings=ZEBRA)
    assert [one.proposal for one in report.proposals] == ["herd-002", "herd-003", "herd-004"]


def test_who_is_enrolled_is_known_and_a_doubt_is_left_to_a_person(card: Path, tmp_path: Path) -> None:
    gallery = colour_pool.gallery(tmp_path / "gallery", calibration())
    reid.enroll([colour_pool.write(tmp_path / "ada", [Taken("Ada", when=NOW - 9 * DAY)])], gallery=gallery)
    report = reid.discover([card], gallery=gallery, enroll=True, settings=ZEBRA)
    assert {one.individual for one in report.proposals if one.status == "known"} == {"Ada"}
    assert sorted(one.name for one in reid.individuals(gallery)) == ["Ada", "new-2024-001", "new-2024-002"]
    doubtful = colour_pool.gallery(tmp_path / "doubtful" / "gallery", None)  # not calibrated: every answer is REVIEW
    reid.enroll([tmp_path / "ada"], gallery=doubtful)
    report = reid.discover([card], gallery=doubtful, enroll=True, settings=ZEBRA)
    assert report.count("review") == 3 and report.entries == () and len(reid.individuals(doubtful)) == 1


def test_without_a_gallery_the_shared_net_looks_and_no_gallery_is_made(
    card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reid.steps.embedded_photos.embed_and_map", embed_and_map)
    told = command("discover", card, "--gallery", tmp_path / "none", "--species", "zebra", "--out", tmp_path / "out", "--json")
    assert told.code == 0, told.err
    assert sum(len(one["photos"]) for one in told.lines) == 6 and not (tmp_path / "none").exists()
    with pytest.raises(UsageError, match="name the species that the photos show"):
        reid.discover([card], gallery=tmp_path / "none")


def test_links_must_be_surer_to_be_enrolled_than_to_be_looked_at(
    card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = colour_pool.gallery(tmp_path / "gallery", None)
    monkeypatch.setattr(
        "reid.actions.seasons.season_search.synthetic_links", lambda net: LinkCalibration(20.0, -18.5, 100, 90, 24, drawn=True)
    )
    seen = reid.discover([card], gallery=gallery, settings=ZEBRA)
    links = [one.link_probability for one in seen.proposals]
    assert all(0.75 <= one < 0.85 for one in links if one is not None) and seen.count("new") == 3
    assert reid.discover([card], gallery=gallery, settings=replace(ZEBRA, discover_link=0.85)).count("new") == 6
    told = command("discover", card, "--gallery", gallery, "--out", tmp_path / "out", "--link", "0.7")
    assert told.code == 0 and "3 new" in told.out and "unseen: --enroll\n" in told.out
    unseen = reid.discover([card], gallery=gallery, enroll=True, settings=ZEBRA)
    assert unseen.count("new") == 6 and "links right with probability 0.85" in reid.log(gallery=gallery)[0].why


def test_no_gallery_is_made_where_no_photo_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "card").mkdir()
    (tmp_path / "card" / "a.jpg").write_bytes(b"no picture")
    place = tmp_path / "new gallery"
    told = command("discover", tmp_path / "card", "--gallery", place, "--species", "zebra", "--enroll", "--out", tmp_path / "out")
    assert told.code == 1 and "a.jpg" in told.err and not place.exists()
    told = command(
        "discover", tmp_path / "card", "--gallery", colour_pool.gallery(place, None), "--species", "zebra", "--out", tmp_path
    )
    assert told.out.endswith("nothing was enrolled\n"), "there is nothing to look at or to enroll"


def test_a_gallery_is_made_once_all_is_decided(card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reid.steps.embedded_photos.embed_and_map", embed_and_map)
    place = tmp_path / "new gallery"
    with pytest.raises(UsageError, match=r"the name .* holds bytes that are no UTF-8 text"):
        reid.discover([card], gallery=place, enroll=True, name="\udcff", settings=ZEBRA)
    assert not place.exists()
    report = reid.discover([card], gallery=place, enroll=True, settings=ZEBRA)
    assert report.enrolled == sum(one.photos for one in reid.individuals(place)) == 6
    assert [one.what for one in reversed(reid.log(gallery=place))] == ["set_embedding_net", "enroll"]


def test_nothing_is_enrolled_where_the_tables_cannot_be_written(card: Path, tmp_path: Path) -> None:
    gallery = colour_pool.gallery(tmp_path / "gallery", None)
    with pytest.raises(UsageError, match=r"manifest\.csv/out: cannot be made"):
        reid.discover([card], gallery=gallery, out=card / "manifest.csv" / "out", enroll=True, settings=ZEBRA)
    assert reid.individuals(gallery) == ()


def test_two_species_are_enrolled_in_one_transaction(tmp_path: Path) -> None:
    gallery = colour_pool.gallery(tmp_path / "gallery", None)
    with Gallery.open(gallery) as opened:
        fingerprint = opened.embedding_net("zebra")
        assert fingerprint is not None
        opened.set_embedding_net("horse", fingerprint, 48, calibration=None)
    item = Enrollment("new-001", Photo(Path("/a.jpg")), "a" * 64, 64, 64, np.eye(48, dtype=np.float32)[0])
    bad = replace(item, sha256="", photo=Photo(Path("/b.jpg")))
    before = reid.log(gallery=gallery)
    with Gallery.open(gallery) as opened:
        with pytest.raises(UsageError, match="the sha256 of its content is missing"):
            put(opened, opened, {"horse": [item], "zebra": [bad]}, 0.9)
        assert reid.log(gallery=gallery) == before and opened.individuals() == ()
        entries, count, refused = put(opened, opened, {"horse": [item], "zebra": [item]}, 0.9)
        assert (entries, count, refused) == ((before[0].seq + 1, before[0].seq + 2), 2, [])
        with pytest.raises(GalleryError, match="'new-001' was enrolled meanwhile by another process"):
            put(opened, opened, {"horse": [replace(item, sha256="c" * 64)]}, 0.9)


def test_a_photo_that_a_person_removed_is_told_and_not_enrolled(card: Path, tmp_path: Path) -> None:
    gallery = colour_pool.gallery(tmp_path / "gallery", calibration())
    reid.discover([card], gallery=gallery, enroll=True, settings=ZEBRA)
    reid.remove_individual("new-2024-003", gallery=gallery)
    report = reid.discover([card], gallery=gallery, enroll=True, settings=ZEBRA)
    assert report.entries == () and [one.name for one in reid.individuals(gallery)] == ["new-2024-001", "new-2024-002"]
    assert [Path(one.path).name for one in report.problems] == ["5.jpg"]
    assert "it was removed from the gallery" in report.problems[0].reason


def test_a_name_with_an_accent_is_one_name_however_it_is_typed(card: Path, tmp_path: Path) -> None:
    gallery = colour_pool.gallery(tmp_path / "gallery", None)
    other = colour_pool.write(tmp_path / "other", [Taken("Zoe", when=NOW)], named=False)
    reid.enroll([other], gallery=gallery, individual="Zoé-001")
    report = reid.discover([card], gallery=gallery, name="Zoe\u0301", settings=ZEBRA)
    assert sorted(one.proposal for one in report.proposals) == ["Zoé-002", "Zoé-003", "Zoé-004"]


def test_a_name_has_single_spaces_as_it_has_in_a_table(card: Path, tmp_path: Path) -> None:
    gallery = colour_pool.gallery(tmp_path / "gallery", None)
    reid.discover([card], gallery=gallery, out=tmp_path / "out", enroll=True, name=" new  one", settings=ZEBRA)
    assert [one.name for one in reid.individuals(gallery)] == ["new one-001", "new one-002", "new one-003"]
    assert reid.enroll([tmp_path / "out" / "photos.csv"], gallery=gallery).problems == ()


def test_the_command_says_how_to_take_it_back(card: Path, tmp_path: Path) -> None:
    gallery = colour_pool.gallery(tmp_path / "gallery", None)
    dry = command("discover", card, "--gallery", gallery, "--out", tmp_path / "out")
    assert dry.code == 0 and "3 new, 0 review, 0 known" in dry.out
    assert f"`reid enroll {tmp_path / 'out' / 'photos.csv'} --gallery {gallery}`" in dry.out
    assert "unseen: --enroll, by links right with probability 0.85" in dry.out
    done = command("discover", card, "--gallery", gallery, "--out", tmp_path / "out", "--enroll")
    entry = reid.log(gallery=gallery)[0].seq
    assert done.code == 0 and f"`reid undo {entry}` takes it back" in done.out


def test_the_other_side_of_who_is_enrolled_is_not_enrolled_as_new(tmp_path: Path) -> None:
    gallery = colour_pool.gallery(tmp_path / "gallery", calibration())
    first = [Taken(name, when=NOW + day * DAY) for name in ("Ada", "Bo", "Cy", "Di") for day in range(3)]
    reid.enroll([colour_pool.write(tmp_path / "first", first)], gallery=gallery)
    left = colour_pool.write(tmp_path / "left", [Taken("Eve", when=NOW + 300 * DAY)], named=False)
    right = colour_pool.write(tmp_path / "right", [Taken("Ada", when=NOW + 310 * DAY, side="right")], named=False)
    report = reid.discover([right], gallery=gallery, enroll=True, settings=ZEBRA)
    assert [one.status for one in report.proposals] == ["review"] and report.enrolled == 0 and len(reid.individuals(gallery)) == 4
    most = replace(ZEBRA, returning=0.9)
    assert reid.discover([left], gallery=gallery, enroll=True, settings=most).enrolled == 0
    assert reid.discover([left], gallery=gallery, enroll=True, settings=ZEBRA).enrolled == 1
    with pytest.raises(UsageError, match=r"returning is 1; wanted a share in \(0, 1\), or 0 where it is not known"):
        reid.discover([left], gallery=gallery, settings=replace(ZEBRA, returning=1.0))
