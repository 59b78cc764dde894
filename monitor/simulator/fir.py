"""Band-pass filters of the simulated signal.

In a few lines: to import SciPy's signal package takes longer than all else at the start of the simulated
amplifier. Taps and filtered noise are those of `scipy.signal` to the last bit
(`tests/unit/test_simulator_fir.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

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
    n = signal.size + taps.size - 1
    fast_n = fft.next_fast_len(n, real=True)
    whole: Floats = fft.irfftn(fft.rfftn(signal, [fast_n]) * fft.rfftn(taps, [fast_n]), [fast_n])
    return whole[taps.size - 1 : signal.size].copy()
