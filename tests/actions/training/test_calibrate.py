"""Thresholds set anew: only by individuals the net never saw, all or nothing, with a journal entry and a page."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid import synthetic
from reid.actions.identification.query import query
from reid.actions.intake.enroll import enroll
from reid.actions.training import calibrate as action
from reid.actions.training.calibrate import calibrate
from reid.actions.training.results import CalibrateReport
from reid.actions.training.tables import calibrated
from reid.calibration.score_calibration import study
from reid.errors import GalleryBusy, GalleryError, UsageError
from reid.evaluation.metrics import Pool
from reid.nets import inference, net_files
from reid.progress import SILENT
from reid.records import Calibration
from reid.steps import embedded_photos
from reid.store import Enrollment, Gallery
from reid.tables import json_lines
from tests.actions.training.vector_gallery import HELD, OLD, TAUGHT, items


def pool(found: Sequence[Enrollment]) -> Pool:
    names = [one.individual for one in found]
    groups = [f"{one.individual}/{one.photo.captured_at}" for one in found]
    return Pool(np.stack([one.vector for one in found]), names, [""] * len(found), groups, [one.sha256 for one in found])


def state(folder: Path) -> tuple[int, dict[str, Calibration | None], str]:
    with Gallery.open(folder) as gallery:
        known = {one.name: gallery.calibration(one.name) for one in gallery.species()}
        return gallery.head(), known, (folder / "gallery.json").read_text(encoding="utf-8")


def test_thresholds_come_from_the_stored_embeddings_of_individuals_held_out(folder: Path) -> None:
    report = calibrate(gallery=folder, max_false_match=0.05)
    expected = study(pool([one for one in items([*HELD, *TAUGHT], 1) if one.individual in HELD]), max_false_match=0.05)
    assert expected is not None
    lion, zebra = report.species
    assert (zebra.species, zebra.individuals, zebra.photos, zebra.enrolled) == ("zebra", 8, 32, 20)
    assert (zebra.before, zebra.after, zebra.reason) == (OLD, expected.calibration, "")
    assert zebra.trained_on == tuple(TAUGHT)
    _, known, manifest = state(folder)
    assert known == {"zebra": expected.calibration, "lion": OLD}
    assert json.loads(manifest)["species"]["zebra"]["thresholds"]["known_at"] == expected.calibration.known_at
    assert sum(one.count for one in zebra.bins) == len(expected.answers.right) == 64
    assert lion.after is None


def test_a_species_with_too_little_says_why_and_stays(folder: Path) -> None:
    report = calibrate(gallery=folder)
    assert report.failures == ("lion: 2 individuals that the net was not trained on; wanted at least 3",)
    before = state(folder)
    again = calibrate(gallery=folder, species="lion")
    assert [(one.species, one.after, one.before) for one in again.species] == [("lion", None, OLD)]
    assert state(folder) == before
    title, columns, rows = calibrated(again)[0]
    assert "stated error of 0.01" in title
    told = dict(zip(columns, rows[0], strict=True))
    assert (told["known from"], told["note"]) == ("0.97", again.species[0].reason)


def test_the_journal_tells_the_thresholds_before_and_after(folder: Path) -> None:
    report = calibrate(gallery=folder, species="zebra", max_false_match=0.02)
    with Gallery.open(folder) as gallery:
        entry = gallery.log(1)[0]
    assert (entry.what, entry.why) == ("set_calibrations", "at most 0.02 told a wrong individual")
    (before,), (after,) = json.loads(entry.before)["species"], json.loads(entry.after)["species"]
    assert (before["species"], before["calibration"]) == ("zebra", OLD.to_json())
    assert report.species[0].after is not None
    assert after["calibration"] == json.loads(json.dumps(report.species[0].after.to_json()))
    assert before["fingerprint"] == after["fingerprint"] == report.species[0].fingerprint


def test_a_stricter_stated_error_never_asks_for_less(folder: Path) -> None:
    bounds = []
    for stated in (0.2, 0.05, 0.01, 0.002):
        found = calibrate(gallery=folder, species="zebra", max_false_match=stated).species[0].after
        assert found is not None
        bounds.append([one.known_at for one in found.bounds])
    for loose, strict in pairwise(bounds):
        assert all(low <= high for low, high in zip(loose, strict, strict=True))
    assert bounds[0] < bounds[-1]


def test_the_stated_error_may_come_from_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_MAX_FALSE_MATCH", "0.07")
    assert calibrate(gallery=folder).max_false_match == 0.07
    assert calibrate(gallery=folder, max_false_match=0.03).max_false_match == 0.03


def test_nothing_is_changed_where_the_page_cannot_be_written(folder: Path, tmp_path: Path) -> None:
    before = state(folder)
    with pytest.raises(UsageError, match="not written"):
        calibrate(gallery=folder, report=tmp_path / "no such folder" / "page.html")
    assert state(folder) == before


def test_nothing_is_changed_where_one_species_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = state(folder)
    reached: list[str] = []

    def fail_at_the_second(self: Any, name: str, given: Any, _real: Any = action._Run.species) -> Any:
        reached.append(name)
        if len(reached) == 2:
            raise GalleryBusy("somebody else writes")
        return _real(self, name, given)

    monkeypatch.setattr(action._Run, "species", fail_at_the_second)
    with pytest.raises(GalleryBusy, match="somebody else"):
        calibrate(gallery=folder)
    assert reached == ["lion", "zebra"]
    assert state(folder) == before


def test_nothing_is_changed_where_the_transaction_is_cut_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = state(folder)

    def cut_off() -> str:
        raise KeyboardInterrupt("pulled the plug")

    monkeypatch.setattr("reid.store.catalog.catalog.who", cut_off)  # asked when the journal's entry is written, after the change
    with pytest.raises(KeyboardInterrupt, match="pulled the plug"):
        calibrate(gallery=folder, species="zebra")
    assert state(folder) == before


def test_a_catalogue_with_a_trigger_that_is_not_ours_is_not_calibrated_and_the_reason_told(folder: Path) -> None:
    connection = sqlite3.connect(folder / "catalog.sqlite")
    connection.execute("CREATE TRIGGER cut BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'cut off'); END")
    connection.commit()
    connection.close()
    before = state(folder)
    with pytest.raises(GalleryError, match=r"the trigger 'cut' was not made by reid.*then calibrate again"):
        calibrate(gallery=folder, species="zebra")
    assert state(folder) == before


@pytest.mark.parametrize("stated", [0.0, -0.1, 0.5, 3.0, float("nan")])
def test_an_error_that_is_no_share_is_refused(folder: Path, stated: float) -> None:
    with pytest.raises(UsageError, match=r"wanted a share between 0 and 0\.5"):
        calibrate(gallery=folder, max_false_match=stated)


def test_a_species_that_is_not_there_and_an_empty_gallery_are_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"species 'ape' has no net in the gallery; there are \['lion', 'zebra'\]"):
        calibrate(gallery=folder, species="ape")
    Gallery.open(tmp_path / "empty", create=True).close()
    with pytest.raises(UsageError, match="nothing to calibrate: the gallery has nets for no species"):
        calibrate(gallery=tmp_path / "empty")
    with pytest.raises(GalleryError, match="no gallery at"):
        calibrate(gallery=tmp_path / "nowhere")


def test_a_report_is_json(folder: Path) -> None:
    told = json.loads(json_lines.line(calibrate(gallery=folder)))
    assert [one["species"] for one in told["species"]] == ["lion", "zebra"]
    assert told["species"][0]["calibration_error"] is None
    assert told["species"][1]["after"]["bounds"][0]["size"] == 3


@pytest.fixture(scope="module")
def seasons(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Drawn zebras enrolled with the shared net: four in the gallery, five others in a second folder."""
    place = tmp_path_factory.mktemp("drawn")
    size: dict[str, Any] = {"width": 160, "height": 112, "seed": 5, "photos_per_encounter": 1, "encounters": 3}
    synthetic.write_photos(place / "first", synthetic.draw_season(["zebra"], range(4), season=0, **size))
    synthetic.write_photos(place / "others", synthetic.draw_season(["zebra"], range(10, 15), season=0, **size))
    enroll([place / "first"], gallery=place / "gallery")
    return place / "first", place / "others", place / "gallery"


def test_with_the_shared_net_all_enrolled_photos_judge_and_answers_get_probabilities(seasons: tuple[Path, Path, Path]) -> None:
    _, others, gallery = seasons
    before = query([others], gallery=gallery).sightings
    assert {one.decision.probability for one in before} == {None}
    one = calibrate(gallery=gallery, max_false_match=0.05).species[0]
    assert (one.individuals, one.photos, one.trained_on, one.before) == (4, 12, (), None)
    assert one.after is not None and one.after.max_false_match == 0.05
    after = query([others], gallery=gallery).sightings
    assert all(one.decision.probability is not None for one in after)


def test_of_enrolled_photos_that_are_gone_damaged_or_another_now_no_map_is_learned_from(place: Path) -> None:
    with Gallery.open(place / "gallery") as gallery:
        shutil.rmtree(gallery.cache_folder)  # maps that were kept when they were enrolled
        photos = gallery.photos("zebra")
        files = [gallery.locate(one) for one in photos]
        shutil.copyfile(str(files[5]), str(files[2]))
        Path(str(files[7])).write_bytes(b"no photo")
        Path(str(files[9])).unlink()
        card = net_files.read_card(gallery.nets_folder / f"{gallery.embedding_net('zebra')}.safetensors")
        net = inference.load(gallery.nets_folder / f"{card.fingerprint}.safetensors", "cpu")
        everyone = {one.individual for one in photos}
        found = action.learnable(gallery, "zebra", card.fingerprint, everyone, lambda: net, SILENT)
        stored = gallery.vectors("zebra")[1]
    assert len(found.pool.vectors) == len(photos) == 16, "their embeddings were made when they were enrolled"
    assert found.mapped is not None
    hashes = [found.pool.hashes[row] for row in found.mapped.rows]
    assert sorted(hashes) == sorted(one.sha256 for at, one in enumerate(photos) if at not in (2, 7, 9))
    np.testing.assert_array_equal(np.sort(found.pool.vectors, axis=0), np.sort(stored, axis=0))


def test_photos_given_take_the_place_of_those_enrolled(
    seasons: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, others, gallery = seasons
    embedded: list[int] = []

    def counted(net: Any, pictures: Sequence[Any], _real: Any = embedded_photos.embed_and_map) -> Any:
        embedded.append(len(pictures))
        return _real(net, pictures)

    monkeypatch.setattr(embedded_photos, "embed_and_map", counted)
    bad = tmp_path / "zebra" / "z9" / "cut off.jpg"
    bad.parent.mkdir(parents=True)
    bad.write_bytes(b"\xff\xd8\xff\xe0 no picture")
    report: CalibrateReport = calibrate(gallery=gallery, photos=[others, first, tmp_path])
    assert [(one.individuals, one.photos) for one in report.species] == [(9, 27)]
    assert sum(embedded) == 27  # each is opened once, for its map too
    assert [problem.path for problem in report.problems] == [str(bad)]
    with_stored = report.species[0].after
    embedded.clear()
    assert calibrate(gallery=gallery, photos=[others]).species[0].photos == 15
    assert sum(embedded) == 15
    assert with_stored is not None and with_stored.checked_up_to == 9 * 8
    with pytest.raises(UsageError, match="1 of the photos name a species and an individual"):
        (tmp_path / "lynx" / "a").mkdir(parents=True)
        (tmp_path / "zebra").rename(tmp_path / "elsewhere")
        (tmp_path / "elsewhere" / "z9" / "cut off.jpg").rename(tmp_path / "lynx" / "a" / "b.jpg")
        calibrate(gallery=gallery, photos=[tmp_path / "lynx" / ".."])


