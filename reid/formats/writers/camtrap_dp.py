"""Camtrap DP 1.0.2, written: a package of deployments, media and observations with `individualID`.

By https://camtrap-dp.tdwg.org and the table schemas of version 1.0.2 (TDWG).
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from reid.errors import UsageError
from reid.files import sync_files
from reid.formats.writers.export_job import ExportJob, Written, copy_photo, copyable
from reid.records import MISSING, Deployment, Photo
from reid.settings import SAMPLING_DESIGNS
from reid.steps.encounters import encounters as encounters_of
from reid.survey.capture_history import LeftOut
from reid.survey.deployments import deployment_on
from reid.survey.season_dates import read_offset

CAMTRAP_DP_VERSION = "1.0.2"
_BASE = f"https://raw.githubusercontent.com/tdwg/camtrap-dp/{CAMTRAP_DP_VERSION}"
PACKAGE_DEPLOYMENT_COLUMNS = (
    "deploymentID", "locationID", "locationName", "latitude", "longitude", "coordinateUncertainty", "deploymentStart",
    "deploymentEnd", "setupBy", "cameraID", "cameraModel", "cameraDelay", "cameraHeight", "cameraDepth", "cameraTilt",
    "cameraHeading", "detectionDistance", "timestampIssues", "baitUse", "featureType", "habitat", "deploymentGroups",
    "deploymentTags", "deploymentComments",
)  # fmt: skip
MEDIA_COLUMNS = (
    "mediaID", "deploymentID", "captureMethod", "timestamp", "filePath", "filePublic", "fileName", "fileMediatype", "exifData",
    "favorite", "mediaComments",
)  # fmt: skip
OBSERVATION_COLUMNS = (
    "observationID", "deploymentID", "mediaID", "eventID", "eventStart", "eventEnd", "observationLevel", "observationType",
    "cameraSetupType", "scientificName", "count", "lifeStage", "sex", "behavior", "individualID", "individualPositionRadius",
    "individualPositionAngle", "individualSpeed", "bboxX", "bboxY", "bboxWidth", "bboxHeight", "classificationMethod",
    "classifiedBy", "classificationTimestamp", "classificationProbability", "observationTags", "observationComments",
)  # fmt: skip
SEXES, LIFE_STAGES = ("female", "male"), ("adult", "subadult", "juvenile")
_MEDIA_TYPES = {
    ".png": "image/png", ".tif": "image/tiff", ".tiff": "image/tiff", ".webp": "image/webp", ".bmp": "image/bmp",
}  # fmt: skip
"""Of the photos that reid reads; all others are JPEG. What `mimetypes` says depends on the machine."""
_SMALLEST = 1e-6
"""Width of a box that is not 0 in the digits that are written; the schema wants more than 0."""
_SPACE = uuid.UUID("6d0c3f3e-4b39-5f0e-9a63-1c7f5f9b1a52")
"""Of our own: the same photos exported together get the same ids each time."""


@dataclass(frozen=True, slots=True)
class Package:
    """datapackage.json and the three tables, by column. left_out: photos that belong to no deployment or have no date.

    kept: the positions of the others among the photos.
    """

    descriptor: dict[str, Any]
    deployments: list[dict[str, object]]
    media: list[dict[str, object]]
    observations: list[dict[str, object]]
    left_out: tuple[tuple[Photo, str], ...]
    kept: tuple[int, ...]


def write_camtrap_dp(job: ExportJob, _: str, written: Written) -> None:
    """datapackage.json, the three tables and, if they are asked for, copies of the photos. Raises UsageError."""
    settings = job.settings
    if settings.copy:
        job = replace(job, photos=copyable(job, written))
        if not job.photos:
            raise UsageError(f"no photo can be copied: {written.left_out[0].reason}")
    base = Path(os.path.commonpath([photo.path.absolute().parent for photo in job.photos]))
    paths = [f"media/{photo.path.absolute().relative_to(base).as_posix()}" for photo in job.photos]
    made = package(
        job.photos,
        encounters_of(job.photos, minutes=settings.encounter_minutes),
        paths,
        job.deployments,
        zone=settings.time_zone,
        scientific=settings.scientific,
        created=datetime.now(UTC),
        title=settings.title,
        contributor=settings.contributor,
        sampling_design=settings.sampling_design,
    )
    if settings.copy:
        for at in made.kept:
            copy_photo(job.photos[at].path, job.out / paths[at])
        sync_files(job.out / paths[at] for at in made.kept)
    else:
        written.notes.append(
            f"the photos were not copied: filePath counts from the package, the files lie under {base}; --copy copies them"
        )
    for name, columns, rows in (
        ("deployments", PACKAGE_DEPLOYMENT_COLUMNS, made.deployments),
        ("media", MEDIA_COLUMNS, made.media),
        ("observations", OBSERVATION_COLUMNS, made.observations),
    ):
        written.table(job.out / f"{name}.csv", columns, [[row.get(column) for column in columns] for row in rows])
    written.text(job.out / "datapackage.json", descriptor_text(made))
    written.left_out += [LeftOut(photo.species, photo.individual, str(photo.path), reason) for photo, reason in made.left_out]
    written.count([job.photos[at] for at in made.kept])
    if unnamed := sorted({photo.species for photo in job.photos if " " not in photo.species} - set(settings.scientific)):
        written.notes.append(
            f"scientificName is what the photos call the species: give --scientific {unnamed[0]}='GENUS EPITHET' "
            f"({', '.join(unnamed)})"
        )


def package(
    photos: Sequence[Photo],
    encounters: Sequence[str],
    paths: Sequence[str],
    deployments: Sequence[Deployment],
    *,
    zone: str,
    scientific: Mapping[str, str],
    created: datetime,
    title: str,
    contributor: str,
    sampling_design: str,
) -> Package:
    """Describe photos of named individuals as a Camera Trap Data Package.

    Args:
        photos: with individual, species, camera, date. encounters, paths: of each photo; a path is relative to the package,
            with forward slashes.
        deployments: each with latitude and longitude, none of a camera that is called NA or NaN.
        zone: of the cameras' clocks: +01:00, Z, or a name such as Africa/Nairobi.
        scientific: species as we call it -> its scientific name.
        created: time-zone aware. title, contributor, sampling_design: as `ExportSettings` has them.

    Raises:
        UsageError: no deployment, one without latitude and longitude or with a name that reads as none, or a zone or sampling
            design that is none.
    """
    if sampling_design not in SAMPLING_DESIGNS:
        raise UsageError(f"sampling design {sampling_design!r}: Camtrap DP knows {', '.join(SAMPLING_DESIGNS)}")
    if not deployments:
        raise UsageError("Camtrap DP needs to know where the cameras stood and when: give --deployments TABLE")
    if placeless := [site.camera for site in deployments if site.latitude is None]:
        raise UsageError(
            f"deployment of {placeless[0]} has no latitude and longitude ({len(placeless)} such); Camtrap DP asks for both"
        )
    if nameless := [site.camera for site in deployments if site.camera in MISSING]:
        raise UsageError(f"camera {nameless[0]!r}: Camtrap DP reads this name as none; rename it there and in the photos")
    stamp = _stamps(zone)
    ids = _deployment_ids(deployments)
    media: dict[str, dict[str, object]] = {}
    observations: list[dict[str, object]] = []
    left_out, kept = [], []
    for at, (photo, encounter, path) in enumerate(zip(photos, encounters, paths, strict=True)):
        place = deployment_on(deployments, photo.camera, photo.captured_at.date()) if photo.captured_at else None
        if photo.captured_at is None or place is None or (reason := _unwritable(photo, path, scientific)):
            left_out.append((photo, _homeless(photo) if place is None else reason))
            continue
        kept.append(at)
        deployment = ids[deployments.index(place)]
        row = _media(photo, path, deployment, stamp(photo.captured_at))
        media.setdefault(str(row["mediaID"]), row)
        observations.append(_observation(photo, encounter, row, scientific))
    rows = [_deployment(site, name, stamp) for site, name in zip(deployments, ids, strict=True)]
    names = sorted({str(row["scientificName"]) for row in observations})
    descriptor = _descriptor(deployments, names, created, title, contributor, sampling_design)
    return Package(descriptor, rows, list(media.values()), observations, tuple(left_out), tuple(kept))


def descriptor_text(written: Package) -> str:
    """datapackage.json."""
    return json.dumps(written.descriptor, ensure_ascii=False, indent=2) + "\n"


def _deployment_ids(deployments: Sequence[Deployment]) -> list[str]:
    """Camera and first day; where two are alike, the later ones get a number."""
    ids: list[str] = []
    for place in deployments:
        name = f"{place.camera}/{place.start.isoformat()}"
        alike = sum(other.partition("#")[0] == name for other in ids)
        ids.append(f"{name}#{alike + 1}" if alike else name)
    return ids


def _homeless(photo: Photo) -> str:
    if photo.captured_at is None:
        return "photo has no date"
    return f"camera {photo.camera or '(not named)'} has no deployment on that day"


def _unwritable(photo: Photo, path: str, scientific: Mapping[str, str]) -> str:
    """Why the format cannot hold a photo; "" if it can."""
    for kind, name in (("individual", photo.individual), ("species", scientific.get(photo.species, photo.species))):
        if name in MISSING:
            return f"Camtrap DP reads {name!r} as no name; rename the {kind}"
    return "Camtrap DP allows no two dots in a row in a path; rename the file or its folder" if ".." in path else ""


def _stamps(zone: str) -> Any:
    """From a clock time to ISO 8601 with its zone."""
    if not zone:
        raise UsageError("Camtrap DP's times carry a time zone: give --time-zone, such as +01:00, Z or Africa/Nairobi")
    if zone.upper() in ("Z", "UTC"):
        return lambda when: when.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
    if zone[0] in "+-":
        from datetime import timezone

        try:
            fixed = timezone(read_offset(zone))
        except ValueError:
            raise UsageError(f"time zone {zone!r} is not known; write +01:00, Z, or a name such as Africa/Nairobi") from None
        return lambda when: when.replace(tzinfo=fixed).isoformat(timespec="seconds")
    try:
        named = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise UsageError(f"time zone {zone!r} is not known; write +01:00, Z, or a name such as Africa/Nairobi") from None
    return lambda when: when.replace(tzinfo=named).isoformat(timespec="seconds")


def _deployment(place: Deployment, name: str, stamp: Any) -> dict[str, object]:
    off = ", ".join(day.isoformat() for day in sorted(place.off))
    return {
        "deploymentID": name, "locationID": place.camera, "locationName": place.camera, "latitude": place.latitude,
        "longitude": place.longitude, "deploymentStart": stamp(datetime.combine(place.start, time.min)),
        "deploymentEnd": stamp(datetime.combine(place.end, time(23, 59, 59))), "cameraID": place.camera,
        "deploymentGroups": f"season:{place.season}" if place.season else None,
        "deploymentComments": f"not working on: {off}" if off else None,
    }  # fmt: skip


def _media(photo: Photo, path: str, deployment: str, when: str) -> dict[str, object]:
    return {
        "mediaID": str(uuid.uuid5(_SPACE, path)), "deploymentID": deployment, "captureMethod": "activityDetection",
        "timestamp": when, "filePath": path, "filePublic": "false", "fileName": PurePosixPath(path).name,
        "fileMediatype": _MEDIA_TYPES.get(PurePosixPath(path).suffix.lower(), "image/jpeg"),
    }  # fmt: skip


def _observation(photo: Photo, encounter: str, media: Mapping[str, object], scientific: Mapping[str, str]) -> dict[str, object]:
    key = f"{media['mediaID']}/{photo.individual}/{photo.box.key() if photo.box else ''}"
    row: dict[str, object] = {
        "observationID": str(uuid.uuid5(_SPACE, key)), "deploymentID": media["deploymentID"], "mediaID": media["mediaID"],
        "eventID": None if encounter in MISSING else encounter, "eventStart": media["timestamp"], "eventEnd": media["timestamp"],
        "observationLevel": "media", "observationType": "animal", "scientificName": scientific.get(photo.species, photo.species),
        "count": 1, "individualID": photo.individual, "observationTags": f"side:{photo.side}" if photo.side else None,
    }  # fmt: skip
    sex, stage = photo.column("sex").lower(), photo.column("lifestage").lower()
    row |= {"sex": sex if sex in SEXES else None, "lifeStage": stage if stage in LIFE_STAGES else None}
    if photo.box:
        box = photo.box
        row |= {
            "bboxX": _number(box.x),
            "bboxY": _number(box.y),
            "bboxWidth": _number(max(box.width, _SMALLEST)),
            "bboxHeight": _number(max(box.height, _SMALLEST)),
        }
    return row


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".") or "0"


def _descriptor(
    deployments: Sequence[Deployment], names: Sequence[str], created: datetime, title: str, contributor: str, design: str
) -> dict[str, Any]:
    west, east = (edge(place.longitude or 0.0 for place in deployments) for edge in (min, max))
    south, north = (edge(place.latitude or 0.0 for place in deployments) for edge in (min, max))
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "resources": [
            {"name": name, "path": f"{name}.csv", "profile": "tabular-data-resource", "format": "csv", "mediatype": "text/csv",
             "encoding": "utf-8", "schema": f"{_BASE}/{name}-table-schema.json"}
            for name in ("deployments", "media", "observations")
        ],
        "profile": f"{_BASE}/camtrap-dp-profile.json",
        "created": created.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "title": title,
        "contributors": [{"title": contributor, "role": "contributor"}],
        "sources": [{"title": "reid"}],
        "project": {"title": title, "samplingDesign": design, "captureMethod": ["activityDetection"], "individualAnimals": True,
                    "observationLevel": ["media"]},
        "spatial": {"type": "Polygon", "bbox": [west, south, east, north], "coordinates": [corners]},
        "temporal": {
            "start": min(place.start for place in deployments).isoformat(),
            "end": max(place.end for place in deployments).isoformat(),
        },
        "taxonomic": [{"scientificName": name} for name in names],
    }  # fmt: skip
