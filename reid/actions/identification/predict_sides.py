"""`reid photos predict-sides`: the side net's word on enrolled photos whose side nobody knows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from reid import settings as options
from reid.errors import UsageError
from reid.nets import inference
from reid.progress import SILENT, Progress
from reid.records import SIDE_PROBABILITY, Problem
from reid.steps.embedded_photos import BATCH, Reopened, Replaced, openable, reopened
from reid.steps.side import sided
from reid.store import Correction, EnrolledPhoto
from reid.store.contract import GalleryStore
from reid.store.opening import open_gallery


@dataclass(frozen=True, slots=True)
class SidesReport:
    """What the net predicted. asked: photos of unknown side that could be read; told: by side; unsure: those that stay unknown.

    corrections: one entry of the journal for each species that was changed.
    """

    asked: int
    told: dict[str, int]
    unsure: int
    corrections: tuple[Correction, ...]
    problems: tuple[Problem, ...]


def predict_sides(
    *, species: str = "", gallery: Path | None = None, why: str = "", device: str = "auto", progress: Progress = SILENT
) -> SidesReport:
    """Ask the gallery's side net about its photos of unknown side, and keep what it is sure of.

    A side that is known is never changed. The photos' notes say which net predicted the side and how sure it was; correcting
    the side of a photo makes it known. Each species is one change, which can be undone.

    Args:
        species: only of this one; "" = all that the net learned from.
        gallery: its folder; None = REID_GALLERY or indexes/default.
        why: for the journal.
        device: auto, cpu or cuda.
        progress: called for every photo.

    Raises:
        UsageError: the gallery has no side net, or the net knows nothing of the species.
        GalleryError, NetError: gallery or net cannot be used.
    """
    with open_gallery(options.gallery_folder(gallery)) as opened:
        fingerprint = opened.sides.net()
        if fingerprint is None:
            raise UsageError("the gallery has no side net: `reid train PHOTOS --stage side` makes one")
        net = inference.load(opened.nets.path(fingerprint), device)
        if species and species not in net.card.among:
            raise UsageError(f"the side net learned nothing of {species!r}; it knows {', '.join(net.card.among)}")
        unknown = {
            name: [one for one in opened.photos(name) if not one.side] for name in net.card.among if species in ("", name)
        }
        progress.start("asking for sides", sum(map(len, unknown.values())))
        predicted: Counter[str] = Counter()
        problems: list[Problem] = []
        corrections = []
        asked = 0
        for name, members in unknown.items():
            seen, failed = _seen(opened, net, name, members, progress)
            asked += len(members) - len(failed)
            problems += failed
            predicted.update(side for side, _ in seen.values())
            if seen:
                corrections.append(opened.corrections.predict_sides(seen, fingerprint, why=why))
        progress.finish()
    return SidesReport(asked, dict(predicted), asked - sum(predicted.values()), tuple(corrections), tuple(problems))


def _seen(
    gallery: GalleryStore, net: inference.Runtime, species: str, members: list[EnrolledPhoto], progress: Progress
) -> tuple[dict[int, tuple[str, float]], list[Problem]]:
    """Photo id -> side and how sure, of those that the net is sure of; and the photos that cannot be read."""
    seen: dict[int, tuple[str, float]] = {}
    problems: list[Problem] = []
    answers = reopened(gallery, members, openable(net))
    done = 0
    while batch := list(islice(answers, BATCH)):
        good = [answer for answer in batch if isinstance(answer, Reopened)]
        for answer in batch:
            if not isinstance(answer, Reopened):
                remedy = "; bring that one back (`reid doctor --files` lists all)" if isinstance(answer, Replaced) else ""
                problems.append(Problem(str(answer.path), answer.reason + remedy, f"photo {answer.photo.id}"))
        for answer, item in zip(good, sided(net, [answer.opened for answer in good], [species] * len(good)), strict=True):
            if item.photo.side_predicted:
                seen[answer.enrolled.id] = (item.photo.side, float(item.photo.notes[SIDE_PROBABILITY]))
        done += len(batch)
        progress.advance(done)
    return seen, problems
