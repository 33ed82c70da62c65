from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import reid
from reid.actions.training import upgrade as action
from reid.errors import ModelMismatch, NetError, UsageError
from reid.nets import net_files
from reid.nets.net_files import NetCard
from reid.steps import embedded_photos
from reid.store import Gallery
from tests.actions.small import CARD, made
from tests.commands import command


def fingerprint(place: Path, number: int) -> str:
    return net_files.read_card(place / "nets" / f"net {number}.safetensors").fingerprint


def nearest_others(vectors: np.ndarray) -> list[int]:
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    return scores.argmax(axis=1).tolist()


def test_an_upgrade_tells_what_would_change_and_swaps_only_when_told_to(place: Path) -> None:
    gallery, new = place / "gallery", str(place / "nets" / "net 2.safetensors")
    (told,) = reid.upgrade(new, gallery=gallery).species
    old_net, new_net = fingerprint(place, 1), fingerprint(place, 2)
    assert (told.before, told.after, told.embedded, told.compared, told.swapped) == (old_net, new_net, 16, 16, False)
    with Gallery.open(gallery) as opened:
        assert opened.embedding_net("zebra") == old_net
        names = [one.individual for one in opened.photos()]
        pairs = [nearest_others(opened.vectors("zebra", net)[1]) for net in (old_net, new_net)]
    before, after = ([names[row] for row in rows] for rows in pairs)
    assert [(one.photo_id, one.individual, one.before, one.after) for one in told.changes] == [
        (n + 1, names[n], before[n], after[n]) for n in range(16) if before[n] != after[n]
    ]
    assert told.rank_1_before == np.mean([a == b for a, b in zip(before, names, strict=True)])
    assert told.rank_1_after == np.mean([a == b for a, b in zip(after, names, strict=True)])
    (again,) = reid.upgrade(new, gallery=gallery, yes=True).species
    assert (again.embedded, again.swapped, again.changes) == (0, True, told.changes)
    with Gallery.open(gallery) as opened:
        assert opened.embedding_net("zebra") == new_net
        vectors = opened.vectors("zebra")[1]
        np.testing.assert_allclose(opened.search("zebra", vectors, 1, fingerprint=new_net).scores, 1, atol=1e-6)
        with pytest.raises(ModelMismatch, match="the query was embedded with"):
            opened.search("zebra", vectors, 1, fingerprint=old_net)
    undone = reid.undo(gallery=gallery)
    assert "set_embedding_net" in undone.summary
    with Gallery.open(gallery) as opened:
        assert opened.embedding_net("zebra") == old_net
        assert len(opened.vectors("zebra")[0]) == 16


def test_an_upgrade_that_was_cut_off_goes_on_where_it_was(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(action, "KEPT_AT_ONCE", 6)
    real, calls = embedded_photos.embed_and_map, 0

    def cut(*given: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt("cut off")
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(embedded_photos, "embed_and_map", cut)
    new = str(place / "nets" / "net 2.safetensors")
    with pytest.raises(KeyboardInterrupt, match="cut off"):
        reid.upgrade(new, gallery=place / "gallery", yes=True)
    with Gallery.open(place / "gallery") as opened:
        assert opened.embedding_net("zebra") == fingerprint(place, 1)
        assert len(opened.embeddings.missing("zebra", fingerprint(place, 2))) == 10
    (told,) = reid.upgrade(new, gallery=place / "gallery", yes=True).species
    assert (told.embedded, told.swapped) == (10, True)


def test_photos_whose_file_is_gone_or_another_keep_the_old_net_and_are_listed(place: Path) -> None:
    gallery, new = place / "gallery", str(place / "nets" / "net 2.safetensors")
    with Gallery.open(gallery) as opened:
        gone, other, broken = (opened.locate(opened.photo(number)) for number in (2, 5, 9))
    assert gone and other and broken
    kept = gone.read_bytes()
    gone.unlink()
    other.write_bytes(other.read_bytes() + b"x")
    broken.write_bytes(b"no photo")
    answer = command("upgrade", "--net", new, "--gallery", gallery, "--yes", "--json")
    assert answer.code == 1
    (told,) = answer.lines[0]["species"]
    assert (told["embedded"], told["swapped"], len(told["left"])) == (13, True, 3)
    assert "its file is gone; photo 2" in answer.err and "no longer the photo that was enrolled; photo 5" in answer.err
    with Gallery.open(gallery) as opened:
        assert [one.id for one in opened.embeddings.missing("zebra")] == [2, 5, 9]
        assert len(opened.photos()) == 16
        found = opened.search("zebra", opened.vectors("zebra")[1], 16).photo_ids
        assert not {2, 5, 9} & set(found.ravel().tolist())
    gone.write_bytes(kept)
    (later,) = reid.upgrade(fingerprint(place, 2), gallery=gallery).species
    assert (later.embedded, len(later.left), later.swapped) == (1, 2, False)
    with Gallery.open(gallery) as opened:
        assert [one.id for one in opened.embeddings.missing("zebra")] == [5, 9]
        assert 2 in opened.search("zebra", opened.vectors("zebra")[1], 16).photo_ids
    calibrated = reid.calibrate(gallery=gallery)
    assert calibrated.species[0].photos == 14


def test_an_upgrade_asks_before_it_swaps(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = place / "nets" / "net 2.safetensors"
    for said, swapped in (("n\n", False), ("y\n", True)):
        monkeypatch.setattr("sys.stdin", io.StringIO(said))
        answer = command("upgrade", "--net", new, "--gallery", place / "gallery")
        assert answer.code == 0 and "rank-1 on the gallery's own photos" in answer.out
        with Gallery.open(place / "gallery") as opened:
            assert (opened.embedding_net("zebra") == fingerprint(place, 2)) == swapped
    assert "stays at net" in command("upgrade", "--net", "base", "--dry-run", "--gallery", place / "gallery").out


def test_what_is_no_net_for_the_gallery_is_told_and_nothing_is_copied(place: Path) -> None:
    gallery = place / "gallery"
    before = sorted(path.name for path in (gallery / "nets").iterdir())
    with pytest.raises(UsageError, match=r"no net 'newest': name a .safetensors file, `base`, or a net of the gallery"):
        reid.upgrade("newest", gallery=gallery)
    path = made(place / "nets", 3, replace(CARD, species="giraffe"))
    with pytest.raises(UsageError, match=r"species 'giraffe' is not in the gallery; there are \['zebra'\]"):
        reid.upgrade(str(path), gallery=gallery)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(NetError, match="no safetensors file"):
        reid.upgrade(str(path), gallery=gallery)
    species = made(place / "nets", 4, NetCard("species", "mobilenet_v2", (64, 64), classes=("a", "b")))
    with pytest.raises(ModelMismatch, match="is a species net"):
        reid.upgrade(str(species), gallery=gallery)
    assert [name for name in sorted(path.name for path in (gallery / "nets").iterdir()) if "giraffe" in name] == []
    assert [Path(name).suffix for name in before] == [".onnx", ".json", ".safetensors"]
