"""A gallery as one file: carried there and back, checked before it is unpacked."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

import reid
from reid.actions.exchange import bundles
from reid.errors import GalleryError
from reid.store import Gallery


def test_a_file_that_is_another_picture_by_now_gives_no_thumbnail(place: Path) -> None:
    with Gallery.open(place / "gallery") as opened:
        first, second = opened.photos()[:2]
        files = [opened.locate(one) for one in (first, second)]
    assert files[0] and files[1]
    shutil.copyfile(files[1], files[0])
    packed = reid.bundle(place / "north.reid.zip", gallery=place / "gallery")
    small = {Path(name).stem for name in packed.members if name.startswith("thumbnails/")}
    assert first.sha256 not in small and second.sha256 in small and len(small) == 15


def test_what_a_killed_unbundle_left_is_cleared_by_the_next_one_unless_somebody_may_still_write_it(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parcel, north = place / "north.reid.zip", place / "north"
    reid.bundle(parcel, gallery=place / "gallery", thumbnails=False)
    kept: list[Path] = []

    def killed(*_: object) -> None:
        (there,) = place.glob(".north*")
        start, machine = there.name[: len(".north.new-")], there.name[-16:]
        for name in (f"{start}999999999-{machine}", f"{start}{os.getppid()}-{machine}", f"{start}999999999-{'0' * 16}"):
            kept.append(Path(shutil.copytree(there, there.with_name(name))))  # a kill: nobody clears it
        raise GalleryError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(bundles, "check_copy", killed)
        with pytest.raises(GalleryError, match="killed"):
            reid.unbundle(parcel, north)
    assert sorted(place.glob(".north*")) == sorted(kept)
    (place / ".north-of-mine").mkdir()
    hour_ago = time.time() - 3700
    gone, living, elsewhere = kept
    for one in (elsewhere, *elsewhere.rglob("*")):
        os.utime(one, (hour_ago, hour_ago))
    os.utime(elsewhere / "gallery" / "catalog.sqlite")
    reid.unbundle(parcel, north)
    assert [path.is_dir() for path in (gone, living, elsewhere)] == [False, True, True]  # two may be in the making
    os.utime(elsewhere / "gallery" / "catalog.sqlite", (hour_ago, hour_ago))
    shutil.rmtree(north)
    reid.unbundle(parcel, north)
    assert [path.name for path in sorted(place.glob(".north*"))] == [".north-of-mine", living.name]
