"""Design of the detector's filter: SciPy lives here, because the numeric layer knows only numpy and numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal

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
    sections = [
        signal.butter(
            settings.band_order, (settings.low_hz, high_hz), btype="bandpass", fs=fs_hz, output="sos"
        )
    ]
    highest_hz = min(HIGHEST_NOTCH * nyquist_hz, 1.25 * settings.high_hz)
    wanted = {
        base_hz * harmonic
        for base_hz in settings.mains_hz
        for harmonic in range(1, settings.mains_harmonics_n + 1)
    }
    for notch_hz in sorted(wanted):
        if settings.low_hz < notch_hz < highest_hz:
            b, a = signal.iirnotch(notch_hz, notch_hz / settings.mains_bandwidth_hz, fs=fs_hz)
            sections.append(np.concatenate([b, a])[np.newaxis])
    return np.ascontiguousarray(np.vstack(sections), dtype=np.float64)
