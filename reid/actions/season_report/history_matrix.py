"""Which individuals were seen when: individuals by occasions, for a season's page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reid.actions.season_report.results import SpeciesSeason
from reid.pages.html import Matrix, MatrixRow, Section

WIDE = 36
"""Columns of a matrix that fit on a sheet; more are parted into several, by seasons."""


def history_matrix(one: SpeciesSeason, title: str) -> Section:
    """Individuals by occasions, in the order in which they became known."""
    animals = sorted(one.animals, key=lambda animal: (animal.first, animal.name))
    occasions = one.history.occasions
    blocks = _blocks(one)
    matrices = []
    nobody: list[str] = []
    for block in blocks:
        rows = tuple(
            MatrixRow(animal.name, animal.status, tuple(animal.cells[at] for at in block))
            for animal in animals
            if len(blocks) == 1 or any(animal.cells[at] for at in block)
        )
        spans = Counter(occasions[at].season for at in block)
        if rows:
            part = f" ({', '.join(spans)})" if len(blocks) > 1 else ""
            matrices.append(Matrix(f"Individuals by occasions{part}", tuple(spans.items()), _names(block, one), rows))
        else:
            nobody.append(", ".join(spans))
    longest = max(((occasion.end - occasion.start).days + 1 for occasion in occasions), default=0)
    length = "of one season each" if len(occasions) == len(one.history.seasons) else f"of {longest} days"
    gap = "" if all(occasion.sampled for occasion in occasions) else "; – no camera worked, so not known"
    none = f" None of the enrolled was seen in {', '.join(nobody)}." if nobody else ""
    return Section(
        f"{title}Which individuals were seen when",
        f"Individuals in the order in which they became known; occasions {length}. A number counts the encounters; · is not "
        f"met{gap}.{none}",
        matrices=tuple(matrices),
    )


def _blocks(one: SpeciesSeason) -> list[list[int]]:
    """The occasions by number, parted into matrices that fit on a sheet; no season is parted."""
    blocks: list[list[int]] = [[]]
    for season in one.history.seasons:
        columns = [at for at, occasion in enumerate(one.history.occasions) if occasion.season == season]
        if blocks[-1] and len(blocks[-1]) + len(columns) > WIDE:
            blocks.append([])
        blocks[-1] += columns
    return blocks


def _names(block: Sequence[int], one: SpeciesSeason) -> tuple[str, ...]:
    """Occasions of a matrix: by their first day where each season is one, else by their number in it."""
    occasions = [one.history.occasions[at] for at in block]
    single = max(Counter(occasion.season for occasion in occasions).values(), default=1) == 1
    return tuple(f"{occasion.start:%d %b}" if single else str(occasion.number) for occasion in occasions)
