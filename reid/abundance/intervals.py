"""Intervals of a number of animals (`abundance.closed_population`), and the distributions whose quantiles they are.

Sources: Darroch 1958 (Biometrika 45:343), Cormack 1992 (Biometrics 48:567), likelihood intervals; Chao 1987 (Biometrics 43:783)
and Burnham, Anderson, White, Brownie and Pollock 1987 (AFS Monogr. 5), the log-normal interval; Xie and Singh 2013 (Int. Stat.
Rev. 81:3), distributions whose quantiles are the ends of intervals of every level.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reid.abundance.closed_population import Floats, Method, Numbers, Tally, digamma, root_of

CONFIDENCE = 0.95

Below: TypeAlias = Callable[[float], Floats]
"""How likely N is at most x by each of many histories, (draws,)."""


def interval(method: Method, found: Tally, level: float = CONFIDENCE) -> tuple[float, float, str]:
    """The interval of one history by a method, and its kind: likelihood for M0 and Mt, else log-normal.

    Where Chapman's or Chao's formula has no variance (on one of two occasions nobody new was seen; nobody was seen just once), it
    is that of the likelihood, too: of Mt for two occasions, which is the hypergeometric one, and of M0 for more. A log-normal one
    begins at the whole animal below: by itself it leaves out the animals seen, however likely it is that there are no others.
    """
    estimated = method.estimate(found)
    if _by_likelihood(method, found, estimated):
        return (*likelihood_interval(found, _varying(method), level), "likelihood")
    lower, upper = log_normal_interval(float(estimated.number), float(estimated.variance), float(found.seen), level)
    return math.floor(lower) if math.isfinite(lower) else lower, upper, "log-normal"


def _by_likelihood(method: Method, found: Tally, estimates: Numbers) -> NDArray[np.bool_]:
    """Which histories have an interval of likelihood."""
    if method.varying is not None:
        return np.ones(found.seen.shape, dtype=bool)
    return np.asarray((estimates.variance == 0.0) & (found.captures > found.seen))


def _varying(method: Method) -> bool:
    return method.occasions == (2, 2) if method.varying is None else method.varying


def distributions(method: Method, found: Tally, estimates: Numbers) -> Below:
    """The distribution of N by each of many histories, whose quantiles are the ends of its `interval`.

    Args:
        method: of the estimates.
        found: the histories, (draws,); each supports an estimate.
        estimates: theirs, (draws,).
    """
    likely = np.flatnonzero(_by_likelihood(method, found, estimates))
    others = np.setdiff1d(np.arange(len(found.seen)), likely)
    normal = log_normal_below(estimates.number[others], estimates.variance[others], found.seen[others])
    exact = likelihood_below(Tally(found.counts[likely], found.frequencies[likely]), _varying(method))

    def below(animals: float) -> Floats:
        chances = np.zeros(len(found.seen))
        chances[likely], chances[others] = exact(animals), normal(animals)
        return chances

    return below


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


def log_normal_below(number: Floats, variance: Floats, seen: Floats) -> Below:
    """The distributions of `log_normal_interval`, of many estimates (draws,).

    Where nobody is thought to be missed, half of one lies on the animals seen.
    """
    missed, spread = number - seen, np.sqrt(variance)
    usual = (missed > 0) & (variance > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = np.sqrt(np.log1p(variance / missed**2))

    def below(animals: float) -> Floats:
        over = animals - np.where(usual, seen, np.maximum(number, seen))
        with np.errstate(divide="ignore", invalid="ignore"):
            by_share = np.log(np.maximum(0.0, over) / missed) / deviation
            beyond = np.where(over >= 0, np.where(spread > 0, over / spread, np.inf), -np.inf)
        return _normal_below(np.where(usual, by_share, beyond))

    return below


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
    best = seen + float(root_of(lambda unseen: _score_given(found, seen + unseen, varying), ()))
    bound = float(_likelihood_given(found, best, varying)) - NormalDist().inv_cdf(0.5 + level / 2) ** 2 / 2

    def crossing(inside: float, outside: float) -> float:
        for _ in range(60):
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


def likelihood_below(found: Tally, varying: bool) -> Callable[[float], Floats]:
    """The distributions whose quantiles are the ends of `likelihood_interval`, of many histories (draws,) with recaptures.

    How likely N is at most x is the normal probability of the signed root of twice the fall of the log-likelihood from its top;
    where N = M is likely enough, so much lies on M itself.

    Returns:
        A function of x that gives the chance of N <= x by each history, (draws,).
    """
    seen = found.seen
    best = seen + root_of(lambda unseen: _score_given(found, seen + unseen, varying), seen.shape)
    top = _likelihood_given(found, best, varying)

    def below(animals: float) -> Floats:
        number = np.maximum(animals, seen)
        root = np.sqrt(np.maximum(0.0, 2 * (top - _likelihood_given(found, number, varying))))
        return np.where(animals < seen, 0.0, _normal_below(np.where(number < best, -root, root)))

    return below


def _normal_below(deviations: Floats) -> Floats:
    return np.asarray(_error_function(-deviations / math.sqrt(2)) / 2)


_each_log_gamma = np.vectorize(math.lgamma, otypes=[np.float64])
_error_function = np.vectorize(math.erfc, otypes=[np.float64])


def _urns(found: Tally, number: float | Floats, varying: bool) -> list[tuple[Any, Any]]:
    """Of how many animals on one occasion (or, in M0, of how many on all of them) how many were caught."""
    if varying:
        return [(number, found.counts[..., at]) for at in range(found.occasions)]
    return [(found.occasions * number, found.captures)]


def _log_gamma(x: Any) -> Any:
    return _each_log_gamma(x) if np.ndim(x) else math.lgamma(x)


def _likelihood_given(found: Tally, number: float | Floats, varying: bool) -> Floats:
    value = _log_gamma(number + 1) - _log_gamma(number - found.seen + 1)
    return np.asarray(value + sum(_log_gamma(of - hit + 1) - _log_gamma(of + 1) for of, hit in _urns(found, number, varying)))


def _score_given(found: Tally, number: Floats, varying: bool) -> Floats:
    """Its derivative by N."""
    by = 1 if varying else found.occasions
    value = digamma(number + 1) - digamma(number - found.seen + 1)
    return np.asarray(value + sum(by * (digamma(of - hit + 1) - digamma(of + 1)) for of, hit in _urns(found, number, varying)))
