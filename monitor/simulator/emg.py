"""The simulated signal: two legs and an ECG, identical to the bit for any chunking."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from monitor.simulator.burst import burst_amplitude
from monitor.simulator.conditions import fasciculations_uv, heart, mains_uv, missing, pops_uv
from monitor.simulator.fir import band_pass_taps, filtered
from monitor.simulator.scene import LEGS
from monitor.simulator.schedule import Schedule
from monitor.simulator.sleep_signals import SleepSignals

EMG_BAND_HZ = (20.0, 200.0)
_FILTER_S = 0.2
_BLOCK_S = 4.0
# Separates the signal's random numbers from those of the schedule made with the same seed.
_NOISE_STREAM = 2
_ECG_NOISE_UV = 5.0
_R_WAVE_UV = 1000.0
# (share of the R wave, seconds from it, width in seconds) of P, Q, R, S, T.
_WAVES = (
    (0.12, -0.17, 0.025),
    (-0.12, -0.03, 0.008),
    (1.0, 0.0, 0.010),
    (-0.2, 0.03, 0.010),
    (0.25, 0.24, 0.050),
)
_QRS = _WAVES[1:4]
_BEAT_REACH_S = 0.6
_UNIT_REACH_S = 0.1


class SignalGenerator:
    """Generate the samples of a schedule at a rate.

    Parameters
    ----------
    schedule : Schedule
        The events.
    rate_hz : float
        Samples per second of signal, at least 100; may be fractional.
    ecg_leak_uv : float
        Amplitude of the R wave of the ECG in the leg channels; the condition ``ecg`` has its own.
    eeg : bool
        Whether to generate the channels of `monitor.simulator.sleep_signals` too.

    Notes
    -----
    Generated in blocks of four seconds that depend only on their number: white noise of each block and
    channel comes from its own Philox stream, and a block is filtered together with the end of the one
    before it. Chunks are cut from blocks.
    """

    def __init__(
        self, schedule: Schedule, rate_hz: float, ecg_leak_uv: float = 3.0, *, eeg: bool = False
    ) -> None:
        if not rate_hz >= 100 or ecg_leak_uv < 0:
            raise ValueError(
                f"rate_hz = {rate_hz}, ecg_leak_uv = {ecg_leak_uv}: expected at least 100 Hz and 0 uV or more"
            )
        self.schedule, self.rate_hz, self.ecg_leak_uv = schedule, rate_hz, ecg_leak_uv
        self.block_n = round(rate_hz * _BLOCK_S)
        self._taps = _unit_power_filter(rate_hz)
        self._conditions = schedule.conditions
        self._sleep = SleepSignals(schedule, rate_hz) if eeg else None
        rng = np.random.default_rng([_NOISE_STREAM, schedule.seed])
        self._beat_s, self._beat_phase = float(rng.uniform(0.8, 1.05)), float(rng.uniform(0.0, 2 * math.pi))
        if "ecg" in self._conditions:
            self.ecg_leak_uv, self._beat_s = heart(schedule.seed)
        self._white = lru_cache(maxsize=8)(self._make_white)
        self._block = lru_cache(maxsize=2)(self._make_block)

    def read(self, start_n: int, count_n: int) -> NDArray[np.float64]:
        """Return samples.

        Parameters
        ----------
        start_n : int
            Index of the first sample, from the start of the recording.
        count_n : int
            Number of samples; may be 0.

        Returns
        -------
        ndarray, shape (count_n, 3 or 6), float64, uV
            Left leg, right leg, ECG; with ``eeg`` then EEG, EOG, chin. NaN is missing (condition
            ``dropouts``).
        """
        legs = self._legs_and_heart(start_n, count_n)
        return legs if self._sleep is None else np.hstack((legs, self._sleep.read(start_n, count_n)))

    def _legs_and_heart(self, start_n: int, count_n: int) -> NDArray[np.float64]:
        parts = [np.empty((0, 3))]
        at_n, stop_n = start_n, start_n + count_n
        while at_n < stop_n:
            index, skip_n = divmod(at_n, self.block_n)
            part = self._block(index)[skip_n : skip_n + stop_n - at_n]
            parts.append(part)
            at_n += len(part)
        return np.concatenate(parts)

    def envelope(self, leg_index: int, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the true RMS envelope of a leg: rest and bursts only.

        Parameters
        ----------
        leg_index : int
            0 left, 1 right.
        time_s : ndarray, shape (n_samples,), float64
            Increasing, seconds from the recording's first sample.

        Returns
        -------
        ndarray, shape (n_samples,), float64, uV
            ``sqrt(rest**2 + burst**2)``.
        """
        leg = LEGS[leg_index]
        power = self.schedule.rest.at(leg, time_s) ** 2
        for burst in self.schedule.bursts_between(float(time_s[0]), float(time_s[-1])):
            if burst.leg == leg:
                power += burst_amplitude(burst, time_s) ** 2
        envelope: NDArray[np.float64] = np.sqrt(power)
        return envelope

    def _make_block(self, index: int) -> NDArray[np.float64]:
        time_s = np.arange(index * self.block_n, (index + 1) * self.block_n) / self.rate_hz
        beats_s = self.beats_near(float(time_s[0]), float(time_s[-1]))
        leak = self.ecg_leak_uv * _ecg(time_s, beats_s, _QRS)
        block = np.empty((self.block_n, 3))
        for channel in range(2):
            block[:, channel] = self._noise(channel, index) * self.envelope(channel, time_s) + leak
            self._disturb(block[:, channel], channel, time_s)
        block[:, 2] = _R_WAVE_UV * _ecg(time_s, beats_s, _WAVES) + _ECG_NOISE_UV * self._noise(2, index)
        block.setflags(write=False)
        return block

    def _disturb(self, leg: NDArray[np.float64], channel: int, time_s: NDArray[np.float64]) -> None:
        """Add disturbances of a leg other than muscle and heart, in place."""
        seed = self.schedule.seed
        if "mains" in self._conditions:
            leg += mains_uv(seed, self.rate_hz, time_s)
        if "pops" in self._conditions:
            leg += pops_uv(seed, channel, time_s)
        near_s = float(time_s[0]) - _UNIT_REACH_S, float(time_s[-1]) + _UNIT_REACH_S
        leg += fasciculations_uv(self.schedule.motor_units_between(LEGS[channel], *near_s), time_s)
        if "dropouts" in self._conditions:
            leg[missing(seed, time_s, self.schedule.bursts_between)] = np.nan

    def _noise(self, channel: int, index: int) -> NDArray[np.float64]:
        """Return one block of band-limited noise of unit power."""
        history = self._white(channel, index - 1)[self.block_n - len(self._taps) + 1 :]
        white = np.concatenate((history, self._white(channel, index)))
        noise: NDArray[np.float64] = filtered(white, self._taps)
        return noise

    def _make_white(self, channel: int, index: int) -> NDArray[np.float64]:
        # Index -1, the block before the first sample, is used too: entropy must not be negative.
        entropy = np.random.SeedSequence([_NOISE_STREAM, self.schedule.seed, channel, index + 1])
        return np.random.Generator(np.random.Philox(entropy)).standard_normal(self.block_n)

    def beats_near(self, start_s: float, stop_s: float) -> NDArray[np.float64]:
        """Return the times (s) of the heartbeats between two times, and of those whose waves reach in."""
        first = math.floor((start_s - _BEAT_REACH_S) / self._beat_s)
        number = np.arange(first, math.ceil((stop_s + _BEAT_REACH_S) / self._beat_s) + 1)
        # A slow variation as by breathing and a fast one as irregularity, in closed form, so that any beat
        # can be placed without those before it.
        sway_s = 0.04 * np.sin(number * 1.3 + self._beat_phase) + 0.02 * np.sin(number * 4.7)
        beats: NDArray[np.float64] = number * self._beat_s + sway_s
        return beats


def _ecg(
    time_s: NDArray[np.float64], beats_s: NDArray[np.float64], waves: tuple[tuple[float, float, float], ...]
) -> NDArray[np.float64]:
    """Return an ECG with an R wave of amplitude one."""
    trace = np.zeros(len(time_s))
    for beat_s in beats_s:
        first, last = np.searchsorted(time_s, (beat_s - _BEAT_REACH_S, beat_s + _BEAT_REACH_S))
        near_s = time_s[first:last] - beat_s
        for share, offset_s, width_s in waves:
            trace[first:last] += share * np.exp(-0.5 * ((near_s - offset_s) / width_s) ** 2)
    return trace


def _unit_power_filter(rate_hz: float) -> NDArray[np.float64]:
    """Design a band-pass that preserves unit power of white noise."""
    taps_n = 2 * round(rate_hz * _FILTER_S / 2) + 1
    band_hz = (EMG_BAND_HZ[0], min(EMG_BAND_HZ[1], 0.45 * rate_hz))
    taps = band_pass_taps(taps_n, band_hz, rate_hz)
    return taps / math.sqrt(float(np.sum(taps**2)))
