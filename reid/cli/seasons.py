"""Commands that decide about all animals of a season as a whole: seasons, discover."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from reid import settings, terminal
from reid.cli.door import (  # fmt: skip
    Clocks,
    Confidence,
    Dates,
    Deployments,
    Device,
    Flank,
    Frames,
    Json,
    Photos,
    Seasons,
    Sides,
    Species,
    Video,
    Where,
    app,
    end,
    line,
    tables,
)
from reid.cli.identification import from_files, given_side, in_time
from reid.settings import QuerySettings

_QUERY = QuerySettings()
Links = Annotated[float | None,
    typer.Option("--link", help=f"Probability that a link of encounters needs; default {_QUERY.link:g}.", show_default=False)]
DiscoverLinks = Annotated[float | None,
    typer.Option("--link", show_default=False, help="Probability that a link of encounters needs; default "
                 f"{_QUERY.discover_link:g}, with --enroll {_QUERY.enroll_link:g}.")]
Speed = Annotated[float | None,
    typer.Option("--kilometres-an-hour", help=f"No animal travels faster; default {_QUERY.kilometres_an_hour:g}.",
                 show_default=False)]


@app.command()
def seasons(
    photos: Annotated[list[Path] | None, typer.Argument(help="Photos of the second season.", show_default=False)] = None,
    every: Annotated[bool, typer.Option("--all", help="Every season against every later one.")] = False,
    first: Annotated[str, typer.Option("--from", help="The season to start from, such as 2023.", show_default=False)] = "",
    second: Annotated[str, typer.Option("--to", help="The season to compare with it.", show_default=False)] = "",
    gallery: Where = None,
    json: Json = False,
    out: Annotated[Path | None,
        typer.Option(help="Folder for seasons.csv and seasons.html; default: by the seasons.", show_default=False)] = None,
    species: Species = "",
    minutes: Annotated[float | None,
        typer.Option(help=f"Independence interval of events; default {_QUERY.independent_minutes:g}.", min=0, show_default=False)
    ] = None,
    record: Annotated[bool, typer.Option("--record", help="Keep the decisions as sightings, for `reid count`.")] = False,
    link: Links = None,
    kilometres_an_hour: Speed = None,
    clock: Clocks = None,
    season: Seasons = None,
    deployments: Deployments = None,
    side_path: Sides = None,
    video: Video = None,
    frames: Frames = None,
    dates: Dates = None,
    device: Device = "auto",
) -> None:
    """Who returned, who is new, who was not seen again, which need a person."""
    from reid.actions.seasons.compare_seasons import seasons as action
    from reid.actions.seasons.results import SEASON_STATUSES
    from reid.actions.seasons.tables import comparison

    if every == bool(first or second) or bool(first) != bool(second):
        raise typer.BadParameter("name both seasons, or ask for --all", param_hint="--from, --to")
    if every and record:
        raise typer.BadParameter("decisions are kept of one season: name it with --from and --to", param_hint="--record")
    given = in_time(clock, season, deployments) | from_files(side_path, video, frames, dates)
    given |= {"species": species or None, "device": device, "link": link, "kilometres_an_hour": kilometres_an_hour}
    given |= {"independent_minutes": minutes}
    found = settings.resolve(QuerySettings(), given)
    if every:
        return _all(photos or [], gallery, json, out, found)
    report = action(
        photos or [], first=first, second=second, gallery=gallery, out=out or Path(f"seasons-{first}-to-{second}"),
        settings=found, record=record, progress=terminal.Bars()
    )
    if json:
        for row in report.rows:
            line(row)
    else:
        tables(comparison(report))
        terminal.out(", ".join(f"{report.count(status)} {status}" for status in SEASON_STATUSES))
        terminal.out(f"wrote {report.csv} and {report.html}")
    for note in (*report.notes, *(f"{name}: {one.reason}" for name, one in report.drift)):
        terminal.complain(note)
    end(report.problems, closing=report.closing)


def _all(photos: list[Path], gallery: Path | None, json: bool, out: Path | None, found: QuerySettings) -> None:
    from reid.actions.seasons.all_seasons import all_seasons
    from reid.actions.seasons.tables import season_pairs

    report = all_seasons(photos, gallery=gallery, out=out or Path("seasons-all"), settings=found, progress=terminal.Bars())
    if json:
        for pair in report.pairs:
            line(pair)
    else:
        tables(season_pairs(report))
        terminal.out("wrote " + ", ".join(map(str, report.files)))
    for note in (*report.notes, *(f"{name}: {one.reason}" for name, one in report.drift)):
        terminal.complain(note)
    end(report.problems, closing=report.closing)


@app.command()
def discover(
    photos: Photos,
    gallery: Where = None,
    json: Json = False,
    out: Annotated[Path | None,
        typer.Option(help="Folder for two tables and discover.html; default: discovered.", show_default=False)] = None,
    enroll: Annotated[bool,
        typer.Option("--enroll", help="Put the new individuals into the gallery; `reid undo` takes it back.")] = False,
    name: Annotated[str,
        typer.Option(help="NAME-001 and so on; default: new-SEASON-001, by first photo.", show_default=False)] = "",
    species: Species = "",
    side: Flank = "",
    link: DiscoverLinks = None,
    kilometres_an_hour: Speed = None,
    confidence: Confidence = None,
    clock: Clocks = None,
    season: Seasons = None,
    deployments: Deployments = None,
    side_path: Sides = None,
    video: Video = None,
    frames: Frames = None,
    dates: Dates = None,
    device: Device = "auto",
) -> None:
    """Make individuals of unlabelled photos: proposed, with what ties them together."""
    from reid.actions.seasons.discover import discover as action
    from reid.actions.seasons.results import PROPOSAL_STATUSES
    from reid.actions.seasons.tables import discovery

    given = in_time(clock, season, deployments) | from_files(side_path, video, frames, dates)
    given |= {"species": species or None, "device": device, "kilometres_an_hour": kilometres_an_hour}
    given |= {"discover_link": link, "enroll_link": link}
    given |= {"side": given_side(side), "box_confidence": confidence}
    found = settings.resolve(QuerySettings(), given)
    report = action(
        photos, gallery=gallery, out=out or Path("discovered"), enroll=enroll, name=name, settings=found, progress=terminal.Bars()
    )
    if json:
        for one in report.proposals:
            line(one)
    else:
        tables(discovery(report))
        terminal.out(", ".join(f"{report.count(status)} {status}" for status in PROPOSAL_STATUSES.values()))
        terminal.out("wrote " + ", ".join(map(str, report.files)))
        for entry in report.entries:
            terminal.out(f"entry {entry} of the journal enrolled them; `reid undo {entry}` takes it back")
        if not report.entries:
            how = "" if enroll or not report.count("new") else _how_to(found, link, gallery, report.files)
            terminal.out(f"nothing was enrolled{how}")
    for note in report.notes:
        terminal.complain(note)
    end(report.problems, closing=report.closing)


def _how_to(found: QuerySettings, link: float | None, gallery: Path | None, files: tuple[Path, ...]) -> str:
    where = ["--gallery", str(gallery)] if gallery else []
    command = shlex.join(["reid", "enroll", str(files[1]), *where])
    surer = "" if link is not None else f", by links right with probability {found.enroll_link:g}"
    return f"; once a person looked: `{command}`; unseen: --enroll{surer}"
