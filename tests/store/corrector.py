"""A program that corrects a gallery at random and says what is on the disk; the tests kill it at any moment.

    python -m tests.store.corrector

For every line "FOLDER SEED" on stdin a child is forked that works on that gallery until it is killed; it prints its process
id and then, for every finished change, "done SEQ DIGEST", the digest of everything a user sees. "dead" follows its end.
"""

from __future__ import annotations

import hashlib
import os
import random
import sys
import time
from pathlib import Path

import numpy as np

from reid.errors import GalleryBusy, ModelMismatch, UndoConflict, UsageError
from reid.records import Decision, Outcome, Photo, Sighting, SpeciesGuess
from reid.store import Enrollment, Gallery
from tests.store.writer import vector

SPECIES = "zebra"
NAMES = "abcdefgh"
ENROLLED: set[int] = set()
"""The photos that this process was told are in the gallery."""


def digest(gallery: Gallery) -> str:
    """Of all that a user sees, and of the embeddings in use."""
    seen = repr((
        gallery.species(), gallery.individuals(), gallery.photos(), gallery.individuals(removed=True), gallery.sightings()
    ))
    if gallery.embedding_net(SPECIES) is None:
        return "nothing"  # everything was undone
    ids, vectors = gallery.vectors(SPECIES)
    return hashlib.sha256(seen.encode() + ids.tobytes() + vectors.tobytes()).hexdigest()[:16]


def net_vectors(net: str, photos: list[int]) -> dict[int, np.ndarray]:
    return {photo: vector(int(net[4:]) * 100_000 + photo) for photo in photos}


def enroll(gallery: Gallery, chance: random.Random) -> None:
    net = gallery.embedding_net(SPECIES) or ""
    batch = []
    for _ in range(chance.randint(1, 4)):
        content = chance.randrange(10**9)
        photo = Photo(Path(f"/photos/{content}.jpg"), side=chance.choice(["left", "right", ""]))
        batch.append(Enrollment(chance.choice(NAMES), photo, f"{content:064x}", 640, 480, vector(content)))
    for one in gallery.enroll(SPECIES, net, batch):
        if one.status == "added":
            ENROLLED.add(one.photo_id)


def record(gallery: Gallery, chance: random.Random) -> None:
    """Keep decisions about photos of a card, alone or as encounters."""
    asked = []
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(20)
        paths = tuple(f"/card/{number}.jpg" for number in range(start, start + chance.choice([1, 1, 2, 3])))
        contents = tuple(f"{number:064x}" for number in range(start, start + len(paths)))
        decision = Decision(Outcome.KNOWN, chance.choice(NAMES), chance.random(), "at random")
        asked.append(Sighting(
            paths[0], contents[0], SpeciesGuess(SPECIES, 0.9), decision, (), "", None, f"E{start}", "", "", "", photos=paths,
            contents=contents if len(paths) > 1 else (),
        ))
    gallery.add_sightings(asked)


def upgrade(gallery: Gallery, chance: random.Random) -> None:
    net = f"net-{chance.randint(1, 3)}"
    missing = [one.id for one in gallery.embeddings.missing(SPECIES, net)]
    half = missing[: len(missing) // 2]
    if half:
        gallery.embeddings.add(SPECIES, net, 16, net_vectors(net, half))
    gallery.set_embedding_net(SPECIES, net, 16, calibration=None, vectors=net_vectors(net, missing[len(half) :]))


def merge_galleries(gallery: Gallery, chance: random.Random) -> None:
    """Another camp, a copy made once, goes on by a few changes and is brought in."""
    north = gallery.folder.with_name("north")
    if not north.exists():
        gallery.exchange.copy_to(north)
    with Gallery.open(north) as other:
        for _ in range(3):
            correct(other, chance, alone=True)
        gallery.exchange.merge_from(other.exchange)


def correct(gallery: Gallery, chance: random.Random, *, alone: bool = False) -> None:
    """One change; one that does not fit is left out."""
    if gallery.embedding_net(SPECIES) is None:  # everything was undone
        gallery.set_embedding_net(SPECIES, "net-1", 16, calibration=None)
    one, other = chance.choice(NAMES), chance.choice(NAMES)
    photos = [photo.id for photo in gallery.photos()]
    some = chance.sample(photos, min(3, len(photos)))
    gone = [photo.id for photo in gallery.photos(removed=True)]
    verbs = (
        (30, lambda: gallery.identities.merge(one, other)),
        (20, lambda: gallery.history.undo()),
        (10, lambda: gallery.history.undo(chance.randint(2, max(2, gallery.head())))),
        (10, lambda: gallery.identities.split(one, other)),
        (10, lambda: gallery.identities.split(one, other + "2", photos=some[:1])),
        (5, lambda: gallery.identities.rename(one, other)),
        (5, lambda: gallery.identities.remove(one)),
        (5, lambda: gallery.identities.restore(one)),
        (10, lambda: gallery.corrections.move(some, one, new=True)),
        (5, lambda: gallery.corrections.remove(some)),
        (5, lambda: gallery.corrections.restore(gone[:2])),
        (5, lambda: gallery.corrections.correct(some, side="left")),
        (10, lambda: upgrade(gallery, chance)),
        (0 if alone else 10, lambda: merge_galleries(gallery, chance)),
        (40, lambda: enroll(gallery, chance)),
        (15, lambda: record(gallery, chance)),
    )
    verb = chance.choices([verb for _, verb in verbs], [weight for weight, _ in verbs])[0]
    try:
        verb()
    except (UsageError, UndoConflict, ModelMismatch):
        return


def work(folder: str, seed: int) -> None:
    chance = random.Random(seed)
    with Gallery.open(Path(folder), create=True) as gallery:
        if gallery.embedding_net(SPECIES) is None:
            gallery.set_embedding_net(SPECIES, "net-1", 16, calibration=None)
        head = 0
        while True:
            if gallery.head() != head:
                head = gallery.head()
                print("done", head, digest(gallery), flush=True)
            correct(gallery, chance)


def read(gallery: Gallery) -> None:
    """What one call answers is of one moment: its figures agree with each other."""
    for one in gallery.species():
        assert sum(one.sides.values()) == one.photos, one
    try:
        ids, vectors = gallery.vectors(SPECIES)
        assert len(vectors) == len(ids)
        found = gallery.search(SPECIES, vectors[:2], 5, fingerprint=gallery.embedding_net(SPECIES))
    except (ModelMismatch, UsageError):
        return  # the net changed, or was undone, between two calls
    gallery.photos_by_id([number for number in found.photo_ids.ravel() if number >= 0])


def together(folder: str, seconds: str) -> None:
    """Four writers and four readers on one gallery; each says "ok" with the photos it was told of, or what it met."""
    with Gallery.open(Path(folder), create=True) as gallery:
        gallery.set_embedding_net(SPECIES, "net-1", 16, calibration=None)
    children = []
    for role in range(8):
        child = os.fork()
        if child == 0:
            busy = turns = 0
            try:
                chance, end = random.Random(role), time.monotonic() + float(seconds)
                with Gallery.open(Path(folder)) as gallery:
                    while time.monotonic() < end:
                        turns += 1
                        try:
                            correct(gallery, chance, alone=True) if role < 4 else read(gallery)
                        except GalleryBusy:
                            busy += 1
                os.write(1, (" ".join(map(str, ("ok", role, turns, busy, *sorted(ENROLLED)))) + "\n").encode())
                os._exit(0)
            except BaseException as error:
                os.write(1, f"failed {role} {error!r}\n".encode())
                raise
            finally:
                os._exit(1)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


def main() -> None:
    if len(sys.argv) > 1:
        together(*sys.argv[1:])
        return
    for line in sys.stdin:
        folder, seed = line.rstrip("\n").rsplit(" ", 1)
        child = os.fork()
        if child == 0:
            try:
                print("pid", os.getpid(), flush=True)
                work(folder, int(seed))
            except BaseException as error:
                print("failed", repr(error), flush=True)
                raise
            finally:
                os._exit(1)
        os.waitpid(child, 0)
        print("dead", flush=True)


if __name__ == "__main__":
    main()
