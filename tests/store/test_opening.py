"""One door opens a gallery, whichever store keeps it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reid.errors import GalleryError, UsageError
from reid.store import Gallery
from reid.store.opening import is_gallery, open_gallery, open_local_gallery
from tests.store.stock import DIMENSION, NET


def test_a_folder_is_opened_as_a_path_or_as_text(tmp_path):
    folder = tmp_path / "indexes" / "Été à Niort"
    assert not is_gallery(folder)
    with open_gallery(folder, create=True) as gallery:
        assert isinstance(gallery, Gallery) and gallery.where == str(folder) and gallery.name == "Été à Niort"
    assert is_gallery(folder) and is_gallery(str(folder))
    with open_gallery(str(folder)) as gallery:
        assert gallery.head() == 0


def test_where_there_is_none_nothing_is_made(tmp_path):
    with pytest.raises(GalleryError, match="no gallery at"):
        open_gallery(tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("address", ["postgresql://station@server/zebras", "https://example.org/gallery", "S3://bucket"])
def test_an_address_of_another_store_is_refused_with_its_kind(address):
    for opener in (open_gallery, open_local_gallery):
        with pytest.raises(UsageError, match=address.split(":", maxsplit=1)[0]):
            opener(address, create=True)


def test_the_journal_names_whoever_the_caller_says_else_the_user_of_the_process(tmp_path, monkeypatch):
    monkeypatch.setenv("REID_USER", "ranger")
    for who in ("north", None, "south"):
        with open_gallery(tmp_path / "g", create=True, who=who) as gallery:
            gallery.set_embedding_net(f"species of {who}", NET, DIMENSION, calibration=None)
    with open_gallery(tmp_path / "g", as_of=datetime.now(UTC)) as gallery:
        assert [entry.who for entry in gallery.log()] == ["south", "ranger", "north"]
