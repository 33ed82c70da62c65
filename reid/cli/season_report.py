"""The command that writes the page of a season."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reid import settings, terminal
from reid.cli.door import (  # fmt: skip
    Clocks,
    Dates,
    Days,
    Deployments,
    Device,
    Frames,
    Json,
    Seasons,
    SideRule,
    Sides,
    Species,
    Video,
    Where,
    app,
    end,
    line,
)
from reid.cli.identification import from_files, in_time
from reid.settings import ExportSettings, QuerySettings


@app.command()
def report(
    photos: Annotated[list[Path] | None,
        typer.Argument(help="Photos of the season, not enrolled: asked now, listed as unresolved.", show_default=False)] = None,
    of: Annotated[str, typer.Option(help="The page's season; default the last one that has a photo.", show_default=False)] = "",
    out: Annotated[Path, typer.Option(help="The HTML file.")] = Path("season.html"),
    gallery: Where = None,
    json: Json = False,
    species: Species = "",
    season: Seasons = None,
    days: Days = None,
    deployments: Deployments = None,
    clock: Clocks = None,
    side: SideRule = None,
    side_path: Sides = None,
    video: Video = None,
    frames: Frames = None,
    dates: Dates = None,
    device: Device = "auto",
) -> None:
    """Write the page of a season: who was seen when and where, who returned, discovery, effort, unresolved sightings."""
    from reid.actions.season_report.report import report as action

    asked = in_time(clock, season, deployments) | from_files(side_path, video, frames, dates)
    asked |= {"species": species or None, "device": device}
    counted = {"species": species or None, "seasons": tuple(season) if season else None, "days": days, "side": side}
    counted |= {"dates": dates}
    done = action(
        photos or [],
        out=out,
        of=of,
        gallery=gallery,
        settings=settings.resolve(ExportSettings(), counted | {"deployments": deployments}),
        query=settings.resolve(QuerySettings(), asked),
        progress=terminal.Bars(),
    )
    if json:
        line(done.summary())
    else:
        for one in done.species:
            shown = ("returned", "reappeared", "new", "not seen", "not decided")
            counts = ", ".join(f"{one.count(status)} {status}" for status in shown)
            terminal.out(f"{one.species}, season {one.season}: {counts}")
        listed = f", listed in {done.doubts_table}" if done.doubts_table else ""
        terminal.out(f"{len(done.doubts)} unresolved sightings{listed}")
        terminal.out(f"wrote {done.page} ({done.size / 1e6:.1f} MB)")
    for note in done.notes:
        terminal.complain(note)
    end(done.problems)
