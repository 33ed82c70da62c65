"""Camtrap DP read: the media of a package as photos, with what its observations say of them."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from reid import images
from reid.errors import ManifestError
from reid.formats.readers.megadetector import FOUND_NOTHING, LeftOutFrames
from reid.formats.readers.video_frames import is_video
from reid.records import EMPTY, MISSING, Photo, Problem
from reid.tables.cell_values import BadCell, read_box, read_date, spaced
from reid.tables.tables import Row, read_table

DESCRIPTOR = "datapackage.json"
_REQUIRED = {
    "deployments": ("deploymentid", "latitude", "longitude", "deploymentstart", "deploymentend"),
    "media": ("mediaid", "deploymentid", "timestamp", "filepath", "filepublic", "filemediatype"),
    "observations": ("observationid", "deploymentid", "eventstart", "eventend", "observationlevel", "observationtype"),
}
"""The fields that the table schemas of version 1 require."""
_TYPES = ("animal", "human", "vehicle", "blank", "unknown", "unclassified")
_PEOPLE = ("human", "vehicle")
_BOXES = {"x": "bboxx", "y": "bboxy", "width": "bboxwidth", "height": "bboxheight"}


@dataclass(frozen=True, slots=True)
class _Event:
    """Observations of a whole event: they speak for the deployment's media of that time. start, end: see `_moment`."""

    start: datetime
    end: datetime
    row: Row


def read_camtrap_dp(path: Path) -> Iterator[Photo | Problem | LeftOutFrames]:
    """Read a package of version 1 (1.0, 1.0.1, 1.0.2), by its datapackage.json.

    Each animal observed in a medium is a Photo, with scientificName, individualID, box, event and location; a blank one
    is of species `empty`; unclassified media are Photos of which nothing is known. A medium in which people or vehicles were
    observed is left out. Observations of an event speak for its media that have none of their own; the individual only if
    the event has a single observation of an animal. Photos get the clock times that the file writes, whatever their zone.
    A tag side:left or side:right is the side. A video stands for its frames (`manifest.read_photos`), without boxes. NA, NaN
    and nan are empty cells, as version 1.0.2 has it.

    Raises:
        ManifestError: no package of version 1, a table that is missing or lacks a required field, or whose media belong to
            no deployment.
    """
    tables = _tables(path)
    deployments = {row.text("deploymentid"): row for row in tables["deployments"]}
    by_media: dict[str, list[Row]] = defaultdict(list)
    events: dict[str, list[_Event]] = defaultdict(list)
    for row in tables["observations"]:
        origin = f"observations.csv, row {row.number}"
        try:
            if row.text("observationtype") not in _TYPES:
                raise BadCell("observationType", f'"{row.text("observationtype")}" is none of {", ".join(_TYPES)}.')
            if row.text("mediaid"):
                by_media[row.text("mediaid")].append(row)
            elif event := _event(row):
                events[row.text("deploymentid")].append(event)
        except BadCell as fault:
            yield Problem(row.text("observationid"), str(fault), origin, fault.column)
    people = with_animals = 0
    for medium in tables["media"]:
        place = deployments.get(medium.text("deploymentid"))
        try:
            if place is None:
                raise BadCell("deploymentID", f'"{medium.text("deploymentid")}" is not in deployments.csv.')
            when = read_date("timestamp", medium.cells.get("timestamp", ""))
            seen = by_media.get(medium.text("mediaid")) or _of_event(
                events[medium.text("deploymentid")], _moment(medium, "timestamp")
            )
            if any(row.text("observationtype") in _PEOPLE for row in seen):
                people += 1
                with_animals += any(row.text("observationtype") == "animal" for row in seen)
                continue
            yield from _photos(path.parent, medium, place, when, seen)
        except BadCell as fault:
            yield Problem(medium.text("filepath"), str(fault), f"media.csv, row {medium.number}", fault.column)
    if people:
        yield LeftOutFrames(people, with_animals)


def _tables(path: Path) -> dict[str, list[Row]]:
    try:
        descriptor: Any = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as fault:
        raise ManifestError(f"{path}: cannot be read ({fault.strerror}); check the path.") from fault
    except ValueError as fault:
        raise ManifestError(f"{path}: is no JSON ({fault}).") from fault
    profile = str(descriptor.get("profile", "")) if isinstance(descriptor, dict) else ""
    version = re.search(r"camtrap-dp/(\d+)\.\d[^/]*/", profile)
    if version is None or version[1] != "1":
        raise ManifestError(
            f"{path}: is no Camtrap DP of version 1 (its profile is {profile or 'not named'!r}); convert an older "
            "one with R's camtrapdp or camtraptor."
        )
    resources = [resource for resource in descriptor.get("resources", []) if isinstance(resource, dict)]
    named = {str(resource.get("name")): resource.get("path") for resource in resources}
    rows = {}
    for name, required in _REQUIRED.items():
        file = named.get(name)
        if not isinstance(file, str):
            raise ManifestError(f"{path}: names no file for its {name}; wanted one CSV.")
        table = read_table(path.parent / file)
        if missing := [field for field in required if field not in table.columns]:
            raise ManifestError(f"{path.parent / file}: has no field {', '.join(missing)}, which Camtrap DP 1 requires.")
        rows[name] = [_emptied(row) for row in table.rows]
    return rows


def _emptied(row: Row) -> Row:
    return replace(row, cells={name: "" if cell in MISSING else cell for name, cell in row.cells.items()})


def _event(row: Row) -> _Event | None:
    start, end = (_moment(row, name) for name in ("eventStart", "eventEnd"))
    return _Event(start, end, row) if start and end else None


def _moment(row: Row, column: str) -> datetime | None:
    """A time with its zone where the file writes one: a package may have its media in local time and its events in UTC."""
    cell = row.cells.get(column.lower(), "")
    clock = read_date(column, cell)
    zone = re.search(r"(Z|[+-]\d\d:?\d\d)$", cell) if isinstance(cell, str) and ":" in cell else None
    if clock is None or zone is None:
        return clock
    try:
        return clock.replace(tzinfo=datetime.strptime(zone[1], "%z").tzinfo)
    except ValueError:
        raise BadCell(column, f'"{cell}" has no time zone that there is.') from None


def _within(event: _Event, when: datetime) -> bool:
    """As moments where all three have a zone, else by the clock."""
    start, end = event.start, event.end
    if any(each.tzinfo is None for each in (start, end, when)):
        start, end, when = (each.replace(tzinfo=None) for each in (start, end, when))
    return start <= when <= end


def _of_event(events: Sequence[_Event], when: datetime | None) -> list[Row]:
    """The observations of the events at that time; who it was is not known where several animals were seen."""
    rows = [event.row for event in events if when is not None and _within(event, when)]
    animals = [row for row in rows if row.text("observationtype") == "animal"]
    if len(animals) < 2:
        return rows
    return [_together(animals), *(row for row in rows if row.text("observationtype") in _PEOPLE)]


def _together(animals: Sequence[Row]) -> Row:
    """Several animals without boxes of their own, as one animal: the individual is not known, the species if it is one."""
    names = {row.text("scientificname") for row in animals}
    species = names.pop() if len(names) == 1 else ""
    cells: Mapping[str, Any] = {"observationtype": "animal", "scientificname": species, "eventid": animals[0].text("eventid")}
    return Row(animals[0].number, cells)


def _of_film(animals: Sequence[Row]) -> list[Row]:
    """What is known of all frames of a video, without boxes: who it is only where all observations name the same."""
    named = {(row.text("scientificname"), row.text("individualid")) for row in animals}
    known = [animals[0]] if len(named) == 1 else [_together(animals)] if animals else []
    return [replace(row, cells={name: cell for name, cell in row.cells.items() if name not in _BOXES.values()}) for row in known]


def _photos(base: Path, medium: Row, place: Row, when: datetime | None, seen: Sequence[Row]) -> Iterator[Photo]:
    """The photos of one medium: one for each animal, an empty frame where that was observed. Raises BadCell."""
    path = _file(base, medium)
    camera = spaced(next(filter(None, (place.text(name) for name in ("locationid", "cameraid", "deploymentid"))), ""))
    group = re.search(r"season:\s*([^|]+)", place.text("deploymentgroups"))
    bare = Photo(
        path, captured_at=when, camera=camera, season=spaced(group[1]) if group else "", origin=f"media.csv, row {medium.number}"
    )
    animals = _animals(seen, is_video(path))
    if not animals:
        empty = bool(seen) and all(row.text("observationtype") == "blank" for row in seen)
        yield replace(bare, species=EMPTY, notes=dict(FOUND_NOTHING)) if empty else bare
    for row in animals:
        side = re.search(r"side:\s*(left|right)\b", row.text("observationtags"))
        yield replace(
            bare,
            species=spaced(row.text("scientificname")),
            individual=spaced(row.text("individualid")),
            encounter=spaced(row.text("eventid")),
            side=side[1] if side else "",
            box=read_box({our: row.text(name) for our, name in _BOXES.items()}, path),
            notes={name: row.text(name) for name in ("sex", "lifestage", "count", "behavior") if row.text(name)},
        )


def _file(base: Path, medium: Row) -> Path:
    """The file of a medium, in the package. Raises BadCell where there is none that can be read."""
    text = medium.text("filepath")
    if re.match(r"[a-z]+://", text):
        raise BadCell("filePath", f"{text} lies on the web; download it and name the file.")
    path = base / text.replace("\\", "/")
    if not is_video(path) and path.suffix.lower() not in images.IMAGE_SUFFIXES:
        kind = f" ({medium.text('filemediatype')})" if medium.text("filemediatype") else ""
        raise BadCell("filePath", f"{text} is no photo and no video that can be read{kind}.")
    if not path.is_file():
        raise BadCell("filePath", f"there is no such file (looked for {path}); copy the media into the package.")
    return path


def _animals(seen: Sequence[Row], film: bool) -> list[Row]:
    """The animals of a medium that can be kept apart: those without a box are one, and so are those of a video's frames."""
    animals = [row for row in seen if row.text("observationtype") == "animal"]
    if film:  # a box is of one moment of it (bboxTime), and its frames get names of their own later
        animals = _of_film(animals)
    boxless = [row for row in animals if not any(row.text(name) for name in _BOXES.values())]
    if len(boxless) < 2:
        return animals
    return [_together(boxless), *(row for row in animals if row not in boxless)]
