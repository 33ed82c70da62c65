"""Which photos teach and which judge. Individuals are held out whole, encounters never stand on both sides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from reid.records import Photo


def hold_out_individuals(
    photos: Sequence[Photo], groups: Sequence[str], *, share: float, seed: int
) -> tuple[list[int], list[int]]:
    """Split rows into (taught, held out) by individual.

    Only individuals seen in two encounters can judge anything, so those are held out; at least two thirds of all
    individuals stay for training.

    Args:
        photos: with their individual.
        groups: encounter of each photo.
        share: wanted share of individuals held out; at least three are taken where the rest allows it.
        seed: of the choice.
    """
    seen: dict[str, set[str]] = defaultdict(set)
    for photo, group in zip(photos, groups, strict=True):
        seen[photo.individual].add(group)
    able = sorted(name for name, encounters in seen.items() if len(encounters) > 1)
    wanted = min(max(3, round(share * len(seen))), len(seen) // 3, len(able))
    chosen = set(np.random.default_rng(seed).permutation(np.asarray(able, dtype=object))[:wanted].tolist())
    taught = [row for row, photo in enumerate(photos) if photo.individual not in chosen]
    return taught, [row for row, photo in enumerate(photos) if photo.individual in chosen]


def hold_out_groups(
    labels: Sequence[str], groups: Sequence[str], *, share: float, seed: int
) -> tuple[list[int], list[int]]:
    """Split rows into (taught, held out) so that no group stands on both sides and every class keeps most of its groups.

    A class that has one group only is split within it when it has at least eight photos (better a weak check than none),
    else it stays in training.

    Args:
        labels: class of each row.
        groups: encounter or block of each row.
        share: wanted share of each class's rows held out.
        seed: of the choice.
    """
    rng = np.random.default_rng(seed)
    held: set[int] = set()
    taken: set[str] = set()
    sizes = {name: sum(1 for label in labels if label == name) for name in set(labels)}
    for name in sorted(sizes, key=lambda label: (sizes[label], label)):
        by_group: dict[str, list[int]] = defaultdict(list)
        for row, (label, group) in enumerate(zip(labels, groups, strict=True)):
            if label == name:
                by_group[group].append(row)
        names = sorted(by_group)
        if len(names) == 1 and sizes[name] >= 8:
            rows = by_group[names[0]]
            held |= set(rows[-max(1, round(share * len(rows))) :])
            continue
        count = 0
        for group in np.asarray(names, dtype=object)[rng.permutation(len(names))][: len(names) // 2].tolist():
            if count >= share * sizes[name]:
                break
            if count + len(by_group[group]) <= max(0.5 * sizes[name], 1):
                taken.add(group)
                count += len(by_group[group])
    single = {row for row in held if groups[row] not in taken}
    held_rows = [row for row, group in enumerate(groups) if group in taken or row in single]
    inside = set(held_rows)
    return [row for row in range(len(labels)) if row not in inside], held_rows
