"""Which photos teach and which judge. Individuals are held out whole, encounters never stand on both sides."""

from __future__ import annotations

from collections import Counter, defaultdict
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
    sizes = Counter(labels)
    judging: Counter[str] = Counter()
    content = _content(labels, groups)
    for name in sorted(sizes, key=lambda label: (sizes[label], label)):
        names = sorted(group for group in content if content[group][name])
        if len(names) == 1 and sizes[name] >= 8:
            rows = [row for row, label in enumerate(labels) if label == name]
            held |= set(rows[-max(1, round(share * len(rows))) :])
            continue
        for group in np.asarray(names, dtype=object)[rng.permutation(len(names))][: len(names) // 2].tolist():
            if judging[name] >= share * sizes[name]:
                break
            if group not in taken and _may_be_held_out(content[group], judging, sizes):
                taken.add(group)
                judging.update(content[group])
    held_rows = [row for row, group in enumerate(groups) if group in taken or row in held]
    inside = set(held_rows)
    return [row for row in range(len(labels)) if row not in inside], held_rows


def _content(labels: Sequence[str], groups: Sequence[str]) -> dict[str, Counter[str]]:
    """How many rows of each class each group has."""
    content: dict[str, Counter[str]] = defaultdict(Counter)
    for label, group in zip(labels, groups, strict=True):
        content[group][label] += 1
    return content


def _may_be_held_out(group: Counter[str], judging: Counter[str], sizes: Counter[str]) -> bool:
    """A group may show several classes: none of them may lose more than half of its photos."""
    return all(judging[label] + rows <= 0.5 * sizes[label] for label, rows in group.items())
