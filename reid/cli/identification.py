"""Commands that put photos into the gallery and ask it: enroll, query."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reid import settings, terminal
from reid.cli.door import (  # fmt: skip
    ChangedFiles,
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
    given_moment,
    line,
)
from reid.records import Sighting
from reid.settings import EnrollSettings, QuerySettings

_QUERY, _ENROLL = QuerySettings(), EnrollSettings()


@app.command()
def enroll(
    photos: Photos,
    gallery: Where = None,
    json: Json = False,
    individual: Annotated[str, typer.Option(help="All these photos show this individual.", show_default=False)] = "",
    species: Annotated[str, typer.Option(help="All these photos show this species.", show_default=False)] = "",
    clock: Clocks = None,
    season: Seasons = None,
    deployments: Deployments = None,
    side_path: Sides = None,
    changed: ChangedFiles = None,
    video: Video = None,
    frames: Frames = None,
    dates: Dates = None,
    column: Annotated[str | None,
        typer.Option(help="Use only rows whose column has the value of --only.", show_default=False)] = None,
    only: Annotated[str | None,
        typer.Option(help=f"The value wanted in --column; default {_ENROLL.only}.", show_default=False)] = None,
    device: Device = "auto",
    again: Annotated[bool, typer.Option("--again", help="Enroll also what was removed from the gallery.")] = False,
) -> None:
    """Put labelled photos into the gallery, each under its individual."""
    from reid.actions.intake.enroll import enroll as action
    from reid.actions.intake.enroll import intake

    chosen: dict[str, object] = {"column": column, "only": only, "changed": changed, "device": device}
    given = intake(chosen | in_time(clock, season, deployments) | from_files(side_path, video, frames, dates))
    report = action(
        photos, gallery=gallery, individual=individual, species=species, again=again, settings=given, progress=terminal.Bars()
    )
    if json:
        line(report)
    else:
        for name, count in sorted(report.added.items()):
            fresh = sum(1 for one, _ in report.new_individuals if one == name)
            terminal.out(f"{name}: {count} photos enrolled, {fresh} new individuals")
        terminal.out(f"{report.already} were enrolled before; {report.unlabelled} name no individual and were left out")
    end(report.problems, closing=report.closing)


@app.command()
def query(
    photos: Photos,
    gallery: Where = None,
    json: Json = False,
    top: Annotated[int | None, typer.Option(help=f"Matches to list; default {_QUERY.top}.", min=1, show_default=False)] = None,
    species: Species = "",
    side: Flank = "",
    encounters: Annotated[bool, typer.Option("--encounters", help="One decision per encounter.")] = False,
    record: Annotated[bool, typer.Option("--record", help="Keep the decisions in the gallery as sightings.")] = False,
    as_of: Annotated[str, typer.Option(help="Answer as on that day, such as 2025-03-01.", show_default=False)] = "",
    fade: Annotated[float | None,
        typer.Option(help="What a year between two photos takes off their score, so that recent ones weigh more; default 0.",
                     min=0, show_default=False)] = None,
    rerank: Annotated[int | None,
        typer.Option(help=f"Individuals that are re-ranked by local features, where it helps; default {_QUERY.rerank}.", min=0,
                     show_default=False)] = None,
    returning: Annotated[float | None,
        typer.Option(help="Share of the animals asked about that are enrolled already; default 0.5. The more, the surer NEW is.",
                     min=0, max=1, show_default=False)] = None,
    why: Annotated[Path | None,
        typer.Option(help="Folder for one picture a decision: query, best match, corresponding locations.",
                     show_default=False)] = None,
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
    """Identify photos: who is it, how sure, and why."""
    from reid.actions.identification.query import query as action

    given: dict[str, object] = {"top": top, "species": species or None, "side": given_side(side)}
    given |= {"encounters": encounters or None}
    given |= {"device": device, "rerank": rerank, "fade": fade, "box_confidence": confidence}
    given |= {"returning": returning}
    given |= in_time(clock, season, deployments) | from_files(side_path, video, frames, dates)
    report = action(
        photos, gallery=gallery, settings=settings.resolve(QuerySettings(), given), record=record, why=why,
        as_of=given_moment(as_of, "--as-of"),
        progress=terminal.Bars(), on_sighting=line if json else _print_sighting
    )
    if json:
        for problem in report.problems:
            line(problem)
    if why is not None:
        terminal.complain(f"wrote {len(report.explained)} pictures to {why}")
    end(report.problems, closing=report.closing)


def in_time(clock: list[str] | None, season: list[str] | None, deployments: Path | None) -> dict[str, object]:
    """The options that put dates and seasons right, None where not given."""
    return {"clocks": tuple(clock) if clock else None, "seasons": tuple(season) if season else None,
            "deployments": str(deployments) if deployments else None}


def from_files(
    side_path: list[str] | None, video: str | None, frames: str | None, dates: str | None
) -> dict[str, object]:
    """The options that say how photos are read from their files, None where not given."""
    return {"side_path": tuple(side_path) if side_path else None, "video": video, "frames": frames, "dates": dates}


def given_side(side: str) -> str | None:
    """The side, None where none was given; anything but left or right is a usage error."""
    if side not in ("", "left", "right"):
        raise typer.BadParameter(f"{side!r} is no side; wanted left or right", param_hint="--side")
    return side or None


def _print_sighting(sighting: Sighting) -> None:
    more = f" (+{len(sighting.photos) - 1} photos)" if len(sighting.photos) > 1 else ""
    decision = sighting.decision
    who = decision.individual or "-"
    terminal.out("\t".join((sighting.photo + more, decision.outcome.value, who, sighting.species.name, decision.reason)))
    for match in sighting.matches:
        chance = f"{match.probability:.3f}" if match.probability is not None else "  -  "
        places = f"  places {match.local:.2f}" if match.local is not None else ""
        terminal.out(
            f"    {match.rank}. {match.individual:<20} score {match.score:.3f}{places}  probability {chance}  {match.photo}"
        )
