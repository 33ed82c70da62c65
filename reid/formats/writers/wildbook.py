"""Wildbook's bulk import sheet: one row for each encounter of an individual, its photos in columns.

By Wildbook's importer and its guide: genus and epithet apart, the date in parts, photos as Encounter.mediaAsset0 and on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from reid.files import writable_folder
from reid.formats.writers.export_job import ExportJob, Written
from reid.records import Deployment, Photo
from reid.steps.encounters import encounters
from reid.survey.deployments import deployment_on
from reid.tables.spreadsheets import write_book

WILDBOOK_COLUMNS = (
    "Encounter.genus",
    "Encounter.specificEpithet",
    "Encounter.year",
    "Encounter.month",
    "Encounter.day",
    "Encounter.hour",
    "Encounter.minutes",
    "Encounter.locationID",
    "Encounter.decimalLatitude",
    "Encounter.decimalLongitude",
    "Encounter.individualID",
    "MarkedIndividual.individualID",
    "Encounter.sex",
    "Encounter.lifeStage",
    "Encounter.occurrenceID",
    "Encounter.researcherComments",
)


def write_wildbook(job: ExportJob, _: str, written: Written) -> None:
    """wildbook.xlsx. A species without genus and epithet is noted. Raises UsageError where it cannot be written."""
    settings = job.settings
    encountered = encounters(job.photos, minutes=settings.encounter_minutes)
    columns, rows = sheet(job.photos, encountered, settings.scientific, job.deployments)
    species = {photo.species for photo in job.photos}
    if unnamed := sorted(name for name in species if " " not in settings.scientific.get(name, name)):
        written.notes.append(
            f"Wildbook needs genus and epithet: give --scientific {unnamed[0]}='GENUS EPITHET' ({', '.join(unnamed)})"
        )
    path = writable_folder(job.out) / "wildbook.xlsx"
    write_book(path, {"encounters": (columns, rows)})
    written.files.append(path)
    written.count(job.photos)


def sheet(
    photos: Sequence[Photo], encountered: Sequence[str], scientific: Mapping[str, str], deployments: Sequence[Deployment] = ()
) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Columns and rows. A blank cell is "not known": no 0 stands for a missing position or hour.

    Args:
        photos: of named individuals.
        encountered: the encounter of each photo; the photos of one individual in one encounter share a row.
        scientific: species as we call it -> its scientific name; else our name is split at its first space.
        deployments: with the position of a photo's camera.
    """
    together: dict[tuple[str, str, str], list[Photo]] = defaultdict(list)
    for photo, encounter in zip(photos, encountered, strict=True):
        together[photo.species, photo.individual, encounter].append(photo)
    most = max((len(group) for group in together.values()), default=0)
    rows = []
    for (species, individual, encounter), group in together.items():
        first = min(group, key=lambda member: str(member.captured_at))
        genus, _, epithet = scientific.get(species, species).partition(" ")
        when = first.captured_at
        moment = (when.year, when.month, when.day, when.hour, when.minute) if when else (None,) * 5
        place = deployment_on(deployments, first.camera, when.date()) if when else None
        sides = "|".join(sorted({member.side for member in group} - {""}))
        rows.append(
            (
                genus,
                epithet or None,
                *moment,
                first.camera,
                place.latitude if place else None,
                place.longitude if place else None,
                individual,
                individual,
                first.column("sex") or None,
                first.column("lifestage") or None,
                encounter,
                f"side: {sides}" if sides else None,
                *(member.path.name for member in group),
                *[None] * (most - len(group)),
            )
        )
    return (*WILDBOOK_COLUMNS, *(f"Encounter.mediaAsset{at}" for at in range(most))), rows
