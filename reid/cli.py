"""The command line: one command for each verb of actions/. The only typer; nothing heavy is imported before it is needed."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from reid import __version__, reports, settings, terminal
from reid.errors import ReidError
from reid.records import Problem, Sighting
from reid.settings import QuerySettings, TrainSettings, parse_image_size

app = typer.Typer(
    name="reid",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Who is this animal? Train, enroll, query and re-identify individual animals in photographs.",
    epilog="Photos are files, folders (species/individual/photo.jpg) or manifests (.csv, .xlsx).",
)
gallery_app = typer.Typer(rich_markup_mode=None, help="What is in the gallery.", invoke_without_command=True)
app.add_typer(gallery_app, name="gallery")

Photos = Annotated[list[Path], typer.Argument(help="Photos, folders or manifests (.csv, .xlsx).", show_default=False)]
Where = Annotated[
    Path | None,
    typer.Option("--gallery", help="Folder of the gallery; default indexes/default or REID_GALLERY.", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Species = Annotated[str, typer.Option(help="Only this species; for query: skip stage 1.", show_default=False)]
_TRAIN, _QUERY = TrainSettings(), QuerySettings()


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
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Who is this animal?"""


def _end(problems: Sequence[Problem], failures: Sequence[str] = ()) -> None:
    """Name every input that failed, and exit 1 if there was one."""
    for problem in problems:
        terminal.complain(f"skipped {problem}")
    for failure in failures:
        terminal.complain(f"failed {failure}")
    if problems or failures:
        terminal.complain(f"reid: finished, but {len(problems) + len(failures)} inputs failed (named above)")
        raise typer.Exit(1)


def _json(value: Any) -> None:
    from reid.formats import json_lines

    terminal.out(json_lines.line(value))


@app.command()
def train(
    photos: Photos,
    gallery: Where = None,
    json: Json = False,
    stage: Annotated[str, typer.Option(help="Stages to train, comma-separated.")] = ",".join(_TRAIN.stages),
    species: Annotated[list[str] | None,
        typer.Option(help="Stage 2 for this species only; may be repeated.", show_default=False)] = None,
    column: Annotated[str | None,
        typer.Option(help="Use only rows whose column of this name is `train`.", show_default=False)] = None,
    minutes: Annotated[float | None, typer.Option(help="Time to spend, over all nets.", show_default=False)] = None,
    epochs: Annotated[int | None, typer.Option(help=f"Of stage 2; default {_TRAIN.epochs}.", show_default=False)] = None,
    species_epochs: Annotated[int | None,
        typer.Option(help=f"Of stage 1; default {_TRAIN.species_epochs}.", show_default=False)] = None,
    loss: Annotated[str | None,
        typer.Option(help=f"{', '.join(settings.LOSSES)}; default {_TRAIN.loss}.", show_default=False)] = None,
    backbone: Annotated[str | None,
        typer.Option(help=f"torchvision's name; default {_TRAIN.backbone}.", show_default=False)] = None,
    weights: Annotated[str | None,
        typer.Option(help="base (ships with reid), imagenet (downloads), none, or a file.", show_default=False)] = None,
    image_size: Annotated[str | None, typer.Option(help="Stage 2 input, 224 or HEIGHTxWIDTH.", show_default=False)] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.", show_default=False)] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same net on the CPU.", show_default=False)] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted training.")] = False,
) -> None:
    """Train the species net and one embedding net per species."""
    from reid.actions.train import train as action

    given = {
        "stages": tuple(part.strip() for part in stage.split(",") if part.strip()),
        "species": tuple(species) if species else None,
        "image_size": parse_image_size(image_size) if image_size else None,
        "column": column, "minutes": minutes, "epochs": epochs, "species_epochs": species_epochs, "loss": loss,
        "backbone": backbone, "weights": weights, "device": device, "seed": seed, "resume": resume or None,
    }
    report = action(photos, gallery=gallery, settings=settings.resolve(TrainSettings(), given), progress=terminal.Bars())
    if json:
        _json(report)
    else:
        _tables(reports.training(report))
    _end(report.problems, report.failures)


def _tables(tables: Sequence[reports.Plain]) -> None:
    for title, columns, rows in tables:
        terminal.table(title, columns, rows)


@app.command()
def enroll(
    photos: Photos,
    gallery: Where = None,
    json: Json = False,
    individual: Annotated[str, typer.Option(help="All these photos show this individual.", show_default=False)] = "",
    species: Annotated[str, typer.Option(help="All these photos show this species.", show_default=False)] = "",
    column: Annotated[str, typer.Option(help="Use only rows whose column has the value of --only.", show_default=False)] = "",
    only: Annotated[str, typer.Option(help="The value wanted in --column.")] = "train",
    device: Device = "auto",
) -> None:
    """Put labelled photos into the gallery, each under its individual."""
    from reid.actions.enroll import enroll as action

    report = action(
        photos, gallery=gallery, individual=individual, species=species, column=column, only=only, device=device,
        progress=terminal.Bars()
    )
    if json:
        _json(report)
    else:
        for name, count in sorted(report.added.items()):
            fresh = sum(1 for one, _ in report.new_individuals if one == name)
            terminal.out(f"{name}: {count} photos enrolled, {fresh} new individuals")
        terminal.out(f"{report.already} were enrolled before; {report.unlabelled} name no individual and were left out")
    _end(report.problems)


@app.command()
def query(
    photos: Photos,
    gallery: Where = None,
    json: Json = False,
    top: Annotated[int | None, typer.Option(help=f"Matches to tell; default {_QUERY.top}.", min=1, show_default=False)] = None,
    species: Species = "",
    side: Annotated[str, typer.Option(help="left or right, where the manifest does not say.", show_default=False)] = "",
    encounters: Annotated[bool, typer.Option("--encounters", help="One decision per encounter.")] = False,
    record: Annotated[bool, typer.Option("--record", help="Keep the decisions in the gallery as sightings.")] = False,
    rerank: Annotated[int | None,
        typer.Option(help=f"Individuals whose photos get a closer look, place by place; default {_QUERY.rerank}.", min=0,
                     show_default=False)] = None,
    why: Annotated[Path | None,
        typer.Option(help="Folder for one picture a decision: query, best match, the places that agree.",
                     show_default=False)] = None,
    device: Device = "auto",
) -> None:
    """Identify photos: who is it, how sure, and why."""
    from reid.actions.query import query as action

    given = {"top": top, "species": species or None, "side": _side(side), "encounters": encounters or None}
    given |= {"device": device if device != "auto" else None, "rerank": rerank}
    report = action(
        photos, gallery=gallery, settings=settings.resolve(QuerySettings(), given), record=record, why=why,
        progress=terminal.Bars(), on_sighting=_json if json else _tell
    )
    if json:
        for problem in report.problems:
            _json(problem)
    if why is not None:
        terminal.complain(f"wrote {len(report.explained)} pictures to {why}")
    _end(report.problems)


def _side(side: str) -> str | None:
    if side not in ("", "left", "right"):
        raise typer.BadParameter(f"{side!r} is no side; wanted left or right", param_hint="--side")
    return side or None


def _tell(one: Sighting) -> None:
    more = f" (+{len(one.photos) - 1} photos)" if len(one.photos) > 1 else ""
    decision = one.decision
    who = decision.individual or "-"
    terminal.out("\t".join((one.photo + more, decision.outcome.value, who, one.species.name, decision.reason)))
    for match in one.matches:
        chance = f"{match.probability:.3f}" if match.probability is not None else "  -  "
        places = f"  places {match.local:.2f}" if match.local is not None else ""
        terminal.out(
            f"    {match.rank}. {match.individual:<20} score {match.score:.3f}{places}  probability {chance}  {match.photo}"
        )


@app.command()
def seasons(
    photos: Annotated[list[Path] | None, typer.Argument(help="Photos of the second season.", show_default=False)] = None,
    first: Annotated[str, typer.Option("--from", help="The season to start from, such as 2023.", show_default=False)] = "",
    second: Annotated[str, typer.Option("--to", help="The season to compare with it.", show_default=False)] = "",
    gallery: Where = None,
    json: Json = False,
    out: Annotated[Path | None,
        typer.Option(help="Folder for seasons.csv and seasons.html; default seasons-A-to-B.", show_default=False)] = None,
    species: Species = "",
    device: Device = "auto",
) -> None:
    """Who returned, who is new, who was not seen again, which need a person."""
    from reid.actions.seasons import STATUSES
    from reid.actions.seasons import seasons as action

    if not first or not second:
        raise typer.BadParameter("name both seasons", param_hint="--from, --to")
    given = {"species": species or None, "device": device if device != "auto" else None}
    report = action(
        photos or [], first=first, second=second, gallery=gallery, out=out or Path(f"seasons-{first}-to-{second}"),
        settings=settings.resolve(QuerySettings(), given), progress=terminal.Bars()
    )
    if json:
        for row in report.rows:
            _json(row)
    else:
        terminal.table(
            f"Season {first} to {second}",
            ("status", "species", "individual", "photos", "probability", "reason"),
            [(row.status, row.species, row.individual, row.photos, row.probability, row.reason) for row in report.rows],
        )
        terminal.out(", ".join(f"{report.count(status)} {status}" for status in STATUSES))
        terminal.out(f"wrote {report.csv} and {report.html}")
    _end(report.problems)


@app.command()
def evaluate(
    photos: Photos,
    gallery: Where = None,
    json: Json = False,
    column: Annotated[str,
        typer.Option(help="Of the manifest, or `season`; none: every photo against all others.", show_default=False)] = "",
    known: Annotated[str, typer.Option(help="Values of --column that make the gallery, comma-separated.")] = "train",
    asked: Annotated[str, typer.Option(help="Values of --column that make the queries, comma-separated.")] = "test",
    open_set: Annotated[bool, typer.Option("--open-set", help="Measure unknown animals too.")] = False,
    species: Species = "",
    report_page: Annotated[Path | None,
        typer.Option("--report", help="Write all figures with intervals and plots as one HTML page.", show_default=False)] = None,
    probe: Annotated[bool | None,
        typer.Option("--probe/--no-probe", help="Measure the photos without their animals too; default: with --report.",
                     show_default=False)] = None,
    device: Device = "auto",
    seed: Annotated[int, typer.Option(help="Of the halves of the open set, and of the intervals.")] = 0,
) -> None:
    """Measure the nets on photos whose individual is known."""
    from reid.actions.evaluate import evaluate as action

    report = action(
        photos, column=column, known=known, asked=asked, gallery=gallery, open_set=open_set, species=species,
        device=device, seed=seed, report=report_page, probe=probe, progress=terminal.Bars()
    )
    if json:
        _json(report)
    else:
        _tables(reports.evaluation(report))
        if report_page is not None:
            terminal.out(f"wrote {report_page}")
        for name in report.left_out:
            terminal.complain(f"{name}: left out, the gallery has no net for it")
    _end(report.problems)


@app.command()
def calibrate(
    photos: Annotated[list[Path] | None,
        typer.Argument(help="Labelled photos, of individuals not trained on; none = those enrolled.", show_default=False)] = None,
    gallery: Where = None,
    json: Json = False,
    max_false_match: Annotated[float | None,
        typer.Option(help=f"Share of the queries that may be told a wrong individual; default {_TRAIN.max_false_match}.",
                     show_default=False)] = None,
    species: Species = "",
    report_page: Annotated[Path | None,
        typer.Option("--report", help="Write the reliability diagrams as one HTML page.", show_default=False)] = None,
    device: Device = "auto",
) -> None:
    """Set the thresholds of known and new for a stated error, without training again."""
    from reid.actions.calibrate import calibrate as action

    report = action(
        photos=photos or [], gallery=gallery, max_false_match=max_false_match, species=species, report=report_page,
        device=device, progress=terminal.Bars()
    )
    if json:
        _json(report)
    else:
        _tables(reports.calibrated(report))
        if report_page is not None:
            terminal.out(f"wrote {report_page}")
    _end(report.problems, report.failures)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Folder for everything the demo makes.")] = Path("demo"),
    json: Json = False,
    seed: Annotated[int, typer.Option(help="Of the drawn animals and of the training.")] = 1,
) -> None:
    """Draw animals, train, enroll a season, query the next one, compare with the truth; no photograph is needed."""
    from reid.actions.demo import demo as action

    report = action(folder, seed=seed, progress=terminal.Bars())
    if json:
        _json(report)
    else:
        _tables(reports.demonstration(report))
        terminal.out(f"Everything is in {report.folder}; open {report.page}")


@gallery_app.callback()
def gallery_(context: typer.Context, gallery: Where = None, json: Json = False) -> None:
    """What is in the gallery: species, nets, individuals, photos, seasons."""
    if context.invoked_subcommand is not None:
        context.obj = gallery
        return
    from reid.actions.gallery import gallery as action

    summary = action(gallery)
    if json:
        _json(summary)
        return
    _tables(reports.contents(summary))


@gallery_app.command()
def individuals(context: typer.Context, gallery: Where = None, json: Json = False, species: Species = "") -> None:
    """List the enrolled individuals."""
    from reid.actions.gallery import individuals as action

    found = action(gallery or context.obj, species=species or None)
    if json:
        for one in found:
            _json(one)
        return
    terminal.table(
        "Individuals",
        ("species", "individual", "photos", "sides", "seasons", "first", "last"),
        [
            (
                one.species,
                one.name,
                one.photos,
                ", ".join(f"{side or 'unknown'} {n}" for side, n in sorted(one.sides.items())),
                ", ".join(one.seasons),
                one.first,
                one.last,
            )
            for one in found
        ],
    )


@gallery_app.command(name="photos")
def photos_(
    context: typer.Context,
    gallery: Where = None,
    json: Json = False,
    species: Species = "",
    individual: Annotated[str, typer.Option(help="Only of this individual.", show_default=False)] = "",
) -> None:
    """List the enrolled photos."""
    from reid.actions.gallery import photos as action

    found = action(gallery or context.obj, species=species or None, individual=individual or None)
    if json:
        for one in found:
            _json(one)
        return
    terminal.table(
        "Photos",
        ("id", "species", "individual", "side", "captured", "season", "camera", "path"),
        [
            (one.id, one.species, one.individual, one.side, one.captured_at, one.season, one.camera, one.path)
            for one in found
        ],
    )
