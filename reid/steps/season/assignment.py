"""Who is who for all animals of a season at once: two that cannot be one animal never get one name.

Each animal brings its own chances: of every enrolled individual, and the rest, of nobody enrolled. `exclusive` weighs them
with what the animals it cannot be take for themselves; `together` finds the one assignment of names that is most probable
as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Name: TypeAlias = tuple[str, str]
"""(species, individual)"""
LEAST_CHANCE_OF_A_NAME = 1e-9
"""A chance below it is taken for this one, so that a logarithm of it exists."""
TINY = 1e-300
"""The same for `exclusive`, where what is certain must stay so."""
ROUNDS, SETTLED = 200, 1e-7
"""Of the messages between animals that cannot be one, at most; and when they no longer change."""


def exclusive(chances: Sequence[Mapping[Name, float]], apart: Collection[tuple[int, int]]) -> list[dict[Name, float]]:
    """For each animal: the chance, by name, that another animal, which it cannot be, has that name.

    To be used as P(i) ∝ p(i) · (1 - the answer). Worked out by belief propagation (Pearl 1988): exact where the pairs make no
    ring, so for two animals of one frame. In a ring it is an approximation: of three of one frame who each are as good as
    surely Ada, each gets 0.49 where 1/3 is right.

    Args:
        chances: of each animal, by name; what is missing to 1 is the chance of nobody enrolled.
        apart: pairs of animals that cannot be one.
    """
    found: list[dict[Name, float]] = [{} for _ in chances]
    near: list[set[Name]] = [set() for _ in chances]
    for a, b in apart:
        near[a] |= chances[b].keys()
        near[b] |= chances[a].keys()
    for part in _parts(len(chances), apart):
        animals = sorted(part)
        place = {animal: at for at, animal in enumerate(animals)}
        names = sorted({name for animal in animals for name in chances[animal]})
        own = np.asarray([[min(1.0, chances[animal].get(name, 0.0)) for name in names] for animal in animals])
        pairs = [(place[a], place[b]) for a, b in apart if a in place]
        for animal, left in zip(animals, _left_over(own.reshape(len(animals), -1), np.asarray(pairs)), strict=True):
            found[animal] = {name: 1.0 - float(one) for name, one in zip(names, left, strict=True) if name in near[animal]}
    return found


def _left_over(own: Scores, pairs: NDArray[np.int64]) -> Scores:
    """(A, M): what the others leave of each name.

    Args:
        own: (A, M) the chances of A animals for M names.
        pairs: (P, 2) rows of animals that cannot be one.
    """
    of, to = np.concatenate([pairs, pairs[:, ::-1]]).T
    reverse = np.concatenate([np.arange(len(pairs)) + len(pairs), np.arange(len(pairs))])
    edge, name = np.nonzero(own[of] > 0.0)  # what `of` takes of a name, were `to` not there: one number each, by edge
    if not len(edge):
        return np.ones(own.shape)
    place = np.full((len(of), own.shape[1]), len(edge))
    place[edge, name] = np.arange(len(edge))
    back, mine, theirs = place[reverse[edge], name], of[edge] * own.shape[1] + name, to[edge] * own.shape[1] + name
    starts = np.flatnonzero(np.diff(edge, prepend=-1))
    part = np.cumsum(np.diff(edge, prepend=edge[0]) > 0)
    nobody, source = np.log(np.maximum(TINY, 1.0 - own.sum(axis=1))), of[edge[starts]]
    taken = own[of[edge], name]
    start = np.log(np.maximum(TINY, own))
    share = 1.0 / np.bincount(to).max()  # slow enough for the answers of a ring to settle
    left = np.zeros(len(edge) + 1)  # in logarithms; the last is of those that say nothing
    for _ in range(ROUNDS):
        np.log(np.maximum(TINY, 1.0 - taken), out=left[:-1])
        total = start + np.bincount(theirs, left[:-1], minlength=own.size).reshape(own.shape)
        top = np.maximum(total.max(axis=1), nobody)  # of each animal; the answer of one other takes at most TINY off it
        weights = (total - top[:, None]).ravel()[mine]
        weights -= left[back]
        np.exp(weights, out=weights)
        weights *= (1.0 / (np.add.reduceat(weights, starts) + np.exp(nobody - top)[source]))[part]
        weights -= taken
        weights *= share
        taken += weights
        if max(float(weights.max()), -float(weights.min())) < SETTLED:
            break
    np.log(np.maximum(TINY, 1.0 - taken), out=left[:-1])
    return np.asarray(np.exp(np.bincount(theirs, left[:-1], minlength=own.size))).reshape(own.shape)


def together(chances: Sequence[Mapping[Name, float]], apart: Collection[tuple[int, int]]) -> list[Name | None]:
    """The most probable assignment of names as a whole, None for nobody enrolled.

    The sum of ln chances is largest, and no two animals that are `apart` have one name: an integer program, solved exactly
    by HiGHS (Huangfu and Hall 2018, by way of scipy) for each set of animals that hang together by `apart`.
    """
    found: list[Name | None] = [_best(one) for one in chances]
    for part in _parts(len(chances), apart):
        inside = [(a, b) for a, b in apart if a in part and b in part]
        if any(found[a] is not None and found[a] == found[b] for a, b in inside):
            for animal, name in _solved(sorted(part), chances, inside).items():
                found[animal] = name
    return found


def _best(one: Mapping[Name, float]) -> Name | None:
    """The likeliest name; None where nobody enrolled is at least as likely."""
    name = max(sorted(one), key=lambda name: one[name], default=None)
    return name if name is not None and one[name] > _nobody(one) else None


def _nobody(one: Mapping[Name, float]) -> float:
    return max(LEAST_CHANCE_OF_A_NAME, 1.0 - sum(one.values()))


def _parts(count: int, apart: Iterable[tuple[int, int]]) -> list[set[int]]:
    """Animals that hang together by the pairs; those in no pair are left out."""
    part_of: dict[int, set[int]] = {}
    for a, b in apart:
        large, small = part_of.setdefault(a, {a}), part_of.setdefault(b, {b})
        if large is small:
            continue
        if len(large) < len(small):
            large, small = small, large
        large |= small
        for animal in small:
            part_of[animal] = large
    parts: list[set[int]] = []
    listed: set[int] = set()
    for animal, part in part_of.items():
        if animal not in listed:
            parts.append(part)
            listed |= part
    return parts


def _solved(
    part: Sequence[int], chances: Sequence[Mapping[Name, float]], apart: Sequence[tuple[int, int]]
) -> dict[int, Name | None]:
    """The best names for the animals of one part."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    options: list[tuple[int, Name | None, float]] = []
    for animal in part:
        options += [(animal, name, chance) for name, chance in sorted(chances[animal].items()) if chance > LEAST_CHANCE_OF_A_NAME]
        options.append((animal, None, _nobody(chances[animal])))
    column = {(animal, name): at for at, (animal, name, _) in enumerate(options)}
    rows = [[column[option[:2]] for option in options if option[0] == animal] for animal in part]
    clashes = [
        [column[a, name], column[b, name]]
        for a, b in apart for name in chances[a] if (a, name) in column and (b, name) in column
    ]
    where = [(row, at) for row, members in enumerate([*rows, *clashes]) for at in members]
    matrix = coo_array(
        (np.ones(len(where)), (np.asarray([row for row, _ in where]), np.asarray([at for _, at in where]))),
        shape=(len(rows) + len(clashes), len(options)),
    )
    lower = np.asarray([1.0] * len(rows) + [0.0] * len(clashes))
    solved = milp(
        [-float(np.log(max(LEAST_CHANCE_OF_A_NAME, chance))) for _, _, chance in options],
        integrality=np.ones(len(options)), bounds=Bounds(0, 1), constraints=LinearConstraint(matrix, lower, 1.0),
    )
    assert solved.x is not None, "nobody for everybody is always a solution"
    return {options[at][0]: options[at][1] for at in np.flatnonzero(solved.x > 0.5).tolist()}


def paired(gains: Scores) -> list[int]:
    """The column of each row, no column twice, with the largest sum (the Hungarian method).

    Args:
        gains: (R, C), R <= C.
    """
    from scipy.optimize import linear_sum_assignment

    _, columns = linear_sum_assignment(gains, maximize=True)
    return [int(one) for one in columns]
