"""Tonight's end: a predictive interval of the final index while the recording runs.

It helps to plan (is a split night or a longer recording worth it) and decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monitor.scoring.denominators import HOUR_US
from monitor.scoring.inputs import Night
from monitor.scoring.result import Score
from monitor.scoring.spans import Floats
from monitor.scoring.uncertainty.index_base import IndexBase, index_base
from monitor.scoring.uncertainty.index_error import block_edges, ratio_error

LEVEL = 0.8
FROM_H = 1.0
LEAST_PAST = 30
PRIOR = (
    "Gamma prior of the rate with mean 10 per hour and shape 0.5; movements of the last 1.5 h weigh most "
    "(half-life); over-dispersion 30 before bouts are known; the rest of the night differs from the past by "
    "a factor with median 0.95 and an SD of its logarithm of 0.14 times the root of the over-dispersion, at "
    "most 1; chosen on simulated nights, not fitted to patients"
)
METHOD = (
    "80 % predictive interval of over-dispersed counts with a Gamma prior, 2000 draws with a fixed seed; "
    "with 30 past nights of the laboratory recalibrated by split conformal prediction (Romano, Patterson "
    "and Candes 2019, Advances in Neural Information Processing Systems 32)"
)
PURPOSE = "for planning, e.g. whether a split night or a longer recording is worth it; it decides nothing"

_MEAN_PER_H, _SHAPE = 10.0, 0.5
_DISPERSION, _KNOWN_BOUTS = 30.0, 4.0
_HALF_LIFE_H = 1.5
_DRIFT, _DRIFT_SD, _DRIFT_SD_MOST = -0.05, 0.14, 1.0
_SLEEP_SD = 0.08
_DRAWS = 2000


@dataclass(frozen=True, slots=True)
class PastNight:
    """Hold a finished recording: its movements on the clock of its denominator, and its length."""

    base: IndexBase
    recorded_us: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """Hold the forecast of the final index.

    Parameters
    ----------
    key : str
        Index it is about, by its name in ``summary.json``.
    low, median, high : float
        80 % predictive interval and its middle.
    chance_above : float or None
        Chance that the final index is above the reference value; None without stages, because the reference
        value is one per hour of sleep.
    reference_per_h : float
    n_past : int
        Past nights by which the interval is recalibrated; 0 for none.
    """

    key: str
    low: float
    median: float
    high: float
    chance_above: float | None
    reference_per_h: float
    n_past: int


def past_night(night: Night, score: Score) -> PastNight:
    """Return a finished recording as `forecast` uses it."""
    return PastNight(index_base(night, score), night.end_us)


def draws(at_h: Floats, passed_h: float, left_h: float, asleep: float, *, is_sleep: bool) -> Floats:
    """Draw final indices from the predictive distribution.

    Parameters
    ----------
    at_h : ndarray of float64, shape (n,)
        Movements so far, in hours of the denominator.
    passed_h : float
        The denominator so far, above 0.
    left_h : float
        Hours of recording left.
    asleep : float
        Share of the time in bed so far that was in the denominator.
    is_sleep : bool
        Whether the denominator is sleep, whose share of the rest is uncertain.

    Returns
    -------
    ndarray of float64, shape (2000,)
        The same for the same input.
    """
    random = np.random.default_rng(0)
    dispersion = _dispersion(at_h, passed_h)
    fading = math.log(2) / _HALF_LIFE_H
    n = float(np.exp(-fading * (passed_h - at_h)).sum())
    over_h = (1 - math.exp(-fading * passed_h)) / fading
    rate = random.gamma(_SHAPE + n / dispersion, 1 / (_SHAPE / _MEAN_PER_H + over_h / dispersion), _DRAWS)
    noise = random.standard_normal((2, _DRAWS))
    share = np.clip(asleep + _SLEEP_SD * noise[0], 0.2, 1.0) if is_sleep else np.ones(_DRAWS)
    drift_sd = min(_DRIFT_SD_MOST, _DRIFT_SD * math.sqrt(dispersion))
    expected = rate * np.exp(_DRIFT + drift_sd * noise[1]) * left_h * share
    # A Poisson count whose mean is Gamma distributed: the variance is the mean times the dispersion.
    more = max(dispersion - 1, 1e-3)
    rest = random.poisson(random.gamma(np.maximum(expected, 1e-9) / more, more))
    final: Floats = (at_h.size + rest) / (passed_h + left_h * share)
    return final


def _dispersion(at_h: Floats, passed_h: float) -> float:
    """Return the variance of the count divided by its mean: from the bouts so far and the prior."""
    edges = block_edges(at_h, passed_h)
    counts = np.histogram(at_h, edges)[0].astype(np.float64)
    n_blocks = int(np.count_nonzero(counts))
    if n_blocks < 3:
        return _DISPERSION
    error = float(ratio_error(counts, np.diff(edges)))
    seen = max(1.0, error**2 * passed_h**2 / at_h.size)
    weight = n_blocks**2 / (n_blocks**2 + _KNOWN_BOUTS**2)
    return math.exp(weight * math.log(seen) + (1 - weight) * math.log(_DISPERSION))


def forecast(night: Night, score: Score, planned_h: float, past: Sequence[PastNight] = ()) -> Forecast | str:
    """Predict the final main index of a recording that runs.

    Parameters
    ----------
    night : Night
        Everything known so far.
    score : Score
        Of the same recording.
    planned_h : float
        Planned length of the recording.
    past : sequence of PastNight
        Finished recordings of the same laboratory. If 30 or more of them have the same index and lasted
        longer than this one so far, they recalibrate the interval; the chance remains that of the model.

    Returns
    -------
    Forecast or str
        Or why there is none: before one hour of the denominator, and after the planned end.

    Notes
    -----
    Recalibration is conformalised quantile regression (Romano, Patterson and Candes 2019) on ln(1 + index),
    with all past nights as calibration set: the model is not fitted to them.
    """
    base = index_base(night, score)
    if base.total_h < FROM_H:
        return "less than one hour in the denominator"
    left_h = planned_h - night.end_us / HOUR_US
    if left_h <= 0:
        return "the planned end of the recording has passed"
    final = _final(base, night.end_us, planned_h)
    low, median, high = _quantiles(final)
    widened, n_past = recalibrate(base.key, night.end_us, past)
    if n_past:
        low = max(math.expm1(math.log1p(low) - widened), 0.0)
        high = max(math.expm1(math.log1p(high) + widened), 0.0)
        low, high = min(low, median), max(high, median)
    reference = score.profile.reference_per_h
    chance = float(np.mean(final > reference)) if base.key == "plms_index" else None
    return Forecast(base.key, low, median, high, chance, reference, n_past)


def _final(base: IndexBase, now_us: int, planned_h: float) -> Floats:
    """Draw the final index of a night as it was known at a time."""
    passed_h = float(base.hours_before(np.array([now_us]))[0])
    is_sleep = base.key == "plms_index"
    begin_us = int(base.spans[0][0]) if base.spans[0].size else 0
    in_bed_h = max((now_us - begin_us) / HOUR_US, passed_h)
    at_h = base.at_h[base.at_h < passed_h]
    left_h = planned_h - now_us / HOUR_US
    return draws(at_h, passed_h, left_h, passed_h / in_bed_h, is_sleep=is_sleep)


def _quantiles(final: Floats) -> tuple[float, float, float]:
    low, median, high = np.quantile(final, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2]).tolist()
    return low, median, high


def recalibrate(key: str, now_us: int, past: Sequence[PastNight]) -> tuple[float, int]:
    """Return by how much both ends move outwards, on ln(1 + index), and the number of nights used."""
    scores = []
    for one in past:
        passed_h = float(one.base.hours_before(np.array([now_us]))[0])
        if one.base.key != key or one.recorded_us <= now_us or passed_h < FROM_H:
            continue
        low, _, high = np.log1p(_quantiles(_final(one.base, now_us, one.recorded_us / HOUR_US))).tolist()
        reached = math.log1p(one.base.at_h.size / one.base.total_h)
        scores.append(max(low - reached, reached - high))
    n = len(scores)
    if n < LEAST_PAST:
        return 0.0, 0
    place = min(math.ceil((n + 1) * LEVEL), n)
    return sorted(scores)[place - 1], n
