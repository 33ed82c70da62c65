from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path

import pytest

from reid.errors import GalleryError
from reid.tables.archive import LIST, read_parcel, write_parcel

THUMBNAIL = f"thumbnails/{'a' * 64}.jpg"


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    source = tmp_path / "catalog.sqlite"
    source.write_bytes(b"truth" * 1000)
    path = tmp_path / "é" / "zebra.zip"
    parcel = write_parcel(path, [("catalog.sqlite", source), (THUMBNAIL, b"picture")], {"gallery": "zebra"})
    assert parcel.members == {"catalog.sqlite": 5000, THUMBNAIL: 7}
    return path


def forged(path: Path, member: str | zipfile.ZipInfo, content: bytes, **how: int) -> Path:
    """A parcel whose list agrees with what it holds, whatever that is."""
    import hashlib

    name = member if isinstance(member, str) else member.filename
    listed = {"format": 1, "about": {}, "members": {name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}}}
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(LIST, json.dumps(listed))
        file.writestr(member, content, **how)
    return path


def test_what_is_packed_comes_out_again(packed: Path, tmp_path: Path) -> None:
    parcel = read_parcel(packed, tmp_path / "out")
    assert (dict(parcel.about), parcel.size) == ({"gallery": "zebra"}, packed.stat().st_size)
    assert (tmp_path / "out" / "catalog.sqlite").read_bytes() == b"truth" * 1000
    assert (tmp_path / "out" / THUMBNAIL).read_bytes() == b"picture"
    assert [one.name for one in packed.parent.iterdir()] == ["zebra.zip"]


@pytest.mark.parametrize("name", [
    "../catalog.sqlite", "/etc/passwd", "nets/../../x.json", "C:\\x.json", "nets/a b.json", "run.py",
])
def test_names_that_lead_elsewhere_are_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    path = forged(tmp_path / "x.zip", name, b"x")
    with pytest.raises(GalleryError, match=r"which no parcel may hold|members are not those on its list"):
        read_parcel(path, tmp_path / "out")
    assert [one.name for one in tmp_path.iterdir()] == ["x.zip"]


def test_links_and_bombs_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("catalog.sqlite")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with pytest.raises(GalleryError, match="is compressed, a link, or of another size"):
        read_parcel(forged(tmp_path / "link.zip", link, b"/etc/passwd"), tmp_path / "out")
    bomb = forged(tmp_path / "bomb.zip", "catalog.sqlite", b"\0" * 10_000_000, compress_type=zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size < 20_000
    with pytest.raises(GalleryError, match="is compressed, a link, or of another size"):
        read_parcel(bomb, tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "list.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(LIST, b" " * 10_000_000)
    with pytest.raises(GalleryError, match=r"its list parcel\.json is missing, compressed or absurdly large"):
        read_parcel(tmp_path / "list.zip")
    assert not (tmp_path / "out").exists()


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
        file.writestr(LIST, json.dumps({"format": 2, "about": {}, "members": {}}))
    with pytest.raises(GalleryError, match="has format 2, this reid knows formats up to 1: update reid"):
        read_parcel(tmp_path / "x.zip")


def test_any_byte_may_be_damaged(packed: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    whole, chance = packed.read_bytes(), random.Random(1)
    good = read_parcel(packed)
    refused = 0
    for _ in range(2000 if request.config.getoption("--campaign") else 100):
        data = bytearray(whole)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        packed.write_bytes(bytes(data))
        try:
            found = read_parcel(packed)  # a bit that says nothing, such as a time stamp's, may pass
            assert found.members == good.members
        except GalleryError:
            refused += 1
    assert refused > 80
    for cut in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        packed.write_bytes(whole[:cut])
        with pytest.raises(GalleryError, match="no parcel of reid"):
            read_parcel(packed, tmp_path / "out")
    assert not (tmp_path / "out").exists()
