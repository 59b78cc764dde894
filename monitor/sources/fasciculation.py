"""Fasciculations: single motor units that fire in bouts; short spikes, none of them a movement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.sources.burst import Burst, Leg
from monitor.sources.conditions import draw

Floats = NDArray[np.float64]

_BOUT_EVERY_S = 70.0
_BOUT_FROM_S = (6.0, 20.0)  # of its turn
_BOUT_S = (10.0, 45.0)
_PER_S = (0.3, 1.5)
_LEAST_INTERVAL_S = 0.1
_DURATION_S = (0.005, 0.012)
_HEIGHT_UV = (20.0, 150.0)
# Close to a movement one would move its true onset or end.
_CLEAR_S = 1.0
_REACH = 8.0  # widths; by then the wave is below a millionth of a microvolt


class MotorUnit(NamedTuple):
    """One discharge of a motor unit.

    Attributes
    ----------
    leg : {"left", "right"}
    onset_s, duration_s : float
        Seconds from the recording's first sample.
    height_uv : float
        Of either of its two peaks.
    """

    leg: Leg
    onset_s: float
    duration_s: float
    height_uv: float


def discharge(since_s: Floats, width_s: float) -> Floats:
    """Give the wave of a discharge at times from its middle: peaks of 1 and -1 one width before and after."""
    turns = since_s / width_s
    wave: Floats = -turns * np.exp(0.5 - 0.5 * turns**2)
    return wave


def motor_units(
    seed: int, leg: Leg, span_s: tuple[float, float], bursts: Callable[[float, float], Iterable[Burst]]
) -> Iterator[MotorUnit]:
    """Give the discharges of a leg that begin within a span, by onset.

    Parameters
    ----------
    seed : int
    leg : {"left", "right"}
    span_s : tuple of float
        Start and end, seconds from the recording's first sample.
    bursts : callable
        Bursts that touch a span; a discharge that one comes near does not happen, so that the truth stands.
    """
    start_s, stop_s = span_s
    for number in range(max(0, int(start_s // _BOUT_EVERY_S)), int(max(0.0, stop_s) // _BOUT_EVERY_S) + 1):
        for unit in _bout(seed, leg, number):
            near_s = unit.onset_s - _CLEAR_S, unit.onset_s + unit.duration_s + _CLEAR_S
            if start_s <= unit.onset_s < stop_s and not list(bursts(*near_s)):
                yield unit


def _bout(seed: int, leg: Leg, number: int) -> Iterator[MotorUnit]:
    rng = draw(seed, "fasciculation", 2 * number + (1 if leg == "left" else 2))
    at_s = number * _BOUT_EVERY_S + float(rng.uniform(*_BOUT_FROM_S))
    end_s, per_s = at_s + float(rng.uniform(*_BOUT_S)), float(rng.uniform(*_PER_S))
    while at_s < end_s:
        duration_s, height_uv = float(rng.uniform(*_DURATION_S)), float(rng.uniform(*_HEIGHT_UV))
        yield MotorUnit(leg, round(at_s, 6), round(duration_s, 6), height_uv)
        at_s += max(_LEAST_INTERVAL_S, float(rng.exponential(1 / per_s)))


def fasciculations_uv(units: Iterable[MotorUnit], time_s: Floats) -> Floats:
    """Give what discharges add to a leg at increasing times, shape (n,), in uV."""
    wave: Floats = np.zeros(len(time_s))
    for unit in units:
        middle_s, width_s = unit.onset_s + unit.duration_s / 2, unit.duration_s / 4
        reach_s = _REACH * width_s
        first, last = np.searchsorted(time_s, (middle_s - reach_s, middle_s + reach_s))
        wave[first:last] += unit.height_uv * discharge(time_s[first:last] - middle_s, width_s)
    return wave
