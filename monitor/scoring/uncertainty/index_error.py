"""Statistical error of an index: a block bootstrap over bouts of movements.

It answers: how much would the index differ if the same sleeper's same process had been observed for another
stretch of the same length. It contains neither missed movements nor differences between nights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.inputs import Night
from monitor.scoring.result import Score
from monitor.scoring.series import NONE
from monitor.scoring.spans import Bools, Floats, Ints
from monitor.scoring.uncertainty.index_base import IndexBase, index_base

LEVEL = 0.95
LEAST_BLOCKS = 6
"""Fewest blocks with a movement: with fewer the simulated coverage fell below 85 %."""
LEAST_HALF_BLOCKS = 3
LEAST_HOURS = 1 / 6
PERIODICITY_FROM_PER_H = 10.0
_BOUT_GAP_H = 300 / 3600
_LONGEST_BLOCK_H = 0.5
_RESAMPLES = 1999
METHOD = (
    "95 % interval; studentised block bootstrap of a ratio on the square-root scale, blocks are bouts of "
    "movements (pauses under 5 min of the denominator) with half of the pauses around them, cut at 30 min; "
    "1999 resamples with a fixed seed. Sources: Efron and Tibshirani 1993, An Introduction to the Bootstrap; "
    "Bertail and Clemencon 2006, Bernoulli 12:689"
)


@dataclass(frozen=True, slots=True)
class Interval:
    """Hold a value and its interval; None if undefined."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Halves:
    """Hold the index of the first and second half of the denominator and their difference.

    Parameters
    ----------
    split_us : int
        When half of the denominator (e.g. of the hours of sleep) had passed.
    first, second : float
        Movements per hour of each half.
    difference : Interval
        Second minus first.
    """

    split_us: int
    first: float
    second: float
    difference: Interval


@dataclass(frozen=True, slots=True)
class StatisticalError:
    """Hold the statistical error of the main index of one score.

    Parameters
    ----------
    key : str
        Index it is about, by its name in ``summary.json``.
    index : Interval
    n_blocks : int
        Blocks with at least one movement.
    halves : Halves or None
    pi_imi : Interval
        Periodicity index, stated from 10 candidates per hour on.
    why_null : mapping of str to str
        Reason for each missing value: ``index``, ``interval``, ``halves``, ``halves_interval``, ``pi_imi``,
        ``pi_imi_interval``.
    """

    key: str
    index: Interval
    n_blocks: int
    halves: Halves | None
    pi_imi: Interval
    why_null: Mapping[str, str]


def block_edges(at_h: Floats, total_h: float) -> Floats:
    """Divide the denominator into blocks: bouts with half of the pause before and after them.

    Parameters
    ----------
    at_h : ndarray of float64, shape (n,)
        Movements in hours of the denominator, ascending.
    total_h : float

    Returns
    -------
    ndarray of float64, shape (n_blocks + 1,)
        From 0 to ``total_h``. Blocks over 30 min are cut into equal parts.
    """
    pause = np.flatnonzero(np.diff(at_h) > _BOUT_GAP_H)
    edges = [0.0, *((at_h[pause] + at_h[pause + 1]) / 2).tolist(), total_h]
    cut = [0.0]
    for start, end in pairwise(edges):
        n = max(1, math.ceil((end - start) / _LONGEST_BLOCK_H - 1e-9))
        cut += [start + (end - start) * i / n for i in range(1, n)] + [end]
    return np.array(cut)


def ratio_interval(over: Floats, under: Floats) -> tuple[float, float] | None:
    """Return the 95 % interval of ``sum(over) / sum(under)`` over blocks.

    Parameters
    ----------
    over, under : ndarray of float64, shape (n_blocks,)
        E.g. movements and hours of each block.

    Returns
    -------
    tuple of float or None
        None if fewer than `LEAST_BLOCKS` blocks contribute to ``over``, or if they do not vary.
    """
    n = over.size
    if int(np.count_nonzero(over)) < LEAST_BLOCKS:
        return None
    ratio = over.sum() / under.sum()
    error = ratio_error(over, under)
    chosen = _draws(n)
    over_b, under_b = over[chosen], under[chosen]
    sum_b = under_b.sum(axis=1)
    usable = sum_b > 0
    ratio_b = np.divide(over_b.sum(axis=1), sum_b, out=np.zeros_like(sum_b), where=usable)
    error_b = np.where(usable, ratio_error(over_b, under_b), 0.0)
    usable &= (error_b > 0) & (ratio_b > 0)
    if error <= 0 or not usable.any():
        return None
    root, root_b = math.sqrt(ratio), np.sqrt(ratio_b[usable])
    z = (root_b - root) * 2 * root_b / error_b[usable]
    low_z, high_z = np.quantile(z, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
    spread = float(error) / (2 * root)
    return max(0.0, root - high_z * spread) ** 2, max(0.0, root - low_z * spread) ** 2


def ratio_error(over: Floats, under: Floats) -> Floats:
    """Return the standard error of a ratio of sums over the last axis."""
    n = over.shape[-1]
    sums = np.maximum(under.sum(axis=-1), 1e-300)
    ratio = over.sum(axis=-1) / sums
    residual = over - ratio[..., None] * under
    error: Floats = np.sqrt((residual**2).sum(axis=-1) * n / (n - 1)) / sums
    return error


def _draws(n: int, seed: int = 0) -> Ints:
    """Return `_RESAMPLES` resamples of ``n`` blocks; the same in every version of numpy."""
    raw = np.random.PCG64(seed).random_raw(_RESAMPLES * n)
    return (raw % np.uint64(n)).astype(np.int64).reshape(_RESAMPLES, n)


def index_error(night: Night, score: Score) -> StatisticalError:
    """Return the statistical error of the main index of a score.

    Parameters
    ----------
    night : Night
    score : Score
        Of the same recording.

    Returns
    -------
    StatisticalError

    Notes
    -----
    Bootstrap of a ratio over regenerative blocks (Bertail and Clemencon, Bernoulli 2006;12:689), studentised
    on the square-root scale (Efron and Tibshirani 1993, chapter 12).
    """
    base = index_base(night, score)
    why: dict[str, str] = {}
    edges = block_edges(base.at_h, base.total_h)
    hours, counts = np.diff(edges), _counts(base.at_h, edges)
    n_blocks = int(np.count_nonzero(counts))
    value: float | None = getattr(score.indices, base.key)
    bounds = None
    if value is None:
        why["index"] = score.why_null[base.key]
    if base.total_h < LEAST_HOURS:
        why["interval"] = "less than ten minutes in the denominator"
    elif (bounds := ratio_interval(counts, hours)) is None:
        why["interval"] = f"{n_blocks} bouts of movements: an interval needs {LEAST_BLOCKS}"
    index = Interval(value, *(bounds or (None, None)))
    halves = _halves(base, why)
    periodicity = _periodicity(score, base, edges, why)
    if "pi_imi" in why:
        why["pi_imi_interval"] = why["pi_imi"]
    return StatisticalError(base.key, index, n_blocks, halves, periodicity, MappingProxyType(why))


def _counts(at_h: Floats, edges: Floats, weight: Bools | None = None) -> Floats:
    inside = np.minimum(np.searchsorted(edges, at_h, side="right") - 1, edges.size - 2)
    return np.bincount(inside, weight, minlength=edges.size - 1).astype(np.float64)


def _halves(base: IndexBase, why: dict[str, str]) -> Halves | None:
    """Compare the two halves of the denominator; each half has blocks of its own."""
    half_h = base.total_h / 2
    if half_h < LEAST_HOURS:
        why["halves"] = "less than ten minutes in each half of the denominator"
        return None
    early = base.at_h < half_h
    parts = []
    for at_h in (base.at_h[early], base.at_h[~early] - half_h):
        edges = block_edges(at_h, half_h)
        parts.append((_counts(at_h, edges), np.diff(edges)))
    (first, second), at = ((float(n.sum() / half_h) for n, _ in parts), base.us_at(half_h))
    bounds = _difference_interval(parts)
    if bounds is None:
        why["halves_interval"] = f"fewer than {LEAST_HALF_BLOCKS} bouts of movements in a half"
    return Halves(at, first, second, Interval(second - first, *(bounds or (None, None))))


def _difference_interval(parts: list[tuple[Floats, Floats]]) -> tuple[float, float] | None:
    """Return the 95 % interval of the second rate minus the first."""
    if any(int(np.count_nonzero(n)) < LEAST_HALF_BLOCKS for n, _ in parts):
        return None
    rates, errors, rates_b, errors_b = [], [], [], []
    for seed, (n, hours) in enumerate(parts, start=1):
        chosen = _draws(n.size, seed)
        rates.append(n.sum() / hours.sum())
        errors.append(ratio_error(n, hours))
        rates_b.append(n[chosen].sum(axis=1) / hours[chosen].sum(axis=1))
        errors_b.append(ratio_error(n[chosen], hours[chosen]))
    error, error_b = np.hypot(*errors), np.hypot(*errors_b)
    usable = error_b > 0
    if error <= 0 or not usable.any():
        return None
    difference = rates[1] - rates[0]
    z = (rates_b[1] - rates_b[0] - difference)[usable] / error_b[usable]
    low_z, high_z = np.quantile(z, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
    return float(difference - high_z * error), float(difference - low_z * error)


def _periodicity(score: Score, base: IndexBase, edges: Floats, why: dict[str, str]) -> Interval:
    """Return the periodicity index over intervals, if there are enough movements to state it."""
    if score.indices.pi_imi is None:
        why["pi_imi"] = score.why_null.get("pi_imi", "no interval yet")
        return Interval(None)
    onset_us, imi_us, is_counted = _intervals(score)
    n_counted = int(np.count_nonzero(is_counted))
    per_h = n_counted / base.total_h if base.total_h > 0 else 0.0
    if per_h < PERIODICITY_FROM_PER_H:
        why["pi_imi"] = (
            f"{per_h:.1f} candidates per hour: stated from {PERIODICITY_FROM_PER_H:g} per hour on, below it "
            "chance decides"
        )
        return Interval(None)
    known = imi_us != NONE
    at_h = base.hours_before(onset_us[known])
    periodic = in_runs_of_three(imi_us, score.profile)[known]
    every, inside = _counts(at_h, edges), _counts(at_h, edges, periodic)
    bounds = ratio_interval(inside, every)
    if bounds is None:
        why["pi_imi_interval"] = f"an interval needs {LEAST_BLOCKS} bouts with periodic movements"
        return Interval(score.indices.pi_imi)
    return Interval(score.indices.pi_imi, bounds[0], min(1.0, bounds[1]))


def _intervals(score: Score) -> tuple[Ints, Ints, Bools]:
    """Return onset, interval (-1 if undefined) and whether it is counted, of every candidate."""
    own = [lm for lm in score.lms if lm.candidate]
    onset = np.array([lm.onset_us for lm in own], np.int64)
    imi = np.array([NONE if lm.imi_us is None else lm.imi_us for lm in own], np.int64)
    asleep = np.array([lm.counted_in == "sleep" for lm in own], np.bool_)
    if score.profile.interval_stages == "sleep":
        imi = np.where(asleep & np.concatenate(([False], asleep[:-1])), imi, NONE)
    return onset, imi, asleep if score.denominators.has_stages else np.ones(onset.shape, np.bool_)


def in_runs_of_three(imi_us: Ints, profile: RulesProfile) -> Bools:
    """Return which intervals are within the bounds and in a run of at least three such intervals.

    Notes
    -----
    Ferri et al., Sleep 2006;29:759.
    """
    inside = (imi_us >= profile.imi_min_us) & (imi_us <= profile.imi_max_us)
    edges = np.diff(np.concatenate(([0], inside.astype(np.int64), [0])))
    starts, ends = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    long = ends - starts >= 3
    marks: Ints = np.zeros(imi_us.size + 1, np.int64)
    marks[starts[long]] += 1
    marks[ends[long]] -= 1
    return np.cumsum(marks[:-1]) > 0
