"""What errors of identification do to a count whose truth is known, with and without carrying them through.

Animals, captures, scores and decisions are drawn, no pictures: N animals on t occasions, some of them enrolled before the
season; each capture is asked as `reid query` asks (steps.decision), each pair of captures compared as `reid count` does. Scores
are normal, `separation` standard deviations apart for the same and for another animal, so that the calibration is right by
construction; `ceiling` cuts its evidence as few held-out comparisons do, `overconfident` stretches it.

    python scripts/benchmarks/counting.py --repeats 50
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from reid.learn import imputation
from reid.learn.closed_population import METHODS, Method, Tally, log_normal_interval, tally
from reid.learn.imputation import NEW, Doubt, Study
from reid.learn.next_look import gains
from reid.learn.plausible import draw
from reid.records import Calibration, Outcome
from reid.steps.decision import Candidate, decide, evidence, posterior

TOP, SHORTLIST = 5, 20
"""Matches that are kept with a sighting, and individuals that are weighed."""


@dataclass(frozen=True)
class World:
    """One kind of study. spread: of the animals' chances to be seen, standard deviation of the logit."""

    name: str
    separation: float = 5.0
    ceiling: float = 50.0
    spread: float = 0.0
    overconfident: float = 1.0
    animals: int = 100
    enrolled: float = 0.7
    occasions: int = 6
    chance: float = 0.25


WORLDS = (
    World("good net, well calibrated"),
    World("weak net, well calibrated", separation=3.5),
    World("good net, few comparisons (97 to 1)", ceiling=math.log(97)),
    World("weak net, few comparisons (97 to 1)", separation=3.5, ceiling=math.log(97)),
    World("good net, animals differ", spread=1.0),
    World("weak net, overconfident", separation=3.5, overconfident=1.5),
)
WAYS = ("identities known", "as decided", "open = best match", "carried, not compared", "carried")


@dataclass(frozen=True)
class Season:
    """A drawn season: who was seen, its doubts, and whom each shows (row of the history; -1 = nobody enrolled)."""

    seen: np.ndarray
    study: Study
    truth: tuple[int, ...]


def season(world: World, generator: np.random.Generator) -> Season:
    odds = math.log(world.chance / (1 - world.chance)) + world.spread * generator.standard_normal(world.animals)
    seen = generator.random((world.animals, world.occasions)) < 1 / (1 + np.exp(-odds[:, None]))
    rows = {int(animal): row for row, animal in enumerate(np.flatnonzero(generator.random(world.animals) < world.enrolled))}
    learned = calibration(world)
    captures = [(occasion, int(animal)) for occasion in range(world.occasions) for animal in np.flatnonzero(seen[:, occasion])]
    doubts = tuple(asked(world, learned, len(rows), rows.get(animal, -1), occasion, generator) for occasion, animal in captures)
    who = np.array([animal for _, animal in captures])
    noise = np.triu(generator.standard_normal((len(who), len(who))), 1)
    scores = noise + noise.T + world.separation * (who[:, None] == who[None, :])
    alike = np.clip(learned.slope * scores + learned.intercept, -learned.ceiling, learned.ceiling)
    np.fill_diagonal(alike, 0.0)
    joining = learned.prior / ((1 - learned.prior) * len(rows))
    study = Study(np.zeros((len(rows), world.occasions), dtype=bool), doubts, joining, alike)
    return Season(seen, study, tuple(rows.get(animal, -1) for _, animal in captures))


def calibration(world: World) -> Calibration:
    """Exact for normal scores of standard deviation 1 around 0 and `separation`."""
    slope = world.separation * world.overconfident
    return Calibration(
        slope=slope, intercept=-slope * world.separation / 2, ceiling=world.ceiling, known_at=0.9, new_at=0.9,
        prior=world.enrolled, max_false_match=0.01, false_match=0.0, false_new=0.0, individuals=0, photos=0, comparisons=0,
    )  # fmt: skip


def asked(world: World, learned: Calibration, rows: int, row: int, occasion: int, generator: np.random.Generator) -> Doubt:
    scores = generator.standard_normal(rows)
    if row >= 0:
        scores[row] += world.separation
    best = np.argsort(-scores)[:SHORTLIST]
    chances = posterior([Candidate(str(one), evidence(scores[one], learned)) for one in best], rows, learned.prior)
    told = decide(str(best[0]), chances, learned, rows)
    listed = {int(one): chances.individuals[str(one)] for one in best[:TOP]}
    answer = {Outcome.KNOWN: int(best[0]), Outcome.NEW: NEW}.get(told.outcome)
    return Doubt((occasion,), listed, chances.nobody, answer)


def estimates(found: Season, method: Method, draws: int, generator: np.random.Generator) -> dict[str, tuple[float, float, float]]:
    """Number and interval by each way."""
    occasions = [(at,) for at in range(found.seen.shape[1])]
    plain = {"identities known": tally(found.seen)}
    for way, kind in (("as decided", ""), ("open = best match", "best")):
        told = imputation.histories(found.study, imputation.as_told(found.study, open_as=kind), occasions)
        plain[way] = Tally(told.counts[0], told.frequencies[0])
    answers = {}
    for way, one in plain.items():
        told = method.estimate(one)
        number = float(told.number)
        answers[way] = (number, *log_normal_interval(number, float(told.variance), float(one.seen)))
    for way, study in (("carried, not compared", replace(found.study, alike=None)), ("carried", found.study)):
        many = imputation.histories(study, draw(study, draws, generator), occasions)
        combined = imputation.combine(method.estimate(many), many.seen)
        answers[way] = (combined.number, combined.lower, combined.upper)
    return answers


def looked(found: Season, method: Method, draws: int, many: int, generator: np.random.Generator) -> tuple[float, float, float]:
    """Variance between drawn histories: before, after a person answered the `many` best photos, and after as many at random."""
    occasions = [(at,) for at in range(found.seen.shape[1])]
    labels = draw(found.study, draws, generator)
    worth = gains(found.study, labels[:60], occasions, method.estimate)
    random = generator.permutation([one.doubt for one in worth])[:many]
    answer = []
    for chosen in ((), [one.doubt for one in worth[:many]], random):
        doubts = list(found.study.doubts)
        for at in chosen:
            row = found.truth[at]
            doubts[at] = Doubt(doubts[at].columns, {row: 1.0} if row >= 0 else {}, 0.0 if row >= 0 else 1.0)
        study = replace(found.study, doubts=tuple(doubts))
        told = imputation.histories(study, draw(study, draws, generator), occasions)
        answer.append(imputation.combine(method.estimate(told), told.seen).between)
    return answer[0], answer[1], answer[2]


def report(world: World, method: Method, repeats: int, draws: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    told: dict[str, list[tuple[float, float, float]]] = {way: [] for way in WAYS}
    decided: list[Sequence[float]] = []
    fall = []
    for at in range(repeats):
        found = season(world, generator)
        for way, one in estimates(found, method, draws, generator).items():
            told[way].append(one)
        kinds = [doubt.told for doubt in found.study.doubts]
        wrong = [kind != row for kind, row in zip(kinds, found.truth, strict=True) if kind is not None and kind != NEW]
        split = [row >= 0 for kind, row in zip(kinds, found.truth, strict=True) if kind == NEW]
        decided.append((kinds.count(None) / len(kinds), sum(wrong) / len(kinds), sum(split) / len(kinds)))
        if at < repeats // 5:
            fall.append(looked(found, method, draws, 10, generator))
    shares = np.mean(decided, axis=0)
    print(f"\n{world.name}: {world.animals} animals, {method.name}; open {shares[0]:.2f}, told a wrong name {shares[1]:.3f}, "
          f"told new though enrolled {shares[2]:.3f}")
    print("| way | mean | bias | coverage of 95 % | width | no number |\n|---|---|---|---|---|---|")
    for way in WAYS:
        rows = np.array([one for one in told[way] if math.isfinite(one[0])]).reshape(-1, 3)
        inside = ((rows[:, 1] <= world.animals) & (world.animals <= rows[:, 2])).sum() / repeats
        mean = rows[:, 0].mean() if len(rows) else math.nan
        width = np.median(rows[:, 2] - rows[:, 1]) if len(rows) else math.nan
        print(f"| {way} | {mean:.1f} | {mean / world.animals - 1:+.1%} | {inside:.2f} | {width:.0f} | {repeats - len(rows)} |")
    if fall:
        before, best, random = np.mean(fall, axis=0)
        print(f"variance of the doubts {before:.1f}; 10 best photos answered {best:.1f}, 10 at random {random:.1f}", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--repeats", type=int, default=50)
    arguments.add_argument("--draws", type=int, default=100)
    arguments.add_argument("--method", choices=sorted(set(METHODS) - {"chapman"}), default="mt")
    arguments.add_argument("--only", default="", help="part of a world's name")
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    for world in WORLDS:
        if given.only in world.name:
            report(world, METHODS[given.method], given.repeats, given.draws, given.seed)


if __name__ == "__main__":
    main()
