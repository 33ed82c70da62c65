"""Two stores are asked the same in any order: the same answers, the same refusals, undone to the start alike."""

from __future__ import annotations

from dataclasses import astuple
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reid.errors import ReidError, UndoConflict
from reid.records import Decision, Outcome, Sighting, SpeciesGuess
from tests.store.contract.conftest import STORES
from tests.store.stock import DIMENSION, NET, digest, item, unit

VECTORS = unit(3, 8)
NAMES = st.sampled_from(["a", "b", "c", "#1"])
PHOTOS = st.lists(st.integers(1, 6), min_size=1, max_size=2)
FRAMES = st.lists(st.sampled_from(["q1", "q2", "q3"]), min_size=1, max_size=2, unique=True)
STEPS = st.one_of(
    st.tuples(st.just("enroll"), st.lists(st.tuples(st.integers(0, 7), st.sampled_from("abc"), st.booleans()), max_size=3)),
    st.tuples(st.just("rename"), NAMES, NAMES),
    st.tuples(st.just("merge"), NAMES, NAMES),
    st.tuples(st.just("split"), NAMES, NAMES, st.one_of(st.just([]), PHOTOS)),
    st.tuples(st.just("remove"), NAMES),
    st.tuples(st.just("restore"), NAMES),
    st.tuples(st.just("move"), PHOTOS, NAMES, st.booleans()),
    st.tuples(st.just("remove photos"), PHOTOS),
    st.tuples(st.just("restore photos"), PHOTOS, st.one_of(st.none(), NAMES)),
    st.tuples(st.just("correct"), PHOTOS, st.sampled_from(["left", "right", "", None]), st.sampled_from([None, 2023, 2024])),
    st.tuples(st.just("predict"), PHOTOS, st.sampled_from(["left", "right"])),
    st.tuples(st.just("keep"), FRAMES, st.sampled_from(["a", "b", None])),
    st.tuples(st.just("undo"), st.one_of(st.none(), st.integers(1, 12))),
    st.tuples(st.just("purge"), st.booleans()),
)


def sighting(frames: list[str], individual: str | None) -> Sighting:
    """A decision for one photo, or for the several of an encounter."""
    paths, several = [f"/asked/{frame}.jpg" for frame in frames], len(frames) > 1
    return Sighting(
        photo=paths[0], sha256=digest(frames[0]), species=SpeciesGuess("zebra", 1.0), matches=(), side="", captured_at=None,
        decision=Decision(Outcome.KNOWN if individual else Outcome.REVIEW, individual, 0.9, "because"), encounter="", camera="",
        season="", embedding_fingerprint=NET, searched=("zebra",), photos=tuple(paths) if several else (),
        contents=tuple(map(digest, frames)) if several else (),
    )  # fmt: skip


def do(gallery: Any, what: str, *values: Any) -> Any:
    """One step; what came of it, an error by its class."""
    people, photos = gallery.identities, gallery.corrections
    verbs = {
        "enroll": lambda rows: [
            (answer.photo_id, answer.individual, answer.status) for answer in gallery.enroll("zebra", NET, [
                item(name, content, VECTORS[content], again=again, season="2024", captured_at=datetime(2024, 5, 1))
                for content, name, again in rows
            ])
        ],
        "rename": people.rename, "merge": people.merge, "remove": people.remove, "restore": people.restore,
        "split": lambda name, other, ids: people.split(name, other, photos=ids),
        "move": lambda ids, name, new: photos.move(ids, name, new=new),
        "remove photos": photos.remove, "restore photos": lambda ids, to: photos.restore(ids, to=to),
        "correct": lambda ids, side, year: photos.correct(
            ids, side=side, captured_at=datetime(year, 1, 2) if year else None
        ),
        "predict": lambda ids, side: photos.predict_sides(dict.fromkeys(ids, (side, 0.75)), "sides"),
        "keep": lambda frames, name: [
            (one.sighting, one.seq, one.photos) for one in gallery.add_sightings([sighting(frames, name)])
        ],
        "undo": lambda seq: gallery.history.undo(seq).undoes,
        "purge": lambda plan: astuple(gallery.history.purge(only_plan=plan))[:6],
    }  # fmt: skip
    try:
        answer = verbs[what](*values)
    except UndoConflict as error:
        return "conflict", error.entry
    except ReidError as error:
        return type(error).__name__
    return astuple(answer)[:-1] if hasattr(answer, "warnings") else answer


def seen(gallery: Any) -> dict[str, Any]:
    """Everything that the contract lets one see."""
    known = gallery.embedding_nets()  # none where the very first change was undone
    found = gallery.search("zebra", VECTORS, 5) if known else None
    photos = (*gallery.photos(), *gallery.photos(removed=True))
    return {
        "species": gallery.species(), "head": gallery.head(), "sightings": gallery.sightings(),
        "individuals": (gallery.individuals(), gallery.individuals(removed=True)),
        "photos": [(one.id, one.individual_id, one.individual, one.sha256, one.side, one.season, one.captured_at,
                    dict(one.notes), one.removed) for one in photos],
        "log": [(one.seq, one.what, one.undoes, one.undone_by) for one in gallery.log(1000)],
        "nets": known, "found": (found.scores.tolist(), found.photo_ids.tolist()) if found else None,
        "count": gallery.count_individuals("zebra") if known else None,
        "missing": [photo.id for photo in gallery.embeddings.missing("zebra")] if known else None,
    }  # fmt: skip


@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=6, max_size=25))
def test_both_stores_answer_the_same_to_the_same(steps: list[Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    place = Path(tmp_path_factory.mktemp("alike"))
    opened = [store(place / str(number))("me", None) for number, store in enumerate(STORES.values())]
    try:
        for gallery in opened:
            gallery.set_embedding_net("zebra", NET, DIMENSION, calibration=None)
        for step in [("enroll", [(number, "abcab"[number], False) for number in range(5)]), *steps]:
            first, *others = [do(gallery, *step) for gallery in opened]
            for other in others:
                assert other == first, step
        first, *others = [seen(gallery) for gallery in opened]
        for other in others:
            assert other == first
        if not first["nets"]:
            return
        ids, vectors = zip(*(gallery.vectors("zebra") for gallery in opened), strict=True)
        assert all(np.array_equal(rows, ids[0]) for rows in ids) and all(np.array_equal(rows, vectors[0]) for rows in vectors)
    finally:
        for gallery in opened:
            gallery.close()
