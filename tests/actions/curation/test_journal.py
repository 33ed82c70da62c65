from __future__ import annotations

from pathlib import Path

from reid.actions.curation.journal import undo_to
from reid.store import Gallery
from tests.commands import command
from tests.store.stock import NET, item, unit


def test_undo_to_goes_back_to_an_entry_and_names_the_way_forward_again(tmp_path: Path) -> None:
    folder = tmp_path / "gallery"
    with Gallery.open(folder, create=True) as gallery:
        gallery.set_embedding_net("zebra", NET, 32, calibration=None)  # 1
        gallery.enroll("zebra", NET, [item("a", 1, unit(1, 1)[0])])  # 2
        gallery.identities.rename("a", "Amara")  # 3
        gallery.corrections.correct([1], side="left")  # 4
    answer = command("undo", "--to", 2, "--gallery", folder)
    assert answer.code == 0 and answer.out.splitlines()[-1] == "2 changes undone; `reid undo --to 4` brings them back"
    with Gallery.open(folder) as gallery:
        assert [(photo.individual, photo.side) for photo in gallery.photos()] == [("a", "")]
    assert [entry.undoes for entry in undo_to(4, gallery=folder, why="forward again")] == [6, 5]
    with Gallery.open(folder) as gallery:
        assert [(photo.individual, photo.side) for photo in gallery.photos()] == [("Amara", "left")]
    refused = command("undo", 3, "--to", 2, "--gallery", folder)
    assert refused.code == 2 and "name one entry to undo, or the one to go back to" in refused.err
    assert command("undo", "--to", 99, "--gallery", folder).code != 0
