"""The commands that keep a gallery over the years: copies, parcels, the exchange with another replica, damage, a new net."""

from pathlib import Path

import pytest

from tests.commands import command


def test_a_backup_says_what_is_in_it_and_is_never_written_over(kept: Path, tmp_path: Path) -> None:
    (told,) = command("backup", tmp_path / "one", "--gallery", kept, "--json").lines
    assert (told["folder"], told["seq"], told["photos"], told["individuals"], told["nets"]) == (str(tmp_path / "one"), 2, 6, 3, 0)
    shown = command("backup", tmp_path / "two", "--gallery", kept)
    assert shown.out.startswith(f"{tmp_path / 'two'}: 3 individuals, 6 photos, 0 nets, up to entry 2, ")
    refused = command("backup", tmp_path / "one", "--gallery", kept)
    assert refused.code == 2 and "is there already: name a new folder for the copy" in refused.err
    assert len(command("gallery", "photos", "--gallery", tmp_path / "two", "--json").lines) == 6


def test_a_bundle_is_unpacked_into_the_same_gallery_and_anything_else_refused(kept: Path, tmp_path: Path) -> None:
    parcel = tmp_path / "zebra.reid.zip"
    (told,) = command("bundle", parcel, "--no-thumbnails", "--gallery", kept, "--json").lines
    assert (told["about"]["entry"], set(told["members"])) == (2, {"catalog.sqlite", "gallery.json"})
    unpacked = command("unbundle", parcel, tmp_path / "there")
    assert unpacked.out == f"{tmp_path / 'there'}: the gallery 'Été' up to entry 2\n"
    assert len(command("gallery", "photos", "--gallery", tmp_path / "there", "--json").lines) == 6
    parcel.write_bytes(b"no parcel")
    refused = command("unbundle", parcel, tmp_path / "elsewhere")
    assert refused.code == 5 and "is no parcel of reid, or damaged" in refused.err and not (tmp_path / "elsewhere").exists()


def test_what_another_replica_changed_comes_in_once(gallery: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    command("backup", other, "--gallery", gallery)
    assert command("merge-galleries", other, "--gallery", gallery).out == (
        "0 entries since entry 2: 0 new individuals, 0 new photos, 0 values altered, 0 conflicts; there was nothing to bring in\n"
    )
    command("individuals", "rename", "Ida", "Ada", "--gallery", other)
    (plan,) = command("merge-galleries", other, "--dry-run", "--gallery", gallery, "--json").lines
    assert (plan["seq"], plan["entries"], plan["altered"]) == (0, 1, 1)
    done = command("merge-galleries", other, "--gallery", gallery)
    assert done.code == 0 and "1 values altered, 0 conflicts; entry 3; `reid undo 3` takes it back" in done.out
    names = [one["name"] for one in command("gallery", "individuals", "--gallery", gallery, "--json").lines]
    assert names == ["Ada", "Max", "Zoë"]
    assert command("merge-galleries", tmp_path / "none", "--gallery", gallery).code == 5


def test_damage_is_listed_and_ends_with_1(kept: Path) -> None:
    answer = command("doctor", "--gallery", kept, "--json")
    assert answer.code == 1
    assert [(one["level"], one["kind"]) for one in answer.lines][:2] == [("broken", "net"), ("missing", "file")]
    assert [one["photos"] for one in answer.lines if one["kind"] == "file"] == [[1], [2], [3], [4], [5], [6]]
    assert "the file of photo 1 is not at /photos/0.jpg" in command("doctor", "--gallery", kept).out


@pytest.mark.parametrize(("words", "code", "text"), [
    (("doctor", "--kilometres-an-hour", -1), 2, "'--kilometres-an-hour'"), (("upgrade",), 2, "Missing option '--net'"),
    (("upgrade", "--net", "none.safetensors"), 9, "none.json is missing"),
])  # fmt: skip
def test_what_does_not_fit_is_refused(kept: Path, words: tuple[object, ...], code: int, text: str) -> None:
    refused = command(*words, "--gallery", kept)
    assert (refused.code, refused.out) == (code, "") and text in refused.err
