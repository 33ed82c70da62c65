"""The commands that correct a gallery, as a person gives them, and the functions of the same names."""

from __future__ import annotations

import inspect
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

import reid
from reid.store import Gallery
from tests.commands import Answer, World, command
from tests.store.stock import NET, item, unit

VECTORS = unit(1, 6)


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    """Zoë #1 with photos 1-3, Max #2 with photos 4 and 5, Ida #3 with photo 6; entry 2 enrolled them."""
    folder = tmp_path / "Été"
    with Gallery.open(folder, create=True) as opened:
        opened.set_embedding_net("zebra", NET, 32, calibration=None)
        names = ("Zoë", "Zoë", "Zoë", "Max", "Max", "Ida")
        opened.enroll("zebra", NET, [item(name, n, VECTORS[n], side="left") for n, name in enumerate(names)])
    return folder


def reid_(*arguments: object, gallery: Path) -> Answer:
    answer = command(*arguments, "--gallery", gallery)
    assert answer.code == 0, answer.err
    return answer


def owners(gallery: Path) -> dict[str, int]:
    return {one.name: one.photos for one in reid.individuals(gallery)}


def test_individuals_are_renamed_merged_split_removed_and_restored_by_command(gallery: Path) -> None:
    told = reid_("individuals", "rename", "Zoë", "Zoé", "--why", "typing error", gallery=gallery)
    assert told.out == "rename: zebra Zoé (#1), 0 photos\nentry 3 of the journal; `reid undo 3` takes it back\n"
    refused = command("individuals", "rename", "Zoé", "Max", "--gallery", gallery)
    assert refused.code == 2 and "reid individuals merge 'Zoé' Max --species zebra" in refused.err
    merged = reid_("individuals", "merge", "Zoé", "Max", "--json", gallery=gallery).lines[0]
    assert (merged["individual"], merged["other_id"], merged["photo_ids"], merged["seq"]) == ("Max", 1, [1, 2, 3], 4)
    assert owners(gallery) == {"Ida": 1, "Max": 5}
    assert [one["merged_into"] for one in reid_("individuals", "list", "--removed", "--json", gallery=gallery).lines] == [2]
    reid_("individuals", "split", "Max", "Zoé", gallery=gallery)
    reid_("individuals", "split", "Zoé", "Neo", "--photos", "2, 3", gallery=gallery)
    assert owners(gallery) == {"Ida": 1, "Max": 2, "Neo": 2, "Zoé": 1}
    reid_("individuals", "remove", "#2", gallery=gallery)
    assert owners(gallery) == {"Ida": 1, "Neo": 2, "Zoé": 1}
    reid_("individuals", "restore", "Max", gallery=gallery)
    assert owners(gallery) == {"Ida": 1, "Max": 2, "Neo": 2, "Zoé": 1}
    table = reid_("individuals", "list", gallery=gallery).out
    assert "Zoé" in table and "individual" in table


def test_one_individual_is_shown_with_its_history(gallery: Path) -> None:
    reid_("individuals", "merge", "Zoë", "Max", gallery=gallery)
    reid_("individuals", "rename", "Max", "Maximilian", gallery=gallery)
    shown = reid_("individuals", "show", "Maximilian", "--json", gallery=gallery).lines[0]
    assert [photo["id"] for photo in shown["photos"]] == [1, 2, 3, 4, 5]
    assert [one["name"] for one in shown["merged"]] == ["Zoë"]
    assert [one["what"] for one in shown["entries"]] == ["rename", "merge", "enroll"]
    assert reid.show_individual("Zoë", gallery=gallery).summary.merged_into == 2
    text = reid_("individuals", "show", "#1", gallery=gallery).out
    assert "merged into #2" in text and "Journal" in text


def test_photos_are_moved_corrected_removed_and_restored_by_command(gallery: Path) -> None:
    refused = command("photos", "move", 1, "--to", "Neo", "--gallery", gallery)
    assert refused.code == 2 and "no individual 'Neo' of species 'zebra'" in refused.err
    reid_("photos", "move", 1, 4, "--to", "Neo", "--new", gallery=gallery)
    reid_("photos", "correct", 1, "--side", "right", "--date", "2024-05-01T10:00", "--camera", "gué", gallery=gallery)
    reid_("photos", "remove", 2, "--why", "blurred", gallery=gallery)
    assert owners(gallery) == {"Ida": 1, "Max": 1, "Neo": 2, "Zoë": 1}
    (first,) = [one for one in reid_("photos", "list", "--individual", "Neo", "--json", gallery=gallery).lines if one["id"] == 1]
    assert (first["side"], first["captured_at"], first["camera"]) == ("right", "2024-05-01T10:00:00", "gué")
    assert [one["id"] for one in reid_("photos", "list", "--removed", "--json", gallery=gallery).lines] == [2]
    reid_("photos", "restore", 2, gallery=gallery)
    assert owners(gallery)["Zoë"] == 2
    assert "/photos/1.jpg" in reid_("photos", "list", gallery=gallery).out
    assert reid_("photos", "correct", 1, "--side", "right", gallery=gallery).out == "nothing to change\n"
    assert command("photos", "correct", 1, "--date", "1.2.2024", "--gallery", gallery).code == 2


def test_the_log_and_undo_by_command(gallery: Path) -> None:
    reid_("individuals", "rename", "Zoë", "Zoé", "--why", "typing error", gallery=gallery)
    reid_("individuals", "rename", "Zoé", "Zo", gallery=gallery)
    table = reid_("log", gallery=gallery).out
    assert "typing error" in table and "#1 'Zoé' -> 'Zo'" in table
    detail = reid_("log", 3, "--json", gallery=gallery).lines[0]
    assert detail["altered"] == [{"kind": "individual", "id": 1, "column": "name", "before": "Zoë", "after": "Zoé"}]
    assert "Altered" in reid_("log", 3, gallery=gallery).out
    conflict = command("undo", 3, "--gallery", gallery)
    assert conflict.code == 13 and "`reid undo 4` first (nothing was changed)" in conflict.err
    assert reid_("undo", gallery=gallery).out == (
        "entry 4 undone (rename: zebra: #1 'Zoé' -> 'Zo'); `reid undo 5` brings it back\n"
    )
    assert reid_("undo", "--json", gallery=gallery).lines[0]["undoes"] == 3
    assert owners(gallery)["Zoë"] == 3
    assert "undone by 5" in reid_("log", "--individual", "Zoë", gallery=gallery).out
    assert [one.seq for one in reid.log(gallery=gallery, limit=2)] == [6, 5]


def test_lists_of_a_day_are_those_of_that_day(gallery: Path) -> None:
    moment = datetime.now(UTC).isoformat()
    reid_("individuals", "remove", "Max", gallery=gallery)
    assert [one["name"] for one in reid_("individuals", "list", "--as-of", moment, "--json", gallery=gallery).lines] == [
        "Ida", "Max", "Zoë",
    ]
    assert len(reid_("photos", "list", "--as-of", moment, "--json", gallery=gallery).lines) == 6
    assert command("individuals", "list", "--as-of", "2001-02-30", "--gallery", gallery).code == 2
    assert command("individuals", "list", "--as-of", "2001-02-03", "--gallery", gallery).code == 2


def test_a_query_as_of_a_day_is_answered_as_on_that_day(world: World) -> None:
    photos = sorted(world.second.glob("**/*.jpg"))[:6]

    def asked(*more: object) -> list[str]:
        answer = command("query", *photos, "--gallery", world.gallery, "--json", *more)
        assert answer.code == 0, answer.err
        return answer.out.splitlines()

    before, moment = asked(), datetime.now(UTC).isoformat()
    best = json.loads(next(one for one in before if json.loads(one)["matches"]))["matches"][0]
    name = ("--species", best["species"], "--gallery", world.gallery)
    assert command("individuals", "rename", best["individual"], "Somebody", *name).code == 0
    renamed = asked()
    assert renamed != before and '"Somebody"' in "".join(renamed)
    other = next(one.name for one in reid.individuals(world.gallery, species=best["species"]) if one.name != "Somebody")
    assert command("individuals", "remove", other, *name).code == 0
    assert command("enroll", world.second, "--gallery", world.gallery).code == 0
    assert asked("--as-of", moment) == before
    refused = command("query", photos[0], "--gallery", world.gallery, "--as-of", moment, "--record")
    assert refused.code == 2 and "an answer of the past is no new sighting" in refused.err


@pytest.mark.parametrize(("function", "words"), [
    ("rename_individual", ("individuals", "rename")), ("merge_individuals", ("individuals", "merge")),
    ("split_individual", ("individuals", "split")), ("move_photos", ("photos", "move")),
    ("correct_photos", ("photos", "correct")), ("undo", ("undo",)), ("log", ("log",)),
])
def test_every_command_is_a_function_with_the_same_arguments(function: str, words: tuple[str, ...]) -> None:
    usage = command(*words, "--help").out
    for name in inspect.signature(getattr(reid, function)).parameters:
        assert {"captured_at": "--date"}.get(name, name) in usage, name


def test_a_purge_asks_and_is_the_only_real_delete(gallery: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reid_("purge", gallery=gallery).out == "nothing to purge\n"
    reid_("individuals", "remove", "Zoë", gallery=gallery)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    refused = command("purge", "--gallery", gallery)
    assert refused.code == 1 and "Delete 3 photos, 1 individuals, 0 sightings and 3 embeddings" in refused.err
    assert len(reid.photos(gallery, removed=True)) == 3
    assert command("purge", "--before", "2001-02-03", "--yes", "--gallery", gallery).code == 2
    assert "deleted for good: 3 photos, 1 individuals" in reid_("purge", "--yes", "--why", "not ours", gallery=gallery).out
    assert reid.photos(gallery, removed=True) == ()
    assert reid.log(gallery=gallery, limit=1)[0].why == "not ours"


def test_a_purge_deletes_what_was_agreed_to_and_not_what_was_removed_meanwhile(
    gallery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reid_("photos", "remove", 1, gallery=gallery)

    def agree(text: str, **_: object) -> bool:
        assert "Delete 1 photos, 0 individuals" in text
        reid.remove_individual("Max", gallery=gallery)
        return True

    monkeypatch.setattr("typer.confirm", agree)
    assert "deleted for good: 1 photos, 0 individuals" in reid_("purge", gallery=gallery).out
    assert reid.restore_individual("Max", gallery=gallery).photo_ids == (4, 5)


def test_a_split_whose_list_of_photos_is_empty_is_refused(gallery: Path) -> None:
    reid_("individuals", "merge", "Ida", "Max", gallery=gallery)
    for photos in (",", "1;2"):
        refused = command("individuals", "split", "Max", "Ida", "--photos", photos, "--gallery", gallery)
        assert refused.code == 2 and "are no ids" in refused.err
    assert owners(gallery) == {"Max": 3, "Zoë": 3}
