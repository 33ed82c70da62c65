"""The command that shows the manual."""

from __future__ import annotations

from typing import Annotated

import typer

from reid import terminal
from reid.cli.door import Json, app, line


@app.command()
def manual(
    page: Annotated[str, typer.Argument(help="A page, such as first_day; none: the list of pages.", show_default=False)] = "",
    json: Json = False,
) -> None:
    """Show a page of the manual; it ships with the package and needs no internet."""
    from reid.manual import manual_page, manual_pages

    if page:
        shown = manual_page(page)
        line({"page": shown.name, "first_line": shown.first_line, "text": shown.text}) if json else terminal.markdown(shown.text)
        return
    pages = manual_pages()
    if json:
        for each in pages:
            line({"page": each.name, "first_line": each.first_line})
        return
    width = max(len(each.name) for each in pages)
    for each in pages:
        terminal.out(f"{each.name:{width}}  {each.first_line}")
    terminal.out("\n`reid manual PAGE` shows one.")
