"""The commands that correct a gallery: what they print, what they ask, and what they refuse before they change anything."""

import io
from pathlib import Path

import pytest

from tests.commands import command


def test_a_correction_says_what_was_done_and_how_it_is_taken_back(gallery: Path) -> None:
    done = command("individuals", "merge", "Ida", "Max", "--why", "one animal", "--gallery", gallery)
    assert (done.code, done.err) == (0, "") and done.out == (
        "merge: zebra Max (#2), Ida (#3), 1 photos\nentry 3 of the journal; `reid undo 3` takes it back\n"
    )
    (told,) = command("photos", "move", 6, "--to", "Neo", "--new", "--json", "--gallery", gallery).lines
    assert (told["individual"], told["photo_ids"], told["seq"]) == ("Neo", [6], 4)
    assert command("photos", "correct", 1, "--side", "left", "--gallery", gallery).out == "nothing to change\n"


def test_the_journal_is_listed_newest_first_and_one_entry_in_full(gallery: Path) -> None:
    command("individuals", "rename", "Ida", "Ada", "--why", "typing error", "--gallery", gallery)
    assert [one["seq"] for one in command("log", "--limit", 2, "--json", "--gallery", gallery).lines] == [3, 2]
    (entry,) = command("log", 3, "--json", "--gallery", gallery).lines
    assert [(one["before"], one["after"]) for one in entry["altered"]] == [("Ida", "Ada")]
    assert "typing error" in command("log", "--individual", "Ada", "--gallery", gallery).out


def test_going_back_to_an_entry_undoes_all_that_came_after(gallery: Path) -> None:
    command("individuals", "rename", "Ida", "Ada", "--gallery", gallery)
    command("photos", "remove", 1, 2, "--gallery", gallery)
    back = command("undo", "--to", 2, "--gallery", gallery)
    assert back.code == 0 and back.out.endswith("2 changes undone; `reid undo --to 4` brings them back\n")
    names = [one["name"] for one in command("individuals", "list", "--json", "--gallery", gallery).lines]
    assert names == ["Ida", "Max", "Zoë"]
    assert len(command("photos", "list", "--json", "--gallery", gallery).lines) == 6


def test_a_purge_asks_first_and_deletes_nothing_without_a_yes(gallery: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command("individuals", "remove", "Zoë", "--gallery", gallery)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    refused = command("purge", "--gallery", gallery)
    assert refused.code == 1 and "Delete 3 photos, 1 individuals, 0 sightings and 3 embeddings" in refused.err
    assert len(command("photos", "list", "--removed", "--json", "--gallery", gallery).lines) == 3
    assert command("purge", "--yes", "--gallery", gallery).out.startswith("deleted for good: 3 photos, 1 individuals")
    assert command("purge", "--gallery", gallery).out == "nothing to purge\n"


@pytest.mark.parametrize(("words", "text"), [
    (("individuals", "rename", "Ida", "Max"), "reid individuals merge Ida Max --species zebra"),
    (("individuals", "show", "Nobody"), "no individual 'Nobody'"),
    (("individuals", "split", "Max", "Neo", "--photos", "4;5"), "'4;5' are no ids; write 12,15"),
    (("individuals", "list", "--as-of", "1.2.2024"), "'1.2.2024' is no date; write 2025-03-01 or 2025-03-01T14:30"),
    (("photos", "move", 1, "--to", "Neo"), "no individual 'Neo' of species 'zebra'"),
    (("photos", "correct", 1, "--date", "yesterday"), "'yesterday' is no date"),
    (("photos", "remove", "one"), "Invalid value for 'photos'"), (("photos", "remove"), "Missing argument"),
    (("undo", 2, "--to", 1), "name one entry to undo, or the one to go back to"),
    (("log", "--limit", 0), "Invalid value for '--limit'"), (("log", 99), "99"),
    (("purge", "--before", "yesterday"), "'yesterday' is no date"),
])  # fmt: skip
def test_what_does_not_fit_is_refused_and_changes_nothing(kept: Path, words: tuple[object, ...], text: str) -> None:
    refused = command(*words, "--gallery", kept)
    assert (refused.code, refused.out) == (2, "") and text in refused.err
    assert [one["seq"] for one in command("log", "--json", "--gallery", kept).lines] == [2, 1]
