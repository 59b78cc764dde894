"""What some seconds of time stamps look like: on one line, at another rate, a backlog, or without meaning.

Pure functions of stamps and of offsets: the stamps less the count of their samples (s).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.float64]

SUSPECT_S = 0.25
"""A stamp this far from where the count expects it is checked together with those that follow."""
LEAST_LATE_S = 0.02
"""Delays of some milliseconds are usual on a busy computer, and no loss."""
LINE_S = 0.05
"""Stamps that continue at the stream's rate lie this near to one line, most of them."""
WIDEST_LINE_S = 0.2
_MOST = 0.9
_SLOPE = 0.17
# A rate may change by this much; beyond, the stamps are unusable.
_LEAST_RATIO, _MOST_RATIO = 0.2, 5.0
_LOWEST_HZ, _HIGHEST_HZ = 100.0, 20_000.0
# A smaller change of the rate shows in the places of whole seconds.
_RATE_OFF, _STRAIGHT = 0.025, 0.25
CHANGED_N, UNCHANGED_N = 4, 8
"""Seconds at the new rate, and at the old one before, that show such a change."""
FROZEN_S = 0.5
"""A source that was frozen for this long sends its buffer with stamps of one moment; see `BurstRetiming`."""
_LONGEST_FROZEN_S = 600.0


def middle(numbers: Times, share: float = 0.5) -> float:
    """Return the number that a share of the others do not exceed; several times as fast as `np.quantile`."""
    at = min(int(share * len(numbers)), len(numbers) - 1)
    return float(np.partition(numbers, at)[at])


def spread_of(off_s: Times, middle_s: float) -> float:
    """Return how far most offsets lie from their middle at most (s)."""
    return middle(np.abs(off_s - middle_s), _MOST)


def line_of(off_s: Times, dt_s: float, width_s: float) -> float | None:
    """Return the line of stamps that continue at the stream's rate, None if they do not.

    Parameters
    ----------
    off_s : ndarray, shape (n,), float64, s
    dt_s : float
        Sample interval.
    width_s : float
        How far most offsets may lie from the line.
    """
    finite = off_s[np.isfinite(off_s)]
    if 2 * len(finite) < len(off_s):
        return None
    middle_s = middle(finite)
    if np.mean(np.abs(finite - middle_s) <= width_s) < _MOST:
        return None
    half = len(finite) // 2
    slope_s = middle(finite[half:]) - middle(finite[:half])
    return middle_s if abs(slope_s) <= max(_SLOPE * half * dt_s, 0.25 * width_s) else None


def usual_slope(levels_s: Sequence[float], block_s: float) -> float:
    """Return the relative deviation of the sample interval from the nominal one, as far as known.

    Parameters
    ----------
    levels_s : sequence of float
        The middle offset of each of the last blocks (s).
    block_s : float
        Length of a block.
    """
    # `np.median` would load NumPy's masked arrays, a megabyte.
    steps = [after - before for before, after in pairwise(levels_s)]
    return min(max(median(steps) / block_s, -_SLOPE), _SLOPE) if len(steps) >= UNCHANGED_N else 0.0


def slow_change(levels_s: Sequence[float], block_s: float) -> float | None:
    """Return how far the sample interval is off the nominal one, if that changed by some percent; else None.

    Parameters
    ----------
    levels_s, block_s
        As for `usual_slope`.
    """
    if len(levels_s) <= CHANGED_N + UNCHANGED_N:
        return None
    # Plain numbers: for so few of them NumPy takes ten times as long.
    steps = [(after - before) / block_s for before, after in pairwise(levels_s)]
    now, before = steps[-CHANGED_N:], median(steps[:UNCHANGED_N])
    change = sum(now) / CHANGED_N - before
    if abs(change) < _RATE_OFF or max(now) - min(now) > _STRAIGHT * abs(change):
        return None
    return sum(now) / CHANGED_N


def put_on_line(times_s: Times, off_s: Times, line_s: float, width_s: float) -> Times:
    """Return the stamps, those that lie above the line by more than a width moved onto it.

    Parameters
    ----------
    times_s, off_s : ndarray, shape (n,), float64, s
        Stamps, and stamps less count.
    line_s, width_s : float
        As of `line_of`.
    """
    above_s = off_s - line_s
    placed: Times = np.where(above_s > width_s, times_s - above_s, times_s)
    return placed


def other_rate_hz(off_s: Times, level_s: float, rate_hz: float) -> float:
    """Return the rate if the stamps continue evenly at another one, 0 if they do not.

    Parameters
    ----------
    off_s : ndarray, shape (n,), float64, s
    level_s : float
        Offset of the stamps before these.
    rate_hz : float
        The rate that counted until then.
    """
    finite = np.isfinite(off_s)
    if finite.mean() < _MOST or abs(off_s[finite][0] - level_s) > 2 * SUSPECT_S:
        return 0.0
    at_s = np.arange(len(off_s))[finite] * (1.0 / rate_hz)
    half = len(at_s) // 2
    whole, first, last = (
        np.polyfit(at_s[part], off_s[finite][part], 1)
        for part in (slice(None), slice(half), slice(half, None))
    )
    slope, ratio = float(whole[0]), 1.0 + float(whole[0])
    beside_s = np.abs(off_s[finite] - np.polyval(whole, at_s))
    is_even = float(np.quantile(beside_s, _MOST)) <= 2 * LINE_S
    is_steady = abs(float(first[0] - last[0])) <= _STRAIGHT * abs(slope)
    other_hz = rate_hz / ratio if ratio > 0 else 0.0
    is_possible = _LEAST_RATIO <= ratio <= _MOST_RATIO and _LOWEST_HZ <= other_hz <= _HIGHEST_HZ
    return other_hz if is_even and is_steady and is_possible else 0.0


def is_backlog(off_s: Times, times_s: Times, level_s: float) -> bool:
    """Whether this is the buffer of a source that was frozen: in order, too close, after a gap.

    Parameters
    ----------
    off_s, times_s : ndarray, shape (n,), float64, s
    level_s : float
        Offset of the stamps before these.
    """
    jump_s = float(off_s[0]) - level_s
    if not FROZEN_S <= jump_s <= _LONGEST_FROZEN_S or not np.isfinite(times_s).all():
        return False
    return bool(np.diff(times_s).min() >= -WIDEST_LINE_S and off_s[-1] - off_s[0] < 0)


def what_is_wrong(times_s: Times) -> str:
    """Describe what is wrong with stamps."""
    finite = times_s[np.isfinite(times_s)]
    if 2 * len(finite) < len(times_s):
        return "they are not numbers"
    steps_s = np.diff(finite)
    if not steps_s.any():
        return "they do not advance"
    if (steps_s <= 0).all():
        return "they run backward"
    return "they jump without order"
