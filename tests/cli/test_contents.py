"""`reid gallery`: the whole, its individuals, its photos, as tables and as lines of JSON."""

from pathlib import Path

from tests.commands import command


def test_the_whole_gallery_is_one_line_of_json(kept: Path) -> None:
    (told,) = command("gallery", "--gallery", kept, "--json").lines
    assert (told["folder"], told["individuals"], told["photos"], told["species_net"]) == (str(kept), 3, 6, "")
    (species,) = told["species"]
    assert species["summary"]["name"] == "zebra" and species["summary"]["sides"] == {"left": 6}
    assert species["card"] is None and species["calibration"] is None


def test_the_whole_gallery_is_a_table_where_nobody_asks_for_json(kept: Path) -> None:
    shown = command("gallery", "--gallery", kept)
    assert shown.code == 0 and "zebra" in shown.out and "species" in shown.out and not shown.out.startswith("{")


def test_the_gallery_may_be_named_before_or_behind_what_is_listed(kept: Path) -> None:
    behind = command("gallery", "individuals", "--gallery", kept, "--json")
    before = command("gallery", "--gallery", kept, "individuals", "--json")
    assert before == behind and [(one["id"], one["name"], one["photos"]) for one in before.lines] == [
        (3, "Ida", 1), (2, "Max", 2), (1, "Zoë", 3),
    ]  # fmt: skip


def test_photos_of_one_individual_or_species_alone(kept: Path) -> None:
    assert [one["id"] for one in command("gallery", "photos", "--gallery", kept, "--json").lines] == [1, 2, 3, 4, 5, 6]
    mine = command("gallery", "photos", "--individual", "Max", "--gallery", kept, "--json").lines
    assert [(one["id"], one["camera"], one["captured_at"]) for one in mine] == [
        (4, "C1", "2023-05-02T09:00:00"), (5, "C0", "2023-05-07T09:00:00"),
    ]  # fmt: skip
    assert command("gallery", "photos", "--species", "okapi", "--gallery", kept, "--json").lines == []
    assert "/photos/3.jpg" in command("gallery", "photos", "--individual", "Max", "--gallery", kept).out


def test_a_folder_without_a_gallery_is_refused_with_what_makes_one(tmp_path: Path) -> None:
    refused = command("gallery", "--gallery", tmp_path / "none")
    assert (refused.code, refused.out) == (5, "")
    assert refused.err == f"reid: no gallery at {tmp_path / 'none'}: `reid enroll` or `reid train` make one\n"
