"""The door itself: the app, how a run begins and ends, and the options that many commands share."""

from __future__ import annotations

import io
import sys
from collections.abc import Collection, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from reid import __version__, terminal
from reid.distribution import namesake
from reid.errors import ReidError
from reid.records import Problem
from reid.settings import SIDE_RULES, ExportSettings, VideoSettings
from reid.tables.plain_table import PlainTable

app = typer.Typer(
    name="reid",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Who is this animal? Train, enroll, query and re-identify individual animals in photographs.",
    epilog="Photos are files, folders (species/individual/photo.jpg) or manifests (.csv, .xlsx), "
    "or what MegaDetector found (.json).",
)

Photos = Annotated[list[Path],
    typer.Argument(help="Photos, folders, manifests (.csv, .xlsx), detections (.json).", show_default=False)]
Where = Annotated[
    Path | None,
    typer.Option("--gallery", help="Folder of the gallery; default indexes/default or REID_GALLERY.", show_default=False),
]
Clocks = Annotated[list[str] | None,
    typer.Option("--clock", help="CAMERA=+1h: what to add to a camera's clock (video=+1h: to videos' UTC); may be repeated.",
                 show_default=False)]
Seasons = Annotated[list[str] | None,
    typer.Option("--season", help="NAME=START..END, or a table with name, start, end; may be repeated.", show_default=False)]
Deployments = Annotated[Path | None,
    typer.Option(help="Table of the cameras: camera, start, end, latitude, longitude, off, clock.", show_default=False)]
Sides = Annotated[list[str] | None,
    typer.Option("--side-path", help="left=PATTERN or right=PATTERN, for photos whose path names it; may be repeated.",
                 show_default=False)]
ChangedFiles = Annotated[str | None,
    typer.Option("--changed", help="A file that was enrolled with other content: tell (default) reports it, add takes it "
                 "as another photo.", show_default=False)]
Video = Annotated[str | None,
    typer.Option(help=f"Frames of videos: every=SECONDS or scenes; default {VideoSettings().video}.", show_default=False)]
Frames = Annotated[str | None, typer.Option(help="Folder for frames of videos; default beside each.", show_default=False)]
Dates = Annotated[str | None,
    typer.Option(help="How dates as 3/4/2020 are read in tables: day-first or month-first; default: they are refused.",
                 show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.", envvar="REID_DEVICE", show_envvar=False)]
OnlySpecies = Annotated[str | None, typer.Option(help="Only this species.", show_default=False)]
Days = Annotated[int | None,
    typer.Option(help="Length of an occasion in days; 0 (default) = each season is one.", min=0, show_default=False)]
SideRule = Annotated[str | None,
    typer.Option(help=f"{', '.join(SIDE_RULES)}; default {ExportSettings().side}.", show_default=False)]
Flank = Annotated[str, typer.Option(help="left or right, where the manifest does not say.", show_default=False)]
Confidence = Annotated[float | None,
    typer.Option(help="A detector's box counts from here on; default: as its file says.", min=0, max=1, show_default=False)]
Species = Annotated[str, typer.Option(help="Only this species; for query: skip stage 1.", show_default=False)]


def run(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 all well, 1 some inputs failed, 2 usage, 3 and up by error class."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        app(args=None if arguments is None else list(arguments), standalone_mode=True)
    except ReidError as error:
        terminal.complain(f"reid: {error}")
        sys.exit(error.exit_code)


def _version(wanted: bool) -> None:
    if wanted:
        terminal.out(f"reid {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Who is this animal?"""
    if warning := namesake(thorough=context.invoked_subcommand == "doctor"):
        terminal.complain(f"reid: {warning}")


def end(
    problems: Sequence[Problem], failures: Sequence[str] = (), reported: Collection[Problem] = (), closing: str = ""
) -> None:
    """Name every input that failed and was not reported before, then say all in one line; exit 1 if there was a failure."""
    for problem in problems:
        if problem not in reported:
            terminal.complain(f"skipped {problem}")
    for failure in failures:
        terminal.complain(f"failed {failure}")
    if closing:
        terminal.complain(closing)
    if problems or failures:
        terminal.complain(f"reid: finished, but {len(problems) + len(failures)} inputs failed (named above)")
        raise typer.Exit(1)


def line(value: Any) -> None:
    """One JSON object a line on stdout."""
    from reid.tables import json_lines

    terminal.out(json_lines.line(value))


def given_moment(text: str, option: str) -> datetime | date | None:
    """A day, or a moment where the text has a time; None where none was given."""
    try:
        return (date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)) if text else None
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write 2025-03-01 or 2025-03-01T14:30", param_hint=option) from None


def tables(shown: Sequence[PlainTable]) -> None:
    """Print tables."""
    for title, columns, rows in shown:
        terminal.table(title, columns, rows)
