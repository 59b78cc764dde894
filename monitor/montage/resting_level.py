"""Measure the resting level of a channel, which indicates the unit if the header has none; and its mains."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.model.config import MontageWish
from monitor.model.units import unit_scale_uv
from monitor.montage.channels import find_derivations, leg_of_label
from monitor.montage.headers import StreamDescription
from monitor.montage.reading import MIN_RATE_HZ

_LOW_HZ = 30.0
_BLOCK_S = 0.05
_AT_REST = 30.0
_MOST_CHANNELS = 64
# As wide as the notches of the detector.
_MAINS_HZ, _MAINS_WIDTH_HZ = (50.0, 60.0), 6.0


def unknown_units(stream: StreamDescription, wish: MontageWish | None = None) -> tuple[int, ...]:
    """Return the columns with an unknown unit: those of the legs, or all if no leg is identified.

    Empty for a stream too slow for EMG: reading it would start a source that waits for its first receiver.
    """
    wish = wish or MontageWish()
    if stream.is_text or wish.unit or 0 < stream.rate_hz < MIN_RATE_HZ:
        return ()
    unknown = {i for i, c in enumerate(stream.channels) if unit_scale_uv(c.unit, c.factor) is None}
    named = [d for w in wish.channels.values() for d in find_derivations(stream.channels, w) or ()]
    columns = {i for each in named for i in each.columns}
    if not columns:
        columns = {i for i, c in enumerate(stream.channels) if leg_of_label(c.label, c.type) is not None}
    if not columns and len(unknown) == len(stream.channels) <= _MOST_CHANNELS:
        columns = unknown
    return tuple(sorted(columns & unknown))


def resting_level(values: npt.NDArray[Any], rate_hz: float) -> float:
    """Measure the RMS of a channel above 30 Hz in its quiet parts.

    Parameters
    ----------
    values : ndarray, shape (n_samples,)
        Native numbers; values that are not finite are ignored.
    rate_hz : float

    Returns
    -------
    float
        In native numbers, 30th percentile of blocks of 50 ms; NaN if there is less than a second.
    """
    x = np.asarray(values, np.float64)
    x = x[np.isfinite(x)]
    block_n = max(2, round(_BLOCK_S * rate_hz))
    if len(x) < max(rate_hz, 2 * block_n):
        return math.nan
    half = max(1, round(rate_hz / _LOW_HZ / 2))
    width = 2 * half + 1
    x = x - np.median(x)
    x = x[half:-half] - np.convolve(x, np.full(width, 1.0 / width), "valid")
    blocks = x[: len(x) // block_n * block_n].reshape(-1, block_n)
    return float(np.percentile(np.sqrt(np.mean(blocks**2, axis=1)), _AT_REST))


def mains_level(values: npt.NDArray[Any], rate_hz: float) -> float:
    """Measure the mains in a channel: RMS around 50 or 60 Hz with two harmonics, the larger of both.

    Parameters
    ----------
    values : ndarray, shape (n_samples,)
        Values that are not finite are ignored.
    rate_hz : float

    Returns
    -------
    float
        In the unit of the values; NaN if there is less than a second.
    """
    x = np.asarray(values, np.float64)
    x = x[np.isfinite(x)]
    if len(x) < rate_hz:
        return math.nan
    window = np.hanning(len(x))
    power = 2 * np.abs(np.fft.rfft((x - x.mean()) * window)) ** 2 / (len(x) * np.sum(window**2))
    hz = np.fft.rfftfreq(len(x), 1 / rate_hz)
    near = (
        np.any([np.abs(hz - n * mains_hz) <= _MAINS_WIDTH_HZ / 2 for n in (1, 2, 3)], axis=0)
        for mains_hz in _MAINS_HZ
    )
    return float(max(np.sqrt(power[each].sum()) for each in near))


def with_levels(stream: StreamDescription, levels: Mapping[int, float]) -> StreamDescription:
    """Return a description with measured resting levels, by column."""
    channels = tuple(
        replace(channel, level=levels[i]) if i in levels else channel
        for i, channel in enumerate(stream.channels)
    )
    return replace(stream, channels=channels)
