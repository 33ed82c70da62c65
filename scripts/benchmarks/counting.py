"""What errors of identification do to a count whose truth is known, with and without carrying them through.

Animals, captures, scores and decisions are drawn, no pictures: N animals on t occasions, some of them enrolled before the
season; each capture is asked as `reid query` asks (steps.decision), each pair of captures compared as `reid count` does. Scores
are normal, `separation` standard deviations apart for the same and for another animal, so that what a score is worth is right by
construction; `ceiling` cuts its evidence as few held-out comparisons do, `overconfident` stretches it. The share of enrolled
animals is not told: as everywhere in reid, a half is expected.

The truth is the number of animals drawn and which animal each capture shows; nothing that is judged makes it. Judged are
intervals (do they hold the number of animals) and, of the photos to look at, the count after their true answers: how much the
doubts still vary, and how far it is from the count with identities known, beside as many photos at random and the least sure.

    python scripts/benchmarks/counting.py --repeats 50
    python scripts/benchmarks/counting.py --repeats 60 --only 'few animals' --coverage --method chao
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from reid.abundance import uncertain_history
from reid.abundance.closed_population import METHODS, Method, Tally, tally
from reid.abundance.history_sampling import draw
from reid.abundance.intervals import interval
from reid.abundance.multiple_imputation import combine
from reid.abundance.review_priority import gains
from reid.abundance.uncertain_history import NEW_ANIMAL, Uncertain, UncertainHistory
from reid.calibration.score_calibration import PRIOR
from reid.records import Calibration, Outcome
from reid.steps.decision import Candidate, decide, evidence, posterior

TOP, SHORTLIST = 5, 20
"""Matches that are kept with a sighting, and individuals that are weighed."""


@dataclass(frozen=True)
class World:
    """One kind of study.

    spread: of the animals' chances to be seen, standard deviation of the logit. doubtful: share of the sightings that nobody
    has checked; the others are enrolled.
    """

    name: str
    separation: float = 5.0
    ceiling: float = 50.0
    spread: float = 0.0
    overconfident: float = 1.0
    animals: int = 100
    enrolled: float = 0.7
    occasions: int = 6
    chance: float = 0.25
    doubtful: float = 1.0


WORLDS = (
    World("good net, well calibrated"),
    World("weak net, well calibrated", separation=3.5),
    World("good net, few comparisons (97 to 1)", ceiling=math.log(97)),
    World("weak net, few comparisons (97 to 1)", separation=3.5, ceiling=math.log(97)),
    World("good net, animals differ", spread=1.0),
    World("weak net, overconfident", separation=3.5, overconfident=1.5),
    World("weak net, well calibrated, 20 % doubtful", separation=3.5, doubtful=0.2),
    World("weak net, few comparisons, 20 % doubtful", separation=3.5, ceiling=math.log(97), doubtful=0.2),
    World("few animals, half of them caught each time", animals=20, occasions=3, chance=0.5),
    World("few animals, nearly all caught", animals=20, occasions=3, chance=0.8),
    World("few animals, twice, nearly all caught", animals=20, occasions=2, chance=0.8),
    World("few animals, weak net, 20 % doubtful", separation=3.5, animals=20, occasions=3, chance=0.8, doubtful=0.2),
)
WAYS = ("identities known", "as decided", "open = best match", "carried, not compared", "carried")


@dataclass(frozen=True)
class Season:
    """A drawn season: who was seen, its doubts, and whom each shows (row of the history; -1 = nobody enrolled), by animal."""

    seen: np.ndarray
    study: UncertainHistory
    truth: tuple[int, ...]
    who: tuple[int, ...]


def season(world: World, generator: np.random.Generator) -> Season:
    odds = math.log(world.chance / (1 - world.chance)) + world.spread * generator.standard_normal(world.animals)
    seen = generator.random((world.animals, world.occasions)) < 1 / (1 + np.exp(-odds[:, None]))
    sure = seen & (generator.random(seen.shape) >= world.doubtful)
    enrolled = (generator.random(world.animals) < world.enrolled) | sure.any(1)
    rows = {int(animal): row for row, animal in enumerate(np.flatnonzero(enrolled))}
    learned = calibration(world)
    open_on = (seen & ~sure).T
    captures = [(occasion, int(animal)) for occasion in range(world.occasions) for animal in np.flatnonzero(open_on[occasion])]
    doubts = tuple(asked(learned, world, len(rows), rows.get(animal, -1), occasion, generator) for occasion, animal in captures)
    who = np.array([animal for _, animal in captures])
    noise = np.triu(generator.standard_normal((len(who), len(who))), 1)
    scores = noise + noise.T + world.separation * (who[:, None] == who[None, :])
    alike = np.clip(learned.slope * scores + learned.intercept, -learned.ceiling, learned.ceiling)
    np.fill_diagonal(alike, 0.0)
    study = UncertainHistory(sure[np.flatnonzero(enrolled)], doubts, alike, len(rows), learned.prior)
    return Season(seen, study, tuple(rows.get(animal, -1) for _, animal in captures), tuple(who.tolist()))


def calibration(world: World) -> Calibration:
    """Exact for normal scores of standard deviation 1 around 0 and `separation`."""
    slope = world.separation * world.overconfident
    return Calibration(
        slope=slope, intercept=-slope * world.separation / 2, ceiling=world.ceiling, known_at=0.9, new_at=0.9,
        prior=PRIOR, max_false_match=0.01, false_match=0.0, false_new=0.0, individuals=0, photos=0, comparisons=0,
    )  # fmt: skip


def asked(learned: Calibration, world: World, rows: int, row: int, occasion: int, generator: np.random.Generator) -> Uncertain:
    scores = generator.standard_normal(rows)
    if row >= 0:
        scores[row] += world.separation
    best = np.argsort(-scores)[:SHORTLIST]
    chances = posterior([Candidate(str(one), evidence(scores[one], learned)) for one in best], rows, learned.prior)
    told = decide(str(best[0]), chances, learned, rows)
    listed = {int(one): chances.individuals[str(one)] for one in best[:TOP]}
    answer = {Outcome.KNOWN: int(best[0]), Outcome.NEW_ANIMAL: NEW_ANIMAL}.get(told.outcome)
    return Uncertain((occasion,), listed, chances.nobody, answer)


def estimates(found: Season, method: Method, draws: int, generator: np.random.Generator) -> dict[str, tuple[float, float, float]]:
    """Number and interval by each way."""
    occasions = [(at,) for at in range(found.seen.shape[1])]
    plain = {"identities known": tally(found.seen)}
    for way, kind in (("as decided", ""), ("open = best match", "best")):
        told = uncertain_history.histories(found.study, uncertain_history.as_decided(found.study, open_as=kind), occasions)
        plain[way] = Tally(told.counts[0], told.frequencies[0])
    answers = {}
    for way, one in plain.items():
        lower, upper, _ = interval(method, one)
        answers[way] = (float(method.estimate(one).number), lower, upper)
    for way, study in (("carried, not compared", replace(found.study, alike=None)), ("carried", found.study)):
        many = uncertain_history.histories(study, draw(study, draws, generator), occasions)
        combined = combine(method, many)
        answers[way] = (combined.number, combined.lower, combined.upper)
    return answers


CHOICES = ("none", "as told", "at random", "least sure")


def looked(found: Season, method: Method, draws: int, many: int, generator: np.random.Generator) -> list[tuple[float, float]]:
    """Of each choice of `many` photos, once a person answered: variance of the doubts, and error against identities known."""
    occasions = [(at,) for at in range(found.seen.shape[1])]
    number, doubts = float(method.estimate(tally(found.seen)).number), range(len(found.study.doubts))
    labels = draw(found.study, draws, generator)
    told = [one.doubt for one in gains(found.study, labels, occasions, method.estimate, many)]
    unsure = sorted(doubts, key=lambda at: max([*found.study.doubts[at].chances.values(), found.study.doubts[at].nobody]))
    answer = []
    for chosen in ([], told, generator.permutation(len(doubts))[:many].tolist(), unsure[:many]):
        study = answered(found, chosen)
        histories = uncertain_history.histories(study, draw(study, draws, generator), occasions)
        combined = combine(method, histories)
        answer.append((combined.between, combined.number - number))
    return answer


def answered(found: Season, chosen: Sequence[int]) -> UncertainHistory:
    """What is left in doubt once a person said whom some photos show, and asked again."""
    doubts, alike = list(found.study.doubts), np.array(found.study.alike)
    for at in chosen:
        row = found.truth[at]
        doubts[at] = Uncertain(doubts[at].columns, {row: 1.0} if row >= 0 else {}, 0.0 if row >= 0 else 1.0)
        for other in chosen:
            if other != at:
                alike[at, other] = 60.0 if found.who[at] == found.who[other] else -60.0
    return replace(found.study, doubts=tuple(doubts), alike=alike)


def report(world: World, method: Method, repeats: int, draws: int, seed: int, looks: bool) -> None:
    generator = np.random.default_rng(seed)
    told: dict[str, list[tuple[float, float, float]]] = {way: [] for way in WAYS}
    decided: list[Sequence[float]] = []
    fall: list[list[tuple[float, float]]] = []
    for at in range(repeats):
        found = season(world, generator)
        for way, one in estimates(found, method, draws, generator).items():
            told[way].append(one)
        kinds = [doubt.decided for doubt in found.study.doubts]
        wrong = [kind != row for kind, row in zip(kinds, found.truth, strict=True) if kind is not None and kind != NEW_ANIMAL]
        split = [row >= 0 for kind, row in zip(kinds, found.truth, strict=True) if kind == NEW_ANIMAL]
        decided.append((kinds.count(None) / len(kinds), sum(wrong) / len(kinds), sum(split) / len(kinds)))
        if looks and (world.doubtful < 1.0 or at < repeats // 5):
            fall.append(looked(found, method, 2 * draws, 10, generator))
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
        print(f"10 photos answered, {len(fall)} seasons with {len(found.study.doubts)} doubts:", flush=True)
        falls = np.array(fall)
        for way, left, before in zip(CHOICES, falls.swapaxes(0, 1), [falls[:, 0]] * len(CHOICES), strict=True):
            change = before[:, 0] - left[:, 0]
            print(f"  {way}: variance {left[:, 0].mean():.1f} (fell {change.mean():.1f} +- {change.std() / len(fall)**0.5:.1f}), "
                  f"error {np.sqrt((left[:, 1] ** 2).mean()):.1f}", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--repeats", type=int, default=50)
    arguments.add_argument("--draws", type=int, default=100)
    arguments.add_argument("--method", choices=sorted(METHODS), default="mt")
    arguments.add_argument("--only", default="", help="part of a world's name")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--coverage", action="store_true", help="intervals alone, no photos to look at")
    given = arguments.parse_args()
    for world in WORLDS:
        if given.only in world.name and METHODS[given.method].fits(world.occasions):
            report(world, METHODS[given.method], given.repeats, given.draws, given.seed, not given.coverage)


if __name__ == "__main__":
    main()
