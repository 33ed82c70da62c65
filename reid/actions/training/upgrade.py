"""`reid upgrade --net NEW`: a species changes to a new net; what would change is reported first, then it is one swap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from reid import settings as options
from reid.actions.training.enrolled_pool import EnrolledPool, enrolled_pool, learnable, unseen_individuals
from reid.actions.training.results import NearestChange, SpeciesUpgrade, UpgradeReport
from reid.calibration import score_calibration
from reid.errors import ModelMismatch, UsageError
from reid.nets import inference, net_files
from reid.nets.net_files import NetCard
from reid.progress import SILENT, Progress
from reid.records import Calibration, Problem
from reid.settings import TrainSettings
from reid.steps.embedded_photos import LocalEmbedder, Reopened, Unavailable, Unreadable, reopened
from reid.store.contract import GalleryStore
from reid.store.opening import open_gallery

KEPT_AT_ONCE = 64
"""Photos embedded and kept at once: what a crash in the middle of an upgrade can cost."""
MOST_COMPARED = 2000
"""Photos of a species whose nearest individual is looked up before and after; of more, every n-th."""
_TURNS = 5


def upgrade(
    net: str,
    *,
    gallery: Path | None = None,
    species: str = "",
    yes: bool = False,
    confirm: Callable[[SpeciesUpgrade], bool] | None = None,
    device: str = "auto",
    progress: Progress = SILENT,
) -> UpgradeReport:
    """Embed the enrolled photos with a new net beside the old embeddings, tell what would change, and swap in one step.

    An interrupted upgrade goes on where it was. The old embeddings stay, so the swap can be undone, until
    `purge(old_vectors=True)`. With the net in use, photos left behind earlier are embedded now, if their files are back.

    Args:
        net: a .safetensors file with its card, the fingerprint of a net of the gallery, or "base", the net that ships.
        gallery: its folder; None = REID_GALLERY or indexes/default.
        species: only this one; "" = the one the net was trained for, or all that are enrolled for a shared net.
        yes: swap without asking; without it and without `confirm` nothing is swapped, the report tells what would change.
        confirm: asked for each species, with what would change, before it is swapped.
        device: auto, cpu or cuda.
        progress: called for every photo.

    Raises:
        UsageError: no such species, or no net of that name.
        NetError: the net cannot be read. ModelMismatch: it is no embedding net.
        GalleryError, GalleryBusy: the gallery cannot be written.
    """
    with open_gallery(options.gallery_folder(gallery)) as opened:
        card = _adopt(opened, net)
        names = _names(opened, card, species)
        loaded = inference.load(opened.nets.path(card.fingerprint), device)
        run = _Run(opened, card, loaded, progress)
        asked = confirm or (lambda _: yes)
        upgraded = tuple(run.species(name, (lambda _: True) if yes else asked) for name in names)
        progress.finish()
        return UpgradeReport(Path(opened.where), card.fingerprint, upgraded)


def _adopt(gallery: GalleryStore, net: str) -> NetCard:
    if net == "base":
        path = net_files.BASE
    elif Path(net).suffix == ".safetensors":
        path = Path(net)
    else:
        path = gallery.nets.path(net)
        if not path.exists():
            there = ", ".join(gallery.nets.known()) or "none"
            raise UsageError(f"no net {net!r}: name a .safetensors file, `base`, or a net of the gallery ({there})")
    card = net_files.read_card(path)
    if card.kind != "embedding":
        raise ModelMismatch(f"{path} is a {card.kind} net: a gallery is enrolled with an embedding net")
    net_files.load(path)  # damaged weights are refused before anything is copied
    return net_files.read_card(gallery.nets.put(path))


def _names(gallery: GalleryStore, card: NetCard, species: str) -> list[str]:
    there = [one.name for one in gallery.species() if one.fingerprint]
    wanted = species or card.species
    if wanted and wanted not in there:
        raise UsageError(f"species {wanted!r} is not in the gallery; there are {there or 'none'}")
    if not there:
        raise UsageError("the gallery has no species with a net: nothing to upgrade")
    return [wanted] if wanted else there


class _Run:
    def __init__(self, gallery: GalleryStore, card: NetCard, net: inference.Runtime, progress: Progress) -> None:
        self.gallery, self.card, self.net, self.progress = gallery, card, net, progress

    def species(self, name: str, agreed: Callable[[SpeciesUpgrade], bool]) -> SpeciesUpgrade:
        before, old = self.gallery.embedding_net(name) or "", self.gallery.calibration(name)
        embedded, left = self.embed(name)
        same = before == self.card.fingerprint
        if same:
            result = SpeciesUpgrade(name, before, before, embedded, tuple(left.values()), 0, (), np.nan, np.nan, old, old, False)
        else:
            result = self.compared(name, before, old, embedded, left)
        self.progress.finish()  # a question may follow
        if same or not agreed(result):
            return result
        for turn in range(_TURNS):  # photos that others enroll meanwhile are embedded too
            try:
                self.gallery.set_embedding_net(
                    name, self.card.fingerprint, self.card.dimension, calibration=result.calibration_after, leaving=tuple(left),
                    why=f"upgrade from {before}, {len(left)} photos left behind", expected=before,
                )
                break
            except ModelMismatch:
                if turn == _TURNS - 1 or (self.gallery.embedding_net(name) or "") != before:
                    raise
                more, left = self.embed(name)
                embedded += more
        return replace(result, embedded=embedded, left=tuple(left.values()), swapped=True)

    def embed(self, name: str) -> tuple[int, dict[int, Problem]]:
        """Embed what has no embedding of the net yet; how many, and the photos that cannot be, by id."""
        todo = self.gallery.embeddings.missing(name, self.card.fingerprint)
        if todo:
            self.progress.start(f"{name}: embedding with the new net", len(todo))
        answers = reopened(self.gallery, todo, LocalEmbedder(self.net, batch=KEPT_AT_ONCE).embed)
        left: dict[int, Problem] = {}
        done = embedded = 0
        while batch := list(islice(answers, KEPT_AT_ONCE)):
            vectors = {answer.enrolled.id: answer.opened.vector for answer in batch if isinstance(answer, Reopened)}
            left |= {answer.photo.id: _left(answer) for answer in batch if not isinstance(answer, Reopened)}
            if vectors:
                self.gallery.embeddings.add(name, self.card.fingerprint, self.card.dimension, vectors)
            done, embedded = done + len(batch), embedded + len(vectors)
            self.progress.advance(done)
        return embedded, left

    def compared(
        self, name: str, before: str, old: Calibration | None, embedded: int, left: dict[int, Problem]
    ) -> SpeciesUpgrade:
        """The nearest individual of the photos before and after, and the thresholds after."""
        everyone = {one.name for one in self.gallery.individuals(name)}
        was, now = (enrolled_pool(self.gallery, name, net, everyone) for net in (before, self.card.fingerprint))
        both = sorted(set(was.ids) & set(now.ids))
        rows = both[:: max(1, -(-len(both) // MOST_COMPARED))]
        changes, right = [], []
        for row, first, second in zip(rows, _nearest(was, rows), _nearest(now, rows), strict=True):
            if first.nearest != second.nearest:
                changes.append(NearestChange(row, first.individual, first.nearest, second.nearest))
            if first.findable and second.findable:
                right.append((first.nearest == first.individual, second.nearest == first.individual))
        share = np.mean(right, axis=0) if right else (np.nan, np.nan)
        return SpeciesUpgrade(
            name, before, self.card.fingerprint, embedded, tuple(left.values()), len(rows), tuple(changes), float(share[0]),
            float(share[1]), old, self.learned(name), False,
        )

    def learned(self, name: str) -> Calibration | None:
        """Thresholds for the new net: from enrolled individuals that it was not trained on, else those of its card."""
        stated = options.resolve(TrainSettings(), {}).max_false_match
        unseen = unseen_individuals(self.card, {one.name for one in self.gallery.individuals(name)})
        found = learnable(self.gallery, name, self.card.fingerprint, unseen, lambda: self.net, self.progress)
        study = (
            score_calibration.study(found.pool, max_false_match=stated, mapped=found.mapped) if len(found.pool.vectors) else None
        )
        return study.calibration if study else self.card.calibration


def _left(answer: Unavailable) -> Problem:
    """A photo that keeps the old net, and why."""
    photo = answer.photo
    more = "" if isinstance(answer, Unreadable) else f"; photo {photo.id} of {photo.individual!r} keeps the old net"
    return Problem(str(answer.path), answer.reason + more)


@dataclass(frozen=True, slots=True)
class _Near:
    """individual: whom the photo shows. nearest: whom the most alike photo of another encounter shows, "" without one."""

    individual: str
    nearest: str
    findable: bool


def _nearest(found: EnrolledPool, photos: Sequence[int]) -> list[_Near]:
    place = {number: at for at, number in enumerate(found.ids)}
    pool = found.pool
    individuals, groups, hashes = np.array(pool.individuals), np.array(pool.groups), np.array(pool.hashes)
    near = []
    for photo in photos:
        at = place[photo]
        other = (groups != groups[at]) & (hashes != hashes[at])
        best = int(np.argmax(np.where(other, pool.vectors @ pool.vectors[at], -np.inf)))
        own = bool((individuals[other] == individuals[at]).any())
        near.append(_Near(str(individuals[at]), str(individuals[best]) if other.any() else "", own))
    return near
