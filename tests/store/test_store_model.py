"""All corrections in any order against a plain model: who is called what, and whose each photo is.

Undone to the start it is the start; every day of the past answers as it did on the day, after a purge too, if it does answer.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from reid.errors import GalleryError, UndoConflict, UsageError
from reid.store import Gallery
from reid.store.catalog import catalog
from tests.store.stock import NET, item, unit

VECTORS = unit(3, 12)
NAMES = st.sampled_from("abcd")
PHOTOS = st.lists(st.integers(1, 7), min_size=1, max_size=2)
MEMORY = Path("/dev/shm")
"""Hundreds of galleries and their fsyncs: what is on trial here is not the disk."""
START = datetime(2025, 3, 1, 12, tzinfo=UTC)

State = dict[tuple[str, int, str], Any]
"""(kind, id, field) -> value; of an individual: name, gone, into; of a photo: owner, side, gone, content."""


REFUSALS = (
    "was removed by entry|was merged into|is there already|is not removed|no individual .* is in this gallery|"
    "belongs to |name two individuals to merge|was not merged into|was ever enrolled|is another individual|"
    "is the name of #|was enrolled again as photo"
)
"""Why a correction that does not fit is refused."""


class Corrections(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.real_now, self.days = catalog.now, 0
        catalog.now = self.tick
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.gallery = Gallery.open(self.folder / "g", create=True)
        self.gallery.set_embedding_net("zebra", NET, 32, calibration=None)
        self.state: State = {}
        self.entries: dict[int, tuple[State, State, int]] = {1: ({}, {}, 0)}
        """seq -> the state before and after, and the entry that it undid."""
        self.told: dict[int, object] = {1: self.seen()}

    def tick(self) -> str:
        self.days += 1
        return (START + timedelta(days=self.days)).isoformat(timespec="milliseconds")

    def teardown(self) -> None:
        try:
            self.purge_a_copy()
            while (last := self.last()) is not None:
                wanted = self.undone_state(last, self.gallery.head() + 1)
                if wanted is None:  # a later entry stands in the way: refused by both
                    with pytest.raises(UndoConflict, match="cannot be undone: "):
                        self.gallery.history.undo()
                    return
                self.gallery.history.undo()
                self.after_undo(last, wanted)
                self.agree()
            assert self.gallery.photos() == () and self.gallery.individuals() == ()
        finally:
            catalog.now = self.real_now
            self.gallery.close()
            shutil.rmtree(self.folder)

    def purge_a_copy(self) -> None:
        """A purge changes nothing that is there; a day of the past then answers as it did, or it is refused."""
        folder = self.gallery.exchange.copy_to(self.folder / "copy").folder
        with Gallery.open(folder) as copy:
            copy.history.purge()
            assert self.seen(copy) == self.seen() and copy.checkup.damage() == []
        for seq in sorted(self.told)[:: max(1, len(self.told) // 8)]:
            with suppress(GalleryError), Gallery.open(folder, as_of=self.gallery.history.detail(seq).entry.at) as past:
                assert self.seen(past) == self.told[seq]

    # What the model knows.

    def live(self, kind: str) -> list[int]:
        return sorted(number for (of, number, field), value in self.state.items() if of == kind and field == "gone" and not value)

    def named(self, name: str) -> int | None:
        return next((number for number in self.live("i") if self.state["i", number, "name"] == name), None)

    def of(self, owner: int, *, gone: bool = True) -> list[int]:
        return sorted(
            number for (kind, number, field), value in self.state.items()
            if kind == "p" and field == "owner" and value == owner and (gone or not self.state["p", number, "gone"])
        )

    def undone(self) -> dict[int, int]:
        undone: dict[int, int] = {}
        for seq in sorted(self.entries, reverse=True):
            if self.entries[seq][2] and seq not in undone:
                undone.setdefault(self.entries[seq][2], seq)
        return undone

    def last(self) -> int | None:
        undone = self.undone()
        return next((
            seq for seq in sorted(self.entries, reverse=True) if seq > 1 and not self.entries[seq][2] and seq not in undone
        ), None)

    def did(self, real: Callable[[], object], change: Callable[[int], None], fits: bool) -> None:
        """Both do it, or the gallery refuses and nothing is changed."""
        head = self.gallery.head()
        if not fits:
            with pytest.raises(UsageError, match=REFUSALS):
                real()
            assert self.gallery.head() == head
            return
        real()
        before = dict(self.state)
        if self.gallery.head() > head:
            change(head + 1)
            self.entries[head + 1] = (before, dict(self.state), 0)
            self.told[head + 1] = self.seen()

    def set(self, kind: str, numbers: list[int], **fields: Any) -> None:
        for number in numbers:
            for field, value in fields.items():
                self.state[kind, number, field] = value

    def new(self, name: str) -> int:
        number = 1 + max((number for kind, number, _ in self.all_keys() if kind == "i"), default=0)
        self.set("i", [number], name=name, gone=0, into=0)
        return number

    def all_keys(self) -> set[tuple[str, int, str]]:
        return set(self.state).union(*(after for _, after, _ in self.entries.values()))

    # What is done.

    @initialize(names=st.lists(NAMES, min_size=4, max_size=8))
    def start(self, names: list[str]) -> None:
        self.enroll(list(enumerate(names)))

    @rule(batch=st.lists(st.tuples(st.integers(0, 11), NAMES), min_size=1, max_size=3))
    def enroll(self, batch: list[tuple[int, str]]) -> None:
        def change(_: int) -> None:
            for content, name in batch:
                if content in [self.state["p", photo, "content"] for photo in self.live("p")]:
                    continue
                found = self.named(name)
                if found is None and self.merged(name):
                    continue
                owner = self.new(name) if found is None else found
                number = 1 + max((number for kind, number, _ in self.all_keys() if kind == "p"), default=0)
                self.set("p", [number], owner=owner, side="", gone=0, content=content)

        self.did(lambda: self.gallery.enroll("zebra", NET, [
            item(name, content, VECTORS[content], again=True) for content, name in batch]), change, True)

    @rule(name=NAMES, other=NAMES)
    def rename(self, name: str, other: str) -> None:
        who, taken = self.named(name), self.named(other)
        self.did(lambda: self.gallery.identities.rename(name, other), lambda seq: self.set("i", [who or 0], name=other),
                 who is not None and (taken is None or taken == who))

    @rule(name=NAMES, other=NAMES)
    def merge(self, name: str, other: str) -> None:
        first, second = self.named(name), self.named(other)

        def change(seq: int) -> None:
            self.set("p", self.of(first or 0), owner=second)
            self.set("i", [first or 0], gone=seq, into=second)

        self.did(lambda: self.gallery.identities.merge(name, other), change, None not in (first, second) and first != second)

    @rule(name=NAMES, other=NAMES)
    def split_merged(self, name: str, other: str) -> None:
        owner = self.named(name)
        merged = [
            (self.state["i", number, "gone"], number) for (kind, number, field), value in self.state.items()
            if kind == "i" and field == "into" and owner and value == owner and self.state["i", number, "name"] == other
        ]
        back = max(merged)[1] if merged else 0

        def change(_: int) -> None:
            before, after, _ = self.entries[self.state["i", back, "gone"]]
            brought = [photo for photo in self.of(owner or 0) if before.get(("p", photo, "owner")) == back]
            assert all(after["p", photo, "owner"] == owner for photo in brought)
            self.set("p", brought, owner=back)
            self.set("i", [back], gone=0, into=0)

        self.did(lambda: self.gallery.identities.split(name, other), change, bool(back) and self.named(other) is None)

    @rule(name=NAMES, other=NAMES, photos=PHOTOS)
    def split_new(self, name: str, other: str, photos: list[int]) -> None:
        owner = self.named(name)
        fits = owner is not None and self.named(other) is None and set(photos) <= set(self.of(owner, gone=False))
        self.did(lambda: self.gallery.identities.split(name, other, photos=photos),
                 lambda seq: self.set("p", photos, owner=self.new(other)), fits)

    @rule(name=NAMES)
    def remove(self, name: str) -> None:
        who = self.named(name)

        def change(seq: int) -> None:
            self.set("p", self.of(who or 0, gone=False), gone=seq)
            self.set("i", [who or 0], gone=seq)

        self.did(lambda: self.gallery.identities.remove(name), change, who is not None)

    @rule(name=NAMES)
    def restore(self, name: str) -> None:
        removed = [
            (self.state["i", number, "gone"], number) for kind, number, field in self.state
            if kind == "i" and field == "name" and self.state["i", number, "name"] == name
            and self.state["i", number, "gone"] and not self.state["i", number, "into"]
        ]
        seq, who = max(removed) if removed else (0, 0)
        photos = [photo for photo in self.of(who) if self.state["p", photo, "gone"] == seq]

        def change(_: int) -> None:
            self.set("p", photos, gone=0)
            self.set("i", [who], gone=0)

        fits = bool(who) and self.named(name) is None and not self.doubled(photos)
        self.did(lambda: self.gallery.identities.restore(name), change, fits)

    def merged(self, name: str) -> bool:
        """Whether the last who had the name was merged into another."""
        had = [
            (self.state["i", number, "gone"], number) for kind, number, field in self.state
            if kind == "i" and field == "gone" and self.state["i", number, "gone"] and self.state["i", number, "name"] == name
        ]
        return bool(had) and bool(self.state["i", max(had)[1], "into"])

    def doubled(self, photos: list[int]) -> bool:
        there = {self.state["p", photo, "content"] for photo in self.live("p")}
        return any(self.state["p", photo, "content"] in there for photo in photos)

    @rule(photos=PHOTOS, name=NAMES, new=st.booleans())
    def move(self, photos: list[int], name: str, new: bool) -> None:
        def change(_: int) -> None:
            found = self.named(name)
            self.set("p", photos, owner=self.new(name) if found is None else found)

        fits = set(photos) <= set(self.live("p")) and (new or self.named(name) is not None)
        self.did(lambda: self.gallery.corrections.move(photos, name, new=new), change, fits)

    @rule(photos=PHOTOS)
    def remove_photos(self, photos: list[int]) -> None:
        self.did(lambda: self.gallery.corrections.remove(photos), lambda seq: self.set("p", photos, gone=seq),
                 set(photos) <= set(self.live("p")))

    @rule(photos=PHOTOS)
    def restore_photos(self, photos: list[int]) -> None:
        known = [photo for photo in set(photos) if ("p", photo, "gone") in self.state]
        contents = [self.state["p", photo, "content"] for photo in known]
        fits = (
            len(known) == len(set(photos)) and all(self.state["p", photo, "gone"] for photo in known)
            and all(self.state["p", photo, "owner"] in self.live("i") for photo in known)
            and not self.doubled(known) and len(set(contents)) == len(contents)
        )
        self.did(lambda: self.gallery.corrections.restore(photos), lambda seq: self.set("p", known, gone=0), fits)

    @rule(photos=PHOTOS, side=st.sampled_from(["left", "right", ""]))
    def correct(self, photos: list[int], side: str) -> None:
        self.did(lambda: self.gallery.corrections.correct(photos, side=side), lambda seq: self.set("p", photos, side=side),
                 set(photos) <= set(self.live("p")))

    @precondition(lambda self: len(self.entries) > 2)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        self.undo_one(data.draw(st.sampled_from(sorted(self.entries)[1:])))

    @precondition(lambda self: len(self.entries) > 3)
    @rule(back=st.integers(1, 3))
    def undo_of_late(self, back: int) -> None:
        self.undo_one(sorted(self.entries)[-min(back, len(self.entries) - 2)])

    def undo_one(self, target: int) -> None:
        """What a change altered is put back if it is still as the change left it; else the entry is told that is in the way."""
        head = self.gallery.head()
        if target in self.undone():
            with pytest.raises(UsageError, match="was undone by entry"):
                self.gallery.history.undo(target)
            return
        wanted = self.undone_state(target, head + 1)
        if wanted is None:
            with pytest.raises(UndoConflict, match=f"entry {target} .* cannot be undone: ") as told:
                self.gallery.history.undo(target)
            assert target < told.value.entry <= head
            assert self.gallery.head() == head
        else:
            self.gallery.history.undo(target)
            self.after_undo(target, wanted)

    def after_undo(self, target: int, wanted: State) -> None:
        before, seq = dict(self.state), self.gallery.head()
        keep = {key: value for key, value in self.state.items() if key not in wanted}  # ids are never taken back
        for kind, number, field in list(keep):
            if field == "gone" and not keep[kind, number, field]:
                keep[kind, number, field] = seq
        self.state = keep | {key: (value if value != -1 else seq) for key, value in wanted.items()}
        self.entries[seq] = (before, dict(self.state), target)
        self.told[seq] = self.seen()

    def undone_state(self, target: int, seq: int) -> State | None:
        before, after, _ = self.entries[target]
        wanted = dict(self.state)
        for key, value in after.items():
            if key in before and before[key] != value:
                if self.state[key] != value:
                    return None
                wanted[key] = before[key]
            elif key not in before:
                if self.state[key] != value:
                    return None
                if key[2] == "gone":
                    wanted[key] = -1
        for (kind, number, field), owner in self.state.items():  # gone together with an owner it would be parted from
            moved = kind == "p" and field == "owner" and (kind, number, field) in before and wanted[kind, number, field] != owner
            gone = self.state.get((kind, number, "gone"), 0)
            if moved and gone > target and wanted[kind, number, "gone"] and self.state["i", owner, "gone"] == gone:
                return None
        there = {kind: [n for (of, n, field), value in wanted.items() if of == kind and field == "gone" and not value]
                 for kind in "ip"}
        names = [wanted["i", number, "name"] for number in there["i"]]
        contents = [wanted["p", number, "content"] for number in there["p"]]
        owned = all(wanted["p", number, "owner"] in there["i"] for number in there["p"])
        return wanted if owned and len(set(names)) == len(names) and len(set(contents)) == len(contents) else None

    @rule(data=st.data())
    def look_back(self, data: st.DataObject) -> None:
        seq = data.draw(st.sampled_from(sorted(self.told)))
        at = self.gallery.history.detail(seq).entry.at
        with Gallery.open(self.folder / "g", as_of=at) as past:
            assert self.seen(past) == self.told[seq]

    def seen(self, gallery: Gallery | None = None) -> object:
        gallery = gallery or self.gallery
        found = gallery.search("zebra", VECTORS[:4], 3)
        return gallery.species(), gallery.individuals(), gallery.photos(), found.scores.tolist(), found.photo_ids.tolist()

    @invariant()
    def agree(self) -> None:
        live = {number: self.state["i", number, "name"] for number in self.live("i")}
        assert {one.id: one.name for one in self.gallery.individuals()} == live
        assert {one.id: (one.individual_id, one.side) for one in self.gallery.photos()} == {
            photo: (self.state["p", photo, "owner"], self.state["p", photo, "side"]) for photo in self.live("p")
        }
        assert {one.id: one.merged_into for one in self.gallery.individuals(removed=True)} == {
            number: self.state["i", number, "into"] for kind, number, field in self.state
            if (kind, field) == ("i", "gone") and self.state["i", number, "gone"]
        }
        assert sorted(self.gallery.vectors("zebra")[0].tolist()) == self.live("p")
        (species,) = self.gallery.species()
        assert (species.individuals, species.photos) == (len(live), len(self.live("p")))


def test_corrections_in_any_order_do_what_a_plain_model_does(request: pytest.FixtureRequest) -> None:
    examples = 2000 if request.config.getoption("--campaign") else 40
    run_state_machine_as_test(Corrections, settings=settings(
        max_examples=examples, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck),
        derandomize=not request.config.getoption("--campaign"), database=None,  # the default suite tries the same ones each time
        phases=[Phase.explicit, Phase.generate], report_multiple_bugs=False, print_blob=True,
    ))
