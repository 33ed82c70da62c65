from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reid.errors import GalleryError, UsageError
from reid.records import Box
from reid.store import Gallery, Where
from reid.store.contents import correct_individuals
from tests.store.stock import NET, VECTORS, item, nearest, owners, unit


def test_a_name_changes_and_the_id_stays(herd: Gallery) -> None:
    told = herd.identities.rename("Zoë", "Zoé", why="typing error")
    assert (told.individual_id, told.individual, told.other) == (1, "Zoé", "Zoë")
    assert owners(herd) == {"Ida": [6], "Max": [4, 5], "Zoé": [1, 2, 3]}
    assert herd.photo(1).individual_id == 1
    assert herd.identities.rename("#1", "Zoé").seq == 0
    assert herd.search("zebra", VECTORS[:1], 1, where=Where(individuals=frozenset({"Zoé"}))).photo_ids.tolist() == [[1]]


def test_a_rename_onto_another_name_is_refused_with_the_merge_to_use(herd: Gallery) -> None:
    before = herd.head()
    with pytest.raises(UsageError, match=r"'Max' is another individual \(#2, 2 photos\).*individuals merge 'Zoë' Max --species"):
        herd.identities.rename("Zoë", "Max")
    with pytest.raises(UsageError, match="is blank"):
        herd.identities.rename("Zoë", "  ")
    assert (herd.head(), owners(herd)["Zoë"]) == (before, [1, 2, 3])


def test_a_merge_keeps_both_and_is_split_again_exactly(herd: Gallery) -> None:
    herd.corrections.remove([2])
    before = owners(herd)
    told = herd.identities.merge("Zoë", "Max", why="same scar")
    assert (told.individual, told.other, told.photo_ids) == ("Max", "Zoë", (1, 2, 3))
    assert owners(herd) == {"Ida": [6], "Max": [1, 3, 4, 5]}
    (gone,) = herd.individuals(removed=True)
    assert (gone.id, gone.name, gone.merged_into, gone.photos) == (1, "Zoë", 2, 0)
    assert nearest(herd) == [1, herd.search("zebra", VECTORS[1:2], 1).photo_ids[0, 0], 3, 4, 5, 6]
    herd.enroll("zebra", NET, [item("Max", "late", unit(9, 1)[0])])
    back = herd.identities.split("Max", "Zoë")
    assert (back.individual_id, back.photo_ids) == (1, (1, 2, 3))
    assert owners(herd) == before | {"Max": [4, 5, 7]}
    herd.corrections.restore([2])
    assert owners(herd)["Zoë"] == [1, 2, 3]
    assert herd.individuals(removed=True) == ()


def test_a_split_leaves_photos_where_a_person_put_them_since(herd: Gallery) -> None:
    herd.identities.merge("Zoë", "Max")
    herd.corrections.move([2], "Ida")
    assert herd.identities.split("Max", "Zoë").photo_ids == (1, 3)
    assert owners(herd) == {"Ida": [2, 6], "Max": [4, 5], "Zoë": [1, 3]}


def test_a_split_leaves_photos_that_a_person_moved_while_the_merge_was_undone(herd: Gallery) -> None:
    merge = herd.identities.merge("Zoë", "Max").seq
    undo = herd.history.undo(merge).seq
    herd.corrections.move([6], "Zoë")
    herd.corrections.move([6], "Max")
    herd.history.undo(undo)  # the merge again
    assert owners(herd) == {"Ida": [], "Max": [1, 2, 3, 4, 5, 6]}
    assert herd.identities.split("Max", "Zoë").photo_ids == (1, 2, 3)
    assert owners(herd) == {"Ida": [], "Max": [4, 5, 6], "Zoë": [1, 2, 3]}


def test_a_split_looks_at_the_photos_of_one_individual_only(herd: Gallery) -> None:
    plan = [row[3] for row in herd._catalog.ask(f"EXPLAIN QUERY PLAN {correct_individuals._BROUGHT}", (1,))]
    assert [line.partition(" USING ")[0] for line in plan[:3]] == ["SEARCH i", "SEARCH p", "SEARCH h"]
    assert plan[2].endswith("history_row (kind=? AND row=? AND seq>?)")


def test_merges_of_merges_are_split_in_turn(herd: Gallery) -> None:
    before = owners(herd)
    herd.identities.merge("Zoë", "Max")
    herd.identities.merge("Max", "Ida")
    assert owners(herd) == {"Ida": [1, 2, 3, 4, 5, 6]}
    with pytest.raises(UsageError, match=r"'Zoë' was not merged into 'Ida' \('Max' \(#2\) was\)"):
        herd.identities.split("Ida", "Zoë")
    with pytest.raises(UsageError, match=r"'Max' \(#2\) was merged into 'Ida' \(#3\) by entry 4"):
        herd.identities.split("Max", "Zoë")
    herd.identities.split("Ida", "Max")
    herd.identities.split("Max", "Zoë")
    assert owners(herd) == before


def test_what_cannot_be_merged_is_told(herd: Gallery) -> None:
    herd.set_embedding_net("giraffe", "g", 8, calibration=None)
    herd.enroll("giraffe", "g", [item("Max", "g", unit(1, 1, 8)[0])])
    with pytest.raises(UsageError, match="name two individuals"):
        herd.identities.merge("Zoë", "#1")
    with pytest.raises(UsageError, match="is the name of individuals of giraffe, zebra: say which with --species"):
        herd.identities.merge("Zoë", "Max")
    with pytest.raises(UsageError, match="#1 is a zebra, #4 a giraffe"):
        herd.identities.merge("#1", "#4")
    with pytest.raises(UsageError, match="no individual 'Bob' of species 'zebra' is in this gallery"):
        herd.identities.merge("Bob", "Zoë")
    assert herd.identities.merge("Zoë", "Max", species="zebra").individual_id == 2


def test_merging_two_animals_of_one_frame_is_warned_of(gallery: Gallery) -> None:
    left, right = Box(0, 0, 0.4, 1), Box(0.5, 0, 0.5, 1)
    gallery.enroll("zebra", NET, [item("a", 1, VECTORS[0], box=left), item("b", 1, VECTORS[1], box=right)])
    told = gallery.identities.merge("a", "b")
    assert told.warnings == ("/photos/1.jpg shows both 'a' and 'b': can they be one animal?",)


def test_photos_can_be_split_off_as_a_new_individual(herd: Gallery) -> None:
    told = herd.identities.split("Zoë", "Zoë 2", photos=[3, 2])
    assert (told.individual_id, told.photo_ids) == (4, (2, 3))
    assert owners(herd) == {"Ida": [6], "Max": [4, 5], "Zoë": [1], "Zoë 2": [2, 3]}
    with pytest.raises(UsageError, match="photo 4 belongs to 'Max', not to 'Zoë'"):
        herd.identities.split("Zoë", "x", photos=[1, 4])
    with pytest.raises(UsageError, match=r"zebra 'Max' is there already \(#2\)"):
        herd.identities.split("Zoë", "Max", photos=[1])


def test_a_removed_individual_is_found_no_more_and_comes_back_whole(herd: Gallery) -> None:
    herd.corrections.remove([2])
    before = owners(herd)
    assert herd.identities.remove("Zoë").photo_ids == (1, 3)
    assert owners(herd) == {"Ida": [6], "Max": [4, 5]}
    assert set(nearest(herd)) <= {4, 5, 6}
    with pytest.raises(UsageError, match=r"'Zoë' \(#1\) was removed by entry 4: `reid individuals restore '#1'` first"):
        herd.identities.rename("Zoë", "x")
    assert herd.identities.restore("Zoë").photo_ids == (1, 3)
    assert owners(herd) == before
    assert nearest(herd)[0] == 1
    with pytest.raises(UsageError, match="'Zoë' is not removed"):
        herd.identities.restore("Zoë")


def test_a_restore_does_not_take_a_name_or_a_photo_that_is_in_use_again(herd: Gallery) -> None:
    herd.identities.remove("Ida")
    herd.enroll("zebra", NET, [item("Ida", "new", unit(7, 1)[0])])
    with pytest.raises(UsageError, match="zebra 'Ida' is the name of #4 by now: rename that one first"):
        herd.identities.restore("Ida")
    herd.identities.rename("Ida", "Ida 2")
    herd.enroll("zebra", NET, [item("Max", 6, VECTORS[5], again=True)])
    with pytest.raises(UsageError, match="photo 6 was enrolled again as photo 8, under 'Max'"):
        herd.identities.restore("#3")
    herd.identities.merge("Ida 2", "Max")
    with pytest.raises(UsageError, match="'Ida 2' was merged into 'Max': reid individuals split Max 'Ida 2'"):
        herd.identities.restore("Ida 2")


def test_ids_are_never_given_again(herd: Gallery) -> None:
    herd.identities.remove("Ida")
    herd.corrections.remove([5])
    herd.enroll("zebra", NET, [item("Ida", "new", unit(7, 1)[0]), item("Max", 5, VECTORS[4], again=True)])
    assert [(one.id, one.name) for one in herd.individuals()] == [(4, "Ida"), (2, "Max"), (1, "Zoë")]
    assert [one.id for one in herd.photos()] == [1, 2, 3, 4, 7, 8]


def test_another_process_sees_a_correction_at_once(herd: Gallery) -> None:
    with Gallery.open(herd.folder) as other:
        assert nearest(other) == [1, 2, 3, 4, 5, 6]
        herd.identities.remove("Zoë")
        herd.identities.rename("Ida", "Jo")
        assert set(nearest(other)) <= {4, 5, 6}
        assert [one.name for one in other.individuals()] == ["Jo", "Max"]
        herd.identities.restore("Zoë")
        np.testing.assert_array_equal(nearest(other), [1, 2, 3, 4, 5, 6])


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_a_purge_deletes_for_good_what_was_removed_and_nothing_else(herd: Gallery) -> None:
    herd.identities.merge("Ida", "Max")
    assert nearest(herd) == [1, 2, 3, 4, 5, 6]
    with Gallery.open(herd.folder) as other:
        assert nearest(other) == [1, 2, 3, 4, 5, 6]  # it has not heard of what comes
        herd.identities.remove("Zoë")
        herd.corrections.remove([4])
        before, head = owners(herd), herd.head()
        plan = herd.history.purge(only_plan=True)
        assert (plan.photos, plan.individuals, plan.embeddings, plan.seq, herd.head()) == (4, 1, 4, 0, head)
        done = herd.history.purge(why="not ours")
        assert (done.photos, done.individuals, done.embeddings, done.seq) == (4, 1, 4, head + 1)
        assert set(nearest(other)) == {5, 6}
    assert owners(herd) == before
    assert herd.individuals(removed=True)[0].name == "Ida"
    assert VECTORS[0].tobytes() not in bytes_of(herd.folder)
    assert VECTORS[4].tobytes() in bytes_of(herd.folder)
    with pytest.raises(UsageError, match="no photo with id 1 was ever enrolled"):
        herd.photo(1)
    with pytest.raises(UsageError, match=r"entry 4 \(remove\) cannot be undone: something that it removed has been purged since"):
        herd.history.undo(4)
    with pytest.raises(UsageError, match=r"entry 6 \(purge\) cannot be undone"):
        herd.history.undo(6)
    with pytest.raises(GalleryError, match=r"entry 6 .* purged photos or embeddings that were in use then"):
        Gallery.open(herd.folder, as_of=herd.log(10)[-2].at)
    herd.enroll("zebra", NET, [item("Zoë", 1, VECTORS[0])])
    assert herd.photos("zebra", "Zoë")[0].id == 7
    assert herd.identities.split("Max", "Ida").individual_id == 3
    assert herd.history.purge().seq == 0


def test_vectors_that_newer_ones_replaced_are_purged_on_request_only(herd: Gallery) -> None:
    herd.set_embedding_net("zebra", "newer", 8, calibration=None, vectors=dict(zip(range(1, 7), unit(5, 6, 8), strict=True)))
    assert herd.history.purge().seq == 0
    assert herd.history.purge(old_vectors=True, only_plan=True).embeddings == 6
    assert herd.history.purge(old_vectors=True).embeddings == 6
    assert len(herd.vectors("zebra", NET)[0]) == 0
    assert herd.search("zebra", unit(5, 6, 8), 1).photo_ids[:, 0].tolist() == [1, 2, 3, 4, 5, 6]
    with pytest.raises(UsageError, match=r"entry 3 cannot be undone: entry 4 purged embeddings of the net before \(6 photos"):
        herd.history.undo(3)
    with pytest.raises(GalleryError, match="cannot be shown as it was after entry 2"):
        Gallery.open(herd.folder, as_of=herd.log(10)[2].at)
