"""Thresholds set anew: only by individuals the net never saw, all or nothing, with a journal entry and a page."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reid import synthetic
from reid.actions.identification.query import query
from reid.actions.intake.enroll import enroll
from reid.actions.training import calibrate as action
from reid.actions.training.calibrate import calibrate
from reid.actions.training.enrolled_pool import enrolled_pool
from reid.actions.training.results import CalibrateReport
from reid.actions.training.tables import calibrated
from reid.calibration.score_calibration import study
from reid.errors import GalleryBusy, GalleryError, UsageError
from reid.evaluation.metrics import Pool
from reid.nets import net_files
from reid.nets.net_files import NetCard
from reid.pages import plots
from reid.records import Calibration, Photo
from reid.store import Enrollment, Gallery
from reid.tables import json_lines

OLD = Calibration(20.5, -9.0, 4.5, 0.97, 0.8, 0.5, 0.02, 0.008, 0.02, 12, 80, 960)
HELD = [f"z{number:02}" for number in range(8)]
TAUGHT = [f"z{number:02}" for number in range(8, 20)]


def card(training: dict[str, Any], species: str = "zebra") -> NetCard:
    return NetCard(
        kind="embedding", backbone="mobilenet_v2", image_size=(64, 64), dimension=16, species=species,
        training={"data": training}, calibration=OLD,
    )


def items(individuals: Sequence[str], seed: int, encounters: int = 4, spread: float = 0.35) -> list[Enrollment]:
    """Each individual a direction of space; one photo in each encounter, an hour apart at one camera."""
    rng = np.random.default_rng(seed)
    found = []
    for name in individuals:
        centre = rng.standard_normal(16)
        for encounter in range(encounters):
            vector = centre + spread * rng.standard_normal(16)
            photo = Photo(
                Path(f"/photos/{name}-{encounter}.jpg"), "zebra", name, datetime(2024, 5, 1) + timedelta(hours=encounter),
                camera="C1",
            )
            unit = (vector / np.linalg.norm(vector)).astype(np.float32)
            found.append(Enrollment(name, photo, f"{name}-{encounter}".ljust(64, "0"), 640, 480, unit))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A gallery of 20 zebras, 8 of them held out, and of 2 lions; both calibrated for another stated error."""
    place = tmp_path / "indexes" / "Été"
    with Gallery.open(place, create=True) as gallery:
        state = {"weight": torch.zeros(1)}
        zebra = net_files.save(card({"held_out_individuals": HELD, "trained_individuals": TAUGHT}), state, gallery.nets_folder)
        lion = net_files.save(
            card({"held_out_individuals": ["l0", "l1"]}, "lion"), {"weight": torch.ones(1)}, gallery.nets_folder
        )
        for name, net in (("zebra", zebra), ("lion", lion)):
            gallery.set_embedding_net(name, net.fingerprint, 16, calibration=OLD)
        gallery.enroll("zebra", zebra.fingerprint, items([*HELD, *TAUGHT], 1))
        gallery.enroll("lion", lion.fingerprint, items(["l0", "l1"], 2))
    return place


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


def test_the_card_of_an_older_net_names_only_the_held_out_so_all_others_are_left_out(folder: Path) -> None:
    with Gallery.open(folder) as gallery:
        net = net_files.save(card({"held_out_individuals": HELD}), {"weight": torch.full((1,), 2.0)}, gallery.nets_folder)
        vectors = {int(number): vector for number, vector in zip(*gallery.vectors("zebra"), strict=True)}
        gallery.set_embedding_net("zebra", net.fingerprint, 16, calibration=None, vectors=vectors)
        gallery.enroll("zebra", net.fingerprint, items(["newcomer"], 3))
    one = calibrate(gallery=folder, species="zebra").species[0]
    assert (one.individuals, one.trained_on) == (8, ("newcomer", *TAUGHT))


def test_the_stated_error_may_come_from_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_MAX_FALSE_MATCH", "0.07")
    assert calibrate(gallery=folder).max_false_match == 0.07
    assert calibrate(gallery=folder, max_false_match=0.03).max_false_match == 0.03


def test_an_animal_enrolled_after_the_training_may_judge(folder: Path) -> None:
    with Gallery.open(folder) as gallery:
        fingerprint = gallery.embedding_net("zebra")
        assert fingerprint is not None
        gallery.enroll("zebra", fingerprint, items(["newcomer"], 3))
    one = calibrate(gallery=folder, species="zebra").species[0]
    assert (one.individuals, one.photos, one.trained_on) == (9, 36, tuple(TAUGHT))


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


def test_the_page_shows_the_diagram_and_needs_nothing_but_itself(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "calibration é.html"
    report = calibrate(gallery=folder, report=place)
    text = place.read_text(encoding="utf-8")
    assert report.page == place
    zebra = report.species[1]
    assert len(zebra.bins) > 1
    dots = [plots.Dot(one.probability, one.right, one.count / 64) for one in zebra.bins]
    synthetic = plots.reliability(
        "How often answers of a probability are right", "mean probability of the best match", "share right", dots
    )
    [(svg, alternative)] = re.findall(r'<img src="data:image/svg\+xml;base64,([^"]+)" alt="([^"]+)">', text)
    assert base64.b64decode(svg, validate=True) == synthetic
    assert alternative == "zebra: how often answers of a probability are right."
    assert "its share of the 64 answers, 1 % where it is less" in text
    text = text.replace(svg, "")
    assert f"<td class=\"figure\">{zebra.bins[0].count}</td>" in text
    assert f"Expected calibration error {zebra.calibration_error:.3f}." in text
    assert "Stays as it was: 2 individuals" in text and "12 individuals were left out" in text
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org", "")
    assert "<script" not in text


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


def test_photos_given_take_the_place_of_those_enrolled(
    seasons: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, others, gallery = seasons
    embedded: list[int] = []

    def counted(net: Any, pictures: Sequence[Any], _real: Any = action.embed_and_map) -> Any:
        embedded.append(len(pictures))
        return _real(net, pictures)

    monkeypatch.setattr(action, "embed_and_map", counted)
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


def test_of_several_seasons_thresholds_are_learned_across_them(tmp_path: Path) -> None:
    """Coats change by the season: photos of one day are alike, those of the next year are what comes back."""
    rng = np.random.default_rng(3)
    taken = []
    for name in [f"z{at:02}" for at in range(24)]:
        centre = rng.standard_normal(16)
        for year in (2023, 2024):
            coat = centre + 0.6 * rng.standard_normal(16)
            for hour in range(3):
                vector = coat + 0.05 * rng.standard_normal(16)
                photo = Photo(Path(f"/p/{name}-{year}-{hour}.jpg"), "zebra", name, datetime(year, 5, 1, hour), camera="C1")
                unit = (vector / np.linalg.norm(vector)).astype(np.float32)
                taken.append(Enrollment(name, photo, f"{name}-{year}-{hour}".ljust(64, "0"), 640, 480, unit))
    place = tmp_path / "gallery"
    with Gallery.open(place, create=True) as gallery:
        net = net_files.save(card({"trained_individuals": []}), {"weight": torch.zeros(1)}, gallery.nets_folder)
        gallery.set_embedding_net("zebra", net.fingerprint, 16, calibration=OLD)
        gallery.enroll("zebra", net.fingerprint, taken)
        within = enrolled_pool(gallery, "zebra", net.fingerprint, {f"z{at:02}" for at in range(24)}).pool
    (found,) = calibrate(gallery=place).species
    sure = study(within, max_false_match=0.01)
    assert found.after is not None and sure is not None
    told, too_sure = (one.slope * 0.7 + one.intercept for one in (found.after, sure.calibration))
    assert told > too_sure  # a cosine of 0.7 may well be who came back, a year on
    assert found.after.false_new >= sure.calibration.false_new
