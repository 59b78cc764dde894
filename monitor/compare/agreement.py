"""Agreement of two scorings of one recording: events, marked time, epochs. Pure functions on arrays.

Agreement of a quantity over many recordings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray
from scipy import stats
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from monitor.compare.reading import EPOCH_US
from monitor.scoring.spans import Ints, Spans, intersection, union

_FAR_US = 2**60


@dataclass(frozen=True, slots=True)
class EventAgreement:
    """Hold the agreement of the events of A with those of B, the reference.

    Parameters
    ----------
    pairs : ndarray, shape (n_matched, 2), int64
        Index in A and in B of each matched pair.
    n_a, n_b : int
        Number of events of each.
    """

    pairs: Ints
    n_a: int
    n_b: int

    @property
    def precision(self) -> float | None:
        """Share of A's events that B has too; None without events."""
        return len(self.pairs) / self.n_a if self.n_a else None

    @property
    def recall(self) -> float | None:
        """Share of B's events that A has too; None without events."""
        return len(self.pairs) / self.n_b if self.n_b else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of both; None if neither has an event."""
        n = self.n_a + self.n_b
        return 2 * len(self.pairs) / n if n else None


def merged(spans: Spans) -> Spans:
    """Return the marked time as disjoint spans: overlapping or touching marks are merged."""
    return union([spans], 0, _FAR_US)


def match_events(a: Spans, b: Spans, min_iou: float) -> EventAgreement:
    """Match as many events as possible, each at most once.

    Parameters
    ----------
    a, b : Spans
        Starts and ends in microseconds, sorted and disjoint.
    min_iou : float
        Two events may match if they overlap and their intersection is at least this share of their union (0.2
        is usual for sleep spindles: Warby et al., Nat Methods 2014).

    Returns
    -------
    EventAgreement

    Notes
    -----
    The matching is maximal (Hopcroft-Karp): the number of pairs depends neither on the order of the events
    nor on which scoring is called A.
    """
    (a_start, a_end), (b_start, b_end) = a, b
    # In sorted disjoint events, those that overlap a given one are contiguous.
    first = np.searchsorted(b_end, a_start, side="right")
    stop = np.searchsorted(b_start, a_end, side="left")
    count = np.maximum(stop - first, 0)
    i = np.repeat(np.arange(len(a_start)), count)
    j = np.arange(len(i)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    common = np.minimum(a_end[i], b_end[j]) - np.maximum(a_start[i], b_start[j])
    whole = np.maximum(a_end[i], b_end[j]) - np.minimum(a_start[i], b_start[j])
    fits = (common > 0) & (common >= min_iou * whole)
    i, j = i[fits], j[fits]
    if not len(i):
        return EventAgreement(np.empty((0, 2), np.int64), len(a_start), len(b_start))
    graph = csr_array((np.ones(len(i)), (i, j)), shape=(len(a_start), len(b_start)))
    partner = maximum_bipartite_matching(graph, perm_type="column").astype(np.int64)
    own = np.flatnonzero(partner >= 0)
    return EventAgreement(np.column_stack((own, partner[own])), len(a_start), len(b_start))


def dice(a: Spans, b: Spans) -> float | None:
    """Return the overlap of marked time, ``2 |A and B| / (|A| + |B|)``; None if nothing is marked.

    The spans must be disjoint, as returned by :func:`merged`.
    """
    marked = _length(a) + _length(b)
    return 2 * _length(intersection([a, b], _FAR_US)) / marked if marked else None


def _length(spans: Spans) -> int:
    return int((spans[1] - spans[0]).sum())


def epochs_with(onsets_us: Ints, n: int) -> NDArray[np.bool_]:
    """Return for each of n epochs of 30 s whether an event begins in it."""
    found = np.zeros(n, np.bool_)
    found[np.minimum(onsets_us // EPOCH_US, n - 1)] = True
    return found


def cohens_kappa(a: NDArray[Any], b: NDArray[Any]) -> float | None:
    """Return Cohen's kappa of two equally long series of labels.

    None if undefined: no epochs, or both consist of the same single label.

    Notes
    -----
    Cohen, Educ Psychol Meas 1960: (observed - chance) / (1 - chance).
    """
    if not len(a):
        return None
    observed = float(np.mean(a == b))
    chance = sum(float(np.mean(a == label)) * float(np.mean(b == label)) for label in np.union1d(a, b))
    return (observed - chance) / (1 - chance) if chance < 1 else None


LEAST_N = 3


@dataclass(frozen=True, slots=True)
class BlandAltman:
    """Hold bias and limits of agreement of paired measurements.

    Parameters
    ----------
    n : int
        Number of recordings.
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
        The same quantity by both, per recording.

    Returns
    -------
    BlandAltman or None
        None for fewer than three recordings.

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
