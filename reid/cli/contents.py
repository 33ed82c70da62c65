"""Commands that show what is in the gallery."""

from __future__ import annotations

from typing import Annotated

import typer

from reid.cli.door import Json, Species, Where, app, line, tables

gallery_app = typer.Typer(rich_markup_mode=None, help="What is in the gallery.", invoke_without_command=True)
app.add_typer(gallery_app, name="gallery")


@gallery_app.callback()
def gallery_(context: typer.Context, gallery: Where = None, json: Json = False) -> None:
    """What is in the gallery: species, nets, individuals, photos, seasons."""
    if context.invoked_subcommand is not None:
        context.obj = gallery
        return
    from reid.actions.curation import tables as shown
    from reid.actions.curation.contents import gallery as action

    summary = action(gallery)
    if json:
        line(summary)
        return
    tables(shown.contents(summary))


@gallery_app.command()
def individuals(context: typer.Context, gallery: Where = None, json: Json = False, species: Species = "") -> None:
    """List the enrolled individuals."""
    from reid.actions.curation import tables as shown
    from reid.actions.curation.contents import individuals as action

    found = action(gallery or context.obj, species=species or None)
    if json:
        for one in found:
            line(one)
        return
    tables(shown.individuals(found))


@gallery_app.command(name="photos")
def photos_(
    context: typer.Context,
    gallery: Where = None,
    json: Json = False,
    species: Species = "",
    individual: Annotated[str, typer.Option(help="Only of this individual.", show_default=False)] = "",
) -> None:
    """List the enrolled photos."""
    from reid.actions.curation import tables as shown
    from reid.actions.curation.contents import photos as action

    found = action(gallery or context.obj, species=species or None, individual=individual or None)
    if json:
        for one in found:
            line(one)
        return
    tables(shown.photos(found))
