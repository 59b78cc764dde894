"""Statistics of the intervals from onset to onset."""

from __future__ import annotations

import math

import numpy as np

from monitor.rules import RulesProfile
from monitor.score.spans import Bools, Ints

IMI_BINS = 45
TWO_SECONDS_US = 2_000_000
NINETY_SECONDS_US = 90_000_000
# Whole microseconds at and above which an interval falls into the next bin of 0.1 in ln(s).
LN_EDGES_US = np.array([math.ceil(math.exp(k / 10) * 1e6) for k in range(IMI_BINS + 1)])


def two_second_bins(imi_us: Ints) -> tuple[int, ...]:
    """Count intervals of 0-90 s in 45 bins of 2 s; the last takes 90 s itself. Negative is undefined."""
    inside = imi_us[(imi_us >= 0) & (imi_us <= NINETY_SECONDS_US)]
    bins = np.minimum(inside // TWO_SECONDS_US, IMI_BINS - 1)
    return tuple(np.bincount(bins, minlength=IMI_BINS).tolist())


def ln_bins(imi_us: Ints) -> tuple[int, ...]:
    """Count ln(interval in s) in 45 bins of 0.1 from 0; 90 s is in the last. Shorter than 1 s is in none."""
    inside = imi_us[(imi_us >= LN_EDGES_US[0]) & (imi_us <= NINETY_SECONDS_US)]
    bins = np.searchsorted(LN_EDGES_US, inside, side="right") - 1
    return tuple(np.bincount(bins, minlength=IMI_BINS).tolist())


def ln_moments(imi_us: Ints, profile: RulesProfile) -> tuple[float | None, float | None]:
    """Return mean and sample standard deviation of ln(interval in s) within the profile's bounds.

    None with no interval; the deviation needs two. Summed exactly, so that no order of summing shows.
    """
    logs = [math.log(v / 1e6) for v in imi_us[_within(imi_us, profile)].tolist()]
    if not logs:
        return None, None
    mean = math.fsum(logs) / len(logs)
    if len(logs) == 1:
        return mean, None
    return mean, math.sqrt(math.fsum([(x - mean) ** 2 for x in logs]) / (len(logs) - 1))


def periodicity(imi_us: Ints, profile: RulesProfile) -> float | None:
    """Return the periodicity index over intervals; None without any.

    Parameters
    ----------
    imi_us : ndarray of int64, shape (n_candidates,)
        Interval of every candidate in order, -1 where it is undefined (which also parts two runs).
    profile : RulesProfile
        Gives the bounds.

    Notes
    -----
    Ferri et al., Sleep 2006;29:759: intervals within the bounds that lie in runs of at least three such,
    by all intervals.
    """
    total = int(np.count_nonzero(imi_us >= 0))
    edges = np.diff(np.concatenate(([0], _within(imi_us, profile).astype(np.int64), [0])))
    lengths = np.flatnonzero(edges < 0) - np.flatnonzero(edges > 0)
    return int(lengths[lengths >= 3].sum()) / total if total else None


def _within(imi_us: Ints, profile: RulesProfile) -> Bools:
    return (imi_us >= profile.imi_min_us) & (imi_us <= profile.imi_max_us)
