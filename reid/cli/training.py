"""Commands that make nets and measure them: train, calibrate, evaluate, demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reid import settings, terminal
from reid.cli.door import Device, Json, Photos, Species, Where, app, end, line, tables
from reid.settings import TrainSettings, parse_image_size

_TRAIN = TrainSettings()


@app.command()
def train(
    photos: Photos,
    gallery: Where = None,
    json: Json = False,
    stage: Annotated[str,
        typer.Option(help=f"Stages to train, comma-separated, of {', '.join(settings.STAGES)}.")] = ",".join(_TRAIN.stages),
    species: Annotated[list[str] | None,
        typer.Option(help="Stage 2 for this species only; may be repeated.", show_default=False)] = None,
    column: Annotated[str | None,
        typer.Option(help="Use only rows whose column of this name is `train`.", show_default=False)] = None,
    minutes: Annotated[float | None, typer.Option(help="Time to spend, over all nets.", show_default=False)] = None,
    epochs: Annotated[int | None, typer.Option(help=f"Of stage 2; default {_TRAIN.epochs}.", show_default=False)] = None,
    species_epochs: Annotated[int | None,
        typer.Option(help=f"Of stage 1; default {_TRAIN.species_epochs}.", show_default=False)] = None,
    side_epochs: Annotated[int | None,
        typer.Option(help=f"Of the side net; default {_TRAIN.side_epochs}.", show_default=False)] = None,
    max_wrong_side: Annotated[float | None,
        typer.Option(help=f"Share of photos for which the side net may name a wrong side; default {_TRAIN.max_wrong_side}.",
                     show_default=False)] = None,
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
    """Train the species net and one embedding net per species; with --stage side a net that names the flank."""
    from reid.actions.training import tables as shown
    from reid.actions.training.train import train as action

    given = {
        "stages": tuple(part.strip() for part in stage.split(",") if part.strip()),
        "species": tuple(species) if species else None,
        "image_size": parse_image_size(image_size) if image_size else None,
        "column": column, "minutes": minutes, "epochs": epochs, "species_epochs": species_epochs, "loss": loss,
        "side_epochs": side_epochs, "max_wrong_side": max_wrong_side,
        "backbone": backbone, "weights": weights, "device": device, "seed": seed, "resume": resume or None,
    }
    report = action(photos, gallery=gallery, settings=settings.resolve(TrainSettings(), given), progress=terminal.Bars())
    if json:
        line(report)
    else:
        tables(shown.training(report))
    for net in report.nets:
        if net.note:
            terminal.complain(f"{net.species or net.stage}: {net.note}")
    end(report.problems, report.failures, closing=report.closing)


@app.command()
def calibrate(
    photos: Annotated[list[Path] | None,
        typer.Argument(help="Labelled photos, of individuals not trained on; none = those enrolled.", show_default=False)] = None,
    gallery: Where = None,
    json: Json = False,
    max_false_match: Annotated[float | None,
        typer.Option(help=f"Share of the queries that may get a wrong individual; default {_TRAIN.max_false_match}.",
                     show_default=False)] = None,
    species: Species = "",
    report_page: Annotated[Path | None,
        typer.Option("--report", help="Write the reliability diagrams as one HTML page.", show_default=False)] = None,
    device: Device = "auto",
) -> None:
    """Set the thresholds of known and new for a stated error, without training again."""
    from reid.actions.training import tables as shown
    from reid.actions.training.calibrate import calibrate as action

    report = action(
        photos=photos or [], gallery=gallery, max_false_match=max_false_match, species=species, report=report_page,
        device=device, progress=terminal.Bars()
    )
    if json:
        line(report)
    else:
        tables(shown.calibrated(report))
        if report_page is not None:
            terminal.out(f"wrote {report_page}")
    end(report.problems, report.failures)


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
    rerank: Annotated[int | None,
        typer.Option(help="Individuals that are re-ranked; default as in a query, 0 = none.", min=0,
                     show_default=False)] = None,
    device: Device = "auto",
    seed: Annotated[int, typer.Option(help="Of the halves of the open set, and of the intervals.")] = 0,
) -> None:
    """Measure the nets on photos whose individual is known."""
    from reid.actions.evaluation import tables as shown
    from reid.actions.evaluation.evaluate import evaluate as action

    report = action(
        photos, column=column, known=known, asked=asked, gallery=gallery, open_set=open_set, species=species,
        device=device, seed=seed, report=report_page, probe=probe, rerank=rerank, progress=terminal.Bars()
    )
    if json:
        line(report)
    else:
        tables(shown.evaluation(report))
        if report_page is not None:
            terminal.out(f"wrote {report_page}")
        for name in report.left_out:
            terminal.complain(f"{name}: left out, the gallery has no net for it")
    end(report.problems)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Folder for everything the demo makes.")] = Path("demo"),
    json: Json = False,
    seed: Annotated[int, typer.Option(help="Of the synthetic animals and of the training.")] = 1,
) -> None:
    """Make synthetic animals, train, enroll a season, query the next one, compare with the truth; no photograph is needed."""
    from reid.actions.demo import tables as shown
    from reid.actions.demo.demo import demo as action

    report = action(folder, seed=seed, progress=terminal.Bars())
    if json:
        line(report)
    else:
        tables(shown.demonstration(report))
        terminal.out(f"Everything is in {report.folder}; open {report.page}")
