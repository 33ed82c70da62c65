"""The parts of both stores that correct have every member of the contract."""

from __future__ import annotations

import pytest

from reid.store import contract_corrections as contract
from reid.store.contents.correct_individuals import Identities
from reid.store.contents.correct_photos import Corrections
from reid.store.contents.pending_embeddings import Embeddings
from reid.store.contents.side_net import Sides
from reid.store.history.journal import History
from tests.store import in_memory
from tests.store.shapes import lacks


@pytest.mark.parametrize(
    ("local", "remembered", "protocol"),
    [
        (Identities, in_memory.Identities, contract.IndividualCorrections),
        (Corrections, in_memory.Corrections, contract.PhotoCorrections),
        (Sides, in_memory.Sides, contract.SideNet),
        (Embeddings, in_memory.Embeddings, contract.PendingEmbeddings),
        (History, in_memory.History, contract.GalleryHistory),
    ],
)
def test_both_parts_have_every_member(local, remembered, protocol):
    assert lacks(local, protocol) == [] and lacks(remembered, protocol) == []
