"""Design of the detector's filter.

In closed form: to import SciPy's signal package takes longer than all else at the start of a recording, and
60 MB. The coefficients are those of `scipy.signal` to the last bit (`tests/unit/test_dsp_filters.py`).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dsp import DetectorSettings

# The bilinear transform squeezes a band edge near Nyquist; above this share of it the edge is moved down.
HIGHEST_EDGE = 0.9
HIGHEST_NOTCH = 0.97


def design_filters(fs_hz: float, settings: DetectorSettings) -> NDArray[np.float64]:
    """Return the causal filter of one leg as second-order sections.

    Parameters
    ----------
    fs_hz : float
        Sampling rate.
    settings : DetectorSettings
        Band, order, mains frequencies.

    Returns
    -------
    ndarray, shape (n_sections, 6), float64
        A Butterworth band-pass (upper edge at most 0.9 of Nyquist), then one notch for each mains frequency
        and harmonic that lies in the band or close above it.

    Raises
    ------
    ValueError
        If the rate leaves no band.
    """
    nyquist_hz = fs_hz / 2
    high_hz = min(settings.high_hz, HIGHEST_EDGE * nyquist_hz)
    if high_hz <= settings.low_hz:
        raise ValueError(f"fs_hz = {fs_hz}: no band above low_hz = {settings.low_hz}")
    sections = [_band_pass(settings.band_order, settings.low_hz, high_hz, fs_hz)]
    highest_hz = min(HIGHEST_NOTCH * nyquist_hz, 1.25 * settings.high_hz)
    wanted = {
        base_hz * harmonic
        for base_hz in settings.mains_hz
        for harmonic in range(1, settings.mains_harmonics_n + 1)
    }
    for notch_hz in sorted(wanted):
        if settings.low_hz < notch_hz < highest_hz:
            sections.append(_notch(notch_hz, settings.mains_bandwidth_hz, fs_hz))
    return np.ascontiguousarray(np.vstack(sections), dtype=np.float64)


def _band_pass(order: int, low_hz: float, high_hz: float, fs_hz: float) -> NDArray[np.float64]:
    """Return a Butterworth band-pass as `scipy.signal.butter` does, shape (order, 6).

    Notes
    -----
    Poles of the analog low-pass, moved to the band, then by the bilinear transform (at a sampling rate of 2)
    into the unit circle; as many zeros at 1 as at -1.
    """
    edges = 4.0 * np.tan(np.pi * (2 * np.array([low_hz, high_hz]) / fs_hz) / 2.0)
    width, middle = edges[1] - edges[0], np.sqrt(edges[0] * edges[1])
    low = -np.exp(1j * np.pi * np.arange(-order + 1, order, 2) / (2 * order)) * width / 2
    apart = np.sqrt(low**2 - middle**2)
    analog: NDArray[np.complex128] = np.concatenate((low + apart, low - apart))
    poles: NDArray[np.complex128] = (4.0 + analog) / (4.0 - analog)
    gain = width**order * np.real(4.0**order / np.prod(4.0 - analog))
    if np.isclose(poles.imag, 0.0).any():
        # An odd order over a wide band: real poles are paired by other rules.
        from scipy.signal import butter

        return butter(order, (low_hz, high_hz), btype="bandpass", fs=fs_hz, output="sos")
    sections = _paired(poles, order)
    sections[0, :3] *= gain
    return sections


def _paired(poles: NDArray[np.complex128], order: int) -> NDArray[np.float64]:
    """Pair complex poles with the nearest zeros; the pole closest to the unit circle gets the last row."""
    upper, lower = (
        each[np.lexsort((np.abs(each.imag), each.real))]
        for each in (poles[poles.imag > 0], poles[poles.imag < 0])
    )
    left = (upper + lower.conj()) / 2
    zeros_n = {1.0: order, -1.0: order}
    sections = np.zeros((order, 6))
    for row in range(order - 1, -1, -1):
        worst = int(np.argmin(np.abs(1 - np.abs(left))))
        pole, left = left[worst], np.delete(left, worst)
        zeros = []
        for _ in range(2):
            zero = min((z for z, n in zeros_n.items() if n), key=lambda z: abs(z - pole))
            zeros_n[zero] -= 1
            zeros.append(zero)
        sections[row] = *np.poly(zeros), *np.real(np.poly([pole, pole.conj()]))
    return sections


def _notch(notch_hz: float, width_hz: float, fs_hz: float) -> NDArray[np.float64]:
    """Return a notch as `scipy.signal.iirnotch` does, shape (1, 6).

    Notes
    -----
    Orfanidis, Introduction to Signal Processing, eq. 11.3.19.
    """
    place = 2 * notch_hz / fs_hz
    width = place / (notch_hz / width_hz) * np.pi
    gain, cosine = 1.0 / (1.0 + math.tan(width / 2.0)), math.cos(place * np.pi)
    zeros = gain * np.array([1.0, -2.0 * cosine, 1.0])
    return np.array([[*zeros, 1.0, -2.0 * gain * cosine, 2.0 * gain - 1.0]])
