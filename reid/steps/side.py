"""The side of the animal where nothing else tells it: a small net's word, if it is sure enough. Pure but for the net."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reid.nets.inference import Runtime
from reid.records import SIDE_NET, SIDE_PROBABILITY
from reid.steps.embedded_photos import Item, inputs


def sided(net: Runtime | None, opened: Sequence[Item], species: Sequence[str]) -> list[Item]:
    """Photos with the side that the side net sees, where their side is not known.

    A side that is known is never touched. The net is asked about the species it learned from only; where it is less sure than
    its card demands, the side stays unknown. Notes say which net predicted a side, and how sure it was.

    Args:
        net: the side net; None = there is none, and nothing changes.
        opened: the photos, opened or embedded.
        species: of each photo.
    """
    if net is None:
        return list(opened)
    card = net.card
    asked = [
        row for row, (item, name) in enumerate(zip(opened, species, strict=True)) if not item.photo.side and name in card.among
    ]
    answer = list(opened)
    for row, chances in zip(asked, net.sides(inputs(net, [opened[row].picture for row in asked])), strict=True):
        best = int(chances.argmax())
        if card.sure_at is not None and float(chances[best]) >= card.sure_at:
            notes = {SIDE_NET: card.fingerprint, SIDE_PROBABILITY: f"{chances[best]:.3f}"}
            photo = replace(opened[row].photo, side=card.classes[best], notes={**opened[row].photo.notes, **notes})
            answer[row] = replace(opened[row], photo=photo)
    return answer
