"""Two copies of one gallery, changed at random without touching the same things, merged to and fro: both end up the same."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reid.errors import UndoConflict, UsageError
from reid.store import Gallery
from tests.store.stock import NET, item, unit
from tests.store.test_store_model import MEMORY

VECTORS = unit(1, 200)
KINDS = (
    "enroll", "rename", "swap", "merge", "merge", "split", "split_off", "remove", "restore", "move", "move", "remove_photo",
    "restore_photo", "again", "correct", "undo", "bring", "bring", "share",
)
STEP = st.tuples(st.booleans(), st.sampled_from(KINDS), st.integers(0, 60), st.integers(0, 60))


def seen(gallery: Gallery) -> object:
    """What users see: who has which photos, and what is known of them; ids are each camp's own."""
    everyone = sorted(
        (one.name, sorted((int(photo.path.stem), photo.side, photo.captured_at, photo.camera, photo.season)
                          for photo in gallery.photos("zebra", one.name))) for one in gallery.individuals()
    )
    found = gallery.search("zebra", VECTORS[:12], 3)
    hits = [[(gallery.photo(number).path.stem if number >= 0 else "", score) for number, score in zip(*pair, strict=True)]
            for pair in zip(found.photo_ids.tolist(), found.scores.tolist(), strict=True)]
    return everyone, hits


class TwoCamps:
    """Each individual is one camp's to change, with its photos; both are free to enroll new ones."""

    def __init__(self, folder: Path) -> None:
        first = Gallery.open(folder / "A", create=True)
        first.set_embedding_net("zebra", NET, 32, calibration=None)
        first.enroll("zebra", NET, [item("abcdefgh"[n // 2], n, VECTORS[n]) for n in range(16)])
        first.identities.merge("d", "c")
        first.identities.remove("b")
        self.galleries = (first, Gallery.open(first.exchange.copy_to(folder / "B").folder))
        self.mine: list[set[str]] = [set("abef"), set("cdgh")]
        self.count, self.shared = 20, [gallery.head() for gallery in self.galleries]

    def close(self) -> None:
        for gallery in self.galleries:
            gallery.close()

    def bring(self, into: int) -> None:
        gallery = self.galleries[into]
        told = gallery.exchange.merge_from(self.galleries[1 - into].exchange)
        assert told.conflicts == ()
        assert gallery.checkup.damage() == []

    def share(self, turn: int) -> None:
        """Both bring in everything; then all that is there may be the other one's."""
        self.bring(0)
        self.bring(1)
        assert seen(self.galleries[0]) == seen(self.galleries[1])
        for camp in (0, 1):
            self.bring(camp)
            assert seen(self.galleries[0]) == seen(self.galleries[1])
        names = sorted(self.mine[0] | self.mine[1])
        self.mine = [{name for at, name in enumerate(names) if (at + turn) % 2 == camp} for camp in (0, 1)]
        self.shared = [gallery.head() for gallery in self.galleries]

    def step(self, camp: int, kind: str, one: int, two: int) -> None:
        if kind == "bring":
            self.bring(camp)
        elif kind == "share":
            self.share(one)
        else:
            with suppress(UsageError, UndoConflict):  # it does not fit here
                self.do(camp, kind, one, two)

    def do(self, camp: int, kind: str, one: int, two: int) -> None:
        gallery, mine = self.galleries[camp], self.mine[camp]
        names = [who.name for who in gallery.individuals() if who.name in mine]
        gone = [who.name for who in gallery.individuals(removed=True) if who.name in mine]
        photos = [photo.id for photo in gallery.photos() if photo.individual in mine]
        removed = [photo for photo in gallery.photos(removed=True) if photo.individual in mine]
        fresh = f"{'ABC'[camp]}{self.count}"
        self.count += 1
        identities, corrections = gallery.identities, gallery.corrections

        def pick(some: list, at: int):  # type: ignore[no-untyped-def, type-arg]
            return some[at % len(some)]

        if kind == "enroll":
            name = pick([*names, fresh], one)
            gallery.enroll("zebra", NET, [item(name, self.count, VECTORS[self.count], side=pick(["", "left"], two))])
            mine.add(name)
        elif kind == "rename" and names:
            identities.rename(pick(names, one), fresh)
            mine.add(fresh)
        elif kind == "swap" and len(names) > 1:
            first, second = pick(names, one), pick(names, one + 1)
            for name, other in ((first, fresh), (second, first), (fresh, second)):
                identities.rename(name, other)
        elif kind == "merge" and len(names) > 1:
            identities.merge(pick(names, one), pick(names, one + 1 + two % (len(names) - 1)))
        elif kind == "split" and gone and names:
            identities.split(pick(names, one), pick(gone, two))
        elif kind == "split_off" and photos:
            photo = gallery.photo(pick(photos, one))
            identities.split(photo.individual, fresh, photos=[photo.id])
            mine.add(fresh)
        elif kind == "remove" and names:
            identities.remove(pick(names, one))
        elif kind == "restore" and gone:
            identities.restore(pick(gone, one))
        elif kind == "move" and photos and names:
            corrections.move([pick(photos, one)], pick(names, two))
        elif kind == "remove_photo" and photos:
            corrections.remove([pick(photos, one)])
        elif kind == "restore_photo" and removed:
            corrections.restore([pick(removed, one).id])
        elif kind == "again" and removed and names:  # taken out, and enrolled again, as somebody else perhaps
            content = int(pick(removed, one).path.stem)
            gallery.enroll("zebra", NET, [item(pick(names, two), content, VECTORS[content], again=True)])
        elif kind == "correct" and photos:
            corrections.correct([pick(photos, one)], side=pick(["left", "right", ""], two), camera=pick(["", "C1"], two))
        elif kind == "undo" and (own := [
            entry.seq for entry in gallery.log() if entry.seq > self.shared[camp] and entry.what != "merge_galleries"
        ]):
            gallery.history.undo(pick(own, one))


@contextmanager
def apart(steps: list[tuple[bool, str, int, int]]) -> Iterator[TwoCamps]:
    """Both camps change whatever they like, neither knowing of the other."""
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    camps = TwoCamps(folder)
    camps.mine = [camps.mine[0] | camps.mine[1]] * 2
    try:
        for camp, kind, one, two in steps:
            if kind not in ("bring", "share"):
                camps.step(int(camp), kind, one, two)
        yield camps
    finally:
        camps.close()
        shutil.rmtree(folder)


@given(steps=st.lists(STEP, min_size=4, max_size=20))
def run(steps: list[tuple[bool, str, int, int]]) -> None:
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    camps = TwoCamps(folder)
    try:
        for camp, kind, one, two in steps:
            camps.step(int(camp), kind, one, two)
        camps.share(0)
    finally:
        camps.close()
        shutil.rmtree(folder)


def test_what_only_one_camp_changed_reaches_the_other_whatever_it_is(request: pytest.FixtureRequest) -> None:
    tried(run, request.config.getoption("--campaign"))


def tried(test: Callable[[], None], campaign: bool) -> None:
    settings(
        max_examples=1000 if campaign else 20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=not campaign,
        database=None, phases=[Phase.explicit, Phase.generate, Phase.shrink], print_blob=True, report_multiple_bugs=False,
    )(test)()
