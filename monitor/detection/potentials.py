"""Short potentials in raw EMG, for fragmentary myoclonus.

The detector of leg movements does not measure them: its envelope is a mean over 0.25 s without the two
largest of five parts, so a potential of 100 ms and 100 uV has a peak of some 8 uV there, and most are
no event at all.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, sosfiltfilt

from monitor.scoring.spans import Floats, Ints

_LOW_HZ = 10.0
_RMS_S = 0.01
_JOIN_S = 0.05
_LEVEL_SHARE = 0.25
_REST_FACTOR = 3.0
_PIECE_S, _OVERLAP_S = 600.0, 1.0


def short_potentials(emg_uv: Floats, rate_hz: float, least_uv: float, longest_s: float) -> Ints:
    """Return the samples at which short potentials begin; the resting level is that of each 10 minutes.

    Parameters
    ----------
    emg_uv : ndarray of float64, shape (n_samples,)
        Raw EMG; NaN is missing. What is shorter than 1 s between two gaps is left out.
    rate_hz : float
        From 100 Hz.
    least_uv : float
        Smallest peak of the rectified EMG from 10 Hz.
    longest_s : float
        A potential is shorter; activity of which any pause is under 0.05 s is one.

    Returns
    -------
    ndarray of int64, shape (n_potentials,)
    """
    piece_n, overlap_n = round(_PIECE_S * rate_hz), round(_OVERLAP_S * rate_hz)
    found = [np.empty(0, np.int64)]
    for begin in range(0, emg_uv.size, piece_n):
        first = max(0, begin - overlap_n)
        own = emg_uv[first : begin + piece_n + overlap_n]
        edges = np.flatnonzero(np.diff(np.isnan(own), prepend=True, append=True))
        for start, stop in edges.reshape(-1, 2).tolist():
            if stop - start >= rate_hz:
                at = first + start + _of_run(own[start:stop], rate_hz, least_uv, longest_s)
                found.append(at[(at >= begin) & (at < begin + piece_n)])
    return np.concatenate(found)


def _of_run(emg_uv: Floats, rate_hz: float, least_uv: float, longest_s: float) -> Ints:
    sos = butter(2, _LOW_HZ, "highpass", fs=rate_hz, output="sos")
    rectified = np.abs(sosfiltfilt(sos, emg_uv))
    size = max(1, round(_RMS_S * rate_hz))
    rms = np.sqrt(uniform_filter1d(rectified**2, size))
    level = max(_REST_FACTOR * float(np.median(rms)), _LEVEL_SHARE * least_uv)
    edges = np.diff((rms > level).astype(np.int8), prepend=0, append=0)
    starts, ends = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    if not starts.size:
        return starts.astype(np.int64)
    apart = starts[1:] - ends[:-1] >= _JOIN_S * rate_hz
    starts = starts[np.concatenate(([True], apart))]
    ends = ends[np.concatenate((apart, [True]))]
    bounds = np.stack((starts, ends), axis=1).ravel()
    peaks = np.maximum.reduceat(np.append(rectified, 0.0), bounds)[::2]
    # The mean over 10 ms lengthens each.
    found = (peaks >= least_uv) & (ends - starts - size < longest_s * rate_hz)
    return starts[found].astype(np.int64)
