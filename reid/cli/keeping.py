"""Commands that keep a gallery in health over the years: upgrade, doctor, backup, and the exchange with another replica."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid import terminal
from reid.cli.door import Device, Json, Species, Where, app, end, line, tables
from reid.settings import FASTEST

if TYPE_CHECKING:
    from reid.actions.training.results import SpeciesUpgrade


@app.command()
def upgrade(
    net: Annotated[str, typer.Option("--net", help="A .safetensors file, a net of the gallery, or base.", show_default=False)],
    gallery: Where = None, json: Json = False, species: Species = "",
    yes: Annotated[bool, typer.Option("--yes", help="Change without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Embed and report what would change, change nothing.")] = False,
    device: Device = "auto",
) -> None:
    """Change to a new net: embed beside the old one, report what would change, change in one step."""
    from reid.actions.training import tables as shown
    from reid.actions.training.upgrade import upgrade as action

    def confirm(one: SpeciesUpgrade) -> bool:
        tables(shown.upgraded(one))
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
                tables(shown.upgraded(one))
            used = "is in use" if one.swapped else f"stays at net {one.before}"
            terminal.out(f"{one.species}: {one.embedded} photos embedded, {len(one.left)} left behind; " + (
                f"net {one.after} {used}" if one.swapped else used))
    end(report.problems)


@app.command()
def doctor(
    gallery: Where = None, json: Json = False, species: Species = "",
    files: Annotated[bool, typer.Option("--files", help="Read every photo's file too.")] = False,
    kilometres_an_hour: Annotated[float, typer.Option(help="No animal travels faster.", min=0)] = FASTEST,
    fix: Annotated[bool, typer.Option("--fix", help="Throw away what is derived; it is made again when needed.")] = False,
) -> None:
    """Is the gallery whole, and what may people have got wrong?"""
    from reid.actions.curation import tables as shown
    from reid.actions.curation.doctor import doctor as action

    report = action(
        gallery=gallery, species=species, files=files, kilometres_an_hour=kilometres_an_hour, fix=fix, progress=terminal.Bars()
    )
    if json:
        for one in report.findings:
            line(one)
    else:
        tables(shown.examined(report))
        for note in report.notes:
            terminal.out(note)
        if report.fixed:
            terminal.out(f"{report.fixed} derived things were thrown away; the next search makes them again")
        if not report.findings:
            terminal.out(f"{report.gallery} is whole: {report.photos} photos, nothing to look at")
    if report.broken:
        raise typer.Exit(1)


@app.command()
def backup(
    target: Annotated[Path | None,
        typer.Argument(help="A new folder; none: beside the gallery, with the date.", show_default=False)] = None,
    gallery: Where = None, json: Json = False,
) -> None:
    """Copy the gallery to a new folder, also while it is in use; the copy is a gallery itself."""
    from reid.actions.exchange.backup import backup as action

    done = action(target, gallery=gallery)
    if json:
        line(done)
    else:
        terminal.out(
            f"{done.folder}: {done.individuals} individuals, {done.photos} photos, {done.nets} nets, up to entry {done.seq}, "
            f"{done.size / 1e6:.1f} MB"
        )


@app.command()
def bundle(
    path: Annotated[Path, typer.Argument(help="The file to make, such as zebra.reid.zip.", show_default=False)],
    gallery: Where = None, json: Json = False,
    thumbnails: Annotated[bool, typer.Option(help="With a small picture of every photo.")] = True,
) -> None:
    """Pack the gallery into one checksummed file to carry to another field station."""
    from reid.actions.exchange.bundles import bundle as action

    packed = action(path, gallery=gallery, thumbnails=thumbnails, progress=terminal.Bars())
    line(packed) if json else terminal.out(f"{packed.path}: {len(packed.members)} members, {packed.size / 1e6:.1f} MB")


@app.command()
def unbundle(
    path: Annotated[Path, typer.Argument(help="A bundle.", show_default=False)],
    folder: Annotated[Path, typer.Argument(help="A new folder, the gallery to make.", show_default=False)],
    json: Json = False,
) -> None:
    """Unpack a bundle into a new gallery; everything is checked first."""
    from reid.actions.exchange.bundles import unbundle as action

    unpacked = action(path, folder)
    about = unpacked.about
    line(unpacked) if json else terminal.out(f"{folder}: the gallery {about.get('gallery')!r} up to entry {about.get('entry')}")


@app.command("merge-galleries")
def merge_galleries(
    other: Annotated[Path, typer.Argument(help="The other replica, or a bundle of it.", show_default=False)],
    gallery: Where = None, json: Json = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report what would be changed, change nothing.")] = False,
    why: Annotated[str, typer.Option("--why", help="The reason, for the journal.", show_default=False)] = "",
) -> None:
    """Synchronise with another replica: bring in its changes; what both changed is listed with the commands that take theirs."""
    from reid.actions.exchange import tables as shown
    from reid.actions.exchange.merge_galleries import merge_galleries as action

    merge = action(other, gallery=gallery, dry_run=dry_run, why=why)
    if json:
        line(merge)
        return
    tables(shown.merged(merge))
    done = f"entry {merge.seq}; `reid undo {merge.seq}` takes it back" if merge.seq else "nothing was changed"
    if not merge.brought and not merge.conflicts:
        done = f"there was nothing to bring in{f' (entry {merge.seq} keeps that the two were synchronised)' if merge.seq else ''}"
    terminal.out(
        f"{merge.entries} entries since entry {merge.common}: {merge.new_individuals} new individuals, {merge.new_photos} new "
        f"photos, {merge.altered} values altered, {len(merge.conflicts)} conflicts; {done}"
    )
    if merge.new_sightings or merge.sightings_left:
        left = f"; {merge.sightings_left} were left: their photos were asked about here, too" if merge.sightings_left else ""
        terminal.out(f"{merge.new_sightings} decisions of queries that were kept there came in{left}")
    if merge.not_searched:
        terminal.out(f"{merge.not_searched} photos have no embedding of the net in use: `reid doctor` names the upgrade for them")
