"""Both stores have every member of the contract, with its parameters; what they answer is held by `tests/store/contract`."""

from __future__ import annotations

import pytest

from reid.store import Gallery
from reid.store.contract import GalleryStore
from tests.store.in_memory import InMemoryGallery
from tests.store.shapes import lacks, vars_of


@pytest.mark.parametrize("kind", [Gallery, InMemoryGallery])
def test_a_store_has_every_member_of_the_contract(kind):
    assert lacks(kind, GalleryStore) == []


def test_the_contract_names_no_folder_and_no_table():
    members = vars_of(GalleryStore)
    assert {"enroll", "search", "photos", "together", "locate", "version"} <= set(members)
    assert not [name for name in members if "folder" in name or "catalog" in name or "path" in name]


def test_what_is_missing_would_be_seen():
    class Half:
        def enroll(self, species):
            """Without the rest."""

    assert {"search", "enroll(items)", "enroll(fingerprint)"} <= set(lacks(Half, GalleryStore))
