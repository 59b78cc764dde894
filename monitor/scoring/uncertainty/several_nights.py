"""Several nights of one sleeper: their mean, and how much a change must be to exceed chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LEAST_NIGHTS = 3
METHOD = (
    "SD between nights; smallest detectable change = t x sqrt(2) x SD for two single nights, divided by the "
    "root of the number of nights for two means of as many nights (de Vet et al., J Clin Epidemiol "
    "2006;59:1033, with t instead of 1.96 for few nights); interval and chance of the mean by Student's t; "
    "nights are taken as independent and without a trend"
)


@dataclass(frozen=True, slots=True)
class SeveralNights:
    """Hold the mean of a value over nights.

    Parameters
    ----------
    n : int
    mean, sd : float
        Sample standard deviation between nights.
    low, high : float
        95 % interval of the mean.
    change_single, change_mean : float
        Smallest detectable change between two single nights, and between two means of ``n`` nights.
    chance_above : float or None
        Chance that the mean over many nights lies above the reference; None without one.
    """

    n: int
    mean: float
    sd: float
    low: float
    high: float
    change_single: float
    change_mean: float
    chance_above: float | None


def several_nights(values: Sequence[float], reference: float | None = None) -> SeveralNights | str:
    """Summarise a value over nights.

    Parameters
    ----------
    values : sequence of float
        One for each night.
    reference : float, optional
        Reference value of the mean.

    Returns
    -------
    SeveralNights or str
        Or why there is none: under three nights.

    Notes
    -----
    de Vet et al., J Clin Epidemiol 2006;59:1033. The chance is that of a flat prior.

    Examples
    --------
    >>> several = several_nights([18.0, 22.0, 26.0], reference=15.0)
    >>> several.mean, several.sd
    (22.0, 4.0)
    """
    n = len(values)
    if n < LEAST_NIGHTS:
        return f"{n} {'night' if n == 1 else 'nights'}: {LEAST_NIGHTS} are needed"
    from scipy.special import stdtr, stdtrit

    mean = math.fsum(values) / n
    sd = math.sqrt(math.fsum([(value - mean) ** 2 for value in values]) / (n - 1))
    error, t = sd / math.sqrt(n), float(stdtrit(n - 1, 0.975))
    chance = None
    if reference is not None:
        away = mean - reference
        # Equal nights: no error at all.
        chance = float(stdtr(n - 1, away / error)) if error else 0.5 * (1 + (away > 0) - (away < 0))
    change = t * math.sqrt(2) * sd
    low, high = mean - t * error, mean + t * error
    return SeveralNights(n, mean, sd, low, high, change, change / math.sqrt(n), chance)
