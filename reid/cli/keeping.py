"""Commands that keep a gallery in health over the years: upgrade."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reid import reports, terminal
from reid.cli.door import Device, Json, Species, Where, app, end, line, tables

if TYPE_CHECKING:
    from reid.actions.upgrade import SpeciesUpgrade


@app.command()
def upgrade(
    net: Annotated[str, typer.Option("--net", help="A .safetensors file, a net of the gallery, or base.", show_default=False)],
    gallery: Where = None, json: Json = False, species: Species = "",
    yes: Annotated[bool, typer.Option("--yes", help="Swap without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Embed and tell what would change, swap nothing.")] = False,
    device: Device = "auto",
) -> None:
    """Change to a new net: embed beside the old one, tell what would change, swap in one step."""
    from reid.actions.upgrade import upgrade as action

    def confirm(one: SpeciesUpgrade) -> bool:
        tables(reports.upgraded(one))
        return typer.confirm(f"{one.species}: change to net {one.after}? `reid undo` takes it back", err=True)

    report = action(
        net, gallery=gallery, species=species, yes=yes and not dry_run,
        confirm=None if dry_run or json else confirm, device=device, progress=terminal.Bars(),
    )
    if json:
        line(report)
    else:
        for one in report.species:
            if yes or dry_run:
                tables(reports.upgraded(one))
            used = "is in use" if one.swapped else f"stays at net {one.before}"
            terminal.out(f"{one.species}: {one.embedded} photos embedded, {len(one.left)} left behind; " + (
                f"net {one.after} {used}" if one.swapped else used))
    end(report.problems)


@app.command()
def doctor(
    gallery: Where = None, json: Json = False, species: Species = "",
    files: Annotated[bool, typer.Option("--files", help="Read every photo's file too.")] = False,
    kilometres_an_hour: Annotated[float, typer.Option(help="No animal travels faster.", min=0)] = 80.0,
    fix: Annotated[bool, typer.Option("--fix", help="Make what is derived again; nothing else is changed.")] = False,
) -> None:
    """Is the gallery whole, and what may people have got wrong?"""
    from reid.actions.doctor import doctor as action

    report = action(
        gallery=gallery, species=species, files=files, kilometres_an_hour=kilometres_an_hour, fix=fix, progress=terminal.Bars()
    )
    if json:
        for one in report.findings:
            line(one)
    else:
        tables(reports.examined(report))
        for note in report.notes:
            terminal.out(note)
        if report.fixed:
            terminal.out(f"{report.fixed} derived things were thrown away; the next search makes them again")
        if not report.findings:
            terminal.out(f"{report.gallery} is whole: {report.photos} photos, nothing to look at")
    if report.broken:
        raise typer.Exit(1)
