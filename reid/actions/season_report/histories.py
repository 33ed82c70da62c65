"""What a season's page is made of: enrolled photos, decisions about photos that are not enrolled, and the histories of both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reid.actions.identification.unresolved_sightings import OPEN, NamesInUse, today, unsettled
from reid.actions.intake.photo_selection import in_time
from reid.actions.season_report.results import SeasonSightings
from reid.errors import UsageError
from reid.records import EMPTY, Outcome, Photo, Season, Sighting
from reid.settings import ExportSettings
from reid.steps.encounters import encounters, season
from reid.store.contract import GalleryStore
from reid.survey.capture_history import CaptureHistory, capture_history
from reid.survey.deployments import DeploymentTable
from reid.survey.effort import spans_of


def kept_decisions(gallery: GalleryStore, settings: ExportSettings) -> list[SeasonSightings]:
    """The decisions that `reid query --record` kept, of each photo the latest, of photos that are not enrolled."""
    decisions, everything = [], gallery.sightings()
    for species in sorted({one.species for one in everything} - {"", EMPTY}):
        if settings.species not in ("", species):
            continue
        names = NamesInUse(gallery, species)
        for kept in unsettled(gallery, species, everything):
            one = today(kept, names)
            paths = one.photos or (one.photo,)
            boxes = one.boxes or [one.box if path == one.photo else None for path in paths]
            photos = [
                Photo(Path(path), species, "", one.captured_at, "", one.camera, one.side, one.season, box)
                for path, box in zip(paths, boxes, strict=True)
            ]
            known = one.decision.individual or "" if one.decision.outcome == Outcome.KNOWN else ""
            dated = tuple(in_time(photos, (), settings.seasons)[0])
            decisions.append(SeasonSightings(species, one.decision.outcome, known, one, dated, kept.seq))
    return decisions


def given_decision(sighting: Sighting, photos: Sequence[Photo], entry: int) -> SeasonSightings:
    """A decision made just now. entry: the last one of the journal."""
    outcome, name = sighting.decision.outcome, sighting.decision.individual or ""
    known = name if outcome == Outcome.KNOWN else ""
    return SeasonSightings(sighting.counted_species, outcome, known, sighting, tuple(photos), entry)


class SeasonPhotos:
    """The photos of named individuals, their histories by species, and which row is which photo of the gallery.

    Enrolled photos count, and those that a decision says to be of a known individual, as `reid seasons` and `reid count` take
    them. Other decisions do not, but what nobody has enrolled yet still is a season.
    """

    def __init__(self, gallery: GalleryStore, settings: ExportSettings, table: DeploymentTable | None) -> None:
        """Take what is enrolled. Raises UsageError where that is nothing, or an option cannot be read."""
        both = [
            (row, photo) for row, photo in zip(gallery.photos(), gallery.enrolled_sightings(), strict=True)
            if row.species != EMPTY and settings.species in ("", row.species)
        ]
        if not both:
            raise UsageError(f"the gallery has no photo{f' of {settings.species}' if settings.species else ''} to report on")
        shifts = replace(table, clocks={}) if table else None  # what is enrolled was corrected when it came in
        self.settings, self.deployments = settings, table.deployments if table else ()
        marked = [replace(photo, origin=f"photo {row.id} of the gallery") for row, photo in both]
        self.enrolled, self.spans = in_time(marked, (), settings.seasons, shifts)
        self.row_of = {photo.origin: row for photo, (row, _) in zip(self.enrolled, both, strict=True)}
        self.histories: tuple[CaptureHistory, ...] = ()
        self.notes: tuple[str, ...] = ()

    def count(self, decisions: Sequence[SeasonSightings]) -> None:
        """Build the histories, of the enrolled photos and of decisions about others.

        Raises:
            UsageError: no photo of any species has a date and counts.
        """
        met = [replace(photo, species=one.species, individual=one.individual)
               for one in decisions if one.individual for photo in one.photos]  # fmt: skip
        photos = [*self.enrolled, *met]
        groups = encounters(photos, minutes=self.settings.encounter_minutes)
        by_species: dict[str, list[Photo]] = defaultdict(list)
        for photo, group in zip(photos, groups, strict=True):
            by_species[photo.species].append(replace(photo, encounter=group))
        histories, notes = [], []
        for name, members in sorted(by_species.items()):
            asked = [photo for one in decisions if one.species == name and one.outcome in OPEN for photo in one.photos]
            try:
                histories.append(self._history(members, asked))
            except UsageError as fault:  # one species without dates must not hide the others
                notes.append(f"{name} is not on the page: {fault}")
        if not histories:
            raise UsageError("; ".join(notes))
        self.histories, self.notes = tuple(histories), tuple(notes)

    def _history(self, members: Sequence[Photo], asked: Sequence[Photo]) -> CaptureHistory:
        settings = self.settings

        def of(spans: Sequence[Season]) -> CaptureHistory:
            return capture_history(
                members, seasons=spans, days=settings.days, side=settings.side, deployments=self.deployments
            )

        found = of(self.spans)
        enrolled = {season(photo) for photo in members if photo.origin in self.row_of}
        more = [photo for photo in asked if photo.captured_at and season(photo) not in enrolled]
        if self.spans or not more:
            return found
        counting = [capture.photo for row in found.histories for capture in row.captures]
        return of(spans_of([*counting, *more], self.deployments))
