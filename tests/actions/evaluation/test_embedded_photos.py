"""Photos of an evaluation: those that can be read, row by row, with their embeddings; and whole frames without their animals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reid.actions.evaluation.embedded_photos import Opener, background, boxes_of, embedded, encounters_of
from reid.nets import inference, net_files
from reid.nets.inference import Runtime
from reid.progress import SILENT
from reid.records import Box, Photo, Problem
from reid.steps.embedded_photos import LocalEmbedder


@pytest.fixture
def net() -> Runtime:
    """The net that ships: one of random weights makes the same of every picture."""
    return inference.load(net_files.BASE, "cpu")


def photos_of(place: Path) -> list[Photo]:
    return [Photo(path, "zebra", path.parent.name, side="left") for path in sorted((place / "photos").glob("**/*.jpg"))[:5]]


def test_rows_are_those_of_the_photos_that_can_be_read_and_the_others_are_problems_once(place: Path, net: Runtime) -> None:
    photos = photos_of(place)
    photos[1].path.write_bytes(b"no photo")
    photos[3].path.unlink()
    problems: dict[str, Problem] = {}
    opener = Opener(SILENT, problems)
    groups, _ = encounters_of(photos, ())
    pool = embedded("zebra", photos, groups, net, opener, closer=True)
    left = [photos[row] for row in (0, 2, 4)]
    assert pool.pictures.photos == left and pool.pool.individuals == [photo.individual for photo in left]
    assert pool.pool.groups == [groups[row] for row in (0, 2, 4)]
    vectors = [item.vector for item in LocalEmbedder(net).embed(left) if not isinstance(item, Problem)]
    np.testing.assert_allclose(pool.pool.vectors, np.stack(vectors), atol=1e-2)
    assert pool.maps is not None and pool.maps.dtype == np.float16 and len(pool.maps) == 3
    embedded("zebra", photos, groups, net, opener)
    assert sorted(one.path for one in problems.values()) == sorted(str(photos[row].path) for row in (1, 3))
    assert embedded("zebra", photos, groups, net, opener).maps is None


def test_batches_that_nobody_embeds_keep_their_rows_and_no_photo_at_all_is_an_empty_pool(place: Path, net: Runtime) -> None:
    photos = photos_of(place)
    photos[0].path.write_bytes(b"no photo")
    opener = Opener(SILENT, {})
    ((first, *others),) = opener.opened("a test", photos, net)
    assert [first[0], *(row for row, _ in others)] == [1, 2, 3, 4] and first[1].photo.path == photos[1].path
    nothing = embedded("zebra", photos[:1], ["e"], net, opener)
    assert nothing.pool.vectors.shape == (0, net.card.dimension) and nothing.pictures.photos == []


def test_without_its_animal_a_frame_keeps_its_row_and_looks_like_another_picture(place: Path, net: Runtime) -> None:
    photos = photos_of(place)
    opener = Opener(SILENT, {})
    pool = embedded("zebra", photos, ["e"] * 5, net, opener)
    photos[2].path.unlink()
    boxes = {photos[0].path: [Box(0.2, 0.2, 0.6, 0.6)]}
    hidden = background("zebra", pool, boxes, net, opener)
    assert (hidden.boxes, hidden.ellipses) == (1, 3)
    assert hidden.pool.individuals == [photos[row].individual for row in (0, 1, 3, 4)]
    assert hidden.pool.hashes == [pool.pictures.sha256[row] for row in (0, 1, 3, 4)]
    cosines = (hidden.pool.vectors * pool.pool.vectors[[0, 1, 3, 4]]).sum(axis=1)
    assert (cosines < 0.99).all(), "the animal is gone"
    assert len(hidden.examples) == 1 and hidden.examples[0][0] == photos[0].path


def test_the_boxes_of_a_photo_are_named_once_each() -> None:
    one, two = Box(0, 0, 0.5, 1), Box(0.5, 0, 0.5, 1)
    photos = [Photo(Path("a"), box=one), Photo(Path("a"), box=two), Photo(Path("a"), box=one), Photo(Path("b"))]
    assert boxes_of(photos) == {Path("a"): [one, two]}
