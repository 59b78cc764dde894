"""Agreement of a number over many nights."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

LEAST_N = 3


@dataclass(frozen=True, slots=True)
class BlandAltman:
    """Hold bias and limits of agreement of paired measurements.

    Parameters
    ----------
    n : int
        Nights.
    bias : float
        Mean of A - B.
    sd : float
        Sample standard deviation of A - B.
    lower, upper : float
        Limits of agreement, bias -+ 1.96 SD.
    bias_ci, lower_ci, upper_ci : tuple of float
        95 % confidence intervals.
    """

    n: int
    bias: float
    sd: float
    lower: float
    upper: float
    bias_ci: tuple[float, float]
    lower_ci: tuple[float, float]
    upper_ci: tuple[float, float]


def bland_altman(a: npt.ArrayLike, b: npt.ArrayLike) -> BlandAltman | None:
    """Compute bias and limits of agreement.

    Parameters
    ----------
    a, b : array_like, shape (n,)
        The same quantity by both, night by night.

    Returns
    -------
    BlandAltman or None
        None for fewer than three nights.

    Notes
    -----
    Bland and Altman, Stat Methods Med Res 1999: the variance of a limit is about 3 SD^2 / n.
    """
    difference = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    n = len(difference)
    if n < LEAST_N:
        return None
    bias, sd = float(difference.mean()), float(difference.std(ddof=1))
    t = float(stats.t.ppf(0.975, n - 1))
    of_bias, of_limit = t * sd / math.sqrt(n), t * sd * math.sqrt(3 / n)
    lower, upper = bias - 1.96 * sd, bias + 1.96 * sd
    return BlandAltman(
        n,
        bias,
        sd,
        lower,
        upper,
        (bias - of_bias, bias + of_bias),
        (lower - of_limit, lower + of_limit),
        (upper - of_limit, upper + of_limit),
    )
