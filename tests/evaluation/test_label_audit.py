from __future__ import annotations

from datetime import datetime

import numpy as np

from reid.evaluation.label_audit import AuditedPhoto, Suspect, suspects
from reid.records import Box
from reid.steps.cannot_link import Position

LEFT, RIGHT = Box(0, 0, 0.4, 1), Box(0.5, 0, 0.5, 1)


def shown(number: int, individual: str, **facts: object) -> AuditedPhoto:
    known: dict[str, object] = {"sha256": str(number), "box": None, "side": "", "captured_at": None, "camera": ""}
    return AuditedPhoto(number, individual, **(known | facts))  # type: ignore[arg-type]


def around(animal: int, count: int, seed: int = 0, *, spread: float = 0.5) -> np.ndarray:
    """Photos of one animal: its own direction with noise, cosines about 0.8."""
    centre = np.random.default_rng(animal + 1000).standard_normal(64)
    found = centre / np.linalg.norm(centre) + spread / 8 * np.random.default_rng(seed * 99 + animal).standard_normal((count, 64))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def found(photos: list[AuditedPhoto], vectors: np.ndarray, kind: str) -> list[Suspect]:
    return [one for one in suspects(photos, vectors, kilometres_an_hour=80) if one.kind == kind]


def test_a_clean_gallery_raises_no_doubt() -> None:
    vectors = np.concatenate([around(animal, 4) for animal in range(5)])
    photos = [shown(n + 1, f"animal {n // 4}", side="left") for n in range(20)]
    assert suspects(photos, vectors, kilometres_an_hour=80) == []


def test_a_photo_under_the_wrong_name_is_found_first() -> None:
    vectors = np.concatenate([around(animal, 4) for animal in range(5)])
    names = [f"animal {n // 4}" for n in range(20)]
    names[6] = "animal 0"
    (one,) = found([shown(n + 1, name) for n, name in enumerate(names)], vectors, "fits worst")
    assert (one.individuals, one.photos) == (("animal 0", "animal 1"), (7,))


def test_one_animal_under_two_names_is_perhaps_one_and_the_others_are_not() -> None:
    vectors = np.concatenate([around(animal, 6) for animal in range(5)])
    names = [f"animal {n // 6}" for n in range(30)]
    for n in range(3):
        names[n] = "ghost"
    (one,) = found([shown(n + 1, name) for n, name in enumerate(names)], vectors, "perhaps one")
    assert one.individuals == ("animal 0", "ghost")


def test_two_animals_of_one_frame_are_never_perhaps_one() -> None:
    vectors = np.concatenate([around(0, 6), around(1, 6)])
    photos = [shown(n + 1, "a" if n < 3 else "b" if n < 6 else "c") for n in range(12)]
    assert [one.individuals for one in found(photos, vectors, "perhaps one")] == [("a", "b")]
    photos[0] = shown(1, "a", sha256="frame", box=LEFT)
    photos[3] = shown(4, "b", sha256="frame", box=RIGHT)
    assert found(photos, vectors, "perhaps one") == []


def test_two_animals_under_one_name_are_perhaps_two_but_two_flanks_are_not() -> None:
    vectors = np.concatenate([around(animal, 4) for animal in range(5)])
    names = [f"animal {max(n // 4, 1)}" for n in range(20)]
    (one,) = found([shown(n + 1, name) for n, name in enumerate(names)], vectors, "perhaps two")
    assert (one.individuals, one.photos) == (("animal 1",), (5, 6, 7, 8))
    sided = [shown(n + 1, name, side="left" if n < 4 else "right") for n, name in enumerate(names)]
    assert found(sided, vectors, "perhaps two") == []


def test_one_picture_in_two_files_is_a_duplicate_and_under_two_names_or_sides_a_contradiction() -> None:
    vectors = np.concatenate([around(animal, 2) for animal in range(3)])
    vectors[1], vectors[3], vectors[5] = vectors[0], vectors[2], vectors[4]
    photos = [shown(1, "a"), shown(2, "a"), shown(3, "b"), shown(4, "c"), shown(5, "d", side="left"), shown(6, "d", side="right")]
    assert [one.photos for one in found(photos, vectors, "duplicate")] == [(1, 2)]
    assert [one.individuals for one in found(photos, vectors, "one under two names")] == [("b", "c")]
    assert [one.photos for one in found(photos, vectors, "left and right")] == [(5, 6)]


def test_photos_of_one_frame_are_compared_by_their_boxes() -> None:
    vectors = np.concatenate([around(animal, 1) for animal in range(4)])
    photos = [
        shown(1, "a", sha256="x", box=LEFT), shown(2, "a", sha256="x", box=RIGHT),
        shown(3, "b", sha256="y", box=LEFT), shown(4, "c", sha256="y", box=Box(0.02, 0, 0.4, 1)),
    ]
    assert [one.photos for one in found(photos, vectors, "two in one frame")] == [(1, 2)]
    assert [one.photos for one in found(photos, vectors, "one under two names")] == [(3, 4)]


def test_an_animal_is_not_in_two_places_at_once() -> None:
    vectors = np.concatenate([around(animal, 2) for animal in range(3)])
    at = [datetime(2024, 5, 1, 10), datetime(2024, 5, 1, 11)]
    places = Position(-2.0, 34.0), Position(-2.0, 35.0)  # 111 km
    photos = [
        shown(1, "a", captured_at=at[0], camera="1", place=places[0]),
        shown(2, "a", captured_at=at[1], camera="2", place=places[1]),
        shown(3, "b", captured_at=at[0], camera="1"), shown(4, "b", captured_at=at[0], camera="2"),
        shown(5, "c", captured_at=at[0], camera="1"), shown(6, "c", captured_at=at[1], camera="2"),
    ]
    doubts = found(photos, vectors, "too far apart")
    assert sorted(one.photos for one in doubts) == [(1, 2), (3, 4)]
    assert any("would travel 111.1 km in 1.00 hours" in one.reason for one in doubts)


def test_galleries_of_one_photo_or_one_individual_raise_no_alarm() -> None:
    assert suspects([], np.empty((0, 64), np.float32), kilometres_an_hour=80) == []
    assert suspects([shown(1, "a")], around(0, 1), kilometres_an_hour=80) == []
    assert suspects([shown(n, "a") for n in range(4)], around(0, 4), kilometres_an_hour=80) == []


def test_a_whole_frame_and_a_box_in_it_are_not_two_animals() -> None:
    photos = [shown(1, "a", sha256="s"), shown(2, "a", sha256="s", box=Box(0.1, 0.1, 0.1, 0.1))]
    assert found(photos, around(1, 2), "two in one frame") == []


def test_a_photo_of_no_known_camera_is_at_no_other_place() -> None:
    when = datetime(2024, 5, 1, 10)
    one = [shown(1, "a", captured_at=when, camera="C1"), shown(2, "a", captured_at=when, place=Position(1.0, 2.0))]
    two = [one[0], shown(2, "a", captured_at=when, camera="C2")]
    assert found(one, around(1, 2), "too far apart") == []
    assert len(found(two, around(1, 2), "too far apart")) == 1


def test_two_that_are_very_like_themselves_must_be_as_like_each_other_to_be_perhaps_one() -> None:
    tight = around(0, 8, spread=0.05)
    step = np.random.default_rng(5).standard_normal(64)
    other = tight[4:] + 0.5 * step / np.linalg.norm(step)  # as like the first four as animals usually are to themselves
    loose = [around(animal, 4, spread=1.0) for animal in (1, 2, 3)]
    vectors = np.concatenate([tight[:4], other / np.linalg.norm(other, axis=1, keepdims=True), *loose]).astype(np.float32)
    photos = [shown(n + 1, f"animal {n // 4}") for n in range(20)]
    across, usual = float(vectors[0] @ vectors[4]), float(loose[0][0] @ loose[0][1])
    assert usual < across < 0.95
    assert found(photos, vectors, "perhaps one") == []
