"""What SQLite meets is told in words of reid, with what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from reid.errors import GalleryBusy, GalleryError, UsageError
from reid.store import Gallery
from tests.store.stock import NET, item, unit


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
