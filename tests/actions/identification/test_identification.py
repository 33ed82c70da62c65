"""An identification kept ready for many questions answers by the gallery of the moment, whoever changed it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import reid
from reid import images
from reid.actions.identification import identification as action
from reid.actions.identification.identification import Identification
from reid.actions.identification.identifier import Identifier
from reid.errors import ModelMismatch, UsageError
from reid.nets import net_files
from reid.records import Photo, Problem, Sighting
from reid.settings import QuerySettings
from reid.store import Gallery

SETTINGS = QuerySettings(species="zebra", device="cpu")
ROOT = Path(__file__).parents[3]


@dataclass
class Changer:
    """Another process that changes the gallery."""

    process: subprocess.Popen[str]

    def tell(self, *words: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\t".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def wait(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "done\n"

    def do(self, *words: object) -> None:
        self.tell(*words)
        self.wait()


@contextmanager
def changer_of(gallery: Path) -> Iterator[Changer]:
    command = [sys.executable, str(Path(__file__).with_name("changer.py")), str(gallery)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT, "encoding": "utf-8"}
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, **pipes) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield Changer(process)
        finally:
            process.stdin.close()
            process.wait(timeout=60)


@pytest.fixture
def changer(place: Path) -> Iterator[Changer]:
    with changer_of(place / "gallery") as process:
        yield process


def stranger(place: Path, number: int = 0) -> Path:
    """A photo of an animal that is not enrolled."""
    path = place / f"stranger {number}.png"
    if not path.exists():
        images.write_png(path, images.read(sorted((place / "photos").glob("**/*.jpg"))[number]).pixels[::-1])
    return path


def asked(identification: Identification, photo: Path) -> Sighting:
    (answer,) = identification.ask([Photo(photo)])
    assert isinstance(answer, Sighting)
    return answer


def enrolled(identification: Identification, photo: Path) -> int:
    """How many individuals could have matched, as the search counts them."""
    ((_, item),) = identification.identifier().search([Photo(photo)])
    assert not isinstance(item, Problem)
    return item.shortlists[0].enrolled


def test_what_another_process_enrolls_sets_calibrates_and_undoes_counts_at_the_next_question(
    place: Path, changer: Changer
) -> None:
    photo, new = stranger(place), stranger(place, 5)
    first, second = (net_files.read_card(place / "nets" / f"net {number}.safetensors").fingerprint for number in (1, 2))
    with Gallery.open(place / "gallery") as gallery:
        identification = Identification(gallery, SETTINGS)
        before = asked(identification, photo)
        assert (before.embedding_fingerprint, before.decision.probability) == (first, None)
        assert enrolled(identification, photo) == len(before.matches) == 4
        changer.do("enroll", new, "Ada")
        assert enrolled(identification, photo) == 5
        assert "Ada" in {match.individual for match in asked(identification, photo).matches}
        changer.do("calibrate")
        assert asked(identification, photo).decision.probability is not None
        changer.do("upgrade", place / "nets" / "net 2.safetensors")
        assert asked(identification, photo).embedding_fingerprint == second
        changer.do("undo")  # the new net
        assert asked(identification, photo).embedding_fingerprint == first
        changer.do("undo")  # the thresholds
        assert asked(identification, photo).decision.probability is None
        changer.do("undo")  # Ada
        assert asked(identification, photo) == before and enrolled(identification, photo) == 4


def test_between_two_questions_without_a_change_nothing_is_read_again(place: Path) -> None:
    with Gallery.open(place / "gallery") as gallery:
        identification = Identification(gallery, SETTINGS)
        identifier = identification.identifier()
        asked(identification, stranger(place))
        assert identification.identifier() is identifier
        reranker = identifier.closer("zebra")
        with Gallery.open(place / "gallery") as other:  # another connection of this process
            other.identities.rename(gallery.individuals()[0].name, "Bo")
        assert identification.identifier() is not identifier
        assert identification.identifier().closer("zebra") is reranker, "the feature maps are those of the same net"
        assert "Bo" in {match.individual for match in asked(identification, stranger(place)).matches}
        assert identification.identifier().rerankers_of({"zebra": "another net"}) == {}


def test_a_species_that_is_taken_out_is_told_and_the_next_question_may_be_right_again(tmp_path: Path, place: Path) -> None:
    empty = tmp_path / "empty"
    with Gallery.open(empty, create=True) as gallery:
        identification = Identification(gallery, SETTINGS)
        with pytest.raises(UsageError, match="species 'zebra' is not in the gallery; there are none"):
            identification.ask([Photo(stranger(place))])
        reid.enroll([place / "photos"], gallery=empty)
        assert len(asked(identification, stranger(place)).matches) == 4


def test_four_threads_ask_while_another_process_enrolls_and_swaps_the_net(place: Path, changer: Changer) -> None:
    photo = stranger(place)
    first, second = (net_files.read_card(place / "nets" / f"net {number}.safetensors").fingerprint for number in (1, 2))
    changer.do("upgrade", place / "nets" / "net 2.safetensors")
    done = threading.Event()
    with Gallery.open(place / "gallery") as gallery:
        identification = Identification(gallery, SETTINGS)

        def keep_asking() -> list[Sighting]:
            answers = []
            while not done.is_set():
                answers.append(asked(identification, photo))
            return answers

        with ThreadPoolExecutor(4) as pool:
            running = [pool.submit(keep_asking) for _ in range(4)]
            try:
                changer.do("swap", 3)
                for number in range(3, 6):
                    changer.do("enroll", stranger(place, number), f"new {number}")
            finally:
                done.set()
        threads = [future.result() for future in running]
        counts = [[len(answer.matches) for answer in answers] for answers in threads]
        assert {answer.embedding_fingerprint for answers in threads for answer in answers} == {first, second}
        assert all(numbers == sorted(numbers) and numbers[0] == 4 for numbers in counts), "who is enrolled is never forgotten"
        answer = asked(identification, photo)
        assert len(answer.matches) == min(SETTINGS.top, 7)
        assert [item for _, item in Identifier(gallery, SETTINGS).identify([Photo(photo)])] == [answer]


def test_a_question_is_asked_again_where_the_net_changed_in_the_middle_of_it_but_not_for_ever(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = 0

    def swapped(self: Identifier, photos: Any, on_decided: Any = None, _real: Any = Identifier.identify) -> Any:
        nonlocal turns
        turns += 1
        if turns < action.TURNS:
            raise ModelMismatch("another net")
        return _real(self, photos, on_decided)

    monkeypatch.setattr(Identifier, "identify", swapped)
    with Gallery.open(place / "gallery") as gallery:
        identification = Identification(gallery, SETTINGS)
        assert len(asked(identification, stranger(place)).matches) == 4 and turns == action.TURNS
        turns = -1
        with pytest.raises(ModelMismatch, match="another net"):
            identification.ask([Photo(stranger(place))])


def test_every_decision_is_shown_with_the_photos_it_rests_on_before_it_is_yielded(place: Path) -> None:
    shown: list[tuple[list[Path], Sighting]] = []
    photos = [Photo(stranger(place, number)) for number in range(3)]
    with Gallery.open(place / "gallery") as gallery:
        identification = Identification(gallery, SETTINGS)
        answers = identification.identify(
            photos, lambda searched, sighting: shown.append(([item.photo.path for item in searched], sighting))
        )
        for done, answer in answers:
            assert shown[-1][1] == answer and done <= len(photos)
    assert [paths for paths, _ in shown] == [[photo.path] for photo in photos]
