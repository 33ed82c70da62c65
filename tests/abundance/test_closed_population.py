"""How many animals there are: published examples value by value, R's own optimiser, what must hold always, and coverage."""

from __future__ import annotations

import itertools
import math
import shutil
import subprocess

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.abundance import closed_population
from reid.abundance.closed_population import METHODS, Tally, aicc, closure, log_likelihood, tally
from reid.abundance.intervals import likelihood_interval, log_normal_interval
from tests.abundance.histories import RABBITS, TIGERS, counted, drawn, matrix


def number(name: str, found: Tally) -> tuple[float, float]:
    told = METHODS[name].estimate(found)
    return float(told.number), float(told.variance)


@pytest.mark.parametrize(
    ("first", "second", "both", "wanted"),
    [
        (948, 421, 167, 2383),  # Krebs 1989, box 2.1; Seber 1982, p. 107
        (109, 177, 57, 337),  # Ricker 1975
        (421, 332, 88, 1578),  # Pine et al. 2013, box 11.2
        (500, 149, 7, 9393),  # Seber 2002, tables 3.7 and 3.8
    ],
)
def test_chapman_gives_the_published_numbers(first, second, both, wanted):
    found = counted((first + second - 2 * both, both), 2, (first, second))
    assert round(number("chapman", found)[0]) == wanted


def test_chapman_has_the_published_standard_error_and_interval():
    _, variance = number("chapman", counted((635, 7), 2, (500, 149)))
    assert round(math.sqrt(variance)) == 3022  # Seber 2002, table 3.8
    told, variance = number("chapman", counted((577, 88), 2, (421, 332)))
    normal = [round(told + sign * 1.96 * math.sqrt(variance)) for sign in (-1, 1)]
    assert normal == [1330, 1826]  # Pine et al. 2013


def test_m0_gives_what_mark_gives_for_the_rabbits():
    found = counted(RABBITS, 18)
    told, variance = number("m0", found)
    assert told == pytest.approx(96.258770, abs=2e-6)
    assert 2 * 2 - 2 * log_likelihood(found, told, False) == pytest.approx(379.59414, abs=1e-5)
    # MARK's variance comes of a numerical Hessian, ours of the formula of Otis et al.: 0.1 apart.
    assert log_normal_interval(told, variance, 76) == pytest.approx((86.603, 114.707), abs=0.12)


def test_m0_and_mt_give_what_mark_gives_for_the_tigers():
    found = tally(matrix(TIGERS))
    constant, by_occasion = number("m0", found)[0], number("mt", found)[0]
    assert (round(constant, 3), round(by_occasion, 3)) == (28.446, 28.051)
    assert 2 * 2 - 2 * log_likelihood(found, constant, False) == pytest.approx(155.2433, abs=5e-5)
    assert 2 * 11 - 2 * log_likelihood(found, by_occasion, True) == pytest.approx(158.0698, abs=5e-5)
    assert (found.counts / by_occasion).round(4).tolist() == [
        0.1782, 0.1782, 0.1069, 0.4634, 0.2495, 0.1426, 0.1426, 0.1426, 0.1782, 0.2852
    ]  # fmt: skip
    assert aicc(found, constant, False) < aicc(found, by_occasion, True), "fewer parameters, hardly less likely"


def test_mt_has_the_published_likelihood_interval():
    # Cormack, Chang and Smith 2000, table 3b: three lists, 201 seen, N = 209 (203 to 217).
    found = counted((71, 58, 72), 3, (160, 104, 139))
    assert round(number("mt", found)[0]) == 209
    assert [round(end) for end in likelihood_interval(found, True)] == [203, 217]


def test_the_hares_have_the_published_difference_of_deviance_and_chao_bound():
    found = counted((25, 22, 13, 5, 1, 2), 6, (16, 28, 20, 26, 23, 32))
    likely = [log_likelihood(found, number(name, found)[0], name == "mt") for name in ("m0", "mt")]
    assert round(2 * (likely[1] - likely[0]), 1) == 10.2  # Cormack 1989, table 4
    # Cormack's loglinear fits give 75.4 and 75.1; the whole likelihood, with N in its binomial coefficient, a little less.
    assert number("m0", found)[0] == pytest.approx(75.4, abs=0.8) and number("mt", found)[0] == pytest.approx(75.1, abs=0.8)
    assert number("chao", found)[0] == pytest.approx(68 + 5 / 6 * 25**2 / 44)


def test_chao_bounds_the_rabbits_from_below_where_m0_is_far_too_low():
    told, variance = number("chao", counted(RABBITS, 18))
    assert 76 + (told - 76) * 18 / 17 == pytest.approx(76 + 43**2 / 32), "Chao 1987 has no (t - 1)/t"
    ratio, share = 43 / 16, 17 / 18
    assert variance == pytest.approx(16 * (share**2 * ratio**4 / 4 + share**2 * ratio**3 + share * ratio**2 / 2))
    lower, upper = log_normal_interval(told, variance, 76)
    assert lower < 135 < upper, "there were 135"
    assert number("m0", counted(RABBITS, 18))[0] < 100


@pytest.mark.skipif(not shutil.which("Rscript"), reason="R is not installed")
def test_rs_own_optimiser_finds_the_same_maxima():
    code = """
    fit <- function(n, M, t, vary) {
      nll <- function(N) { s <- if (vary) sum(n*log(n/N) + (N-n)*log(1-n/N)) else {
          p <- sum(n)/(t*N); sum(n)*log(p) + (t*N-sum(n))*log(1-p) }
        -(lgamma(N+1) - lgamma(N-M+1) + s) }
      o <- optimize(nll, c(max(M, max(n)) + 1e-9, 20*M), tol=1e-9); cat(sprintf("%.5f %.5f\\n", o$minimum, -o$objective)) }
    tigers <- c(5,5,3,13,7,4,4,4,5,8); hares <- c(16,28,20,26,23,32)
    fit(tigers, 26, 10, FALSE); fit(tigers, 26, 10, TRUE); fit(hares, 68, 6, FALSE); fit(hares, 68, 6, TRUE)
    """
    told = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True, timeout=60).stdout.split()
    hares = counted((25, 22, 13, 5, 1, 2), 6, (16, 28, 20, 26, 23, 32))
    ours = []
    for found, varying in itertools.product((tally(matrix(TIGERS)), hares), (False, True)):
        best = number("mt" if varying else "m0", found)[0]
        ours += [best, log_likelihood(found, best, varying)]
    assert ours == pytest.approx([float(one) for one in told], abs=2e-4)


def test_the_span_of_captures_has_the_mean_and_variance_of_the_closure_test():
    t, k = 7, 3
    spans = [max(days) - min(days) for days in itertools.combinations(range(t), k)]
    assert np.mean(spans) == pytest.approx((k - 1) * (t + 1) / (k + 1))
    assert np.var(spans) == pytest.approx(2 * (k - 1) * (t - k) * (t + 1) / ((k + 1) ** 2 * (k + 2)))
    early, late = matrix("11000000 01100000 11100000 10100000"), matrix("00000011 00000110 00000111 00001010")
    bunched = closure(np.concatenate([early, late]))
    assert bunched is not None and bunched < 0.01
    assert closure(matrix("10 01")) is None
    tigers = closure(matrix(TIGERS))
    assert tigers is not None and tigers > 0.1, "Karanth et al. 2004 found the tigers closed"


histories = st.integers(2, 6).flatmap(
    lambda t: st.lists(st.lists(st.booleans(), min_size=t, max_size=t), min_size=1, max_size=25)
).map(np.array)  # fmt: skip


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seen=histories, seed=st.integers(0, 99))
def test_what_must_hold_for_any_history(seen, seed):
    found = tally(seen)
    several = Tally(np.stack([found.counts] * 3), np.stack([found.frequencies] * 3))
    shuffled = tally(seen[:, np.random.default_rng(seed).permutation(seen.shape[1])])
    with_nobody = tally(np.concatenate([seen, np.zeros_like(seen)]))
    for name, method in METHODS.items():
        if not method.fits(found.occasions):
            continue
        told, variance = number(name, found)
        assert number(name, with_nobody) == pytest.approx((told, variance), nan_ok=True), "who was not seen does not count"
        assert number(name, shuffled) == pytest.approx((told, variance), nan_ok=True), "the order of occasions does not matter"
        assert method.estimate(several).number.tolist() == pytest.approx([told] * 3, nan_ok=True), "one by one or together"
        if found.captures > found.seen:
            assert told >= found.seen and variance >= 0 and math.isfinite(told)
            lower, upper = log_normal_interval(told, variance, float(found.seen))
            assert found.seen <= lower <= told <= upper
        elif name != "chapman":
            assert math.isnan(told), "without a recapture nothing is known"
    if found.captures > found.seen:
        for varying in (False, True):
            lower, upper = likelihood_interval(found, varying)
            best = number("mt" if varying else "m0", found)[0]
            assert found.seen <= lower <= best + 1e-6 <= upper + 2e-6
            assert log_likelihood(found, best, varying) >= log_likelihood(found, best + 0.5, varying)


def test_the_maxima_are_those_that_scipy_finds_of_the_binomials():
    generator = np.random.default_rng(9)
    for _ in range(20):
        found = tally(drawn(generator, 40, np.array([0.2, 0.5, 0.1, 0.3])))
        seen, caught = float(found.seen), found.counts
        for name in ("m0", "mt"):

            def cost(log_unseen: float, seen: float = seen, caught: np.ndarray = caught, name: str = name) -> float:
                animals = seen + math.exp(log_unseen)
                chance = caught / animals if name == "mt" else np.full(4, caught.mean() / animals)
                ways = math.lgamma(animals + 1) - math.lgamma(animals - seen + 1)
                return -ways - float((caught * np.log(chance) + (animals - caught) * np.log(1 - chance)).sum())

            best = scipy.optimize.minimize_scalar(cost, bounds=(-6, 8), method="bounded", options={"xatol": 1e-9})
            assert number(name, found)[0] == pytest.approx(seen + math.exp(best.x), rel=1e-4)


def test_an_occasion_on_which_nobody_was_seen_says_nothing_to_chapman():
    assert math.isnan(number("chapman", counted((5,), 2, (5, 0)))[0]), "5 animals and not one more, it said, with error 0"
    assert math.isnan(number("chapman", tally(np.zeros((3, 2), bool)))[0])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seen=histories, seed=st.integers(0, 99))
def test_one_more_recapture_never_raises_the_number(seen, seed):
    rows, days = np.nonzero(~seen & seen.any(1)[:, None])
    if not len(rows):
        return
    at = np.random.default_rng(seed).integers(len(rows))
    more = seen.copy()
    more[rows[at], days[at]] = True
    for name in ("m0", "mt"):
        before, after = number(name, tally(seen))[0], number(name, tally(more))[0]
        assert math.isnan(before) or after <= before + 1e-9
    lower, upper = counted((6, 4), 2, (7, 7)), counted((4, 5), 2, (7, 7))
    assert number("chapman", upper)[0] < number("chapman", lower)[0]


def test_every_method_says_where_it_comes_from_and_what_it_assumes():
    assert all(one.source and one.assumes.startswith("closed") and one.title for one in METHODS.values())
    assert closed_population.METHODS["chapman"].occasions == (2, 2)
