from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import reid
from reid.errors import UsageError
from reid.files import temporary_name
from reid.store import Gallery
from reid.store.catalog import catalog
from tests.commands import command


def kinds(report: object) -> set[tuple[str, str]]:
    return {(one.level, one.kind) for one in report.findings}  # type: ignore[attr-defined]


def answers(gallery: Path) -> list[list[float]]:
    with Gallery.open(gallery) as opened:
        found = opened.search("zebra", opened.vectors("zebra")[1], 5)
        return [*found.scores.tolist(), *found.photo_ids.tolist()]


def test_a_whole_gallery_has_no_damage(place: Path) -> None:
    report = reid.doctor(gallery=place / "gallery", files=True)
    assert report.broken == () and report.photos == 16
    assert {one.level for one in report.findings} <= {"look"}
    answer = command("doctor", "--gallery", place / "gallery")
    assert answer.code == 0, answer.out


def test_examining_a_whole_gallery_takes_no_torch(place: Path) -> None:
    answers(place / "gallery")  # so that there is an index, which faiss opens
    code = (
        "import sys, reid; from pathlib import Path; report = reid.doctor(gallery=Path(sys.argv[1]), files=True); "
        "print(report.photos, [one for one in ('torch', 'torchvision', 'onnxruntime', 'cv2') if one in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(place / "gallery")], capture_output=True, text=True, check=True)
    assert done.stdout == "16 []\n"


def test_every_byte_of_the_index_may_be_damaged(place: Path, request: pytest.FixtureRequest) -> None:
    """Each damage is found, `--fix` throws away what is derived, and the answers are the same."""
    gallery, chance = place / "gallery", random.Random(3)
    expected = answers(gallery)
    for number in range(400 if request.config.getoption("--campaign") else 12):
        files = sorted(path for path in (gallery / "cache").iterdir() if path.is_file() and path.suffix not in (".maps", ".lock"))
        path = files[number % len(files)]
        data = bytearray(path.read_bytes())
        at = chance.randrange(len(data))
        data[at] ^= 1 << chance.randrange(8)
        path.write_bytes(bytes(data))
        assert answers(gallery) == expected
        path.write_bytes(bytes(data))
        if path.suffix == ".json":  # a search writes it anew, but where the damage is in the sum of what it looks at later
            assert answers(gallery) == expected
        report = reid.doctor(gallery=gallery)
        assert {(one.level, one.kind) for one in report.broken} <= {("derived", "index")}
        assert report.broken or path.suffix == ".json"
        assert reid.doctor(gallery=gallery, fix=True).broken == ()
        assert answers(gallery) == expected
        assert reid.doctor(gallery=gallery).broken == ()


@pytest.mark.parametrize("name", ["cache/zebra.faiss.new-17-abc", "nets/.0123.json.new-17-abc", ".gallery.json.new-17-abc"])
def test_what_a_kill_left_half_written_is_cleared_by_fix_and_only_once_it_is_old(place: Path, name: str) -> None:
    left = place / "gallery" / name
    left.write_bytes(b"x")
    assert reid.doctor(gallery=place / "gallery").broken == ()
    os.utime(left, (time.time() - 7200,) * 2)
    answer = command("doctor", "--gallery", place / "gallery", "--json")
    assert answer.code == 1 and [one["kind"] for one in answer.lines if one["level"] == "derived"] == ["left over"]
    assert command("doctor", "--gallery", place / "gallery", "--fix").code == 0
    assert not left.exists()


def test_a_damaged_catalogue_is_told_and_never_repaired(place: Path) -> None:
    gallery = place / "gallery"
    connection = sqlite3.connect(gallery / "catalog.sqlite")
    with connection:
        connection.execute("UPDATE species SET photos = 15")
        connection.execute("UPDATE embedding SET vector = zeroblob(7) WHERE photo_id = 3")
        connection.execute("PRAGMA foreign_keys=OFF")
    connection.close()
    before = (gallery / "catalog.sqlite").read_bytes()
    report = reid.doctor(gallery=gallery, fix=True)
    assert [one.reason for one in report.broken] == [
        "an embedding of another length than its net's: 1, first id 3", "a species whose count of photos is wrong: 1, first id 1",
        "the embedding of photo 3 is damaged in catalog.sqlite: "
        "restore the gallery from a backup (nothing was repaired or changed)",
    ]
    assert (gallery / "catalog.sqlite").read_bytes() == before
    connection = sqlite3.connect(gallery / "catalog.sqlite")
    with connection:
        connection.execute("DELETE FROM embedding WHERE photo_id = 3")
    connection.close()
    report = reid.doctor(gallery=gallery, fix=True)
    assert [one.reason for one in report.broken] == ["a species whose count of photos is wrong: 1, first id 1"]


def test_a_net_that_is_damaged_or_gone_is_told(place: Path) -> None:
    (net,) = (place / "gallery" / "nets").glob("*.safetensors")
    data = net.read_bytes()
    net.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert ("broken", "net") in kinds(reid.doctor(gallery=place / "gallery"))
    net.unlink()
    assert ("broken", "net") in kinds(reid.doctor(gallery=place / "gallery"))


def test_files_that_are_gone_or_others_are_told(place: Path) -> None:
    with Gallery.open(place / "gallery") as opened:
        gone, other = (opened.locate(opened.photo(number)) for number in (2, 5))
    assert gone and other
    gone.unlink()
    other.write_bytes(other.read_bytes() + b"x")
    found = [one for one in reid.doctor(gallery=place / "gallery", files=True).findings if one.level == "missing"]
    assert sorted(one.photos for one in found) == [(2,), (5,)]
    assert [one.photos for one in reid.doctor(gallery=place / "gallery").findings if one.level == "missing"] == [(2,)]


def test_a_doubt_comes_with_the_command_that_would_settle_it(place: Path) -> None:
    gallery = place / "gallery"
    with Gallery.open(gallery) as opened:
        net, names = opened.embedding_net("zebra"), [one.name for one in opened.individuals()]
        photos = [one.id for one in opened.photos("zebra", names[0])]
        centres = np.linalg.qr(np.random.default_rng(1).standard_normal((16, 16)))[0]
        vectors = {}
        for one in opened.photos():
            found = centres[names.index(one.individual)] + 0.1 * np.random.default_rng(one.id).standard_normal(16)
            vectors[one.id] = (found / np.linalg.norm(found)).astype(np.float32)
        opened.set_embedding_net("zebra", "made up", 16, calibration=None, vectors=vectors)
        opened.corrections.move(photos[:1], names[1])
    report = reid.doctor(gallery=gallery)
    doubt = next(one for one in report.findings if one.kind == "fits worst")
    assert (doubt.photos, doubt.do) == ((photos[0],), f"reid photos move {photos[0]} --to {names[0]}")
    assert net
    assert f"reid photos move {photos[0]}" in command("doctor", "--gallery", gallery).out


def test_an_unknown_species_is_told(place: Path) -> None:
    with pytest.raises(UsageError, match="species 'lion' is not in the gallery"):
        reid.doctor(gallery=place / "gallery", species="lion")


def test_a_folder_that_a_killed_backup_left_is_cleared_too(place: Path) -> None:
    left = temporary_name(place / "gallery" / "copy")
    left.mkdir()
    theirs = place / "gallery" / "copy.new-17-abc"  # no name that reid makes
    theirs.mkdir()
    (left / "file").write_bytes(b"x")
    for path in (left / "file", left, theirs):
        os.utime(path, (0, 0))
    assert ("derived", "left over") in kinds(reid.doctor(gallery=place / "gallery"))
    reid.doctor(gallery=place / "gallery", fix=True)
    assert not left.exists() and theirs.exists()


def test_a_net_file_that_holds_another_net_is_told(place: Path) -> None:
    nets = place / "gallery" / "nets"
    (used,) = nets.glob("*.safetensors")
    for suffix in (".safetensors", ".json"):
        used.with_suffix(suffix).write_bytes((place / "nets" / f"net 2{suffix}").read_bytes())
    (told,) = reid.doctor(gallery=place / "gallery").broken
    assert told.kind == "net" and f"net {used.stem} holds net " in told.reason


def test_an_entry_whose_clock_went_back_is_pointed_at(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = place / "gallery"
    with Gallery.open(gallery) as opened:
        monkeypatch.setattr(catalog, "now", lambda: "1970-01-01T00:00:00.000+00:00")
        last = opened.history.undo().seq
    (finding,) = (one for one in reid.doctor(gallery=gallery).findings if one.kind == "clock")
    assert finding.level == "look" and finding.reason.startswith(f"entry {last} is dated 1970-01-01T00:00:00.000+00:00, and the")
    assert finding.reason.endswith("a clock was wrong; --as-of and --before use the order of the entries")
