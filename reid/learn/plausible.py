"""Plausible histories: whom doubtful sightings show, drawn together, so that answers that support each other go together.

A sighting that nobody has checked has chances: of each individual on its list, and of nobody enrolled, which is a new animal,
or one that another doubtful sighting shows. With ln LR of every two sightings (`Study.alike`) a whole set of answers has the
probability of the queries' own rule (`steps.decision`), the gallery being all photos that have the same answer:

    P(answers) ~ product over sightings of (chance of its individual; for a new animal, of nobody, and `joining` from its second
    sighting on) x product over pairs of sightings of one animal of their LR

Sightings are encounters, which are taken as independent views: their evidence adds up, as that of two sides does. Answers are
drawn one after the other in the order of their dates, then each again with all others given, which leaves P as it is (Gibbs
sampling: Geman and Geman 1984, IEEE PAMI 6:721). Without comparisons the first pass is all: then each sighting stands alone,
and two sightings of one new animal are seldom taken for one.
"""

from __future__ import annotations

import math

import numpy as np

from reid.learn.closed_population import Floats
from reid.learn.imputation import Doubt, Labels, Study

CHAINS = 20
"""Sets of answers that are redrawn side by side; histories are taken from each in turn."""
FIRST, BETWEEN = 10, 2
"""Passes over all sightings before the first history of a chain is taken, and before each further one."""


def draw(study: Study, draws: int, generator: np.random.Generator) -> Labels:
    """Draw whom each doubt shows, `draws` times."""
    if study.alike is None or len(study.doubts) < 2:
        return _first_met(_in_turn(study, draws, generator), len(study.known))
    chains = min(CHAINS, draws)
    labels = _in_turn(study, chains, generator)
    taken: list[Labels] = []
    for turn in range(math.ceil(draws / chains)):
        for _ in range(BETWEEN if turn else FIRST):
            _again(study, labels, generator)
        taken.append(_first_met(labels, len(study.known)))
    return np.concatenate(taken)[:draws]


def _in_turn(study: Study, draws: int, generator: np.random.Generator) -> Labels:
    labels = np.full((draws, len(study.doubts)), -1, dtype=np.int64)
    for at in range(len(study.doubts)):
        labels[:, at] = _answer(study, labels, at, generator)
    return labels


def _again(study: Study, labels: Labels, generator: np.random.Generator) -> None:
    """Draw every answer anew, all others given."""
    for at in range(len(study.doubts)):
        labels[:, at] = -1
        labels[:, at] = _answer(study, labels, at, generator)


def _answer(study: Study, labels: Labels, at: int, generator: np.random.Generator) -> Labels:
    """Answers (draws,) to one doubt, the other answers given; -1 = not answered yet."""
    doubt, rows, draws = study.doubts[at], len(study.known), len(labels)
    answered = np.nonzero(labels >= 0)
    others = labels[answered]
    weights = np.zeros((draws, rows + labels.shape[1] + 1))
    weights[:, :rows] = _chances(doubt, rows)
    weights[answered[0][others >= rows], others[others >= rows]] = doubt.nobody * study.joining
    if study.alike is not None:
        flat = np.bincount(answered[0] * weights.shape[1] + others, study.alike[at, answered[1]], weights.size)
        evidence = flat.reshape(weights.shape)
        weights *= np.exp(evidence - evidence.max(1, keepdims=True))
        scale = np.exp(-evidence.max(1))
    else:
        scale = np.ones(draws)
    for other in doubt.apart:
        shown = labels[:, other] >= 0
        weights[shown, labels[shown, other]] = 0.0
    free = _unused(labels, rows)
    weights[np.arange(draws), free] = (doubt.nobody or 1e-12) * scale
    return _pick(weights, generator)


def _chances(doubt: Doubt, rows: int) -> Floats:
    """Of every row; what the list leaves goes to the others in equal parts."""
    listed = list(doubt.chances)
    elsewhere = max(0.0, 1.0 - doubt.nobody - math.fsum(doubt.chances.values()))
    chances = np.full(rows, elsewhere / max(1, rows - len(listed)))
    chances[listed] = [doubt.chances[row] for row in listed]
    return chances


def _unused(labels: Labels, rows: int) -> Labels:
    """The first label (draws,) that no new animal has."""
    used = np.zeros((len(labels), labels.shape[1] + 1), dtype=bool)
    draws, doubts = np.nonzero(labels >= rows)
    used[draws, labels[draws, doubts] - rows] = True
    return np.asarray(rows + used.argmin(1))


def _pick(weights: Floats, generator: np.random.Generator) -> Labels:
    """One column of each row, by its weights."""
    steps = weights.cumsum(1)
    aim = generator.random(len(weights))[:, None] * steps[:, -1:]
    return np.asarray((steps <= aim).sum(1).clip(max=weights.shape[1] - 1))


def _first_met(labels: Labels, rows: int) -> Labels:
    """The same answers, each new animal called after its first sighting."""
    called = np.full((len(labels), labels.shape[1]), -1, dtype=np.int64)
    answer = labels.copy()
    for at in range(labels.shape[1]):
        new = np.flatnonzero(labels[:, at] >= rows)
        animal = labels[new, at] - rows
        fresh = called[new, animal] < 0
        called[new[fresh], animal[fresh]] = at
        answer[new, at] = rows + called[new, animal]
    return answer
