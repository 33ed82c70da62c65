"""`reid discover`: individuals from nothing, out of unlabelled photos. It proposes; `enroll` puts them into the gallery."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reid import settings as options
from reid.actions.intake.closing_line import closing_line
from reid.actions.intake.enroll import give_shared_net, why_not
from reid.actions.intake.taking_photos import take_photos
from reid.actions.seasons.compare_seasons import check_link
from reid.actions.seasons.proposals import new_enrollments, proposals_of
from reid.actions.seasons.results import PROPOSAL_STATUSES, DiscoverReport
from reid.actions.seasons.season_search import search_season
from reid.errors import GalleryError, UsageError
from reid.files import check_writable, writable_folder
from reid.progress import SILENT, Progress
from reid.records import Problem
from reid.settings import QuerySettings
from reid.store import Enrollment
from reid.store.contract import GalleryStore
from reid.store.opening import is_gallery, open_gallery
from reid.tables.cell_values import spaced


def discover(
    photos: Sequence[Path],
    *,
    gallery: Path | None = None,
    out: Path | None = None,
    enroll: bool = False,
    name: str = "",
    settings: QuerySettings | None = None,
    progress: Progress = SILENT,
) -> DiscoverReport:
    """Make individuals of unlabelled photos.

    Photos of one encounter show one animal (as many as its fullest frame has boxes); encounters are put together where their
    photos say so, with what cannot be one animal kept apart (`steps.season.joint_identification`). What a link is worth is
    counted on enrolled individuals that the species' net was not trained on, else on drawn animals. Nothing is changed without
    `enroll`, and nothing before all photos are decided: then all of it in one transaction.

    Args:
        photos: files, folders, manifests, detections; labels in them are not looked at.
        gallery: its folder; None = REID_GALLERY or indexes/default. It need not be there, nor know the species, where
            `settings.species` names it: then the shared net that ships is used.
        out: folder for individuals.csv, photos.csv (a manifest with the proposed names, to be mended and enrolled) and
            discover.html; None = nothing is written.
        enroll: put the new ones into the gallery under their proposed names: one journal entry for each species, which
            `undo` takes back. Their links must be surer (`settings.enroll_link`) than those of proposals that a person looks at
            (`settings.discover_link`) and enrolls by photos.csv. Those that may be enrolled already are left to a person.
        name: NAME-001 and so on; "" = new-SEASON-001, by the season of their first photo. Numbers follow the first photo, and
            names that the gallery ever had are passed over.
        settings: of the identification; `encounters` is always on.
        progress: called for every photo.

    Raises:
        UsageError: no photo, no such species, an option is out of range, or the folder cannot be made or written to.
        GalleryError, NetError, ManifestError: gallery, net or table cannot be used.
    """
    settings = replace(options.resolve(QuerySettings(), {}) if settings is None else settings, encounters=True)
    check_link(settings)
    taken = take_photos(photos, settings)
    folder = options.gallery_folder(gallery)
    with contextlib.ExitStack() as stack:
        there, eyes = _opened(stack, folder, settings)
        if enroll and there is not None:
            there.check_writable("discover")
        elif enroll:
            check_writable(folder)
        if out is not None:
            writable_folder(out)  # what cannot be written is refused before hours of looking, and before anything is enrolled
        progress.start("looking at photos", len(taken.photos))
        met = search_season(
            eyes, taken.photos, eyes.photos(), settings, progress, deployments=taken.deployments, drawn=True
        )
        link = settings.enroll_link if enroll else settings.discover_link
        animals = met.animals(link)
        chosen = [one for one in animals if one.sighting.decision.outcome in PROPOSAL_STATUSES]
        proposals = proposals_of(there or eyes, chosen, spaced(name))
        new = new_enrollments(proposals) if enroll else {}
        entries, enrolled, refused = _enroll(stack, folder, there, eyes, new, link) if new else ((), 0, [])
    order = {status: place for place, status in enumerate(PROPOSAL_STATUSES.values())}
    pairs = sorted(proposals, key=lambda pair: (order[pair[0].status], pair[0].species, pair[0].proposal))
    report = DiscoverReport(
        folder, tuple(one for one, _ in pairs), tuple(one for _, one in pairs),
        len(met.looks) - sum(len(one.looks) for one in chosen), enrolled, entries,
        (*taken.problems, *met.problems, *refused), (*taken.notes, *met.notes),
    )
    closing = closing_line(
        {status: report.count(status) for status in PROPOSAL_STATUSES.values()}, nothing="no animal", undated=taken.undated,
        unread=len(taken.problems) + len(met.problems),
        left={"photos of no animal": report.left, "photos enrolled": enrolled, "not enrolled": len(refused)},
    )
    report = replace(report, closing=closing)
    if out is not None:
        from reid.actions.seasons.discover_page import write

        progress.start("writing pages", 1)
        report = write(report, out)
        progress.advance(1)
    progress.finish()
    return report


def _opened(stack: contextlib.ExitStack, folder: Path, settings: QuerySettings) -> tuple[GalleryStore | None, GalleryStore]:
    """The gallery, None where it is absent; and the one to look with, thrown away where the first does not know the species."""
    there = stack.enter_context(open_gallery(folder)) if is_gallery(folder) else None
    if there is not None and (not settings.species or settings.species in there.embedding_nets()):
        return there, there
    if not settings.species:
        raise UsageError(f"there is no gallery at {folder}; name the species that the photos show (--species)")
    aside = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reid-discover-"))) / "gallery"
    eyes = stack.enter_context(open_gallery(aside, create=True))
    give_shared_net(eyes, settings.species)
    return there, eyes


def _enroll(
    stack: contextlib.ExitStack,
    folder: Path,
    there: GalleryStore | None,
    eyes: GalleryStore,
    new: Mapping[str, list[Enrollment]],
    link: float,
) -> tuple[tuple[int, ...], int, list[Problem]]:
    """Put the new ones into the gallery, all in one transaction; the entries of the journal, how many photos, and which not.

    A gallery is made where there is none, once the one that is thrown away has taken them.
    """
    if there is None:
        put(eyes, eyes, new, link)
        there = stack.enter_context(open_gallery(folder, create=True))
    return put(there, eyes, new, link)


def put(
    gallery: GalleryStore, eyes: GalleryStore, new: Mapping[str, list[Enrollment]], link: float
) -> tuple[tuple[int, ...], int, list[Problem]]:
    """Enroll by species, in one transaction; as `_enroll`. Raises GalleryError where a name is in use by now."""
    entries, count = [], 0
    problems: list[Problem] = []
    with gallery.together():
        for species, items in new.items():
            names = {item.individual for item in items}
            if taken := sorted(gallery.known_individuals(species, names)):
                raise GalleryError(f"{taken[0]!r} was enrolled meanwhile by another process: try again (nothing was changed)")
            fingerprint = eyes.embedding_net(species)
            assert fingerprint is not None, "its photos were embedded"
            if gallery.embedding_net(species) is None:
                give_shared_net(gallery, species)
            answers = gallery.enroll(
                species, fingerprint, items,
                why=f"discover: {len(names)} proposed individuals, links right with probability {link:g}",
            )
            if any(answer.status == "added" for answer in answers):
                entries.append(gallery.head())
                count += sum(answer.status == "added" for answer in answers)
            problems += [
                Problem(str(item.photo.path), why_not(item.individual, answer), item.photo.origin)
                for item, answer in zip(items, answers, strict=True) if answer.status not in ("added", "already")
            ]
    return tuple(entries), count, problems


