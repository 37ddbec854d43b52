"""How likely a statistic is where nothing has changed: the tails of the few distributions that tests need.

Each gives the chance of a value at least as extreme, between 0 and 1; where a formula is an approximation, it errs on
the side of no alarm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

MOST_TERMS = 10_000  # of an exact sum; beyond that many events the normal approximation is as good


def kolmogorov(distance: float, first: int, second: int) -> float:
    """The two-sample Kolmogorov-Smirnov test, by Kolmogorov's series for large samples.

    Args:
        distance: The largest distance of the two distribution functions, 0 to 1.
        first: Number of values on one side.
        second: Number of values on the other.
    """
    x = distance * math.sqrt(first * second / (first + second))
    if x < 0.2:  # the series converges slowly there, and 1 is right to twelve digits
        return 1.0
    terms = (2.0 * (-1) ** (k - 1) * math.exp(-2.0 * (k * x) ** 2) for k in range(1, 101))
    return _within(math.fsum(terms))


def normal(z: float) -> float:
    """The two-sided tail of the standard normal distribution."""
    return _within(math.erfc(abs(z) / math.sqrt(2.0)))


def chi_square(statistic: float, freedom: int) -> float:
    """The upper tail of chi-square, by the recurrence in the degrees of freedom, two at a time.

    Args:
        statistic: Chi-square, at least 0.
        freedom: Degrees of freedom, at least 1.
    """
    half = statistic / 2.0
    if half <= 0.0:
        return 1.0
    if not math.isfinite(half):
        return 0.0
    odd = freedom % 2
    first = math.erfc(math.sqrt(half)) if odd else 0.0
    exponents = (k + odd / 2.0 for k in range(freedom // 2))
    terms = (math.exp(a * math.log(half) - half - math.lgamma(a + 1.0)) for a in exponents)
    return _within(first + math.fsum(terms))


def rates(events: Sequence[int], totals: Sequence[int]) -> float:
    """Whether two rates differ: Fisher's exact test, two-sided; for many events the normal approximation.

    Args:
        events: Number of events on both sides.
        totals: Number of trials on both sides, each at least 1.
    """
    happened, trials = sum(events), sum(totals)
    if happened * 2 > trials:  # count what is rarer
        return rates([total - event for event, total in zip(events, totals, strict=True)], totals)
    if happened == 0:
        return 1.0
    if happened > MOST_TERMS:
        return _normal_rates(events, totals)
    return _fisher(events[0], happened, totals[0], trials)


def more(events: Sequence[int], totals: Sequence[int]) -> float:
    """Whether the second rate is higher: Fisher's exact test, one-sided; for many events the normal approximation.

    Args:
        events: Number of events on both sides.
        totals: Number of trials on both sides, each at least 1.
    """
    happened, trials = sum(events), sum(totals)
    if events[1] * totals[0] <= events[0] * totals[1]:
        return 1.0
    if happened > MOST_TERMS:
        return _normal_rates(events, totals) / 2
    least, weights = _weights(happened, totals[1], trials)
    return _within(math.fsum(weights[events[1] - least :]) / math.fsum(weights))


def _normal_rates(events: Sequence[int], totals: Sequence[int]) -> float:
    share = sum(events) / sum(totals)
    spread = math.sqrt(share * (1.0 - share) * (1.0 / totals[0] + 1.0 / totals[1]))
    return normal((events[0] / totals[0] - events[1] / totals[1]) / spread)


def _fisher(found: int, happened: int, drawn: int, trials: int) -> float:
    least, weights = _weights(happened, drawn, trials)
    here = weights[found - least]
    extreme = math.fsum(weight for weight in weights if weight <= here * (1 + 1e-7))  # ties are as extreme
    return _within(extreme / math.fsum(weights))


def _weights(happened: int, drawn: int, trials: int) -> tuple[int, list[float]]:
    """The hypergeometric distribution by ratios of neighbours, so that nothing large is ever subtracted: from which number."""
    least, most = max(0, drawn + happened - trials), min(happened, drawn)
    logs = [0.0]
    for k in range(least, most):
        gained, lost = (happened - k) * (drawn - k), (k + 1) * (trials - happened - drawn + k + 1)
        logs.append(logs[-1] + math.log(gained) - math.log(lost))
    peak = max(logs)
    return least, [math.exp(value - peak) for value in logs]


def holm(chances: Sequence[float]) -> list[float]:
    """Holm's correction: with `alpha` as limit, all tests together give a false alarm in a share of `alpha` at most.

    Args:
        chances: The p of each test.

    Returns:
        The corrected p of each, in the same order.
    """
    order = sorted(range(len(chances)), key=chances.__getitem__)
    corrected, highest = [1.0] * len(chances), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(chances) - rank) * chances[index]))
        corrected[index] = highest
    return corrected


def _within(chance: float) -> float:
    return min(1.0, max(0.0, chance))
