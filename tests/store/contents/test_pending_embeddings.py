"""Embeddings of a net to come are kept beside those in use, and change no answer before the net is put to use."""

from __future__ import annotations

import numpy as np
import pytest

from reid.errors import ModelMismatch, ShapeError, UsageError
from reid.store import Gallery
from tests.store.stock import NET, VECTORS, nearest, unit

NEWER = unit(9, 6, 8)


def lacking(gallery: Gallery, fingerprint: str | None = None) -> list[int]:
    return [photo.id for photo in gallery.embeddings.missing("zebra", fingerprint)]


def test_what_an_interrupted_upgrade_added_stays_and_the_rest_is_still_missing(herd: Gallery) -> None:
    assert (lacking(herd), lacking(herd, "newer")) == ([], [1, 2, 3, 4, 5, 6])
    herd.embeddings.add("zebra", "newer", 8, {2: NEWER[1], 5: NEWER[4]})
    herd.close()
    with Gallery.open(herd.folder) as again:
        assert lacking(again, "newer") == [1, 3, 4, 6]
        assert (again.embedding_net("zebra"), nearest(again)) == (NET, [1, 2, 3, 4, 5, 6])
        again.corrections.remove([3])
        assert lacking(again, "newer") == [1, 4, 6]
        again.set_embedding_net("zebra", "newer", 8, calibration=None, vectors={n: NEWER[n - 1] for n in (1, 4, 6)})
        assert (lacking(again), again.vectors("zebra")[0].tolist()) == ([], [1, 2, 4, 5, 6])


def test_an_embedding_that_is_there_is_left_as_it_is(herd: Gallery) -> None:
    herd.embeddings.add("zebra", NET, 32, {1: VECTORS[5]})
    np.testing.assert_array_equal(herd.vectors("zebra")[1], VECTORS)


@pytest.mark.parametrize(("species", "fingerprint", "dimension", "vectors", "error", "text"), [
    ("zebra", "newer", 8, {}, UsageError, "no embedding was given"),
    ("zebra", "newer", 8, {1: NEWER[0], 7: NEWER[1]}, UsageError, "1 vectors are for ids that are no photos of 'zebra', first 7"),
    ("lion", "newer", 8, {1: NEWER[0]}, UsageError, "has no species 'lion'"),
    ("zebra", NET, 8, {1: NEWER[0]}, ModelMismatch, "a fingerprint belongs to one net"),
    ("zebra", "newer", 9, {1: NEWER[0]}, ShapeError, r"must be \(9,\) float32, met \(8,\)"),
    ("zebra", "newer", 8, {1: 2 * NEWER[0]}, ShapeError, "of length 1"),
])
def test_what_is_no_embedding_of_a_photo_of_the_species_is_refused_with_all_that_came_with_it(
    herd: Gallery, species: str, fingerprint: str, dimension: int, vectors: dict[int, np.ndarray],
    error: type[Exception], text: str,
) -> None:
    before = herd.head()
    with pytest.raises(error, match=text):
        herd.embeddings.add(species, fingerprint, dimension, vectors)
    assert (herd.head(), lacking(herd, "newer")) == (before, [1, 2, 3, 4, 5, 6])
