"""`reid discover`: individuals from nothing, out of unlabelled photos. It proposes; `enroll` puts them into the gallery."""

from __future__ import annotations

import contextlib
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from reid import settings as options
from reid.actions.enroll import net_of
from reid.actions.linking import seen
from reid.actions.season_rows import side_word
from reid.actions.seasons import check_link
from reid.actions.selecting import as_taken
from reid.errors import GalleryError, UsageError
from reid.formats.manifest import read_photos
from reid.progress import SILENT, Progress
from reid.records import Outcome, Problem
from reid.settings import QuerySettings
from reid.steps.apart import seconds
from reid.steps.encounter import season
from reid.steps.photo import dated
from reid.steps.sighting import Looked
from reid.steps.whole import Animal
from reid.store import Enrollment, Gallery

STATUSES = {Outcome.NEW: "new", Outcome.REVIEW: "review", Outcome.KNOWN: "known"}


@dataclass(frozen=True, slots=True)
class Proposal:
    """One animal of the cards, by all that holds it together.

    status: "new", a proposed individual; "review", perhaps one that is enrolled (`individual` tells whom, with `probability`;
    `proposal` is what it would be called); "known", one that is. sides: left, right, both, or "" = not known. link: the
    weakest one between its encounters: probability, cosine of the two photos most alike, and those photos.
    """

    status: str
    species: str
    individual: str
    proposal: str
    probability: float | None
    photos: tuple[Path, ...]
    encounters: int
    sides: str
    first: datetime | None
    last: datetime | None
    link_probability: float | None
    link_score: float | None
    link_photos: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class DiscoverReport:
    """What `discover` found. proposals: new ones first, each species by first photo; left: photos of no animal or species.

    animals: beside the proposals, one for one. enrolled: photos put into the gallery; entries: of its journal, one for each
    species.
    """

    gallery: Path
    proposals: tuple[Proposal, ...]
    animals: tuple[Animal, ...]
    left: int
    enrolled: int
    entries: tuple[int, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    files: tuple[Path, ...] = ()

    def count(self, status: str) -> int:
        """Animals of a status."""
        return sum(one.status == status for one in self.proposals)


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
    photos say so, with what cannot be one animal kept apart (`steps.whole`). What a link is worth is counted on enrolled
    individuals that the species' net was not trained on, else on drawn animals. Nothing is changed without `enroll`.

    Args:
        photos: files, folders, manifests, detections; labels in them are not looked at.
        gallery: its folder; None = REID_GALLERY or indexes/default. It need not be there, nor know the species, where
            `settings.species` names it: then the shared net that ships is used.
        out: folder for individuals.csv, photos.csv (a manifest with the proposed names, to be mended and enrolled) and
            discover.html; None = nothing is written.
        enroll: put the new ones into the gallery under their proposed names: one journal entry for each species, which
            `undo` takes back. Those that may be enrolled already are left to a person.
        name: NAME-001 and so on; "" = new-SEASON-001, by the season of their first photo. Numbers go by first photo, and
            names that the gallery ever had are passed over.
        settings: of the identification; `encounters` is always on.
        progress: told of every photo.

    Raises:
        UsageError: no photo, no such species, or an option is out of range.
        GalleryError, NetError, ManifestError: gallery, net or table cannot be used.
    """
    settings = replace(options.resolve(QuerySettings(), {}) if settings is None else settings, encounters=True)
    check_link(settings)
    found = read_photos(list(photos), settings.box_confidence)
    given = dated(as_taken(found.photos, settings))
    folder = options.gallery_folder(gallery)
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(_opened(folder, settings, enroll))
        if enroll and not opened.writable:
            raise GalleryError(f"{opened.folder} cannot be written, so nothing can be enrolled: check its permissions")
        progress.start("looking at photos", len(given))
        met = seen(opened, given, opened.photos(), settings, progress, drawn=True)
        animals = met.animals(settings.link)
        chosen = [one for one in animals if one.sighting.decision.outcome in STATUSES]
        proposals = _proposals(opened, chosen, name)
        entries: tuple[int, ...] = ()
        enrolled = 0
        if enroll:
            entries, enrolled = _enroll(opened, proposals, settings)
    pairs = sorted(proposals, key=lambda pair: (list(STATUSES.values()).index(pair[0].status), pair[0].species, pair[0].proposal))
    report = DiscoverReport(
        folder, tuple(one for one, _ in pairs), tuple(one for _, one in pairs),
        sum(len(one.looks) for one in animals) - sum(len(one.looks) for one in chosen), enrolled, entries,
        (*found.problems, *met.problems), (*found.notes, *met.notes),
    )
    if out is not None:
        from reid.actions.discover_page import write

        progress.start("writing pages", 1)
        report = write(report, out)
    progress.finish()
    return report


@contextlib.contextmanager
def _opened(folder: Path, settings: QuerySettings, enroll: bool) -> Iterator[Gallery]:
    """The gallery; one that is thrown away where it is absent, or has no net for the species, and nothing is to be written."""
    there = (folder / "catalog.sqlite").exists()
    if there:
        with Gallery.open(folder) as opened:
            known = not settings.species or settings.species in opened.embedding_nets()
            if known or enroll:
                if not known:
                    net_of(opened, settings.species, settings.device)
                yield opened
                return
    if not settings.species:
        raise UsageError(f"there is no gallery at {folder}; name the species that the photos show (--species)")
    with contextlib.ExitStack() as stack:
        place = folder if enroll else Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reid-discover-"))) / "gallery"
        opened = stack.enter_context(Gallery.open(place, create=True))
        net_of(opened, settings.species, settings.device)
        yield opened


def _proposals(gallery: Gallery, animals: Sequence[Animal], name: str) -> list[tuple[Proposal, Animal]]:
    """Each animal with its name: those without one get the next free number, in the order of their first photos."""
    used: dict[str, set[str]] = defaultdict(set)
    for one in (*gallery.individuals(), *gallery.individuals(removed=True)):
        used[one.species].add(one.name)
    found = []
    for animal in sorted(animals, key=_first):
        proposal = ""
        if animal.name is None:
            start = name or "-".join(part for part in ("new", season(animal.looks[0].photo)) if part)
            numbers = (f"{start}-{at:03d}" for at in range(1, len(used[animal.species]) + 2))
            proposal = next(one for one in numbers if one not in used[animal.species])
            used[animal.species].add(proposal)
        found.append((_proposal(animal, proposal), animal))
    return found


def _first(one: Animal) -> tuple[bool, float, str]:
    return one.first is None, seconds(one.first) if one.first else 0.0, one.sighting.photo


def _proposal(animal: Animal, proposal: str) -> Proposal:
    decision = animal.sighting.decision
    weakest = animal.ties[0] if animal.ties else None
    best = animal.sighting.matches[0].individual if animal.sighting.matches else ""
    status = STATUSES[decision.outcome]
    return Proposal(
        status, animal.species, "" if status == "new" else decision.individual or best, proposal, decision.probability,
        tuple(look.photo.path for look in animal.looks), len(animal.parts), side_word(animal.sides), animal.first, animal.last,
        weakest.probability if weakest else None, weakest.cosine if weakest else None, weakest.photos if weakest else (),
        decision.reason,
    )


def _enroll(
    gallery: Gallery, proposals: Sequence[tuple[Proposal, Animal]], settings: QuerySettings
) -> tuple[tuple[int, ...], int]:
    """Put the new ones into the gallery, a species at a time; the entries of the journal, and how many photos."""
    by_species: dict[str, list[Enrollment]] = defaultdict(list)
    for one, animal in proposals:
        if one.status == "new":
            by_species[one.species] += [
                _enrollment(one, look)
                for look in animal.looks if one.species in look.vectors and look.already is None
            ]
    entries, count = [], 0
    for species, items in by_species.items():
        many = len({item.individual for item in items})
        fingerprint = gallery.embedding_net(species)
        assert fingerprint is not None, "its photos were embedded"
        told = gallery.enroll(
            species, fingerprint, items,
            why=f"discover: {many} proposed individuals, links right with probability {settings.link:g}",
        )
        if any(answer.status == "added" for answer in told):
            entries.append(gallery.head())
            count += sum(answer.status == "added" for answer in told)
    return tuple(entries), count


def _enrollment(one: Proposal, look: Looked) -> Enrollment:
    photo = replace(look.photo, season=season(look.photo))
    return Enrollment(one.proposal, photo, look.sha256, *look.size, look.vectors[one.species][0])
