"""`reid calibrate`: set the thresholds of a gallery for a stated error, without training."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid import settings as options
from reid.actions.intake.taking_photos import take_photos
from reid.actions.training.enrolled_pool import (
    Learnable,
    comparison_pool,
    composed,
    learnable,
    mapped_rows,
    unseen_individuals,
)
from reid.actions.training.results import CalibrateReport, SpeciesCalibration
from reid.calibration import score_calibration
from reid.calibration.reliability import calibration_error, reliability
from reid.errors import UsageError
from reid.files import check_writable
from reid.nets import inference, net_files
from reid.pages.html import write_page
from reid.progress import SILENT, Progress
from reid.records import Photo, Problem
from reid.settings import TrainSettings
from reid.steps.embedded_photos import LocalEmbedder
from reid.store import Map
from reid.store.contract import GalleryStore
from reid.store.opening import open_gallery


def calibrate(
    *,
    gallery: Path | None = None,
    photos: Sequence[Path] = (),
    species: str = "",
    max_false_match: float | None = None,
    report: Path | None = None,
    device: str = "auto",
    progress: Progress = SILENT,
) -> CalibrateReport:
    """Set the thresholds for a stated error, from photos of individuals that the net was not trained on.

    All species are changed in one transaction, after everything else went well. A species with too few such photos stays
    as it is and says why.

    Args:
        gallery: its folder; None = REID_GALLERY or indexes/default.
        photos: labelled files, folders or manifests; () = the photos enrolled in the gallery.
        species: only this one; "" = all (of the photos given).
        max_false_match: share of queries that may be decided KNOWN with a wrong individual, in (0, 0.5); None =
            REID_MAX_FALSE_MATCH or the default of training.
        report: write an HTML page with the reliability diagrams there.
        device: auto, cpu or cuda.
        progress: called for every photo that must be embedded.

    Raises:
        UsageError: the error stated is none, there is no such species, or the page cannot be written.
        GalleryError, NetError, ManifestError: gallery, net or table cannot be read. In every case nothing was changed.
    """
    stated = options.resolve(TrainSettings(), {"max_false_match": max_false_match}).max_false_match
    if not 0.0 < stated < 0.5:
        raise UsageError(f"the stated error is {stated:g}; wanted a share between 0 and 0.5, such as 0.01")
    taken = take_photos(photos) if photos else None
    for note in taken.notes if taken else ():
        progress.say(note)
    with open_gallery(options.gallery_folder(gallery)) as opened:
        opened.check_writable("calibrate")
        if report is not None:
            check_writable(report.parent)
        run = _Run(opened, stated, device, progress)
        given = [photo for photo in taken.photos if photo.species and photo.individual] if taken else None
        results = tuple(run.species(name, given) for name in _names(opened, species, given))
        problems = (*(taken.problems if taken else ()), *run.problems)
        calibrated = CalibrateReport(Path(opened.where), stated, results, report, problems)
        if report is not None:
            from reid.actions.training.page import page  # not needed for thresholds alone

            write_page(report, page(calibrated))
        learned = {one.species: (one.fingerprint, one.after) for one in results if one.after is not None}
        if learned:
            opened.set_calibrations(learned, why=f"at most {stated:g} told a wrong individual")
    progress.finish()
    return calibrated


def _names(gallery: GalleryStore, species: str, given: Sequence[Photo] | None) -> list[str]:
    """The species to calibrate, by name."""
    with_net = set(gallery.embedding_nets())
    species = unicodedata.normalize("NFC", species)
    if species and species not in with_net:
        raise UsageError(f"species {species!r} has no net in the gallery; there are {sorted(with_net) or 'none'}")
    shown = with_net if given is None else with_net & {composed(photo.species) for photo in given}
    if not (wanted := {species} if species else shown):
        raise UsageError(
            f"nothing to calibrate: the gallery has nets for {sorted(with_net) or 'no species'}"
            + ("" if given is None else f", and {len(given)} of the photos name a species and an individual")
        )
    return sorted(wanted)


class _Run:
    def __init__(self, gallery: GalleryStore, max_false_match: float, device: str, progress: Progress) -> None:
        self.gallery, self.max_false_match, self.device, self.progress = gallery, max_false_match, device, progress
        self.problems: list[Problem] = []

    def species(self, name: str, given: Sequence[Photo] | None) -> SpeciesCalibration:
        fingerprint = self.gallery.embedding_net(name)
        assert fingerprint is not None
        card = net_files.read_card(self.gallery.nets.path(fingerprint))
        there = {one.name for one in self.gallery.individuals(name)}
        chosen = [photo for photo in given if composed(photo.species) == name] if given is not None else None
        shown = {composed(photo.individual) for photo in chosen} if chosen is not None else there
        unseen = unseen_individuals(card, shown)
        net = partial(inference.load, self.gallery.nets.path(fingerprint), self.device)
        if chosen is None:
            found = learnable(self.gallery, name, fingerprint, unseen, net, self.progress)
        else:
            found = self._given(name, chosen, unseen, net())
        pool = found.pool
        before = self.gallery.calibration(name)
        learned = score_calibration.study(pool, max_false_match=self.max_false_match, mapped=found.mapped)
        bins = reliability(learned.answers.probability, learned.answers.right) if learned else ()
        return SpeciesCalibration(
            name, fingerprint, len(set(pool.individuals)), len(pool.vectors), len(there),
            tuple(sorted(shown - unseen)), before, learned.calibration if learned else None,
            "" if learned else score_calibration.lacking(score_calibration.trials(pool)), bins, calibration_error(bins),
        )

    def _given(self, name: str, given: Sequence[Photo], unseen: set[str], net: inference.Runtime) -> Learnable:
        """Embeddings and maps of photos given; of those that are enrolled too, the stored embeddings."""
        ids, stored = self.gallery.vectors(name)
        row = {int(number): place for place, number in enumerate(ids)}
        chosen = [photo for photo in given if composed(photo.individual) in unseen]
        self.progress.start(f"{name}: embedding", len(chosen))
        vectors: list[NDArray[np.float32]] = []
        photos, hashes = [], []
        maps: dict[int, Map] = {}
        for done, item in enumerate(LocalEmbedder(net).embed(chosen, maps=True), start=1):
            self.progress.advance(done)
            if isinstance(item, Problem):
                self.problems.append(item)
                continue
            box = item.photo.box.key() if item.photo.box else ""
            known = self.gallery.find(item.picture.sha256, box, name)
            vectors.append(stored[row[known.id]] if known is not None and known.id in row else item.vector)
            photos.append(replace(item.photo, individual=composed(item.photo.individual)))
            hashes.append(item.picture.sha256 + box)
            if item.map is not None:
                maps[len(maps)] = item.map
        found = np.stack(vectors) if vectors else np.zeros((0, net.card.dimension), np.float32)
        pool, mapped = comparison_pool(found, photos, hashes, coming_back=True), mapped_rows(maps)
        sampled = score_calibration.sampled_rows(pool)
        return Learnable(pool.subset(sampled), mapped.subset(sampled) if mapped else None)


