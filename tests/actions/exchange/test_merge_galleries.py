from __future__ import annotations

import shutil
import sqlite3
import zipfile
from pathlib import Path

import pytest

import reid
from reid.errors import GalleryError, UsageError
from reid.store import Gallery
from tests.commands import command


def test_a_bundle_is_carried_to_another_camp_and_back(place: Path) -> None:
    gallery, parcel, north = place / "gallery", place / "north.reid.zip", place / "north"
    packed = reid.bundle(parcel, gallery=gallery)
    assert {name.split("/")[0] for name in packed.members} == {"catalog.sqlite", "gallery.json", "nets", "thumbnails"}
    assert sum(name.startswith("thumbnails/") for name in packed.members) == 16
    assert command("unbundle", parcel, north).code == 0
    names = [one.name for one in reid.individuals(gallery)]
    reid.rename_individual(names[0], "Asha", gallery=north)
    reid.remove_photos([16], gallery=north)
    reid.rename_individual(names[1], "Bela", gallery=gallery)
    reid.bundle(place / "back.zip", gallery=north, thumbnails=False)
    planned = command("merge-galleries", place / "back.zip", "--gallery", gallery, "--dry-run")
    assert planned.code == 0 and "2 values altered, 0 conflicts; nothing was changed" in planned.out
    told = command("merge-galleries", place / "back.zip", "--gallery", gallery, "--json", "--why", "August").lines[0]
    assert (told["altered"], told["conflicts"], told["entries"]) == (2, [], 2)
    assert {one.name for one in reid.individuals(gallery)} == {"Asha", "Bela", *names[2:]}
    assert reid.doctor(gallery=gallery).broken == ()
    reid.undo(gallery=gallery)
    assert {one.name for one in reid.individuals(gallery)} == {"Bela", *names} - {names[1]}


def test_conflicts_are_listed_with_both_sides_and_the_command(place: Path) -> None:
    shutil.copytree(place / "gallery", place / "north")
    name = reid.individuals(place / "gallery")[0].name
    reid.rename_individual(name, "Amara", gallery=place / "gallery")
    reid.rename_individual(name, "Asha", gallery=place / "north")
    told = command("merge-galleries", place / "north", "--gallery", place / "gallery")
    assert told.code == 0 and "1 conflicts" in told.out
    assert "'Amara'" in told.out and "'Asha'" in told.out and "reid individuals rename" in told.out
    settled = command("individuals", "rename", "#1", "Asha", "--gallery", place / "gallery")
    assert settled.code == 0
    again = command("merge-galleries", place / "north", "--gallery", place / "gallery", "--json").lines[0]
    assert (again["seq"], again["conflicts"]) == (0, [])


def test_what_is_damaged_is_refused_before_anything_is_changed(place: Path) -> None:
    gallery, parcel = place / "gallery", place / "north.zip"
    reid.bundle(parcel, gallery=gallery)
    head = Gallery.open(gallery).head()
    data = bytearray(parcel.read_bytes())
    data[len(data) // 2] ^= 1
    parcel.write_bytes(bytes(data))
    with pytest.raises(GalleryError, match="damaged"):
        reid.merge_galleries(parcel, gallery=gallery)
    with pytest.raises(GalleryError, match="damaged"):
        reid.unbundle(parcel, place / "new")
    assert not (place / "new").exists() and not list(place.glob(".new*"))
    with pytest.raises(UsageError, match="is this gallery itself"):
        reid.merge_galleries(gallery, gallery=gallery)
    with pytest.raises(UsageError, match="is there already"):
        reid.unbundle(parcel, gallery)
    with zipfile.ZipFile(place / "other.zip", "w") as file:
        file.writestr("readme.txt", "hello")
    with pytest.raises(GalleryError, match=r"its list parcel\.json is missing"):
        reid.merge_galleries(place / "other.zip", gallery=gallery)
    assert Gallery.open(gallery).head() == head


def test_a_net_that_is_not_what_its_name_says_is_refused(place: Path) -> None:
    shutil.copytree(place / "gallery", place / "north")
    nets = place / "north" / "nets"
    (net,) = nets.glob("*.safetensors")
    for suffix in (".safetensors", ".json"):
        shutil.copy(net.with_suffix(suffix), nets / f"0123456789abcdef{suffix}")
    with pytest.raises(GalleryError, match=r"0123456789abcdef\.safetensors holds net"):
        reid.merge_galleries(place / "north", gallery=place / "gallery")


def test_nets_of_the_other_camp_stay_outside_where_the_merge_is_refused(place: Path) -> None:
    gallery, north = place / "gallery", place / "north"
    shutil.copytree(gallery, north)
    reid.rename_individual(reid.individuals(north)[0].name, "Asha", gallery=north)
    reid.merge_galleries(north, gallery=gallery)
    reid.undo(gallery=gallery)
    with Gallery.open(north) as opened:
        opened.nets.put(place / "nets" / "net 2.safetensors")
    reid.rename_individual("Asha", "Amina", gallery=north)
    before = sorted(path.name for path in (gallery / "nets").iterdir())
    with pytest.raises(UsageError, match="undid: `reid undo"):
        reid.merge_galleries(north, gallery=gallery)
    assert sorted(path.name for path in (gallery / "nets").iterdir()) == before
    log = [one.seq for one in reid.log(gallery=gallery)]
    reid.undo(log[0], gallery=gallery)
    assert reid.merge_galleries(north, gallery=gallery).conflicts == ()
    assert len(list((gallery / "nets").iterdir())) == len(before) + 2  # the net and its card


def test_a_gallery_with_a_trigger_that_is_not_ours_is_refused(place: Path) -> None:
    shutil.copytree(place / "gallery", place / "north")
    connection = sqlite3.connect(place / "north" / "catalog.sqlite")
    connection.execute("CREATE TRIGGER evil AFTER INSERT ON journal BEGIN UPDATE photo SET side = 'left'; END")
    connection.commit()
    connection.close()
    with pytest.raises(GalleryError, match="the trigger 'evil' was not made by reid"):
        reid.merge_galleries(place / "north", gallery=place / "gallery")
