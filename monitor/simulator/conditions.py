"""Disturbances of a simulated recording, alone or combined. All are off by default.

Everything is a closed form of the seed and the time, or drawn from the number of the event, so that any part
can be generated without those before it.

Fasciculations: single motor units that fire in bouts; short spikes that are not movements.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.simulator.burst import Burst, Leg

Floats = NDArray[np.float64]
Condition = Literal[
    "drift", "posture", "ecg", "mains", "pops", "dropouts", "tone", "close", "tremor", "fasciculation"
]
MEANING: Mapping[Condition, str] = {
    "drift": "the resting level moves between 1 and 5 uV over minutes",
    "posture": "the resting level steps between 1 and 5 uV within a second",
    "ecg": "a QRS of 18 to 45 uV in both legs, 50 to 110 beats a minute",
    "mains": "50 or 60 Hz of 3 to 9 uV, wandering, with harmonics",
    "pops": "electrode pops of 200 to 1000 uV, a swaying cable",
    "dropouts": "samples are missing, for 0.1 s and for 1 to 4 s",
    "tone": "the resting level is 8 uV throughout",
    "close": "each movement is followed by another 0.6 s after its end",
    "tremor": "movements of a second or more wax and wane 6 times a second",
    "fasciculation": "bouts of single motor units, 20 to 150 uV, that are not movements",
}
"""Description of each condition."""
CONDITIONS: tuple[Condition, ...] = tuple(MEANING)

# Separates these random numbers from those of the schedule and of the signal made with the same seed.
_STREAM = 3
REST_RANGE_UV = (1.0, 5.0)
_POSTURE_EVERY_S = 80.0
_POP_EVERY_S = 60.0
_POP_REACH_S = 9.0  # by then the slowest pop is below a millionth of a microvolt
_BLANK_EVERY_S = 90.0
_GAP_EVERY_S = 150.0
# Distance of a gap from movements: before it for the offset, after it to learn the resting level again.
_GAP_CLEAR_S = (2.0, 6.0)
TONE_UV = 8.0
CLOSE_GAP_S = 0.6
TREMOR_HZ = 6.0
_HARMONICS = ((1, 1.0), (2, 0.15), (3, 0.3))


def draw(seed: int, condition: Condition, number: int = 0) -> np.random.Generator:
    """Return the random generator of one event of a condition (number 0: of the condition as a whole)."""
    return np.random.default_rng([_STREAM, seed, CONDITIONS.index(condition), number])


class RestingLevel:
    """The true resting level of each leg over time.

    Parameters
    ----------
    seed : int
        Seed of all random numbers.
    own_uv : dict of leg to float
        RMS amplitude of each leg at rest, without conditions.
    conditions : collection of Condition
        ``drift``: up and down by half an octave and more over minutes. ``posture``: every 40 to 120 s both
        legs step between about 1 and 3 to 5 uV within a second. ``tone``: 8 uV, constant. Other conditions
        have no effect here.
    """

    def __init__(self, seed: int, own_uv: dict[Leg, float], conditions: frozenset[Condition]) -> None:
        self._seed, self._own_uv, self._conditions = seed, own_uv, conditions
        rng = draw(seed, "drift")
        self._period_s, self._phase = float(rng.uniform(300, 600)), float(rng.uniform(0, 2 * math.pi))

    def at(self, leg: Leg, time_s: Floats) -> Floats:
        """Return the level in uV at times, shape (n,), increasing seconds from the first sample."""
        if "tone" in self._conditions:
            return np.full(len(time_s), TONE_UV)
        level = np.full(len(time_s), self._own_uv[leg])
        if "posture" in self._conditions:
            level = self._postures(time_s)
        if "drift" in self._conditions:
            level = level * np.exp(0.7 * np.sin(2 * np.pi * time_s / self._period_s + self._phase))
        if self._conditions & {"drift", "posture"}:
            level = np.clip(level, *REST_RANGE_UV)
        return level

    def _postures(self, time_s: Floats) -> Floats:
        first = max(0, int(time_s[0] // _POSTURE_EVERY_S) - 1) if len(time_s) else 0
        last = int(time_s[-1] // _POSTURE_EVERY_S) if len(time_s) else 0
        level = np.full(len(time_s), self._posture(first - 1)[2])
        for number in range(first, last + 1):
            start_s, rise_s, new_uv = self._posture(number)
            level += (new_uv - level) * np.clip((time_s - start_s) / rise_s, 0.0, 1.0)
        return level

    def is_steady(self, start_s: float, stop_s: float) -> bool:
        """Return whether a span contains no posture step: a step in a flank makes its crossing inexact."""
        if "posture" not in self._conditions or "tone" in self._conditions:
            return True
        first = max(0, int(start_s // _POSTURE_EVERY_S) - 1)
        steps = (self._posture(number) for number in range(first, int(stop_s // _POSTURE_EVERY_S) + 1))
        return not any(at_s < stop_s and at_s + rise_s > start_s for at_s, rise_s, _ in steps)

    def _posture(self, number: int) -> tuple[float, float, float]:
        """Return start and duration of a step, and its final level."""
        rng = draw(self._seed, "posture", number + 1)
        start_s = (number + float(rng.uniform(0.0, 0.5))) * _POSTURE_EVERY_S
        new_uv = rng.uniform(3.0, 5.0) if number % 2 == 0 else rng.uniform(1.0, 1.5)
        return start_s, float(rng.uniform(0.2, 1.0)), float(new_uv)


def heart(seed: int) -> tuple[float, float]:
    """Return the R wave amplitude in the legs (18 to 45 uV) and the beat interval (50 to 110 bpm), in s."""
    rng = draw(seed, "ecg")
    return float(rng.uniform(18, 45)), 60.0 / float(rng.uniform(50, 110))


def mains_uv(seed: int, rate_hz: float, time_s: Floats) -> Floats:
    """Return mains of 50 or 60 Hz wandering by 0.1 Hz, 3 to 9 uV RMS, with two harmonics."""
    rng = draw(seed, "mains")
    base_hz, rms_uv = float(rng.choice([50.0, 60.0])), float(rng.uniform(3, 9))
    period_s = float(rng.uniform(100, 400))
    # The integral of 0.1 sin(2 pi t / period).
    wander = 0.1 * period_s / (2 * np.pi) * (1 - np.cos(2 * np.pi * time_s / period_s))
    turns = base_hz * time_s + wander
    wave: Floats = np.zeros(len(time_s))
    for harmonic, share in _HARMONICS:
        phase = float(rng.uniform(0, 2 * np.pi))
        if harmonic * base_hz < 0.48 * rate_hz:
            wave += share * np.sin(2 * np.pi * harmonic * turns + phase)
    return math.sqrt(2) * rms_uv * wave


def pops_uv(seed: int, leg_index: int, time_s: Floats) -> Floats:
    """Return electrode pops (steps of 200 to 1000 uV that decay) and the slow sway of a cable."""
    wave: Floats = 200 * np.sin(2 * np.pi * 0.3 * time_s) + 60 * np.sin(2 * np.pi * 1.1 * time_s)
    first = int(max(0.0, time_s[0] - _POP_REACH_S) // _POP_EVERY_S)
    for number in range(first, int(time_s[-1] // _POP_EVERY_S) + 1):
        rng = draw(seed, "pops", 2 * number + leg_index + 1)
        since_s = time_s - (number + float(rng.uniform(0.1, 1.0))) * _POP_EVERY_S
        height_uv = float(rng.choice([-1, 1]) * rng.uniform(200, 1000))
        decay_s = float(rng.uniform(0.03, 0.3))
        under_way = (since_s >= 0) & (since_s < _POP_REACH_S)
        wave[under_way] += height_uv * np.exp(-since_s[under_way] / decay_s)
    return wave


def missing(
    seed: int, time_s: Floats, bursts: Callable[[float, float], Iterable[Burst]]
) -> NDArray[np.bool_]:
    """Return which samples are missing on both legs: 0.1 s anywhere, and 1 to 4 s away from movements.

    Parameters
    ----------
    seed : int
    time_s : ndarray, shape (n,), float64
        Increasing, seconds from the first sample.
    bursts : callable
        Bursts that touch a span; a long gap near a burst is omitted, so that the truth table stays exact.
    """
    is_missing = np.zeros(len(time_s), bool)
    for number in range(int(time_s[0] // _BLANK_EVERY_S), int(time_s[-1] // _BLANK_EVERY_S) + 1):
        at_s = (number + float(draw(seed, "dropouts", 2 * number + 1).uniform(0.1, 0.9))) * _BLANK_EVERY_S
        is_missing |= (time_s >= at_s) & (time_s < at_s + 0.1)
    for number in range(int(time_s[0] // _GAP_EVERY_S), int(time_s[-1] // _GAP_EVERY_S) + 1):
        rng = draw(seed, "dropouts", 2 * number + 2)
        at_s = (number + float(rng.uniform(0.1, 0.9))) * _GAP_EVERY_S
        end_s = at_s + float(rng.uniform(1, 4))
        if not list(bursts(at_s - _GAP_CLEAR_S[0], end_s + _GAP_CLEAR_S[1])):
            is_missing |= (time_s >= at_s) & (time_s < end_s)
    return is_missing


_BOUT_EVERY_S = 70.0
_BOUT_FROM_S = (6.0, 20.0)  # start within its interval
_BOUT_S = (10.0, 45.0)
_PER_S = (0.3, 1.5)
_LEAST_INTERVAL_S = 0.1
_DURATION_S = (0.005, 0.012)
_HEIGHT_UV = (20.0, 150.0)
# Near a movement a discharge would shift the true onset or end.
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
        Amplitude of each of its two peaks.
    """

    leg: Leg
    onset_s: float
    duration_s: float
    height_uv: float


def discharge(since_s: Floats, width_s: float) -> Floats:
    """Return the waveform of a discharge around its centre: peaks of 1 and -1, one width before and after."""
    turns = since_s / width_s
    wave: Floats = -turns * np.exp(0.5 - 0.5 * turns**2)
    return wave


def motor_units(
    seed: int, leg: Leg, span_s: tuple[float, float], bursts: Callable[[float, float], Iterable[Burst]]
) -> Iterator[MotorUnit]:
    """Yield the discharges of a leg that begin within a span, by onset.

    Parameters
    ----------
    seed : int
    leg : {"left", "right"}
    span_s : tuple of float
        Start and end, seconds from the recording's first sample.
    bursts : callable
        Bursts that touch a span; a discharge near a burst is omitted, so that the truth table stays exact.
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
    """Return the signal of discharges on a leg at increasing times, shape (n,), in uV."""
    wave: Floats = np.zeros(len(time_s))
    for unit in units:
        middle_s, width_s = unit.onset_s + unit.duration_s / 2, unit.duration_s / 4
        reach_s = _REACH * width_s
        first, last = np.searchsorted(time_s, (middle_s - reach_s, middle_s + reach_s))
        wave[first:last] += unit.height_uv * discharge(time_s[first:last] - middle_s, width_s)
    return wave
