"""The command that counts animals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reid import terminal
from reid.cli.door import Clocks, Deployments, Json, Seasons, Where, app, line, tables
from reid.settings import CountSettings

_COUNT = CountSettings()


@app.command()
def count(
    gallery: Where = None,
    json: Json = False,
    species: Annotated[str, typer.Option(help="Only this species.", show_default=False)] = "",
    season: Seasons = None,
    days: Annotated[int, typer.Option(help="Length of an occasion in days; 0 = each season is one.", min=0)] = _COUNT.days,
    deployments: Deployments = None,
    clock: Clocks = None,
    side: Annotated[str, typer.Option(help="all, left, right, best or both-linked.")] = _COUNT.side,
    method: Annotated[str,
        typer.Option(help="chapman, m0, mt or chao: whose number photos to look at tighten.", show_default=False)] = "",
    draws: Annotated[int, typer.Option(help="Plausible histories drawn from doubtful sightings; 0 = none.")] = _COUNT.draws,
    look: Annotated[int, typer.Option(help="So many photos to look at next.", min=0)] = _COUNT.look,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = _COUNT.seed,
    out: Annotated[Path | None, typer.Option(help="Folder for count.csv and look.csv.", show_default=False)] = None,
) -> None:
    """Count the animals: who was seen, how many there are, and what doubtful identifications do to it."""
    from reid.actions.count_tables import tables as shown
    from reid.actions.counting import count as action

    settings = CountSettings(
        species=species, seasons=tuple(season or ()), days=days, deployments=deployments, clocks=tuple(clock or ()), side=side,
        method=method, draws=draws, look=look, seed=seed,
    )
    report = action(gallery=gallery, settings=settings, out=out)
    if json:
        for one in report.species:
            line(one)
    else:
        tables(shown(report))
        for path in report.files:
            terminal.out(f"wrote {path}")
    for one in report.species:
        for note in one.notes:
            terminal.complain(f"{one.species}: {note}")
        for scope in one.scopes:
            for warning in scope.warnings:
                terminal.complain(f"{one.species}, {scope.name}: {warning}")
        if one.left_out:
            terminal.complain(f"{one.species}: left out {len(one.left_out)} photos and individuals; --json names each")
