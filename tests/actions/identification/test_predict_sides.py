"""The side net in the verbs: asked where nobody knows the side, its word marked as its own, and bound to the gallery."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import reid
from reid.actions.training.jobs import planned_jobs
from reid.errors import UsageError
from reid.nets import net_files
from reid.nets.net_files import NetCard
from reid.records import Photo
from reid.settings import QuerySettings, TrainSettings
from reid.store import Gallery
from tests.commands import command

CARD = NetCard("side", "mobilenet_v3_small", (64, 64), classes=("left", "right"), mirrored=True, among=("zebra",), sure_at=0.0)


def give(gallery: Path, card: NetCard = CARD, seed: int = 3) -> str:
    """A gallery gets a side net of random weights: it sees some side in every photo."""
    torch.manual_seed(seed)
    with Gallery.open(gallery) as opened:
        saved = net_files.save(card, net_files.build(card).state_dict(), opened.nets_folder)
        opened.sides.use_net(saved.fingerprint)
    return saved.fingerprint


def test_a_query_searches_the_side_that_the_net_tells_and_says_who_told_it(place: Path):
    photo = next((place / "photos" / "zebra").glob("*/*.jpg"))
    before = reid.query([photo], gallery=place / "gallery", settings=QuerySettings(species="zebra")).sightings[0]
    assert (before.side, before.side_net) == ("", "")
    net = give(place / "gallery")
    told = reid.query([photo], gallery=place / "gallery", settings=QuerySettings(species="zebra"), record=True).sightings[0]
    assert told.side in ("left", "right") and told.side_net == net
    other = {"left": "right", "right": "left"}[told.side]
    given = reid.query([photo], gallery=place / "gallery", settings=QuerySettings(species="zebra", side=other)).sightings[0]
    assert (given.side, given.side_net) == (other, "")
    ids = [one.id for one in reid.photos(place / "gallery")]
    reid.correct_photos(ids, side=other, gallery=place / "gallery")
    assert reid.query([photo], gallery=place / "gallery", settings=QuerySettings(species="zebra")).sightings[0].matches == ()
    with Gallery.open(place / "gallery") as opened:
        ((details,),) = opened._catalog.ask("SELECT details FROM sighting")
    assert f'"side_net":"{net}"' in details.replace('": "', '":"')


def test_enrolling_asks_for_sides_that_are_not_known_and_reports_how_many_were_told(place: Path, tmp_path: Path):
    net = give(place / "gallery")
    for name, photo in zip("ab", sorted((place / "photos" / "zebra").glob("*/*.jpg")), strict=False):
        shutil.copy(photo, tmp_path / f"{name}.jpg")
        with (tmp_path / f"{name}.jpg").open("ab") as file:
            file.write(b"another file of the same picture")
    (tmp_path / "photos.csv").write_text(
        "path,species,individual,side\na.jpg,zebra,Ada,right\nb.jpg,zebra,Ada,\n", encoding="utf-8"
    )
    report = reid.enroll([tmp_path / "photos.csv"], gallery=place / "gallery")
    known, told = reid.photos(place / "gallery", individual="Ada")
    assert (known.side, known.side_predicted, told.side_predicted) == ("right", False, True)
    assert told.notes["side_net"] == net and report.sides_predicted == {told.side: 1}
    listed = command("photos", "list", "--individual", "Ada", "--gallery", place / "gallery").out
    assert listed.count("(predicted)") == 1
    assert f"predicted by {net}" in command("gallery", "--gallery", place / "gallery").out.replace("\n", "")


def test_enrolled_photos_of_unknown_side_are_asked_about_and_undo_takes_it_back(place: Path):
    net = give(place / "gallery")
    photos = reid.photos(place / "gallery")
    reid.correct_photos([photos[0].id], side="left", gallery=place / "gallery")
    with Gallery.open(place / "gallery") as opened:
        files = [opened.locate(one) for one in photos]
    shutil.copyfile(files[2], files[1])
    files[3].unlink()
    files[4].write_bytes(b"no photo")
    told = command("photos", "predict-sides", "--gallery", place / "gallery", "--json", "--why", "new net")
    assert told.code == 1
    (report,) = told.lines
    assert (report["asked"], sum(report["told"].values()), report["unsure"]) == (len(photos) - 4, len(photos) - 4, 0)
    assert sorted(one["origin"] for one in report["problems"]) == sorted(f"photo {photos[at].id}" for at in (1, 3, 4))
    assert "is no longer the photo that was enrolled" in str(report["problems"])
    now = {one.id: one for one in reid.photos(place / "gallery")}
    assert (now[photos[0].id].side, now[photos[0].id].side_predicted) == ("left", False)
    assert now[photos[1].id].side == "" and now[photos[5].id].notes["side_net"] == net
    reid.undo(report["corrections"][0]["seq"], gallery=place / "gallery")
    assert [one.side for one in reid.photos(place / "gallery")] == ["left"] + [""] * (len(photos) - 1)


def test_without_a_side_net_or_for_another_species_it_is_told(place: Path):
    with pytest.raises(UsageError, match="no side net: `reid train PHOTOS --stage side` makes one"):
        reid.predict_sides(gallery=place / "gallery")
    give(place / "gallery", replace(CARD, among=("deer",)))
    with pytest.raises(UsageError, match="learned nothing of 'zebra'; it knows deer"):
        reid.predict_sides(gallery=place / "gallery", species="zebra")
    assert reid.predict_sides(gallery=place / "gallery").asked == 0
    photo = next((place / "photos" / "zebra").glob("*/*.jpg"))
    assert reid.query([photo], gallery=place / "gallery", settings=QuerySettings(species="zebra")).sightings[0].side == ""


def test_the_side_net_goes_with_the_gallery_into_a_bundle_and_doctor_looks_at_it(place: Path, tmp_path: Path):
    net = give(place / "gallery")
    reid.bundle(tmp_path / "g.reid.zip", gallery=place / "gallery", thumbnails=False)
    reid.unbundle(tmp_path / "g.reid.zip", tmp_path / "there")
    with Gallery.open(tmp_path / "there") as opened:
        assert opened.sides.net() == net
    (tmp_path / "there" / "nets" / f"{net}.safetensors").unlink()
    assert any(net in one.reason for one in reid.doctor(gallery=tmp_path / "there").findings if one.kind == "net")


def test_what_is_trained_for_the_side_are_photos_of_known_side_that_show_an_animal():
    photos = [
        Photo(Path("a"), "zebra", "A", side="left"), Photo(Path("b"), "zebra", "A"), Photo(Path("c"), "empty", side="left"),
        Photo(Path("d"), "lion", side="right"),
    ]  # fmt: skip
    (job,) = planned_jobs(photos, TrainSettings(stages=("side",)))
    assert (job.stage, job.name, [str(one.path) for one in job.photos]) == ("side", "side net", ["a", "d"])
    with pytest.raises(UsageError, match="the side net needs photos whose side is known"):
        planned_jobs(photos[1:2], TrainSettings(stages=("side",)))


def test_training_a_side_net_binds_it_to_the_gallery(drawings: tuple[Path, Path], tmp_path: Path, monkeypatch):
    monkeypatch.setenv("REID_SIDE_IMAGE_SIZE", "32x32")
    given = ("--stage", "side", "--side-epochs", 1, "--max-wrong-side", 0.5, "--gallery", tmp_path / "g", "--json")
    told = command("train", drawings[0], *given)
    assert told.code == 0, told.err
    (net,) = told.lines[0]["nets"]
    assert (net["stage"], net["species"], net["epochs"]) == ("side", "", 1)
    assert net["figures"]["max_wrong_side"] == 0.5 and net["figures"]["wrong_side"] <= 0.5
    with Gallery.open(tmp_path / "g") as opened:
        assert opened.sides.net() == net["fingerprint"]
        card = net_files.read_card(opened.nets_folder / f"{net['fingerprint']}.safetensors")
    assert (card.kind, card.among) == ("side", ("deer", "giraffe", "zebra"))
    assert net["fingerprint"] in command("log", "--gallery", tmp_path / "g").out
