"""Band-pass filters of the simulated signal.

In a few lines: to import SciPy's packages for signals and transforms takes longer than all else at the start
of the simulated amplifier. Taps and filtered noise are those of `scipy.signal` to the last bit
(`tests/unit/test_simulator_fir.py`).
"""

from __future__ import annotations

import numpy as np
from numpy import fft
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def band_pass_taps(taps_n: int, band_hz: tuple[float, float], rate_hz: float) -> Floats:
    """Return the taps of a linear-phase band-pass, shape (taps_n,): ``firwin`` with a Hamming window."""
    low, high = np.asarray(band_hz, np.float64) / (rate_hz / 2)
    place = np.arange(0, taps_n) - 0.5 * (taps_n - 1)
    taps: Floats = high * np.sinc(high * place) - low * np.sinc(low * place)
    angle = np.linspace(-np.pi, np.pi, taps_n)
    taps *= 0.54 * np.cos(0 * angle) + (1.0 - 0.54) * np.cos(1 * angle)
    taps /= np.sum(taps * np.cos(np.pi * place * (0.5 * (low + high))))
    return taps


def filtered(signal: Floats, taps: Floats) -> Floats:
    """Return where the taps lie wholly within a signal, shape (n - taps_n + 1,), as ``fftconvolve`` does."""
    fast_n = fast_length(signal.size + taps.size - 1)
    whole: Floats = fft.irfft(fft.rfft(signal, fast_n) * fft.rfft(taps, fast_n), fast_n)
    return whole[taps.size - 1 : signal.size].copy()


def fast_length(least_n: int) -> int:
    """Return the smallest product of twos, threes and fives from `least_n` on, as ``next_fast_len`` does."""
    length_n = least_n
    while not _is_fast(length_n):
        length_n += 1
    return length_n


def _is_fast(length_n: int) -> bool:
    for prime in (2, 3, 5):
        while length_n % prime == 0:
            length_n //= prime
    return length_n == 1
