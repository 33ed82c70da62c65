from __future__ import annotations

import pytest

from reid.errors import GalleryError
from reid.store.sync.merge_nets import NetMerge
from tests.store.stock import DIMENSION, NET, unit
from tests.store.sync.replicas import Pair, enroll, merging
from tests.store.sync.replicas import replicas as replicas

OTHER = "abcdef01" * 8


def test_a_species_that_is_new_here_comes_with_its_net(replicas: Pair) -> None:
    ours, theirs = replicas
    theirs.set_embedding_net("leopard", OTHER, DIMENSION, calibration=None)
    with merging(ours, theirs) as both:
        both.species.clear()
        nets = NetMerge(both)
        nets.plan()
        nets.settle()
        assert both.species == {1: (1, "zebra"), 2: (2, "leopard")} and both.altered == 1
        assert both.change.ask(
            "SELECT s.name, n.fingerprint FROM species s JOIN net n ON n.id = s.net_id ORDER BY s.id"
        ) == [("zebra", NET), ("leopard", OTHER)]


def test_a_net_of_another_kind_under_the_same_fingerprint_is_damage(replicas: Pair) -> None:
    ours, theirs = replicas
    theirs.set_embedding_net("leopard", OTHER, DIMENSION, calibration=None)
    with merging(ours, theirs) as both:
        both.change.put("INSERT INTO net (fingerprint, kind, dimension, seq) VALUES (?, 'species', NULL, 1)", (OTHER,))
        with pytest.raises(GalleryError, match=f"net {OTHER} is another kind of net in north"):
            NetMerge(both).plan()


def test_a_net_that_only_they_changed_is_reported_and_not_taken(replicas: Pair) -> None:
    ours, theirs = replicas
    vectors = {photo.id: vector for photo, vector in zip(theirs.photos(), unit(2, 6), strict=True)}
    theirs.set_embedding_net("zebra", OTHER, DIMENSION, calibration=None, vectors=vectors)
    with merging(ours, theirs) as both:
        nets = NetMerge(both)
        nets.plan()
        nets.settle()
        (conflict,) = both.conflicts(ours.exchange._catalog)
        assert (conflict.what, conflict.ours, conflict.theirs) == ("net of zebra", NET, OTHER)
        assert conflict.do == f"reid upgrade --net {OTHER} --species zebra"


def test_embeddings_come_with_the_photos_that_came(replicas: Pair) -> None:
    ours, theirs = replicas
    enroll(theirs, a=[20])
    vector = unit(1, 40)[20]
    with merging(ours, theirs) as both:
        nets = NetMerge(both)
        nets.plan()
        nets.write({7: 5})  # as if their photo 7 were our photo 5: that has an embedding already, which stays
        (kept,) = both.change.ask("SELECT vector FROM embedding WHERE photo_id = 5")[0]
        assert kept != vector.tobytes()
        both.change.put("DELETE FROM embedding WHERE photo_id = 5")
        nets.write({7: 5})
        (taken,) = both.change.ask("SELECT vector FROM embedding WHERE photo_id = 5")[0]
        assert taken == vector.tobytes()
