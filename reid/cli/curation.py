"""Commands that say who is who: individuals and photos corrected, the journal, undo."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from reid import terminal
from reid.cli.door import Device, Json, Species, Where, app, end, given_moment, line, tables
from reid.settings import LOG_LIMIT

if TYPE_CHECKING:  # for --help nothing of the store is loaded
    from reid.store import Correction, Purge

Why = Annotated[str, typer.Option("--why", help="The reason, for the journal.", show_default=False)]
Of = Annotated[str, typer.Option("--species", help="Of the individual, where several species have the name.", show_default=False)]
Individual = Annotated[str, typer.Argument(help="Its name, or #7, its id.", show_default=False)]
Ids = Annotated[list[int], typer.Argument(help="Ids of photos, as `reid photos list` shows them.", show_default=False)]
AsOf = Annotated[str, typer.Option("--as-of", help="As it was on that day, 2025-03-01.", show_default=False)]
Removed = Annotated[bool, typer.Option("--removed", help="Those that were removed or merged.")]

individuals_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Individuals: list, rename, merge, split.")
photos_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Enrolled photos: list, move, correct, remove.")
app.add_typer(individuals_app, name="individuals")
app.add_typer(photos_app, name="photos")


def _print_correction(correction: Correction, json: bool) -> None:
    for warning in correction.warnings:
        terminal.complain(f"look: {warning}")
    if json:
        line(correction)
    elif not correction.seq:
        terminal.out("nothing to change")
    else:
        other = f", {correction.other} (#{correction.other_id})" if correction.other_id else ""
        who = f"{correction.individual} (#{correction.individual_id})" if correction.individual_id else ""
        what = correction.what.replace("_", " ")
        terminal.out(f"{what}: {correction.species} {who}{other}, {len(correction.photo_ids)} photos")
        terminal.out(f"entry {correction.seq} of the journal; `reid undo {correction.seq}` takes it back")


@individuals_app.command("list")
def list_individuals(
    gallery: Where = None, json: Json = False, species: Species = "", removed: Removed = False, as_of: AsOf = ""
) -> None:
    """List the enrolled individuals."""
    from reid.actions.curation import tables as shown
    from reid.actions.curation.contents import individuals

    found = individuals(gallery, species=species or None, removed=removed, as_of=given_moment(as_of, "--as-of"))
    if json:
        for one in found:
            line(one)
    else:
        tables(shown.individuals(found))


@individuals_app.command("show")
def show_individual(individual: Individual, gallery: Where = None, json: Json = False, species: Of = "") -> None:
    """Everything known of one individual: photos, what was merged into it, its journal."""
    from reid.actions.curation import tables as shown
    from reid.actions.curation.individuals import show_individual as action

    found = action(individual, species=species, gallery=gallery)
    if json:
        line(found)
    else:
        tables(shown.individual(found))


@individuals_app.command("rename")
def rename_individual(
    individual: Individual, name: Annotated[str, typer.Argument(help="The new name.", show_default=False)],
    gallery: Where = None, json: Json = False, species: Of = "", why: Why = "",
) -> None:
    """Give an individual another name; its id stays."""
    from reid.actions.curation.individuals import rename_individual as action

    _print_correction(action(individual, name, species=species, gallery=gallery, why=why), json)


@individuals_app.command("merge")
def merge_individuals(
    individual: Individual, into: Annotated[str, typer.Argument(help="Who keeps name and id.", show_default=False)],
    gallery: Where = None, json: Json = False, species: Of = "", why: Why = "",
) -> None:
    """Two individuals are one animal; `split` takes it apart again exactly."""
    from reid.actions.curation.individuals import merge_individuals as action

    _print_correction(action(individual, into, species=species, gallery=gallery, why=why), json)


@individuals_app.command("split")
def split_individual(
    individual: Individual,
    name: Annotated[str, typer.Argument(help="What was merged into it; with --photos a new name.", show_default=False)],
    photos: Annotated[str, typer.Option(help="Ids of the photos of a new individual, comma-separated.", show_default=False)] = "",
    gallery: Where = None, json: Json = False, species: Of = "", why: Why = "",
) -> None:
    """One individual is two animals."""
    from reid.actions.curation.individuals import split_individual as action

    try:
        ids = [int(part) for part in photos.split(",") if part.strip()]
    except ValueError:
        ids = []
    if photos and not ids:
        raise typer.BadParameter(f"{photos!r} are no ids; write 12,15", param_hint="--photos")
    _print_correction(action(individual, name, photos=ids, species=species, gallery=gallery, why=why), json)


@individuals_app.command("remove")
def remove_individual(
    individual: Individual, gallery: Where = None, json: Json = False, species: Of = "", why: Why = ""
) -> None:
    """Take an individual out of the gallery with its photos; `restore` brings both back."""
    from reid.actions.curation.individuals import remove_individual as action

    _print_correction(action(individual, species=species, gallery=gallery, why=why), json)


@individuals_app.command("restore")
def restore_individual(
    individual: Individual, gallery: Where = None, json: Json = False, species: Of = "", why: Why = ""
) -> None:
    """Bring a removed individual back with its photos."""
    from reid.actions.curation.individuals import restore_individual as action

    _print_correction(action(individual, species=species, gallery=gallery, why=why), json)


@photos_app.command("list")
def list_photos(
    gallery: Where = None, json: Json = False, species: Species = "",
    individual: Annotated[str, typer.Option(help="Only of this individual.", show_default=False)] = "",
    removed: Removed = False, as_of: AsOf = "",
) -> None:
    """List the enrolled photos."""
    from reid.actions.curation import tables as shown
    from reid.actions.curation.contents import photos

    found = photos(
        gallery, species=species or None, individual=individual or None, removed=removed, as_of=given_moment(as_of, "--as-of")
    )
    if json:
        for one in found:
            line(one)
    else:
        tables(shown.photos(found))


@photos_app.command("move")
def move_photos(
    photos: Ids,
    to: Annotated[str, typer.Option(help="The individual they show.", show_default=False)],
    new: Annotated[bool, typer.Option("--new", help="Make it, if there is none of this name.")] = False,
    gallery: Where = None, json: Json = False, why: Why = "",
) -> None:
    """The photos show another individual."""
    from reid.actions.curation.individuals import move_photos as action

    _print_correction(action(photos, to, new=new, gallery=gallery, why=why), json)


@photos_app.command("remove")
def remove_photos(photos: Ids, gallery: Where = None, json: Json = False, why: Why = "") -> None:
    """Take photos out of the gallery; `restore` brings them back."""
    from reid.actions.curation.individuals import remove_photos as action

    _print_correction(action(photos, gallery=gallery, why=why), json)


@photos_app.command("restore")
def restore_photos(
    photos: Ids,
    to: Annotated[str, typer.Option(help="Another individual, which they show.", show_default=False)] = "",
    gallery: Where = None, json: Json = False, why: Why = "",
) -> None:
    """Bring removed photos back."""
    from reid.actions.curation.individuals import restore_photos as action

    _print_correction(action(photos, to=to, gallery=gallery, why=why), json)


@photos_app.command("correct")
def correct_photos(
    photos: Ids,
    side: Annotated[str | None, typer.Option(help="left, right, or '' for not known.", show_default=False)] = None,
    date: Annotated[str | None,
        typer.Option(help="When they were taken, 2024-05-01T10:00, or '' for not known.", show_default=False)] = None,
    camera: Annotated[str | None, typer.Option(show_default=False)] = None,
    encounter: Annotated[str | None, typer.Option(show_default=False)] = None,
    season: Annotated[str | None, typer.Option(show_default=False)] = None,
    gallery: Where = None, json: Json = False, why: Why = "",
) -> None:
    """Correct side, date, camera, encounter or season of photos."""
    from reid.actions.curation.individuals import correct_photos as action

    given_moment(date or "", "--date")
    taken: datetime | Literal[""] | None = datetime.fromisoformat(date) if date else "" if date == "" else None
    correction = action(
        photos, side=side, captured_at=taken, camera=camera, encounter=encounter, season=season, gallery=gallery, why=why,
    )
    _print_correction(correction, json)


@photos_app.command("predict-sides")
def predict_sides(
    gallery: Where = None, json: Json = False, species: Species = "", why: Why = "", device: Device = "auto"
) -> None:
    """Ask the side net about enrolled photos whose side is not known; a known side is never changed."""
    from reid.actions.identification.predict_sides import predict_sides as action

    report = action(species=species, gallery=gallery, why=why, device=device, progress=terminal.Bars())
    if json:
        line(report)
    else:
        sides = ", ".join(f"{side} {count}" for side, count in sorted(report.told.items())) or "no side"
        terminal.out(f"{report.asked} photos of unknown side: {sides}; {report.unsure} stay unknown")
        for one in report.corrections:
            terminal.out(f"{one.species}: entry {one.seq}; `reid undo {one.seq}` takes it back")
    end(report.problems)


@app.command()
def log(
    entry: Annotated[int | None, typer.Argument(help="Show this entry in full.", show_default=False)] = None,
    gallery: Where = None, json: Json = False,
    limit: Annotated[int, typer.Option(help="The last so many entries.", min=1)] = LOG_LIMIT,
    individual: Annotated[str, typer.Option(help="Only what concerns this individual.", show_default=False)] = "",
    species: Of = "",
) -> None:
    """What was changed in the gallery, when, by whom and why."""
    from reid.actions.curation import journal
    from reid.actions.curation import tables as shown

    if entry is not None:
        detail = journal.show_entry(entry, gallery=gallery)
        if json:
            line(detail)
        else:
            tables(shown.entry(detail))
        return
    found = journal.log(gallery=gallery, limit=limit, individual=individual, species=species)
    if json:
        for one in found:
            line(one)
    else:
        tables(shown.log(found))


@app.command()
def undo(
    entry: Annotated[int | None, typer.Argument(help="Its number in `reid log`; none: the last one.", show_default=False)] = None,
    gallery: Where = None, json: Json = False, why: Why = "",
    to: Annotated[int | None, typer.Option("--to", help="Undo all entries after this one.", show_default=False)] = None,
) -> None:
    """Take back one change; refused where a later one builds on it, which is named."""
    from reid.actions.curation.journal import undo as action
    from reid.actions.curation.journal import undo_to

    if to is not None and entry is not None:
        raise typer.BadParameter("name one entry to undo, or the one to go back to", param_hint="--to")
    undos = (action(entry, gallery=gallery, why=why),) if to is None else undo_to(to, gallery=gallery, why=why)
    for correction in undos:
        for warning in correction.warnings:
            terminal.complain(f"look: {warning}")
        if json:
            line(correction)
        else:
            back = "" if to is not None else f"; `reid undo {correction.seq}` brings it back"
            terminal.out(f"{correction.summary}{back}")
    if to is not None and not json:
        terminal.out(f"{len(undos)} changes undone; `reid undo --to {undos[0].seq - 1}` brings them back")


@app.command()
def purge(
    gallery: Where = None, json: Json = False,
    before: Annotated[str, typer.Option(help="Only what was removed by that day, 2025-03-01.", show_default=False)] = "",
    old_vectors: Annotated[bool, typer.Option("--old-vectors", help="Embeddings too that a newer net's have replaced.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    why: Why = "",
) -> None:
    """Delete for good what was removed: the only real delete, which cannot be undone. It asks."""
    from reid.actions.curation.journal import purge as action

    plan = action(gallery=gallery, before=given_moment(before, "--before"), old_vectors=old_vectors)
    question = f"Delete {_purged(plan)} for good? This cannot be undone"
    if not plan.empty and not yes and not typer.confirm(question, err=True):
        raise typer.Exit(1)
    done = action(gallery=gallery, old_vectors=old_vectors, yes=True, why=why, until=plan.until)  # what was agreed to
    for warning in done.warnings:
        terminal.complain(f"look: {warning}")
    if json:
        line(done)
    elif done.empty:
        terminal.out("nothing to purge")
    else:
        terminal.out(f"deleted for good: {_purged(done)}; the photographs themselves stay where they are")


def _purged(deleted: Purge) -> str:
    return (
        f"{deleted.photos} photos, {deleted.individuals} individuals, {deleted.sightings} sightings and "
        f"{deleted.embeddings} embeddings of the gallery"
    )
