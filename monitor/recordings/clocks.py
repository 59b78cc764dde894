"""Streams of several machines in one file: their stamps in one clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

Floats = NDArray[np.float64]

# One clock measured twice differs by less: then the stamps stay what they are, to the bit.
_SAME_CLOCK_S = 0.002
# Recorders are known to write garbage for an offset they could not measure.
_OUTLIERS_OF = 5


def in_clock_of(first: Mapping[str, Any], stream: Mapping[str, Any]) -> Floats:
    """Return a stream's stamps in the clock of another.

    Parameters
    ----------
    first, stream : mapping
        As pyxdf gives them, not synchronised: ``time_stamps``, ``clock_times``, ``clock_values``.

    Returns
    -------
    ndarray, shape (n_samples,), float64, s
        The stamps themselves where both are of one clock, or where offsets are missing.

    Notes
    -----
    XDF: a clock offset is what is to be added to a stamp of the stream to get the recorder's time.
    """
    stamps_s = np.asarray(stream["time_stamps"], np.float64)
    own, other = _offsets(stream), _offsets(first)
    if stream is first or own is None or other is None or not len(stamps_s):
        return stamps_s
    recorder_s = stamps_s + np.interp(stamps_s, *own)
    firsts_s = recorder_s - np.interp(recorder_s - float(np.median(other[1])), *other)
    shift_s = firsts_s - stamps_s
    finite = shift_s[np.isfinite(shift_s)]
    if not len(finite) or abs(float(np.median(finite))) < _SAME_CLOCK_S:
        return stamps_s
    return firsts_s


def _offsets(stream: Mapping[str, Any]) -> tuple[Floats, Floats] | None:
    times_s = np.asarray(stream.get("clock_times", ()), np.float64)
    values_s = np.asarray(stream.get("clock_values", ()), np.float64)
    known = np.isfinite(times_s) & np.isfinite(values_s)
    if not known.any():
        return None
    order = np.argsort(times_s[known], kind="stable")
    smooth: Floats = median_filter(values_s[known][order], _OUTLIERS_OF, mode="nearest")
    return times_s[known][order], smooth
