"""How alike doubtful sightings are to each other: two photos of one animal nobody knows must not count as two animals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid.actions.identification.unresolved_sightings import OpenSighting
from reid.nets import inference
from reid.progress import Progress
from reid.records import SIDES, Calibration, Problem, Vectors
from reid.steps.embedded_photos import LocalEmbedder
from reid.store.contract import GalleryStore

SURE_WITHOUT_COMPARING = 0.999
"""A sighting with an answer of this probability is not compared: nothing would change it."""


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """What comparing doubtful sightings came to.

    evidence: (sightings, sightings) ln LR that two show the same animal, 0 where they were not compared; None where none were.
    unopened: doubtful photos that could not be opened, or whose file is another picture by now. fault: why nothing could be
    compared, "" where it could or need not be.
    """

    evidence: NDArray[np.float64] | None = None
    unopened: tuple[Path, ...] = ()
    fault: str = ""


def likeness(
    gallery: GalleryStore, species: str, found: Sequence[OpenSighting], progress: Progress, device: str = "auto"
) -> Likeness:
    """Compare doubtful sightings with each other.

    Args:
        gallery: open; its net and calibration of the species are used.
        species: of the sightings.
        found: the sightings, with their photos.
        progress: called for every photo.
        device: the net's.
    """
    calibration, fingerprint = gallery.calibration(species), gallery.embedding_net(species)
    rows = [
        (at, photo, content)
        for at, one in enumerate(found) if not sure(one)
        for photo, content in zip(one.photos, one.contents, strict=True)
    ]  # fmt: skip
    if len({at for at, _, _ in rows}) < 2:
        return Likeness()
    if calibration is None:
        return Likeness(fault=f"{species} is not calibrated: `reid calibrate`")
    if fingerprint is None or not gallery.nets.path(fingerprint).is_file():
        return Likeness(fault=f"the net of {species} is not in the gallery: `reid doctor` examines it")
    net = inference.load(gallery.nets.path(fingerprint), device)
    progress.start(f"{species}: comparing doubtful sightings", len(rows))
    units: list[int] = []
    sides: list[str] = []
    unopened: list[Path] = []
    vectors: list[Vectors] = [np.zeros((0, net.card.dimension), np.float32)]
    answers = LocalEmbedder(net).embed(photo for _, photo, _ in rows)
    for done, ((at, photo, content), item) in enumerate(zip(rows, answers, strict=True), start=1):
        progress.advance(done)
        if isinstance(item, Problem) or item.picture.sha256 != content:
            unopened.append(photo.path)
            continue
        vectors.append(item.vector[None])
        units.append(at)
        sides.append(photo.side)
    progress.finish()
    flanks = any(one.side for one in gallery.photos(species))
    evidence = pairwise(np.concatenate(vectors), np.array(units, dtype=np.int64), sides, len(found), calibration, flanks)
    return Likeness(evidence, tuple(unopened))


def sure(one: OpenSighting) -> bool:
    """Whether an enrolled individual is so likely that nothing else would change it; a new animal may be met again."""
    return max((other.probability for other in one.alternatives), default=0.0) >= SURE_WITHOUT_COMPARING


def pairwise(
    vectors: Vectors, units: NDArray[np.int64], sides: Sequence[str], count: int, calibration: Calibration, flanks: bool = False
) -> NDArray[np.float64]:
    """ln LR of every two units, (count, count), zeros on its diagonal.

    As of a query (`steps.sightings`): photos are compared with photos of their side and of unknown side; comparisons of one
    side repeat each other and are averaged, those of two sides are added. A query is known by the flank that fits; here two
    photos of an animal may show one flank each, which look like two animals. So where sides are known, a comparison with a photo
    of unknown side counts as one of the same flank with a chance of a half, and else says nothing.

    Args:
        vectors: (P, D) float32, unit length. units: (P,) which unit each photo is of. sides: of each photo.
        count: how many units there are. calibration: of the species. flanks: whether enrolled photos tell sides; without, the
            calibration was learned from photos of any.
    """
    scores = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    member = np.zeros((count, len(units)))
    member[units, np.arange(len(units))] = 1.0
    shown = np.array([SIDES.index(side) for side in sides], dtype=np.int64)
    unknown = SIDES.index("")
    total = np.zeros((count, count))
    for number, side in enumerate(SIDES):
        learned = calibration.of_side(side)
        value = np.clip(learned.slope * scores + learned.intercept, -learned.ceiling, learned.ceiling)
        first, second = shown[:, None], shown[None, :]
        if flanks:
            value = np.where((first == unknown) | (second == unknown), np.logaddexp(value, 0.0) - np.log(2.0), value)
        same = (first == second) | (first == unknown) | (second == unknown)
        of_side = same & (np.where(first == unknown, second, first) == number)
        pairs = member @ of_side @ member.T
        total += np.divide(member @ (value * of_side) @ member.T, pairs, out=np.zeros_like(total), where=pairs > 0)
    np.fill_diagonal(total, 0.0)
    return total
