"""How well photos are put together into individuals, held against the truth."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from reid.errors import ShapeError


@dataclass(frozen=True, slots=True)
class Agreement:
    """A partition of items (photos, encounters) against the true one; shares in [0, 1].

    pair_precision: of the pairs put together, how many are of one animal; 1 where none is. pair_recall: of the pairs of one
    animal, how many are together. b_precision, b_recall: B-cubed (Bagga and Baldwin 1998), means over items of the share of
    their group that is of their animal, and of their animal that is in their group. adjusted_rand: Hubert and Arabie 1985; 1 =
    equal, 0 = as by chance. split: animals in more than one group; merged: groups of more than one animal.
    """

    items: int
    animals: int
    groups: int
    pair_precision: float
    pair_recall: float
    b_precision: float
    b_recall: float
    adjusted_rand: float
    split: int
    merged: int

    @property
    def b_f1(self) -> float:
        """Harmonic mean of B-cubed precision and recall."""
        return 2 * self.b_precision * self.b_recall / (self.b_precision + self.b_recall)


def agreement(truth: Sequence[Hashable], found: Sequence[Hashable]) -> Agreement:
    """Compare two labellings of the same items, at least one.

    Raises:
        ShapeError: they are empty, or of unequal length.
    """
    if not truth or len(truth) != len(found):
        raise ShapeError(f"{len(truth)} true and {len(found)} found labels; wanted as many, one at least")
    rows, columns = ({label: at for at, label in enumerate(dict.fromkeys(labels))} for labels in (truth, found))
    table = np.zeros((len(rows), len(columns)))
    for true, label in zip(truth, found, strict=True):
        table[rows[true], columns[label]] += 1
    animals, groups, many = table.sum(axis=1), table.sum(axis=0), float(len(truth))
    counts = (table, animals, groups, np.asarray([many]))
    both, of_animals, of_groups, every = (float((one * (one - 1) / 2).sum()) for one in counts)
    chance = of_animals * of_groups / every if every else 0.0
    most = (of_animals + of_groups) / 2
    return Agreement(
        len(truth), len(rows), len(columns),
        both / of_groups if of_groups else 1.0, both / of_animals if of_animals else 1.0,
        float((table**2 / groups[None, :]).sum()) / many, float((table**2 / animals[:, None]).sum()) / many,
        (both - chance) / (most - chance) if most != chance else 1.0,
        int(((table > 0).sum(axis=1) > 1).sum()), int(((table > 0).sum(axis=0) > 1).sum()),
    )
