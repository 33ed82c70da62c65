"""Which rule should set the KNOWN threshold? Simulated scores, whose true error is known, judge the candidates.

    python scripts/benchmarks/calibration_rules.py [--repeats 60] [--stated 0.01] [--tails 0] [--shared 0]

Scores of one individual are Gaussian, `separation` standard deviations above those of two. Of the variance, 0.4 belongs
to the pair of individuals (look-alikes stay look-alikes), `--shared` to the query (a blurred photo is like nobody), and
`--tails` > 2 gives the scores of two individuals the heavy tails of Student's t. For each number of held-out individuals
(6 photos each) and size of the gallery the table tells the share of queries told KNOWN with a wrong individual, in per
cent (wanted: at most the stated one), and after the slash the share of enrolled animals told KNOWN under their own name.
Half of the queries show an enrolled animal. "-" = more individuals than pairs were compared: reid warns there.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass, replace
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from reid.calibration import score_calibration, thresholds
from reid.calibration.score_calibration import ScoreTrials
from reid.records import Bounds, Calibration

SIZES, HELD, SEPARATIONS = (3, 12, 50, 200), (4, 8, 20, 60), (2.0, 3.0, 4.0, 5.0)
PAIR, PHOTOS, QUERIES = 0.4, 6, 400
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """How scores come about."""

    separation: float
    tails: float
    shared: float

    def noise(self, rng: np.random.Generator, *shape: int) -> Numbers:
        """Of scores of two individuals; variance 1."""
        if self.tails > 2:
            return rng.standard_t(self.tails, shape) / math.sqrt(self.tails / (self.tails - 2))
        return rng.standard_normal(shape)

    def held_out(self, rng: np.random.Generator, individuals: int) -> ScoreTrials:
        """What a training holds out."""
        own = np.repeat(np.arange(individuals), PHOTOS)
        pair = np.triu(self.noise(rng, individuals, individuals), 1)
        rest = math.sqrt(1 - PAIR - self.shared)
        scores = math.sqrt(PAIR) * (pair + pair.T)[own] + rest * self.noise(rng, len(own), individuals)
        self_alike = math.sqrt(PAIR) * rng.standard_normal(individuals)[own] + rest * rng.standard_normal(len(own))
        scores[np.arange(len(own)), own] = self.separation + self_alike
        return ScoreTrials(0.3 + 0.1 * (scores + math.sqrt(self.shared) * rng.standard_normal((len(own), 1))), own)

    def field(self, rng: np.random.Generator, size: int) -> Numbers:
        """(2 * QUERIES, size) scores in a gallery; the first half shows the individual of column 0, the rest nobody."""
        own, rest = math.sqrt(PAIR), math.sqrt(1 - PAIR - self.shared)
        scores = own * self.noise(rng, 2 * QUERIES, size) + rest * self.noise(rng, 2 * QUERIES, size)
        scores[:QUERIES, 0] = self.separation + math.sqrt(1 - self.shared) * rng.standard_normal(QUERIES)
        return 0.3 + 0.1 * (scores + math.sqrt(self.shared) * rng.standard_normal((2 * QUERIES, 1)))


def same_photos(found: ScoreTrials, stated: float) -> Calibration | None:
    """The rule reid had: fit and count on the same photos; at most floor(stated * questions) wrong ones may pass."""
    learned = score_calibration.learn(found, max_false_match=stated)
    if learned is None:
        return None
    fit = score_calibration._fit(found, np.ones(found.scores.shape[1], bool))
    held = thresholds.HeldOut(fit.evidence(found.columns)[None], np.zeros(len(found.own), np.int64), found.own)
    told = thresholds.answers(held, ceiling=learned.calibration.ceiling, prior=0.5)
    at = thresholds.least_bound(told.probability[~told.right].tolist(), stated * len(told.right))
    return replace(learned.calibration, bounds=(Bounds(3, at, 0.5),))


def expected(found: ScoreTrials, stated: float) -> Calibration | None:
    """The least bound at which the sum of (1 - p) over the cross-validated answers that pass is within the stated share."""
    learned = score_calibration.learn(found, max_false_match=stated)
    if learned is None:
        return None
    falling = np.sort(learned.answers.probability)[::-1]
    passing = np.flatnonzero(np.cumsum(1.0 - falling) <= stated * len(falling))
    at = max(0.5, float(falling[passing[-1]])) if len(passing) else 1.0
    return replace(learned.calibration, bounds=(Bounds(3, at, 0.5),))


def drawn(found: ScoreTrials, stated: float, widening: float = thresholds.WIDENING) -> Calibration | None:
    """Galleries of each size drawn from the cross-validated evidence (with widening: what reid does)."""
    with patch.object(thresholds, "WIDENING", widening):
        learned = score_calibration.learn(found, max_false_match=stated)
    return learned.calibration if learned else None


RULES = {
    "same photos, counted": same_photos,
    "expected error": expected,
    "drawn galleries": lambda found, stated: drawn(found, stated, 0.0),
    "drawn and widened": drawn,
}


def judge(learned: Calibration | None, scores: Numbers) -> tuple[float, float]:
    """(share of all queries told KNOWN with a wrong individual, share of enrolled ones told KNOWN rightly)."""
    if learned is None:
        return 0.0, 0.0
    size = scores.shape[1]
    evidence = learned.slope * scores + learned.intercept
    own, none = evidence[:QUERIES], evidence[QUERIES:]
    sizes = np.full(QUERIES, size)
    answers = thresholds.HeldOutAnswers.together([
        thresholds.answered(own, np.zeros(QUERIES, np.int64), sizes, learned.ceiling, learned.prior),
        thresholds.answered(none, None, sizes, learned.ceiling, learned.prior),
    ])
    told = answers.probability >= learned.bounds_for(size).known_at
    return float((told & ~answers.right).mean()), float((told & answers.right)[:QUERIES].mean())


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--repeats", type=int, default=60)
    options.add_argument("--stated", type=float, default=0.01)
    options.add_argument("--tails", type=float, default=0.0)
    options.add_argument("--shared", type=float, default=0.0)
    given = options.parse_args()
    print("held out individuals:" + "".join(f"{held:>34}" for held in HELD))
    print(f"{'gallery of':21}" + "".join("  " + "".join(f"{size:>8}" for size in SIZES) for _ in HELD))
    for separation in SEPARATIONS:
        world = World(separation, given.tails, given.shared)
        print(f"separation {separation:g}")
        for name, rule in RULES.items():
            cells = []
            for held in HELD:
                rng = np.random.default_rng(held)
                found = np.zeros((len(SIZES), 2))
                repeats = max(10, given.repeats * 8 // (held + 4))
                for _ in range(repeats):
                    learned = rule(world.held_out(rng, held), given.stated)
                    found += [judge(learned, world.field(rng, size)) for size in SIZES]
                told = [f"{100 * wrong / repeats:.1f}/{100 * right / repeats:.0f}" for wrong, right in found]
                cells.append("  " + "".join(
                    f"{cell if size <= held * (held - 1) else '-':>8}" for size, cell in zip(SIZES, told, strict=True)
                ))
            print(f"  {name:19}" + "".join(cells), flush=True)


if __name__ == "__main__":
    main()
