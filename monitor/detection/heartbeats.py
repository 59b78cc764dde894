"""From an ECG to the times of its R waves.

Source: the steps of Pan and Tompkins 1985, IEEE Trans Biomed Eng 32:230 (band-pass, energy over the width of
a QRS, adaptive threshold), with zero-phase filters, since nothing here runs live.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage, signal

Floats = npt.NDArray[np.float64]

MIN_RATE_HZ = 100.0
_WORKING_HZ = 250.0
_BAND_HZ = (5.0, 30.0)
_QRS_S = 0.12
_REFRACTORY_S = 0.3
_SLOT_S = 2.0  # holds at least one beat
_SLOTS = 15  # the level of a QRS is the median of the largest energy over so many slots
_THRESHOLD = 0.4  # of that level, as an amplitude
_SHORTEST_S = 10.0


def heartbeats(ecg: Floats, rate_hz: float) -> Floats:
    """Return where the R waves of an ECG are.

    Parameters
    ----------
    ecg : ndarray, shape (n,), float64
        In any unit and polarity; NaN is missing.
    rate_hz : float
        At least 100 Hz.

    Returns
    -------
    ndarray, shape (n_beats,), float64
        Seconds from the first sample, finer than a sample. NaN stands where samples are missing, so that no
        interval spans a gap.

    Raises
    ------
    ValueError
        If the rate is below 100 Hz.

    Examples
    --------
    >>> time_s = np.arange(0, 60, 1 / 250)
    >>> ecg = np.exp(-0.5 * (((time_s + 0.3) % 0.8 - 0.4) / 0.01) ** 2)
    >>> beats_s = heartbeats(ecg, 250.0)
    >>> bool(np.allclose(np.diff(beats_s), 0.8, atol=0.002)), round(float(beats_s[0]), 2)
    (True, 0.9)
    """
    if rate_hz < MIN_RATE_HZ:
        raise ValueError(f"rate_hz = {rate_hz:g}: expected at least {MIN_RATE_HZ:g} Hz")
    found: list[Floats] = []
    present = np.concatenate(([False], np.isfinite(ecg), [False])).astype(np.int8)
    for start, stop in np.flatnonzero(np.diff(present)).reshape(-1, 2).tolist():
        if stop - start >= _SHORTEST_S * rate_hz:
            found += [start / rate_hz + _beats(ecg[start:stop], rate_hz), np.array([np.nan])]
    return np.concatenate(found[:-1]) if found else np.empty(0)


def _beats(ecg: Floats, rate_hz: float) -> Floats:
    """Return the R waves of a stretch without missing samples, seconds from its start."""
    step = max(1, int(rate_hz / _WORKING_HZ))
    slow = ecg[: ecg.size // step * step].reshape(-1, step).mean(axis=1)
    fs_hz = rate_hz / step
    sos = signal.butter(2, _BAND_HZ, "bandpass", fs=fs_hz, output="sos")
    band = signal.sosfiltfilt(sos, slow - slow[0])
    energy = np.sqrt(ndimage.uniform_filter1d(band * band, max(1, round(_QRS_S * fs_hz))))
    peaks, _ = signal.find_peaks(energy, height=_level(energy, fs_hz), distance=round(_REFRACTORY_S * fs_hz))
    half_n = round(_QRS_S * fs_hz)
    inside = peaks[(peaks > half_n) & (peaks < band.size - half_n - 1)]
    if inside.size == 0:
        return np.empty(0)
    near = band[inside[:, None] + np.arange(-half_n, half_n + 1)]
    upright = np.median(near.max(axis=1)) >= np.median(-near.min(axis=1))
    at = inside - half_n + np.argmax(near if upright else -near, axis=1)
    at = np.unique(at)
    # Half a step: a mean over a few samples lies in their middle.
    seconds: Floats = (at + _vertex(band, at)) / fs_hz + (step - 1) / (2 * rate_hz)
    return seconds


def _level(energy: Floats, fs_hz: float) -> Floats:
    """Return the threshold at each sample: a share of the level of the QRS around it."""
    slot_n = round(_SLOT_S * fs_hz)
    largest = energy[: energy.size // slot_n * slot_n].reshape(-1, slot_n).max(axis=1)
    level = ndimage.median_filter(largest, _SLOTS, mode="mirror")
    middle = (np.arange(level.size) + 0.5) * slot_n
    threshold: Floats = _THRESHOLD * np.interp(np.arange(energy.size), middle, level)
    return threshold


def _vertex(band: Floats, at: npt.NDArray[np.int64]) -> Floats:
    """Return how far the vertex of a parabola through three samples lies from the middle one, in samples."""
    before, middle, after = band[at - 1], band[at], band[at + 1]
    bend = before - 2 * middle + after
    offset = np.divide(0.5 * (before - after), bend, out=np.zeros_like(bend), where=bend != 0)
    vertex: Floats = np.clip(offset, -0.5, 0.5)
    return vertex
