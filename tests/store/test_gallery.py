from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from reid.errors import GalleryBusy, GalleryError, GalleryTooNew, ModelMismatch, ShapeError, UsageError
from reid.records import Bounds, Box, Calibration, Decision, Match, Outcome, Sighting, SpeciesGuess
from reid.store import Enrolled, Gallery
from reid.store.catalog.catalog import Catalog
from reid.store.layout import manifest as published
from tests.store.stock import DIMENSION, NET, digest, item, remove, unit

LEARNT = Calibration(20.5, -9.0, 4.5, 0.9, 0.8, 0.6, 0.01, 0.008, 0.02, 12, 80, 3160)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def manifest(gallery: Gallery) -> dict[str, object]:
    found: dict[str, object] = json.loads((gallery.folder / "gallery.json").read_text("utf-8"))
    return found


def test_a_folder_that_is_no_gallery_is_told_and_left_alone(tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match=r"no gallery at .*nowhere: `reid enroll` or `reid train` make one"):
        Gallery.open(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_gallery_is_not_made_among_other_things(tmp_path: Path) -> None:
    (tmp_path / "IMG_1.jpg").write_bytes(b"x")
    with pytest.raises(GalleryError, match=r"holds other things \(IMG_1.jpg\): choose an empty or a new folder"):
        Gallery.open(tmp_path, create=True)
    assert content(tmp_path) == {"IMG_1.jpg": b"x"}


def test_a_gallery_is_not_made_in_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "gallery").write_bytes(b"x")
    with pytest.raises(GalleryError, match="is a file, a gallery is a folder"):
        Gallery.open(tmp_path / "gallery", create=True)


def test_what_was_enrolled_is_there_after_reopening(gallery: Gallery) -> None:
    vectors = unit(1, 3)
    taken = datetime(2024, 5, 1, 10, 0, 0, 250_000)
    facts = {
        "captured_at": taken, "encounter": "e1", "camera": "gué 3", "side": "left", "season": "2024",
        "box": Box(0.1, 0.2, 1 / 3, 0.4), "notes": {"météo": "pluie"},
    }
    told = gallery.enroll("zebra", NET, [
        item("Zoë", "a", vectors[0], **facts), item("Zoë", "b", vectors[1]), item("Max", "c", vectors[2]),
    ])
    assert told == (Enrolled(1, "Zoë", "added"), Enrolled(2, "Zoë", "added"), Enrolled(3, "Max", "added"))
    gallery.close()
    with Gallery.open(gallery.folder) as again:
        first = again.photo(1)
        assert (first.individual, first.species, first.path) == ("Zoë", "zebra", Path("/photos/a.jpg"))
        assert {name: getattr(first, name) for name in facts} == facts
        assert (first.sha256, first.width, first.height, first.removed) == (digest("a"), 640, 480, False)
        assert again.photos("zebra", "Zoë") == again.photos_by_id([1, 2])
        ids, found = again.vectors("zebra")
        assert ids.tolist() == [1, 2, 3]
        np.testing.assert_array_equal(found, vectors)
        assert again.find(digest("a"), facts["box"].key()) == first  # type: ignore[attr-defined]
        assert again.find(digest("a")) is None


def test_the_summaries_count_sides_seasons_and_dates(gallery: Gallery) -> None:
    vectors = unit(2, 4)
    early, late = datetime(2023, 5, 1, 10), datetime(2024, 7, 2, 11)
    gallery.enroll("zebra", NET, [
        item("a", 1, vectors[0], side="left", season="2024", captured_at=late),
        item("a", 2, vectors[1], side="left", season="2023", captured_at=early),
        item("a", 3, vectors[2], side="right"), item("b", 4, vectors[3]),
    ])
    (species,) = gallery.species()
    assert (species.name, species.fingerprint, species.dimension) == ("zebra", NET, DIMENSION)
    assert (species.individuals, species.photos, species.calibrated) == (2, 4, False)
    assert species.sides == {"": 1, "left": 2, "right": 1}
    assert (species.seasons, species.first, species.last) == (("2023", "2024"), early, late)
    first, second = gallery.individuals("zebra")
    assert (first.name, first.photos, first.sides, first.years) == ("a", 3, {"left": 2, "right": 1}, (2023, 2024))
    assert (first.first, first.last, first.seasons) == (early, late, ("2023", "2024"))
    assert (second.name, second.photos, second.years, second.first) == ("b", 1, (), None)
    assert gallery.individuals("giraffe") == ()


def test_the_same_photo_is_not_enrolled_twice(gallery: Gallery) -> None:
    vectors = unit(3, 4)
    gallery.enroll("zebra", NET, [item("a", "x", vectors[0])])
    before = gallery.head()
    assert gallery.enroll("zebra", NET, [item("a", "x", vectors[1])]) == (Enrolled(1, "a", "already"),)
    assert gallery.head() == before
    told = gallery.enroll("zebra", NET, [item("a", "y", vectors[2]), item("a", "y", vectors[3])])
    assert told == (Enrolled(2, "a", "added"), Enrolled(2, "a", "already"))
    boxed = gallery.enroll("zebra", NET, [item("b", "x", vectors[1], box=Box(0, 0, 0.5, 0.5))])
    assert boxed == (Enrolled(3, "b", "added"),)


def test_a_photo_of_another_individual_is_a_conflict_and_is_not_moved(gallery: Gallery) -> None:
    vectors = unit(4, 2)
    told = gallery.enroll("zebra", NET, [item("a", "x", vectors[0]), item("b", "x", vectors[1])])
    assert told == (Enrolled(1, "a", "added"), Enrolled(1, "a", "conflict"))
    assert gallery.enroll("zebra", NET, [item("b", "x", vectors[1])]) == (Enrolled(1, "a", "conflict"),)
    assert [one.name for one in gallery.individuals()] == ["a"]
    np.testing.assert_array_equal(gallery.vectors("zebra")[1], vectors[:1])


def test_accents_written_in_two_ways_are_one_individual(gallery: Gallery) -> None:
    vectors = unit(5, 2)
    gallery.enroll("zebra", NET, [item("Zoe\u0308", "x", vectors[0]), item("Zoë", "y", vectors[1])])
    assert [(one.name, one.photos) for one in gallery.individuals()] == [("Zoë", 2)]
    assert len(gallery.photos(individual="Zoe\u0308")) == 2


def test_a_removed_photo_can_be_enrolled_again_under_a_new_id(gallery: Gallery) -> None:
    vectors = unit(6, 2)
    gallery.enroll("zebra", NET, [item("a", "x", vectors[0]), item("a", "y", vectors[1])])
    remove(gallery.folder, [2])
    assert gallery.species()[0].photos == 1
    assert gallery.photo(2).removed
    (told,) = gallery.enroll("zebra", NET, [item("b", "y", vectors[1])])
    assert (told.photo_id, told.individual, told.status) == (2, "a", "removed")
    assert told.removal.endswith("by me (entry 3, then of 'a'): `reid photos restore 2` brings it back")
    assert gallery.enroll("zebra", NET, [item("b", "y", vectors[1], again=True)]) == (Enrolled(3, "b", "added"),)
    assert gallery.species()[0].photos == 2


@pytest.mark.parametrize(("vector", "error", "text"), [
    (unit(7, 1, 8)[0], ModelMismatch, f"its vector has 8 numbers, net {NET} makes 32"),
    (unit(7, 1)[0] * 1.01, ShapeError, "must be finite and of length 1"),
    (np.full(DIMENSION, np.nan, np.float32), ShapeError, "must be finite and of length 1"),
    (unit(7, 1), ShapeError, r"must be .* met \(1, 32\) float32"),
    (np.eye(DIMENSION, dtype=np.int64)[0], ShapeError, "float32, met .* int64"),
])
def test_a_wrong_vector_enrolls_nothing_of_its_batch(
    gallery: Gallery, vector: np.ndarray, error: type[Exception], text: str
) -> None:
    before = gallery.head()
    with pytest.raises(error, match=text):
        gallery.enroll("zebra", NET, [item("a", 1, unit(8, 1)[0]), item("a", 2, vector)])
    assert (gallery.head(), gallery.photos()) == (before, ())


def test_vectors_of_another_net_are_refused(gallery: Gallery) -> None:
    with pytest.raises(ModelMismatch, match=f"'zebra' is enrolled with net {NET}, these vectors are of net other"):
        gallery.enroll("zebra", "other", [item("a", 1, unit(1, 1)[0])])
    with pytest.raises(ModelMismatch, match="no embedding net for 'giraffe' yet"):
        gallery.enroll("giraffe", NET, [item("a", 1, unit(1, 1)[0])])
    assert gallery.photos() == ()


def test_blank_names_and_unknown_sides_are_refused(gallery: Gallery) -> None:
    with pytest.raises(UsageError, match="is blank"):
        gallery.enroll("zebra", NET, [item(" ", 1, unit(1, 1)[0])])
    with pytest.raises(UsageError, match="side 'top' is none of 'left', 'right', ''"):
        gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0], side="top")])
    with pytest.raises(UsageError, match="holds bytes that are no UTF-8 text: rename it"):
        gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0], path=Path("/x/\udcff.jpg"))])


def test_a_new_net_needs_a_vector_for_every_photo(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", n, vector) for n, vector in enumerate(unit(1, 3))])
    newer, before = unit(2, 3, 8), gallery.head()
    with pytest.raises(ModelMismatch, match="1 enrolled photos of 'zebra' have no embedding of net newer"):
        gallery.set_embedding_net("zebra", "newer", 8, calibration=LEARNT, vectors={1: newer[0], 2: newer[1]})
    assert (gallery.head(), gallery.embedding_net("zebra"), gallery.calibration("zebra")) == (before, NET, None)
    gallery.set_embedding_net("zebra", "newer", 8, calibration=LEARNT, vectors=dict(zip((1, 2, 3), newer, strict=True)))
    assert (gallery.embedding_net("zebra"), gallery.calibration("zebra")) == ("newer", LEARNT)
    np.testing.assert_array_equal(gallery.vectors("zebra")[1], newer)
    np.testing.assert_array_equal(gallery.vectors("zebra", NET)[1], unit(1, 3))
    assert gallery.search("zebra", newer, 1, fingerprint="newer").photo_ids.tolist() == [[1], [2], [3]]
    with pytest.raises(ModelMismatch, match="the query was embedded with f0e1"):
        gallery.search("zebra", unit(1, 3), 1, fingerprint=NET)
    gallery.set_embedding_net("zebra", NET, DIMENSION, calibration=None)
    assert gallery.search("zebra", unit(1, 3), 1).photo_ids.tolist() == [[1], [2], [3]]


def test_thresholds_are_set_anew_with_a_journal_entry_and_nothing_else_changes(gallery: Gallery) -> None:
    gallery.set_embedding_net("zebra", NET, DIMENSION, calibration=LEARNT)
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    newer = replace(LEARNT, known_at=0.7, checked_up_to=30, bounds=(Bounds(3, 0.6, 0.5), Bounds(30, 0.7, 0.6)), left=LEARNT)
    gallery.set_calibrations({"zebra": (NET, newer)}, why="stated error 0.05")
    assert gallery.calibration("zebra") == newer
    assert manifest(gallery)["species"]["zebra"]["thresholds"]["bounds"] == [[3, 0.6, 0.5], [30, 0.7, 0.6]]
    entry = gallery.log(1)[0]
    assert (entry.what, entry.why, entry.seq) == ("set_calibrations", "stated error 0.05", gallery.head())
    assert json.loads(entry.before)["species"][0]["calibration"]["known_at"] == LEARNT.known_at
    assert json.loads(entry.after)["species"][0]["calibration"] == json.loads(json.dumps(newer.to_json()))
    assert gallery.search("zebra", unit(1, 1), 1, fingerprint=NET).photo_ids.tolist() == [[1]]


def test_thresholds_of_another_net_or_of_nobody_change_nothing(gallery: Gallery) -> None:
    gallery.set_embedding_net("zebra", NET, DIMENSION, calibration=LEARNT)
    before = gallery.head()
    newer = replace(LEARNT, known_at=0.7)
    with pytest.raises(ModelMismatch, match=f"'zebra' uses net {NET}, these thresholds are for net older"):
        gallery.set_calibrations({"zebra": ("older", newer)})
    with pytest.raises(ModelMismatch, match="'zorse' is not in the gallery"):
        gallery.set_calibrations({"zebra": (NET, newer), "zorse": (NET, newer)})
    assert (gallery.head(), gallery.calibration("zebra")) == (before, LEARNT)
    gallery.set_calibrations({})
    assert gallery.head() == before


def test_a_calibration_written_before_sizes_and_sides_is_still_read(gallery: Gallery) -> None:
    gallery.set_embedding_net("zebra", NET, DIMENSION, calibration=LEARNT)
    older = {name: value for name, value in LEARNT.to_json().items() if name not in (
        "checked_up_to", "bounds", "more_slopes", "left", "right")}
    connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
    connection.execute("UPDATE species SET calibration = ?", (json.dumps(older),))
    connection.commit()
    connection.close()
    with Gallery.open(gallery.folder) as again:
        assert again.calibration("zebra") == LEARNT


def test_a_fingerprint_belongs_to_one_net(gallery: Gallery) -> None:
    with pytest.raises(ModelMismatch, match="with dimension 32, not for embedding with dimension 8"):
        gallery.set_embedding_net("giraffe", NET, 8, calibration=None)
    with pytest.raises(ModelMismatch, match="not for species"):
        gallery.set_species_net(NET)
    assert gallery.embedding_net("giraffe") is None


def test_vectors_for_photos_of_nobody_are_refused(gallery: Gallery) -> None:
    with pytest.raises(UsageError, match="1 vectors are for ids that are no photos of 'zebra', first 7"):
        gallery.set_embedding_net("zebra", "newer", 8, calibration=None, vectors={7: unit(1, 1, 8)[0]})


def test_the_manifest_tells_what_the_catalogue_holds(gallery: Gallery) -> None:
    gallery.set_species_net("router", why="trained")
    gallery.set_embedding_net("zebra", NET, DIMENSION, calibration=LEARNT)
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    told = manifest(gallery)
    assert (told["format"], told["seq"], told["species_net"]) == (2, 4, {"fingerprint": "router"})
    assert told["counts"] == {"species": 1, "individuals": 1, "photos": 1}
    assert told["species"] == {"zebra": {
        "embedding_net": {"fingerprint": NET, "dimension": DIMENSION}, "thresholds": LEARNT.to_json(),
        "individuals": 1, "photos": 1,
    }}
    assert gallery.species_net() == "router"


@pytest.mark.parametrize("damage", ["missing", "old", "no json"])
def test_the_manifest_is_published_again_from_the_catalogue(
    gallery: Gallery, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = gallery.folder / "gallery.json"
    old = path.read_bytes()
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    right = path.read_bytes()
    gallery.close()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(old if damage == "old" else b"{")
    Gallery.open(gallery.folder).close()
    assert path.read_bytes() == right
    assert ("is missing, it is made again" in caplog.text) == (damage == "missing")


def test_a_slow_publisher_does_not_leave_an_older_manifest(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    make, late = published._manifest, unit(1, 2)

    def overtaken(catalog: Catalog) -> tuple[int, bytes]:
        made = make(catalog)
        monkeypatch.setattr(published, "_manifest", make)
        with Gallery.open(gallery.folder) as other:  # commits and publishes between our reading and our writing
            other.enroll("zebra", NET, [item("b", 2, late[1])])
        return made

    monkeypatch.setattr(published, "_manifest", overtaken)
    gallery.enroll("zebra", NET, [item("a", 1, late[0])])
    assert manifest(gallery)["counts"] == {"species": 1, "individuals": 2, "photos": 2}


def test_a_manifest_without_its_catalogue_is_told(gallery: Gallery) -> None:
    gallery.close()
    (gallery.folder / "catalog.sqlite").unlink()
    for create in (False, True):
        with pytest.raises(GalleryError, match=r"has gallery.json, but catalog.sqlite, the gallery itself, is missing"):
            Gallery.open(gallery.folder, create=create)
    assert not (gallery.folder / "catalog.sqlite").exists()


@pytest.mark.parametrize("where", ["manifest", "catalogue"])
def test_a_newer_format_is_refused_and_nothing_changed(gallery: Gallery, where: str) -> None:
    gallery.close()
    if where == "manifest":
        path = gallery.folder / "gallery.json"
        path.write_text(path.read_text("utf-8").replace('"format": 2', '"format": 3'), "utf-8")
    else:
        connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
        connection.execute("PRAGMA user_version=3")
        connection.close()
    before = content(gallery.folder)
    for create in (False, True):
        with pytest.raises(GalleryTooNew, match="has format 3, this reid knows formats up to 2: update reid"):
            Gallery.open(gallery.folder, create=create)
    assert content(gallery.folder) == before


def test_a_damaged_catalogue_is_never_repaired_silently(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", n, vector) for n, vector in enumerate(unit(1, 200))])
    gallery.close()
    path = gallery.folder / "catalog.sqlite"
    whole = path.read_bytes()
    for broken, text in (
        (b"not a catalogue" + whole[15:], "is no SQLite file"),
        (b"", "is missing"),
        (whole[:30000], "damaged"),
        (whole[:16384] + b"\xff" * (len(whole) - 16384), "damaged"),
    ):
        path.write_bytes(broken)
        told = pytest.raises(GalleryError, match=f"{text}.*restore the gallery from a backup")
        with told, Gallery.open(gallery.folder) as opened:
            opened.photos()
        assert path.read_bytes() == broken


def test_a_damaged_embedding_is_told(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
    with connection:
        connection.execute("UPDATE embedding SET vector = zeroblob(128)")
    connection.close()
    with pytest.raises(GalleryError, match=r"embedding of a photo is damaged in catalog.sqlite: restore"):
        gallery.search("zebra", unit(1, 1), 1)


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "catalog.sqlite")
    connection.execute("CREATE TABLE mine (x)")
    connection.execute("PRAGMA user_version=7")
    connection.close()
    before = content(tmp_path)
    with pytest.raises(GalleryError, match="is the database of another program"):
        Gallery.open(tmp_path, create=True)
    assert content(tmp_path) == before


def test_a_writer_that_waits_too_long_is_told(gallery: Gallery) -> None:
    holder = sqlite3.connect(gallery.folder / "catalog.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with Gallery.open(gallery.folder, wait=0.1) as other:
        with pytest.raises(GalleryBusy, match=r"another process has been writing to .* for more than 0.1 s"):
            other.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
        assert other.photos() == ()
        holder.execute("ROLLBACK")
        holder.close()
        assert other.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])[0].status == "added"


def test_every_change_is_in_the_journal(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_USER", "Zoë")
    start = datetime.now(UTC)
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0]), item("b", 2, unit(2, 1)[0])], why="summer survey")
    last, first = gallery.log()
    assert (last.seq, last.who, last.what, last.why) == (gallery.head(), "Zoë", "enroll", "summer survey")
    assert abs((last.at - start).total_seconds()) < 60
    assert json.loads(last.after)["new_individuals"] == {"1": "a", "2": "b"}
    assert (first.seq, first.what) == (1, "set_embedding_net")
    assert gallery.log(1) == (last,)


def test_sightings_are_kept_with_their_individual(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    sighting = Sighting(
        photo="/q.jpg", sha256="s", species=SpeciesGuess("zebra", 0.9), side="left", captured_at=datetime(2024, 1, 2),
        decision=Decision(Outcome.KNOWN, "a", 0.97, "score 0.9"), encounter="", camera="", season="",
        matches=(Match("zebra", "a", 1, 0.9, 0.97, "/photos/1.jpg"),), embedding_fingerprint=NET,
    )
    gallery.add_sightings([sighting, sighting])
    assert (gallery.log(1)[0].what, gallery.head()) == ("add_sightings", 3)
    connection = sqlite3.connect(gallery.folder / "catalog.sqlite")
    rows = connection.execute("SELECT id, path, outcome, individual_id, individual, probability, seq FROM sighting")
    assert rows.fetchall() == [(n, "/q.jpg", "known", 1, "a", 0.97, 3) for n in (1, 2)]
    connection.close()


def test_an_id_that_never_was_is_told(gallery: Gallery) -> None:
    with pytest.raises(UsageError, match="no photo with id 9 was ever enrolled"):
        gallery.photo(9)


def test_a_photo_is_found_again_after_the_disk_was_moved(tmp_path: Path) -> None:
    (tmp_path / "disk" / "photos").mkdir(parents=True)
    file = tmp_path / "disk" / "photos" / "à b.jpg"
    file.write_bytes(b"x")
    with Gallery.open(tmp_path / "disk" / "gallery", create=True) as gallery:
        gallery.set_embedding_net("zebra", NET, DIMENSION, calibration=None)
        gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0], path=file)])
        assert gallery.locate(gallery.photo(1)) == file
    (tmp_path / "disk").rename(tmp_path / "elsewhere")
    with Gallery.open(tmp_path / "elsewhere" / "gallery") as gallery:
        assert gallery.locate(gallery.photo(1)) == tmp_path / "elsewhere" / "photos" / "à b.jpg"
        (tmp_path / "elsewhere" / "photos" / "à b.jpg").unlink()
        assert gallery.locate(gallery.photo(1)) is None


def test_photos_of_an_enrollment_that_was_undone_are_enrolled_anew(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    gallery.history.undo()
    assert [one.status for one in gallery.enroll("zebra", NET, [item("b", 1, unit(1, 1)[0])])] == ["added"]


def test_a_photo_that_was_removed_and_enrolled_again_is_removed_once_more_when_that_is_undone(gallery: Gallery) -> None:
    first, second = unit(1, 2)
    gallery.enroll("zebra", NET, [item("a", 1, first), item("a", 2, second)])
    gallery.corrections.remove([1])
    gallery.enroll("zebra", NET, [item("a", 1, first, again=True)])
    gallery.history.undo()
    (told,) = gallery.enroll("zebra", NET, [item("a", 1, first)])
    assert told.status == "removed" and "`reid photos restore 1` brings it back" in told.removal
    assert [one.id for one in gallery.photos()] == [2]


def test_a_photo_removed_with_its_individual_is_told_with_the_command_that_restores_that_one(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    gallery.identities.remove("a")
    (told,) = gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    assert told.status == "removed" and "`reid individuals restore '#1'` brings it back" in told.removal


def test_of_a_photo_removed_before_its_individual_both_commands_are_told(gallery: Gallery) -> None:
    first, second = unit(1, 2)
    gallery.enroll("zebra", NET, [item("a", 1, first), item("a", 2, second)])
    gallery.corrections.remove([1])
    gallery.identities.remove("a")
    (told,) = gallery.enroll("zebra", NET, [item("a", 1, first)])
    assert "`reid individuals restore '#1' && reid photos restore 1` brings it back" in told.removal
    gallery.identities.restore("#1")
    gallery.corrections.restore([1])
    assert [one.id for one in gallery.photos()] == [1, 2]


@pytest.mark.parametrize("do", [
    lambda gallery: gallery.identities.find("\udcff"),
    lambda gallery: gallery.corrections.correct([1], camera="\udcff"),
    lambda gallery: gallery.corrections.move([1], "\udcff"),
    lambda gallery: gallery.corrections.remove([1], why="\udcff"),
])
def test_bytes_that_are_no_text_are_refused_and_nothing_is_changed(gallery: Gallery, do: Callable[[Gallery], object]) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])
    with pytest.raises(UsageError, match="bytes that are no UTF-8 text"):
        do(gallery)
    assert gallery.head() == 2


def test_a_number_too_large_for_the_catalogue_is_a_usage_error(gallery: Gallery) -> None:
    with pytest.raises(UsageError, match="larger than any id or entry"):
        gallery.history.undo(10**30)
    with pytest.raises(UsageError, match=r"no photo with id|larger than any id"):
        gallery.corrections.remove([10**30])


def test_a_date_can_be_cleared(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0], captured_at=datetime(2024, 5, 1))])
    gallery.corrections.correct([1], captured_at="")
    assert gallery.photo(1).captured_at is None


def test_a_name_that_begins_like_an_id_is_a_name(gallery: Gallery) -> None:
    gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0]), item("a", 2, unit(2, 1)[0])])
    assert gallery.corrections.move([1], "#c", new=True).individual == "#c"
    assert gallery.corrections.move([2], "#2", new=True).individual == "#c"
