"""How many animals there are, from who was seen on which occasion: the estimators for closed populations. Numpy alone.

Closed means: nobody is born, dies, comes or goes between the first occasion and the last. M is the number of individuals
seen, f_k how many were seen on exactly k occasions, n_j how many on occasion j, t the number of occasions. Every estimator
takes one capture history or any number of them at once (leading axes), because `abundance.uncertain_history` draws many.

Sources: Chapman 1951 (Univ. Calif. Publ. Stat. 1:131); Seber 1970 (Biometrika 57:13), its variance; Darroch 1958 (Biometrika
45:343), model Mt; Otis, Burnham, White and Anderson 1978 (Wildl. Monogr. 62), models M0 and Mt, closure; Chao 1987 (Biometrics
43:783), the lower bound under heterogeneity and the log-normal interval; Rivest and Baillargeon 2007 (Biometrics 63:999), its
factor (t - 1)/t, without which it is no bound where occasions are few; Burnham, Anderson, White, Brownie and Pollock 1987 (AFS
Monogr. 5), the log-normal interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

ENOUGH_RECAPTURES = 7
"""Chapman's estimator is nearly unbiased with so many recaptures or more (Robson and Regier 1964; Seber 1982, p. 60)."""


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """What the estimators need of a capture history.

    counts (..., t): individuals seen on each occasion. frequencies (..., t): individuals seen on exactly 1 to t occasions.
    """

    counts: Floats
    frequencies: Floats

    @property
    def occasions(self) -> int:
        """How many occasions there were; t."""
        return int(self.counts.shape[-1])

    @property
    def seen(self) -> Floats:
        """Individuals seen at all; M, (...)."""
        return np.asarray(self.frequencies.sum(-1))

    @property
    def captures(self) -> Floats:
        """Individuals seen, summed over occasions; (...)."""
        return np.asarray(self.counts.sum(-1))


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """Estimates of the number of animals and their sampling variances, (...). NaN where the history supports none."""

    number: Floats
    variance: Floats


@dataclass(frozen=True, slots=True)
class Method:
    """One estimator. occasions: how many it needs, at least and at most. source, assumes: for people."""

    name: str
    title: str
    source: str
    assumes: str
    estimate: Callable[[Tally], Numbers]
    occasions: tuple[int, int]
    varying: bool | None = None
    """Of the two likelihoods: whether occasions have chances of their own (Mt); None = no likelihood."""

    def fits(self, occasions: int) -> bool:
        """Whether it can be used with so many occasions."""
        return self.occasions[0] <= occasions <= self.occasions[1]


def tally(seen: NDArray[np.bool_]) -> Tally:
    """Count a history (..., individuals, occasions). Rows of nobody (never seen) do not matter."""
    occasions = seen.shape[-1]
    times = seen.sum(-1)
    frequencies = np.stack([(times == k).sum(-1) for k in range(1, occasions + 1)], axis=-1)
    return Tally(seen.sum(-2).astype(np.float64), frequencies.astype(np.float64))


def chapman(found: Tally) -> Numbers:
    """Lincoln-Petersen with Chapman's correction, of two occasions; variance of Seber. Finite without any recapture.

    NaN where nobody was seen on one of them: the formula would say that there is nobody else, with variance 0.
    """
    first, second = found.counts[..., 0], found.counts[..., 1]
    both = found.frequencies[..., 1]
    number = (first + 1) * (second + 1) / (both + 1) - 1
    variance = (first + 1) * (second + 1) * (first - both) * (second - both) / ((both + 1) ** 2 * (both + 2))
    none = np.minimum(first, second) == 0
    return Numbers(np.where(none, np.nan, number), np.where(none, np.nan, variance))


def chao(found: Tally) -> Numbers:
    """Chao's lower bound of model Mh: animals may differ in how easily they are seen.

    M + (t - 1)/t f1 (f1 / 2 f2), and where nobody was seen exactly twice M + (t - 1)/t f1 (f1 - 1) / 2. NaN without recaptures.
    """
    once, twice = found.frequencies[..., 0], found.frequencies[..., 1]
    share = (found.occasions - 1) / found.occasions
    seen = found.seen
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = once / twice
        unseen = np.where(twice > 0, share * once * ratio / 2, share * once * (once - 1) / 2)
        usual = twice * (share * ratio**2 / 2 + share**2 * ratio**3 + share**2 * ratio**4 / 4)
        sparse = share * once * (once - 1) / 2 + share**2 * once * (2 * once - 1) ** 2 / 4
        sparse = np.maximum(0.0, sparse - share**2 * once**4 / (4 * (seen + unseen)))
    none = found.captures <= seen
    return Numbers(np.where(none, np.nan, seen + unseen), np.where(none, np.nan, np.where(twice > 0, usual, sparse)))


def constant(found: Tally) -> Numbers:
    """Model M0 by maximum likelihood over real N: every animal has the same chance on every occasion. NaN without recaptures."""
    return _likeliest(found, varying=False)


def by_occasion(found: Tally) -> Numbers:
    """Model Mt (Darroch) by maximum likelihood over real N: occasions differ, animals do not. NaN without recaptures."""
    return _likeliest(found, varying=True)


def _likeliest(found: Tally, *, varying: bool) -> Numbers:
    """The root of the score: it falls through zero once, so that f0 = N - M can be bisected on a logarithmic scale."""
    seen, occasions = found.seen, found.occasions
    number = seen + root_of(lambda unseen: _score(found, seen + unseen, varying), seen.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        missed = 1 - found.counts / number[..., None] if varying else _same(1 - found.captures / (occasions * number), occasions)
        spread = 1 / missed.prod(-1) + occasions - 1 - (1 / missed).sum(-1)
        variance = number / spread
    none = found.captures <= seen
    return Numbers(np.where(none, np.nan, number), np.where(none, np.nan, np.where(missed.min(-1) <= 0, 0.0, variance)))


def root_of(score: Callable[[Floats], Floats], shape: tuple[int, ...]) -> Floats:
    """Where a falling score of f0 is zero; 0 where it falls from the start."""
    low, high = np.full(shape, -14.0), np.full(shape, 30.0)
    for _ in range(55):
        middle = (low + high) / 2
        rising = score(np.exp(middle)) > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    return np.where(high < -13.9, 0.0, np.exp(low))


def _same(chance: Floats, occasions: int) -> Floats:
    return np.repeat(np.asarray(chance)[..., None], occasions, axis=-1)


def _score(found: Tally, number: Floats, varying: bool) -> Floats:
    """The derivative of the profile log-likelihood by N."""
    t = found.occasions
    with np.errstate(divide="ignore"):
        if varying:
            gain = np.log(np.maximum(0.0, 1 - found.counts / number[..., None])).sum(-1)
        else:
            gain = t * np.log(np.maximum(0.0, 1 - found.captures / (t * number)))
    return np.asarray(digamma(number + 1) - digamma(number - found.seen + 1) + gain)


def digamma(x: Floats) -> Floats:
    """For x >= 1, to 1e-12: carried to x + 8, then Stirling's series."""
    shifted = x + 8
    total = sum((1 / (x + k) for k in range(8)), np.zeros_like(x))
    square = 1 / shifted**2
    series = square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square / 132))))
    return np.asarray(np.log(shifted) - 1 / (2 * shifted) - series - total)


def log_likelihood(found: Tally, number: float, varying: bool) -> float:
    """Of model M0 or Mt at N, with the chances of capture likeliest at it; as MARK tells it, without the multinomial constant."""
    t = found.occasions
    parts = [(float(one), number) for one in found.counts] if varying else [(float(found.captures), t * number)]
    value = math.lgamma(number + 1) - math.lgamma(number - float(found.seen) + 1)
    return value + sum(_xlogx(hit) + _xlogx(of - hit) - _xlogx(of) for hit, of in parts)


def _xlogx(x: float) -> float:
    return x * math.log(x) if x > 0 else 0.0


def aicc(found: Tally, number: float, varying: bool) -> float:
    """Akaike's criterion with its small-sample term, the sample being the animals seen; M0 has 2 parameters, Mt t + 1.

    So does secr; MARK takes animals times occasions for the sample, which punishes Mt less. Only M0 and Mt of one history can be
    compared. Infinite where there are too few animals for so many parameters.
    """
    parameters = found.occasions + 1 if varying else 2
    spare = float(found.seen) - parameters - 1
    if spare <= 0:
        return math.inf
    return 2 * parameters - 2 * log_likelihood(found, number, varying) + 2 * parameters * (parameters + 1) / spare


def closure(seen: NDArray[np.bool_]) -> float | None:
    """How likely captures bunched in time as these, or more, are in a closed population: the test of Otis et al. 1978, p. 120.

    An animal seen on k of t occasions spans (k - 1)(t + 1)/(k + 1) of them on average where it was there all the time, less
    where it came late or left early. Trap responses mimic that, and few recaptures hide it.

    Args:
        seen: (individuals, occasions), occasions in their order.

    Returns:
        The one-sided p; None with fewer than three occasions or nobody seen on two.
    """
    t = seen.shape[1]
    rows = seen[(seen.sum(1) > 1) & (seen.sum(1) < t)]
    if t < 3 or not len(rows):
        return None
    k = rows.sum(1)
    spans = (t - 1 - rows[:, ::-1].argmax(1)) - rows.argmax(1)
    expected = (k - 1) * (t + 1) / (k + 1)
    variance = 2 * (k - 1) * (t - k) * (t + 1) / ((k + 1) ** 2 * (k + 2))
    return NormalDist().cdf(float((spans - expected).sum() / math.sqrt(variance.sum())))


METHODS = {
    one.name: one
    for one in (
        Method("chapman", "Lincoln-Petersen, Chapman", "Chapman 1951; variance Seber 1970",
               "closed; on each occasion all animals have the same chance", chapman, (2, 2)),
        Method("m0", "M0, maximum likelihood", "Otis et al. 1978",
               "closed; one chance for all animals and occasions", constant, (2, 10**9), False),
        Method("mt", "Mt, maximum likelihood", "Darroch 1958; Otis et al. 1978",
               "closed; occasions differ, animals do not", by_occasion, (2, 10**9), True),
        Method("chao", "Mh, Chao's lower bound", "Chao 1987; Rivest and Baillargeon 2007",
               "closed; animals may differ, occasions do not: at least so many", chao, (3, 10**9)),
    )
}  # fmt: skip
"""Every estimator by its name, in the order in which they are reported."""
