"""Animals as proposed individuals, and what of them is enrolled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np

from reid.actions.seasons.proposals import new_enrollments, proposals_of
from reid.records import Outcome, Photo
from reid.records.gallery import Enrollment
from reid.steps.season.joint_identification import Link
from tests.actions.seasons.by_hand import MAY, animal, enrolled
from tests.store.in_memory import Disk, InMemoryGallery

NET = "ab" * 8


def gallery(folder: Path, *names: str) -> InMemoryGallery:
    opened = InMemoryGallery(Disk(folder))
    opened.set_embedding_net("zebra", NET, 2, calibration=None)
    vector = np.asarray([1.0, 0.0], np.float32)
    opened.enroll("zebra", NET, [
        Enrollment(name, Photo(Path(f"/g/{name}.jpg"), "zebra", name), name.ljust(64, "0"), 9, 9, vector) for name in names
    ])  # fmt: skip
    return opened


def test_animals_without_a_name_get_the_next_free_one_in_the_order_of_their_first_photos(tmp_path: Path) -> None:
    opened = gallery(tmp_path / "g", "new-2024-001", "Ada", "new-2024-003")
    opened.identities.remove("new-2024-003", species="zebra")
    late = animal(Outcome.NEW, photos=("l",), when=MAY + timedelta(days=3))
    early = animal(Outcome.NEW, photos=("e",), when=MAY + timedelta(days=1))
    named = animal(Outcome.KNOWN, "Ada", when=MAY)
    made = proposals_of(opened, [late, named, early], "")
    assert [(one.status, one.individual, one.proposal) for one, _ in made] == [
        ("known", "Ada", ""), ("new", "", "new-2024-002"), ("new", "", "new-2024-004"),
    ]  # fmt: skip
    assert [who for _, who in made] == [named, early, late]
    assert [one.proposal for one, _ in proposals_of(opened, [late], "herd")] == ["herd-001"]


def test_a_proposal_tells_its_weakest_link_and_one_under_review_whom_it_may_be(tmp_path: Path) -> None:
    opened = gallery(tmp_path / "g", "Ada")
    links = (Link(("q.jpg", "r.jpg"), 0.7, 0.6), Link(("r.jpg", "s.jpg"), 0.9, 0.95))
    new = animal(Outcome.NEW, "Ada", ("q.jpg", "r.jpg", "s.jpg"), ties=links, sides=("left", "right"))
    (one, _), (open_one, _) = proposals_of(opened, [new, animal(Outcome.REVIEW, "Ada", ("t.jpg",))], "")
    assert (one.individual, one.encounters, one.sides) == ("", 3, "both")
    assert (one.link_probability, one.link_score, one.link_photos) == (0.6, 0.7, ("q.jpg", "r.jpg"))
    assert (open_one.status, open_one.individual, open_one.link_probability) == ("review", "Ada", None)


def test_only_photos_of_new_ones_that_are_not_there_yet_are_enrolled_each_in_its_season(tmp_path: Path) -> None:
    opened = gallery(tmp_path / "g", "Ada")
    new = animal(Outcome.NEW, photos=("q.jpg", "r.jpg", "s.jpg"))
    first, second, third = new.looks
    there, unlooked = replace(second, already=enrolled(1, "Ada", "2023")), replace(third, vectors={})
    made = proposals_of(opened, [replace(new, looks=(first, there, unlooked)), animal(Outcome.REVIEW, "Ada", ("t.jpg",))], "")
    items = new_enrollments(made)
    assert {species: [(one.individual, one.photo.path.name, one.photo.season, one.sha256) for one in of]
            for species, of in items.items()} == {"zebra": [("new-2024-001", "q.jpg", "2024", first.sha256)]}  # fmt: skip
    assert new_enrollments(made[1:]) == {}
