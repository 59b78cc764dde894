"""Artificial EEG, EOG and chin EMG of a simulated recording, for tests of stage estimation.

Band-limited noise with amplitudes that depend on the stage. It is not sleep: the accuracy of an estimator on
it says little about its accuracy on people.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from monitor.lsl.outlet import ChannelHeader
from monitor.simulator.fir import band_pass_taps, filtered
from monitor.simulator.scene import EPOCH_S
from monitor.simulator.schedule import Schedule

SLEEP_CHANNELS = (
    ChannelHeader("sim C4-M1", "microvolts", "EEG"),
    ChannelHeader("sim E1-M2", "microvolts", "EOG"),
    ChannelHeader("sim Chin", "microvolts", "EMG"),
)

Floats = NDArray[np.float64]

_SIGNALS_STREAM = 3
_BLOCK_S = 4.0
_FILTER_S = 3.0
_FADE_S = 1.0
_BANDS_HZ = ((0.4, 2.0), (4.0, 7.5), (8.0, 12.0), (12.0, 15.0), (16.0, 30.0), (0.4, 1.5), (10.0, 100.0))
# RMS in uV of delta, theta, alpha, sigma, beta; eyes; chin.
_AMPLITUDES_UV: Mapping[str, tuple[float, ...]] = {
    "W": (8.0, 6.0, 14.0, 4.0, 6.0, 30.0, 20.0),
    "N1": (10.0, 11.0, 4.0, 2.5, 2.5, 12.0, 7.0),
    "N2": (18.0, 9.0, 4.0, 7.0, 3.0, 6.0, 6.0),
    "N3": (45.0, 10.0, 4.0, 4.0, 2.0, 8.0, 5.0),
    "R": (10.0, 10.0, 3.5, 2.0, 2.2, 15.0, 1.2),
}
_EYES, _CHIN = 5, 6
# From person to person, and from epoch to epoch (SD of the logarithm).
_BETWEEN, _WITHIN = 0.25, 0.3
# Pass bands of EEG, EOG and chin.
_FLOORS_UV = np.array([1.0, 1.0, 0.3])


class SleepSignals:
    """Generate the samples of the simulated sleep channels, identical for any chunking.

    Parameters
    ----------
    schedule : Schedule
        Source of the stages.
    rate_hz : float
    """

    def __init__(self, schedule: Schedule, rate_hz: float) -> None:
        self._schedule, self._rate_hz = schedule, rate_hz
        self._block_n = round(rate_hz * _BLOCK_S)
        self._taps = [_unit_power_filter(band, rate_hz) for band in _BANDS_HZ]
        rng = np.random.default_rng([_SIGNALS_STREAM, schedule.seed])
        self._person = np.exp(rng.normal(0, _BETWEEN, len(_BANDS_HZ)))
        self._white = lru_cache(maxsize=24)(self._make_white)
        self._block = lru_cache(maxsize=2)(self._make_block)
        self._amplitudes = lru_cache(maxsize=4)(self._make_amplitudes)

    def read(self, start_n: int, count_n: int) -> Floats:
        """Return samples.

        Returns
        -------
        ndarray, shape (count_n, 3), float64, uV
            In the order of `SLEEP_CHANNELS`.
        """
        parts = [np.empty((0, len(SLEEP_CHANNELS)))]
        at_n, stop_n = start_n, start_n + count_n
        while at_n < stop_n:
            index, skip_n = divmod(at_n, self._block_n)
            part = self._block(index)[skip_n : skip_n + stop_n - at_n]
            parts.append(part)
            at_n += len(part)
        return np.concatenate(parts)

    def _make_block(self, index: int) -> Floats:
        time_s = np.arange(index * self._block_n, (index + 1) * self._block_n) / self._rate_hz
        amplitude = self._amplitude(time_s)
        noise = np.stack([self._noise(band, index) for band in range(len(_BANDS_HZ))], axis=1) * amplitude
        floor = _FLOORS_UV * np.stack([self._white(band, index) for band in range(3)], axis=1)
        eeg = noise[:, :_EYES].sum(axis=1)
        block: Floats = floor + np.stack([eeg, 0.4 * eeg + noise[:, _EYES], noise[:, _CHIN]], axis=1)
        block.setflags(write=False)
        return block

    def _amplitude(self, time_s: Floats) -> Floats:
        """Return the RMS amplitude of each band; one epoch fades into the next."""
        first, last = int(time_s[0] // EPOCH_S), int(time_s[-1] // EPOCH_S)
        known = {k: self._amplitudes(k) for k in range(max(0, first - 1), last + 2)}
        edges = [t for k in known for t in (k * EPOCH_S + _FADE_S, (k + 1) * EPOCH_S - _FADE_S)]
        values = np.repeat(np.stack(list(known.values())), 2, axis=0)
        return np.stack([np.interp(time_s, edges, column) for column in values.T], axis=1)

    def _make_amplitudes(self, epoch: int) -> Floats:
        rng = np.random.default_rng([_SIGNALS_STREAM, self._schedule.seed, epoch])
        stage = self._schedule.stage_at((epoch + 0.5) * EPOCH_S)
        varied: Floats = (
            np.array(_AMPLITUDES_UV[stage]) * self._person * np.exp(rng.normal(0, _WITHIN, len(_BANDS_HZ)))
        )
        return varied

    def _noise(self, band: int, index: int) -> Floats:
        taps = self._taps[band]
        history = self._white(band, index - 1)[self._block_n - len(taps) + 1 :]
        noise: Floats = filtered(np.concatenate((history, self._white(band, index))), taps)
        return noise

    def _make_white(self, band: int, index: int) -> Floats:
        # Index -1, the block before the first sample, is used too: entropy must not be negative.
        entropy = np.random.SeedSequence([_SIGNALS_STREAM, self._schedule.seed, band, index + 1])
        return np.random.Generator(np.random.Philox(entropy)).standard_normal(self._block_n)


def _unit_power_filter(band_hz: tuple[float, float], rate_hz: float) -> Floats:
    taps_n = 2 * round(rate_hz * _FILTER_S / 2) - 1
    taps = band_pass_taps(taps_n, (band_hz[0], min(band_hz[1], 0.45 * rate_hz)), rate_hz)
    return taps / math.sqrt(float(np.sum(taps**2)))
