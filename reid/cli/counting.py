"""The command that counts animals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reid import terminal
from reid.cli.door import Clocks, Dates, Days, Deployments, Json, OnlySpecies, Seasons, SideRule, Where, app, end, line, tables
from reid.settings import CountSettings, resolve

_COUNT = CountSettings()


@app.command()
def count(
    gallery: Where = None,
    json: Json = False,
    species: OnlySpecies = None,
    season: Seasons = None,
    days: Days = None,
    deployments: Deployments = None,
    clock: Clocks = None,
    dates: Dates = None,
    side: SideRule = None,
    method: Annotated[str | None,
        typer.Option(help="chapman, m0, mt or chao: whose number the review priority tightens.", show_default=False)] = None,
    draws: Annotated[int | None,
        typer.Option(help=f"Capture histories sampled from unresolved sightings; default {_COUNT.draws}, 0 = none.",
                     show_default=False)] = None,
    look: Annotated[int | None,
        typer.Option(help=f"Photos in the review priority; default {_COUNT.look}.", min=0, show_default=False)] = None,
    seed: Annotated[int | None, typer.Option(help="Of the draws.", show_default=False)] = None,
    compare: Annotated[bool | None,
        typer.Option("--compare/--no-compare", help="Open unresolved photos to compare them with each other; default: do.",
                     show_default=False)] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for count.csv and look.csv.", show_default=False)] = None,
) -> None:
    """Count the animals: individuals seen, how many there are, and what uncertain identifications do to it."""
    from reid.actions.counting.count import count as action
    from reid.actions.counting.tables import tables as shown

    given = {
        "species": species, "seasons": tuple(season or ()) or None, "days": days, "deployments": deployments,
        "clocks": tuple(clock or ()) or None, "side": side, "method": method, "draws": draws, "look": look, "seed": seed,
        "compare": compare, "dates": dates,
    }
    report = action(gallery=gallery, settings=resolve(CountSettings(), given), out=out, progress=terminal.Bars())
    if json:
        for one in report.species:
            line(one)
    else:
        tables(shown(report))
        for path in report.files:
            terminal.out(f"wrote {path}")
    for note in report.notes:
        terminal.complain(note)
    for one in report.species:
        for note in one.notes:
            terminal.complain(f"{one.species}: {note}")
        for scope in one.scopes:
            for warning in scope.warnings:
                terminal.complain(f"{one.species}, {scope.name}: {warning}")
        if one.left_out:
            terminal.complain(f"{one.species}: left out {len(one.left_out)} photos and individuals; --json names each")
    end((), closing=report.closing)
