"""The cameras of a season's page: what each saw, and where it stood."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from reid.actions.season_report.results import CameraPlace, SpeciesSeason
from reid.errors import UsageError
from reid.pages import plots
from reid.pages.html import PageTable, Plot, Section
from reid.survey.utm import in_metres

NAMED_CAMERAS = 40
"""More are not named on the map."""


def where(one: SpeciesSeason, title: str) -> Section:
    """The cameras of the season on a plain map, and what each saw."""
    rows = tuple(
        (place.camera, str(max(place.deployment.start, _first(one))) if place.deployment else "–",
         str(place.deployment.end) if place.deployment else "–",
         "–" if place.worked is None else str(place.worked), "–" if place.off is None else str(place.off), str(place.encounters),
         str(place.individuals))
        for place in one.places
    )  # fmt: skip
    if not rows:
        nowhere = "No camera of the season is known, by a photo of a known animal or by a table."
        return Section(f"{title}Where, season {one.season}", nowhere)
    drawn, note = _map(one)
    columns = ("camera", "from", "to", "days worked", "days off", "encounters", "individuals")
    return Section(f"{title}Where, season {one.season}", tables=(PageTable("Cameras", columns, rows, note=note),), plots=drawn)


def _first(one: SpeciesSeason) -> date:
    return min(count.start for count in one.seasons if count.season == one.season)


def _map(one: SpeciesSeason) -> tuple[tuple[Plot, ...], str]:
    """The map and what must be said of it; no map where positions are not known."""
    placed = [place for place in one.places if place.deployment is not None]
    if not placed:
        return (), ""
    try:
        grid = in_metres([place.deployment for place in placed if place.deployment])
    except UsageError as fault:
        return (), f"No map: {fault}."
    west, south = min(x for x, _ in grid.points), min(y for _, y in grid.points)
    at: dict[tuple[str, float, float], list[CameraPlace]] = defaultdict(list)
    for place, (x, y) in zip(placed, grid.points, strict=True):
        at[place.camera, (x - west) / 1000, (y - south) / 1000].append(place)
    spots = [
        plots.Spot(camera, x, y, sum(place.encounters for place in here), str(max(place.individuals for place in here)))
        for (camera, x, y), here in at.items()
    ]
    name = f"{one.species}: encounters by camera, {one.season}"
    drawn = plots.places(name, "kilometres to the east", "kilometres to the north", "encounters", spots,
                         names=len(spots) <= NAMED_CAMERAS)
    alternative = f"{name}. The table says the same in numbers."
    note = "Area: encounters; number: individuals; cross: none. Kilometres from the westernmost and the southernmost camera."
    return (Plot(drawn, alternative, note=note),), ""
