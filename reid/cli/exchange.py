"""Commands that bring photos in from other programs and take the answer to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid import terminal
from reid.cli.door import (
    ChangedFiles,
    Clocks,
    Dates,
    Days,
    Deployments,
    Device,
    Frames,
    Json,
    OnlySpecies,
    Photos,
    Seasons,
    SideRule,
    Sides,
    Video,
    Where,
    app,
    end,
    line,
)
from reid.cli.identification import from_files, in_time
from reid.settings import EXPORT_FORMATS, ExportSettings, pair, resolve

if TYPE_CHECKING:
    from reid.survey.capture_history import LeftOut


@app.command(name="import")
def import_(
    photos: Photos,
    gallery: Where = None,
    json: Json = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Enroll nothing: say what is there and list the problems.")] = False,
    anyway: Annotated[bool, typer.Option("--anyway", help="Enroll what is good though there are problems.")] = False,
    problems: Annotated[Path | None,
        typer.Option(help="CSV for the problems: file, row, column, photo, what, how to fix.", show_default=False)] = None,
    clock: Clocks = None,
    season: Seasons = None,
    deployments: Deployments = None,
    side_path: Sides = None,
    changed: ChangedFiles = None,
    video: Video = None,
    frames: Frames = None,
    dates: Dates = None,
    device: Device = "auto",
) -> None:
    """Look at photos and tables, list every problem, then enroll what names an individual."""
    from reid.actions.intake.enroll import intake
    from reid.actions.intake.import_photos import import_photos as action
    from reid.tables.problems import PROBLEM_COLUMNS, problem_rows

    chosen: dict[str, object] = {"changed": changed, "device": device}
    given = intake(chosen | in_time(clock, season, deployments) | from_files(side_path, video, frames, dates))
    report = action(
        photos, dry_run=dry_run, anyway=anyway, gallery=gallery, problems_table=problems, settings=given,
        progress=terminal.Bars(),
    )
    if json:
        line(report)
    else:
        span = f", {report.first:%Y-%m-%d} to {report.last:%Y-%m-%d}" if report.first and report.last else ""
        terminal.out(f"{report.photos} photos{span}: {report.labelled} of {report.individuals} individuals "
                     f"({', '.join(report.species) or 'no species named'}), {report.empty} empty")
        terminal.out(f"{len(report.cameras)} cameras, seasons {', '.join(report.seasons) or 'not named'}; without date "
                     f"{report.undated}, without camera {report.without_camera}; sides "
                     + ", ".join(f"{side} {count}" for side, count in report.sides.items()))
        if report.problems:
            terminal.table("Problems", PROBLEM_COLUMNS, problem_rows(report.problems))
        if report.enrolled is not None:
            terminal.out(f"{sum(report.enrolled.added.values())} photos enrolled, {report.enrolled.already} were before")
    for note in report.notes:
        terminal.complain(note)
    problems_met = report.problems if report.enrolled is None else report.enrolled.problems
    end(problems_met, reported=() if json else report.problems, closing=report.closing)


@app.command()
def export(
    format: Annotated[str, typer.Argument(help=f"{', '.join(EXPORT_FORMATS)}.", show_default=False)],
    photos: Annotated[list[Path] | None,
        typer.Argument(help="Labelled photos; none = those enrolled.", show_default=False)] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the files; default export-FORMAT.", show_default=False)] = None,
    gallery: Where = None,
    json: Json = False,
    species: OnlySpecies = None,
    season: Seasons = None,
    days: Days = None,
    deployments: Deployments = None,
    clock: Clocks = None,
    side: SideRule = None,
    group: Annotated[str | None, typer.Option(help="Column that makes groups, such as sex.", show_default=False)] = None,
    covariate: Annotated[list[str] | None,
        typer.Option(help="Column with a number for each individual; may be repeated.", show_default=False)] = None,
    minutes: Annotated[float | None,
        typer.Option(help="camtrapR: closer records of an individual are one.", min=0, show_default=False)] = None,
    time_zone: Annotated[str | None,
        typer.Option(help="Of the cameras' clocks, for Camtrap DP: +01:00 or a name.", show_default=False)] = None,
    scientific: Annotated[list[str] | None,
        typer.Option(help="SPECIES='Genus epithet'; may be repeated.", show_default=False)] = None,
    dates: Dates = None,
    copy: Annotated[bool, typer.Option("--copy", help="Camtrap DP: copy the photos into the package.")] = False,
) -> None:
    """Write the known individuals for MARK, secr, CAPTURE, camtrapR, Camtrap DP, Wildbook, tables or folders."""
    from reid.actions.exchange.export import export as action

    given = {
        "species": species, "days": days, "deployments": deployments, "side": side, "group": group, "time_zone": time_zone,
        "independent_minutes": minutes, "copy": copy or None, "dates": dates, "seasons": tuple(season or ()) or None,
        "clocks": tuple(clock or ()) or None, "covariates": tuple(covariate or ()) or None,
        "scientific": dict(pair(text, "--scientific") for text in scientific or []) or None,
    }
    report = action(
        format, out or Path(f"export-{format}"), photos or [], gallery=gallery, settings=resolve(ExportSettings(), given)
    )
    if json:
        line(report)
    else:
        terminal.out(f"{report.individuals} individuals, {report.photos} photos")
        _say_files(report.files, out or Path(f"export-{format}"))
    for note in report.notes:
        terminal.complain(note)
    _say_left_out(report.left_out)
    end(report.problems, closing=report.closing)


def _say_files(files: Sequence[Path], folder: Path) -> None:
    """Name what was written; of many files, how many and where."""
    if len(files) > 20:
        terminal.out(f"wrote {len(files)} files to {folder}")
        return
    for path in files:
        terminal.out(f"wrote {path}")


def _say_left_out(left_out: Sequence[LeftOut]) -> None:
    """Name the individuals that are not in the export, and how many photos."""
    individuals = [one for one in left_out if not one.photo]
    for one in individuals:
        terminal.complain(f"left out {one.species} {one.individual}: {one.reason}")
    if len(left_out) > len(individuals):
        terminal.complain(f"left out {len(left_out) - len(individuals)} photos; left_out.csv lists them with the reason")

