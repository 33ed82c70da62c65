"""Plausible histories: whom doubtful sightings show, drawn together, so that answers that support each other go together.

A sighting that nobody has checked has chances: of each individual on its list, and of nobody enrolled, which is a new animal,
or one that another doubtful sighting shows. With ln LR of every two sightings (`Study.alike`) a whole set of answers has the
probability of the queries' own rule (`steps.decision`), the gallery being all photos that have the same answer:

    P(answers) ~ product over sightings of (chance of its individual, or of nobody) x product over pairs of sightings of one
    animal of their LR x weight of so many new animals (`newcomers`)

Sightings are encounters, which are taken as independent views: their evidence adds up, as that of two sides does. Answers are
drawn one after the other in the order of their dates, then each again with all others given, which leaves P as it is (Gibbs
sampling: Geman and Geman 1984, IEEE PAMI 6:721). Without comparisons the first pass is all: then each sighting stands alone,
and two sightings of one new animal are seldom taken for one.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from reid.abundance.closed_population import Floats
from reid.abundance.uncertain_history import Labels, Uncertain, UncertainHistory

CHAINS = 20
"""Sets of answers that are redrawn side by side; histories are taken from each in turn."""
FIRST, BETWEEN = 30, 2
"""Passes over all sightings before the first history of a chain is taken, and before each further one."""


def draw(study: UncertainHistory, draws: int, generator: np.random.Generator) -> Labels:
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


def _in_turn(study: UncertainHistory, draws: int, generator: np.random.Generator) -> Labels:
    """Answers to start from, one after the other, with as many unknown animals as the prior says.

    Not with any number: where thousands are thought of every sighting shows another one, and each by itself seldom leaves that.
    """
    labels = np.full((draws, len(study.doubts)), -1, dtype=np.int64)
    unknown = None
    if study.enrolled and 0.0 < study.prior < 1.0:
        unknown = np.full(draws, study.enrolled * (1 - study.prior) / study.prior)
    for at in range(len(study.doubts)):
        labels[:, at] = pick(_weights(study, labels, at, unknown), generator)
    return labels


def _again(study: UncertainHistory, labels: Labels, generator: np.random.Generator) -> None:
    """Draw every answer again, all others given."""
    for at in range(len(study.doubts)):
        labels[:, at] = -1
        labels[:, at] = pick(_weights(study, labels, at), generator)


def answers_given(study: UncertainHistory, labels: Labels, at: int) -> Floats:
    """The chances of every answer to one doubt, all others given as drawn.

    Args:
        study: the history and its doubts.
        labels: drawn answers (draws, doubts).
        at: the doubt, by number.

    Returns:
        (draws, rows + doubts + 1), each row summing to 1: of the rows, then of each new animal by its label, the first label
        that nobody else has being one that no other doubt shows.
    """
    others = labels.copy()
    others[:, at] = -1
    weights = _weights(study, others, at)
    return np.asarray(weights / weights.sum(1, keepdims=True))


def _weights(study: UncertainHistory, labels: Labels, at: int, unknown: Floats | None = None) -> Floats:
    """Of every answer (draws, rows + doubts + 1) to one doubt, not summing to 1, the other answers given; -1 = not answered yet.

    unknown: how many animals nobody knows, (draws,); None = every number, by its chance.
    """
    doubt, rows, draws = study.doubts[at], len(study.known), len(labels)
    join, fresh = newcomers(study.enrolled, study.prior, len(study.doubts))
    if study.alike is None:  # nothing says how many there are: each other one weighs the same, too much where there are many
        unknown, fresh = None, np.ones_like(fresh)
    answered = np.nonzero(labels >= 0)
    others = labels[answered]
    weights = np.zeros((draws, rows + labels.shape[1] + 1))
    weights[:, :rows] = _chances(doubt, rows)
    weights[answered[0][others >= rows], others[others >= rows]] = doubt.nobody * join
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
    free, met = _unused(labels, rows)
    another = fresh[met] if unknown is None else np.maximum(0.0, join * (unknown - met))
    weights[np.arange(draws), free] = (doubt.nobody * another + 1e-12) * scale
    return weights


@lru_cache(maxsize=8)
def newcomers(enrolled: int, prior: float, sightings: int) -> tuple[float, Floats]:
    """What one new animal weighs, against a chance of 1 of nobody: one that other sightings show, and one that none shows.

    Beside the N enrolled there are U animals that nobody knows, each as likely to be met; the share N / (N + U) has a beta
    distribution of mean `prior` and weight 2 (uniform for a prior of a half), so that a sighting alone has the chances it was
    given. Then k given new animals in n sightings weigh V(k), the mean of U! / (U - k)! / (N + U)^n, and yet another one
    V(k + 1) / V(k) times one of them (mixtures of finite mixtures: Miller and Harrison 2018, JASA 113:340). The same weight for
    every other one would make ever more new animals of sightings that say nothing.

    Returns:
        The weight of one new animal met already, prior / ((1 - prior) N); and that of yet another one by how many were met,
        (n + 1,). Without enrolled individuals 0, and 1: each is another one.
    """
    if not enrolled or not 0.0 < prior < 1.0:
        return 0.0, np.ones(sightings + 1)
    odds = np.linspace(-30.0, 30.0, 6001)
    unknown = enrolled * np.exp(odds)
    weight = -2 * prior * np.log1p(np.exp(odds)) - 2 * (1 - prior) * np.log1p(np.exp(-odds))
    weight -= sightings * np.log(enrolled + unknown)
    join = prior / ((1 - prior) * enrolled)
    fresh = np.ones(sightings + 1)
    for met in range(sightings + 1):
        weight -= weight.max()
        share = np.exp(weight)
        left = np.maximum(0.0, unknown - met)
        fresh[met] = join * float((share * left).sum() / share.sum())
        with np.errstate(divide="ignore"):
            weight = weight + np.log(left)
        if not np.isfinite(weight.max()):
            break
    return join, fresh


def _chances(doubt: Uncertain, rows: int) -> Floats:
    """Of every row; what the list leaves goes to the others in equal parts."""
    listed = list(doubt.chances)
    elsewhere = max(0.0, 1.0 - doubt.nobody - math.fsum(doubt.chances.values()))
    chances = np.full(rows, elsewhere / max(1, rows - len(listed)))
    chances[listed] = [doubt.chances[row] for row in listed]
    return chances


def _unused(labels: Labels, rows: int) -> tuple[Labels, Labels]:
    """The first label (draws,) that no new animal has, and how many have one."""
    used = np.zeros((len(labels), labels.shape[1] + 1), dtype=bool)
    draws, doubts = np.nonzero(labels >= rows)
    used[draws, labels[draws, doubts] - rows] = True
    return np.asarray(rows + used.argmin(1)), np.asarray(used.sum(1))


def pick(weights: Floats, generator: np.random.Generator) -> Labels:
    """One column of each row of weights (draws, columns), by its weight."""
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
