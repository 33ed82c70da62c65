"""Batches of individuals x photos whose positives come from different encounters wherever there are any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.records import Photo


@dataclass(frozen=True, slots=True)
class Example:
    """One training example: a photo, or its mirror image. label: its class; group: its encounter."""

    row: int
    mirrored: bool
    label: int
    group: str


def examples(photos: Sequence[Photo], groups: Sequence[str]) -> list[Example]:
    """Every photo once as it is and once mirrored.

    A known side makes (individual, side) the class; a mirror image is a class of its own, since no animal carries its
    left pattern on its right flank.

    Args:
        photos: with their individual.
        groups: of each photo the encounter it belongs to.
    """
    labels: dict[tuple[str, str, str, bool], int] = {}
    found: list[Example] = []
    for mirrored in (False, True):
        for row, (photo, group) in enumerate(zip(photos, groups, strict=True)):
            label = labels.setdefault((photo.species, photo.individual, photo.side, mirrored), len(labels))
            found.append(Example(row, mirrored, label, group))
    return found


def batches(
    items: Sequence[Example], individuals: int, photos: int, rng: np.random.Generator
) -> Iterator[list[Example]]:
    """One epoch: batches of `individuals` classes with `photos` examples each.

    Every class comes up in proportion to its photos, at least once; the examples of a class in a batch come from as
    many encounters as it has. A class with too few examples repeats some, which augmentation makes different.

    Args:
        items: all examples.
        individuals: classes per batch; clipped to the number of classes.
        photos: examples per class and batch.
        rng: source of all randomness.
    """
    by_label: dict[int, list[Example]] = defaultdict(list)
    for item in items:
        by_label[item.label].append(item)
    turns: list[int] = []
    for label, members in by_label.items():
        turns += [label] * max(1, round(len(members) / photos))
    order = _spread(np.asarray(turns)[rng.permutation(len(turns))], min(individuals, len(by_label)))
    for chosen in order:
        yield [item for label in chosen for item in _draw(by_label[label], photos, rng)]


def _spread(turns: NDArray[np.int64], individuals: int) -> list[list[int]]:
    """Fill batches in order with distinct classes; less than half a batch at the end is dropped, but for
    classes that have not come up yet, which others join."""
    waiting = [int(label) for label in turns]
    batches_: list[list[int]] = []
    while waiting:
        batch: list[int] = []
        rest: list[int] = []
        for label in waiting:
            (rest if len(batch) == individuals or label in batch else batch).append(label)
        if len(batch) < max(2, individuals // 2) and batches_:
            unseen = [label for label in batch if not any(label in earlier for earlier in batches_)]
            if unseen:
                others = [label for label in dict.fromkeys(turns.tolist()) if label not in unseen]
                batches_.append((unseen + others)[:individuals])
            break
        batches_.append(batch)
        waiting = rest
    return batches_


def _draw(members: Sequence[Example], photos: int, rng: np.random.Generator) -> list[Example]:
    by_group: dict[str, list[Example]] = defaultdict(list)
    for index in rng.permutation(len(members)):
        by_group[members[index].group].append(members[index])
    groups = list(by_group.values())
    drawn: list[Example] = []
    depth = 0
    while len(drawn) < photos:
        layer = [group[depth] for group in groups if depth < len(group)]
        if not layer:
            depth = 0
            continue
        drawn += [layer[index] for index in rng.permutation(len(layer))]
        depth += 1
    return drawn[:photos]
