"""How many animals there are, from who was seen on which occasion: the estimators for closed populations. Numpy alone.

Closed means: nobody is born, dies, comes or goes between the first occasion and the last. M is the number of individuals
seen, f_k how many were seen on exactly k occasions, n_j how many on occasion j, t the number of occasions. Every estimator
takes one capture history or any number of them at once (leading axes), because `learn.imputation` draws many.

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
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

CONFIDENCE = 0.95
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
    number = seen + _unseen(lambda unseen: _score(found, seen + unseen, varying), seen.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        missed = 1 - found.counts / number[..., None] if varying else _same(1 - found.captures / (occasions * number), occasions)
        spread = 1 / missed.prod(-1) + occasions - 1 - (1 / missed).sum(-1)
        variance = number / spread
    none = found.captures <= seen
    return Numbers(np.where(none, np.nan, number), np.where(none, np.nan, np.where(missed.min(-1) <= 0, 0.0, variance)))


def _unseen(score: Callable[[Floats], Floats], shape: tuple[int, ...]) -> Floats:
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
    return np.asarray(_digamma(number + 1) - _digamma(number - found.seen + 1) + gain)


def _digamma(x: Floats) -> Floats:
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


def likelihood_interval(found: Tally, varying: bool, level: float = CONFIDENCE) -> tuple[float, float]:
    """Likelihood interval of N in model M0 or Mt, the numbers caught taken as given, so that no chance of capture is estimated.

    (generalised hypergeometric: Darroch 1958; Cormack 1992, Biometrics 48:567, for such intervals). With the likeliest chances
    put in instead, the upper end is too low where nearly all animals are caught: 8 % of such intervals of 20 animals
    with chances of 0.8 on two occasions end below the truth, 4 % of these.

    Returns:
        (lower, upper), lower at least the animals seen; (nan, nan) without recaptures.
    """
    seen = float(found.seen)
    if float(found.captures) <= seen:
        return math.nan, math.nan
    best = seen + float(_unseen(lambda unseen: _score_given(found, seen + unseen, varying), ()))
    fall = NormalDist().inv_cdf(0.5 + level / 2) ** 2 / 2
    bound = _likelihood_given(found, best, varying) - fall

    def crossing(inside: float, outside: float) -> float:
        for _ in range(100):
            middle = (inside + outside) / 2
            if _likelihood_given(found, middle, varying) >= bound:
                inside = middle
            else:
                outside = middle
        return inside

    lower = seen if _likelihood_given(found, seen, varying) >= bound else crossing(best, seen)
    far = best + 1
    while _likelihood_given(found, far, varying) >= bound:
        far = seen + 2 * (far - seen)
    return lower, crossing(best, far)


def _urns(found: Tally, number: float | Floats, varying: bool) -> list[tuple[Any, Any]]:
    """Of how many animals on one occasion (or, in M0, of how many on all of them) how many were caught."""
    if varying:
        return [(number, found.counts[..., at]) for at in range(found.occasions)]
    return [(found.occasions * number, found.captures)]


def _likelihood_given(found: Tally, number: float, varying: bool) -> float:
    value = math.lgamma(number + 1) - math.lgamma(number - float(found.seen) + 1)
    return value + sum(math.lgamma(of - hit + 1) - math.lgamma(of + 1) for of, hit in _urns(found, number, varying))


def _score_given(found: Tally, number: Floats, varying: bool) -> Floats:
    """Its derivative by N."""
    by = 1 if varying else found.occasions
    value = _digamma(number + 1) - _digamma(number - found.seen + 1)
    return np.asarray(value + sum(by * (_digamma(of - hit + 1) - _digamma(of + 1)) for of, hit in _urns(found, number, varying)))


def interval(method: Method, found: Tally, level: float = CONFIDENCE) -> tuple[float, float, str]:
    """The interval of one history by a method, and its kind: likelihood for M0 and Mt, else log-normal.

    Where Chapman's or Chao's formula has no variance (on one of two occasions nobody new was seen; nobody was seen just once), it
    is that of the likelihood, too: of Mt for two occasions, which is the hypergeometric one, and of M0 for more.
    """
    told = method.estimate(found)
    number, variance = float(told.number), float(told.variance)
    if method.varying is None and not (variance == 0.0 and float(found.captures) > float(found.seen)):
        return (*log_normal_interval(number, variance, float(found.seen), level), "log-normal")
    varying = method.occasions == (2, 2) if method.varying is None else method.varying
    return (*likelihood_interval(found, varying, level), "likelihood")


def log_normal_interval(number: float, variance: float, seen: float, level: float = CONFIDENCE) -> tuple[float, float]:
    """The interval of N whose part unseen, N - M, is log-normal: it never reaches below the animals seen.

    Args:
        number, variance: the estimate.
        seen: M.
        level: of confidence.

    Returns:
        (lower, upper); (nan, nan) where the estimate is none.
    """
    unseen, quantile = number - seen, NormalDist().inv_cdf(0.5 + level / 2)
    if math.isnan(number) or math.isnan(variance):
        return math.nan, math.nan
    if unseen <= 0 or variance <= 0:
        # Nobody is thought to be missed: all that is left is the spread itself, upwards.
        return seen, max(seen, number) + quantile * math.sqrt(max(0.0, variance))
    factor = math.exp(quantile * math.sqrt(math.log1p(variance / unseen**2)))
    return seen + unseen / factor, seen + unseen * factor


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
"""Every estimator by its name, in the order they are told."""
