"""`reid count`: how many animals there are, with every estimator's interval, and what doubtful identifications do to it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid import settings as options
from reid.abundance import history_sampling
from reid.abundance.closed_population import METHODS
from reid.abundance.uncertain_history import NEW_ANIMAL, Uncertain, UncertainHistory
from reid.actions.counting.pairwise_evidence import Likeness, likeness, sure
from reid.actions.counting.results import CountReport, ScopeCount, SpeciesCount
from reid.actions.counting.scopes import Scope, count_scope
from reid.actions.counting.tables import COUNT_COLUMNS, LOOK_COLUMNS, count_rows, look_rows
from reid.actions.identification.unresolved_sightings import OpenSighting, by_frame, open_sightings
from reid.actions.intake.closing_line import closing_line
from reid.actions.intake.photo_selection import in_time
from reid.errors import UsageError
from reid.files import check_writable, writable_folder
from reid.progress import SILENT, Progress
from reid.records import EMPTY, Outcome, Photo
from reid.settings import SIDE_RULES, CountSettings
from reid.store.contract import GalleryStore
from reid.store.opening import open_gallery
from reid.survey.capture_history import CaptureHistory, capture_history
from reid.survey.deployments import DeploymentTable, read_deployments
from reid.tables.tables import write_table

JOURNAL = 10_000
"""Entries of the journal that are looked through for individuals enrolled since."""


def count(
    *, gallery: Path | None = None, settings: CountSettings | None = None, out: Path | None = None, progress: Progress = SILENT
) -> CountReport:
    """Count the animals of a gallery.

    Enrolled photos are taken as sure. Sightings kept by `reid query --record` whose photo is not enrolled count by their
    decision, and beside it by their probabilities: `draws` plausible histories are drawn, each is counted, and the counts are
    put together (`abundance.uncertain_history`). Each season with two occasions or more is counted by itself; several seasons
    are counted together as well, each as one occasion.

    Args:
        gallery: its folder; None = REID_GALLERY or indexes/default.
        settings: None = defaults and REID_* variables.
        out: a folder, made where absent, for count.csv and look.csv; None = nothing is written.
        progress: called for every photo of an unresolved sighting that is opened to be compared.

    Raises:
        UsageError: no such option, or no species has a photo of a named individual that lies in the seasons.
        ManifestError, GalleryError: a table or the gallery cannot be read.
    """
    settings = options.resolve(CountSettings(), {}) if settings is None else settings
    _check(settings)
    table = read_deployments(settings.deployments, settings.dates) if settings.deployments else None
    with open_gallery(options.gallery_folder(gallery)) as opened:
        photos = [one for one in opened.enrolled_sightings() if one.species not in ("", EMPTY)]
        wanted = _wanted(photos, settings.species)
        if out is not None:
            check_writable(out)  # refused before hours of comparing
        counted, notes = [], []
        for name in wanted:
            try:
                counted.append(_species(opened, [one for one in photos if one.species == name], table, settings, progress))
            except UsageError as fault:  # one species without dates must not hide the others
                notes.append(f"{name} is not counted: {fault}")
    if not counted:
        raise UsageError("; ".join(notes))
    closing = _closing(counted, len(notes), [photo for photo in photos if photo.species in wanted])
    report = CountReport(tuple(counted), notes=tuple(notes), closing=closing)
    return report if out is None else write(report, out)


def _wanted(photos: Sequence[Photo], species: str) -> list[str]:
    """The species to count: the one asked for, else all of the photos. Raises UsageError where there is none."""
    wanted = sorted({photo.species for photo in photos if species in ("", photo.species)})
    if not wanted:
        raise UsageError(
            f"no photo of a named individual{f' of {species}' if species else ''} is enrolled "
            f"({len(photos)} photos looked at): `reid enroll` puts them in"
        )
    return wanted


def _closing(counted: Sequence[SpeciesCount], not_counted: int, photos: Sequence[Photo]) -> str:
    """The count in one line. not_counted: how many species could not be. photos: those of all the species."""
    return closing_line(
        {f"individuals of {one.species}": one.individuals for one in counted}, nothing="no individual",
        undated=sum(photo.captured_at is None for photo in photos),
        left={"species not counted": not_counted,
              "photos left out": sum(bool(lost.photo) for one in counted for lost in one.left_out)},
    )


def _check(settings: CountSettings) -> None:
    if settings.side not in SIDE_RULES or settings.method not in ("", *METHODS):
        raise UsageError(
            f"side {settings.side!r}, method {settings.method!r}: wanted one of {', '.join(SIDE_RULES)}, "
            f"and of {', '.join(METHODS)}"
        )
    if settings.draws < 0 or settings.draws == 1 or settings.look < 0 or settings.days < 0:
        raise UsageError("draws must be 0 or at least 2, look and days at least 0")


def _species(
    opened: GalleryStore, photos: Sequence[Photo], table: DeploymentTable | None, settings: CountSettings, progress: Progress
) -> SpeciesCount:
    species = photos[0].species
    # What is enrolled, and what was asked, was corrected when it came in: the table's clocks are for photos from cards.
    shifts = replace(table, clocks={}) if table else None
    found = open_sightings(opened, species)
    asked = [replace(photo, individual=f"#{at}") for at, one in enumerate(found) for photo in one.photos]
    timed, spans = in_time([*photos, *asked], settings.clocks, settings.seasons, shifts)
    enrolled, doubtful = timed[: len(photos)], timed[len(photos) :]
    deployments = table.deployments if table else ()
    first = capture_history(enrolled, seasons=spans, days=settings.days, deployments=deployments, side=settings.side)
    notes = list(first.notes)
    if not found:
        notes.append("no sighting is kept beside what is enrolled: photos only asked about count after `reid query --record`")
    if first.side == "both-linked" and found:
        notes.append(f"{len(found)} doubtful sightings are left out: whether they are linked to both sides a person must say")
        found, doubtful = (), []
    known = [capture.photo for row in first.histories for capture in row.captures]
    # Doubtful sightings go through the same door, each as an animal of its own, to learn on which occasion they count.
    side = first.side if first.side in ("left", "right") else "all"
    both = capture_history([*known, *doubtful], seasons=spans, days=settings.days, deployments=deployments, side=side)
    study, used, names = _study(both, found, opened, species)
    notes += [*_doubt_notes(found, used, both), *_asked_before(opened, species, used)]
    if settings.draws and len(used) > 1:
        alike = likeness(opened, species, used, progress) if settings.compare else Likeness(fault="--no-compare")
        study = replace(study, alike=alike.evidence)
        notes += _compared(alike)
    scopes = tuple(_scopes(both, study, used, names, settings))
    outcomes = [one.outcome for one in used]
    return SpeciesCount(
        species, first.side, len(first.histories), len(known), len(used), outcomes.count(Outcome.REVIEW),
        outcomes.count(Outcome.KNOWN), outcomes.count(Outcome.NEW), scopes, tuple(notes), first.left_out,
    )  # fmt: skip


_APART = re.compile(r"#\d+")
"""What doubtful sightings are called in the history: no gallery takes it for a name."""


def _study(
    both: CaptureHistory, found: Sequence[OpenSighting], opened: GalleryStore, species: str
) -> tuple[UncertainHistory, tuple[OpenSighting, ...], tuple[str, ...]]:
    """The history that is sure, the doubts that count in it (calibrated, on an occasion, of the side), names of its rows."""
    columns, certain = _columns_and_rows(both)
    counts = [at for at, sighting in enumerate(found) if at in columns and sighting.nobody is not None]
    suspected = {one.individual for at in counts for one in found[at].alternatives} | {found[at].individual for at in counts}
    names = [*sorted(certain), *sorted(suspected - set(certain) - {""})]
    place = {name: row for row, name in enumerate(names)}
    frames = {at: members for members in by_frame(found).values() for at in members}
    number = {at: new for new, at in enumerate(counts)}
    doubts = []
    for at in counts:
        others = frozenset(number[other] for other in frames.get(at, ()) if other != at and other in number)
        doubts.append(_uncertain(found[at], columns[at], place, others))
    calibration = opened.calibration(species)
    many = sum(one.species == species for one in opened.individuals(species))
    enrolled, prior = (max(1, many), calibration.prior) if calibration else (0, 0.5)
    absent = np.zeros(len(both.occasions), dtype=bool)
    history = np.array([certain.get(name, absent) for name in names]).reshape(len(names), len(both.occasions))
    return UncertainHistory(history, tuple(doubts), None, enrolled, prior), tuple(found[at] for at in counts), tuple(names)


def _columns_and_rows(both: CaptureHistory) -> tuple[dict[int, tuple[int, ...]], dict[str, NDArray[np.bool_]]]:
    """On which occasions each unresolved sighting lies, by its number; and on which each named individual was seen."""
    columns: dict[int, tuple[int, ...]] = {}
    certain: dict[str, NDArray[np.bool_]] = {}
    for row in both.histories:
        if _APART.fullmatch(row.individual):
            columns[int(row.individual[1:])] = tuple(sorted({capture.occasion for capture in row.captures}))
        else:
            certain[row.individual] = np.array([seen is True for seen in row.seen])
    return columns, certain


def _uncertain(
    sighting: OpenSighting, columns: tuple[int, ...], place: Mapping[str, int], others: frozenset[int]
) -> Uncertain:
    """An unresolved sighting in the history. place: the row of each name. others: of the same frame, that it cannot be."""
    decided = {Outcome.KNOWN: place.get(sighting.individual), Outcome.NEW: NEW_ANIMAL}.get(sighting.outcome)
    chances = {place[one.individual]: one.probability for one in sighting.alternatives}
    return Uncertain(columns, chances, sighting.nobody or 0.0, decided, others)


def _doubt_notes(found: Sequence[OpenSighting], used: Sequence[OpenSighting], both: CaptureHistory) -> list[str]:
    notes = []
    if unjudged := sum(one.nobody is None for one in found):
        notes.append(f"{unjudged} sightings have no probability (not calibrated) and do not count: `reid calibrate`, ask again")
    if elsewhere := len(found) - len(used) - unjudged:
        reasons = sorted({one.reason for one in both.left_out if _APART.fullmatch(one.individual) and one.photo})
        notes.append(f"{elsewhere} sightings do not count: {'; '.join(reasons) or 'outside of the history'}")
    return notes


def _asked_before(opened: GalleryStore, species: str, used: Sequence[OpenSighting]) -> list[str]:
    """An animal enrolled after a sighting was asked about is not on its list: in it, it would be yet another new animal."""
    entries = (one for one in opened.log(JOURNAL) if one.what == "enroll" and not one.undone_by)
    enrolled = [(one.seq, json.loads(one.after)) for one in entries]
    here = {str(one.id): one.name for one in opened.individuals(species)}
    new = [(seq, here[number]) for seq, after in enrolled if after.get("species") == species
           for number in after.get("new_individuals", {}) if number in here]  # fmt: skip
    last = max((seq for seq, _ in new), default=0)
    old = [one for one in used if not sure(one) and last > one.seq]
    if not old:
        return []
    first = min(one.seq for one in old)
    names = _some(sorted({name for seq, name in new if seq > first}), "others")
    photos = _some([str(one.photos[0].path) for one in old], "more")
    return [
        f"{_many(len(old), 'doubtful answer')} kept before {names} came into the gallery, so who was enrolled since was not "
        f"among the choices and may count twice: `reid query PHOTOS --record` asks again about {photos}"
    ]


def _some(names: Sequence[str], others: str) -> str:
    """The first three, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} {others}" if len(names) > 3 else "")


def _many(number: int, what: str) -> str:
    return f"{number} {what} was" if number == 1 else f"{number} {what}s were"


def _compared(alike: Likeness) -> list[str]:
    if alike.fault:
        return [
            f"doubtful sightings were not compared with each other ({alike.fault}): an animal that nobody enrolled may count "
            "once for each of its sightings"
        ]
    if not alike.unopened:
        return []
    photos = _some([str(path) for path in alike.unopened], "more")
    return [
        f"{_many(len(alike.unopened), 'doubtful photo')} not opened (missing or damaged) and not compared with the others: an "
        f"animal that nobody enrolled may count once for each of its sightings; look for {photos}"
    ]


def _scopes(
    both: CaptureHistory, study: UncertainHistory, used: Sequence[OpenSighting], names: Sequence[str], settings: CountSettings
) -> list[ScopeCount]:
    generator = np.random.default_rng(settings.seed)
    labels = history_sampling.draw(study, settings.draws, generator) if settings.draws and study.doubts else None
    by_season = {
        name: [at for at, one in enumerate(both.occasions) if one.season == name] for name in both.seasons
    }
    scopes = [Scope(name, tuple((at,) for at in columns)) for name, columns in by_season.items()]
    if len(by_season) > 1:
        scopes.append(Scope(f"{both.seasons[0]} to {both.seasons[-1]}", tuple(map(tuple, by_season.values())), seasons=True))
    return [count_scope(one, both.occasions, study, used, names, labels, settings) for one in scopes]


def write(report: CountReport, out: Path) -> CountReport:
    """Write count.csv (a row for each estimate) and look.csv (the photos to look at, a row for each answer) into a folder."""
    writable_folder(out)
    write_table(out / "count.csv", COUNT_COLUMNS, count_rows(report))
    write_table(out / "look.csv", LOOK_COLUMNS, look_rows(report))
    return replace(report, files=(out / "count.csv", out / "look.csv"))
