"""One epoch of one signal, from stamped samples at any rate to 100 Hz, and whether it can be used."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, resample_poly, sosfiltfilt

from monitor.model.config_fields import Role

EPOCH_S = 30.0
RATE_HZ = 100
EPOCH_N = int(EPOCH_S * RATE_HZ)
# The resampling filter needs some samples on both sides.
PAD_S = 1.0

_GAP_S = 0.5
_MOST_MISSING = 0.05
_MOST_FLAT = 0.2
_FLAT_UV = 1.0
_FLAT_CHIN_UV = 0.1
_FLAT_IN_BAND_UV = 2.0
_MOST_SATURATED = 0.02
_RAIL_RUN_N = 5
_HUGE_UV = 1500.0
_MOST_HUGE = 0.2
_BAND = butter(2, (0.5, 30.0), "bandpass", fs=RATE_HZ, output="sos")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EpochSignal:
    """30 s of one signal.

    Attributes
    ----------
    uv : ndarray, shape (3000,), float64, uV
        At 100 Hz.
    why : str
        Why it cannot be used; empty if it can.
    """

    uv: Floats
    why: str = ""


def missing_epoch() -> EpochSignal:
    """Return an epoch without samples."""
    return EpochSignal(np.zeros(EPOCH_N), "missing")


def read_epoch(times_s: Floats, values_uv: Floats, rate_hz: float, start_s: float, role: Role) -> EpochSignal:
    """Put the samples of an epoch on its grid and judge them.

    Parameters
    ----------
    times_s : ndarray, shape (n,), float64
        Session time of the samples, `PAD_S` on both sides included; jitter is removed, a gap
        of 0.5 s or more remains.
    values_uv : ndarray, shape (n,), float64
        NaN is missing.
    rate_hz : float
        Nominal.
    start_s : float
        Begin of the epoch.
    role : {"eeg", "eog", "chin"}

    Returns
    -------
    EpochSignal
    """
    pad_n = round(PAD_S * rate_hz)
    epoch_n = round(EPOCH_S * rate_hz)
    grid = _on_grid(times_s, values_uv, rate_hz, start_s - pad_n / rate_hz, epoch_n + 2 * pad_n)
    known = np.isfinite(grid)
    inside = slice(pad_n, pad_n + epoch_n)
    if 1.0 - known[inside].mean() > _MOST_MISSING:
        return missing_epoch()
    why = _why_raw(grid[inside], rate_hz, role)
    filled = np.interp(np.arange(len(grid)), np.flatnonzero(known), grid[known])
    ratio = Fraction(RATE_HZ / rate_hz).limit_denominator(1000)
    resampled = resample_poly(filled, ratio.numerator, ratio.denominator, padtype="line")
    first = round(pad_n / rate_hz * RATE_HZ)
    uv = np.resize(resampled[first : first + EPOCH_N], EPOCH_N)
    return EpochSignal(uv, why or _why_in_band(uv, role))


def _on_grid(times_s: Floats, values: Floats, rate_hz: float, start_s: float, n: int) -> Floats:
    """Place samples by continuous segments: within one they follow each other at the rate."""
    grid = np.full(n, np.nan)
    if not len(times_s):
        return grid
    breaks = np.flatnonzero(np.abs(np.diff(times_s) - 1 / rate_hz) >= _GAP_S) + 1
    for times, part in zip(np.split(times_s, breaks), np.split(values, breaks), strict=True):
        begin_s = float(np.median(times - np.arange(len(times)) / rate_hz))
        at = round((begin_s - start_s) * rate_hz) + np.arange(len(part))
        fits = (at >= 0) & (at < n)
        grid[at[fits]] = part[fits]
    return grid


def _why_raw(epoch: Floats, rate_hz: float, role: Role) -> str:
    seconds = _seconds(epoch, round(rate_hz))
    low_high = np.nanmax(seconds, axis=1) - np.nanmin(seconds, axis=1)
    if np.mean(low_high < (_FLAT_CHIN_UV if role == "chin" else _FLAT_UV)) >= _MOST_FLAT:
        return "flat"
    if _share_at_rail(epoch) > _MOST_SATURATED:
        return "saturated"
    return ""


def _why_in_band(uv: Floats, role: Role) -> str:
    """Judge what is left in the band that stages are read in: mains alone leaves nothing there."""
    band = _seconds(sosfiltfilt(_BAND, uv - uv.mean()), RATE_HZ)
    low_high = band.max(axis=1) - band.min(axis=1)
    if role != "chin" and np.mean(low_high < _FLAT_IN_BAND_UV) >= _MOST_FLAT:
        return "flat"
    return "off scale" if np.mean(low_high > _HUGE_UV) >= _MOST_HUGE else ""


def _seconds(epoch: Floats, rate_n: int) -> Floats:
    rows: Floats = epoch[: len(epoch) // rate_n * rate_n].reshape(-1, rate_n)
    # Seconds without samples are not judged.
    return rows[np.isfinite(rows).any(axis=1)]


def _share_at_rail(epoch: Floats) -> float:
    """Return the share of samples in runs that stay at the largest or smallest value."""
    n_at_rail = 0
    for rail in (np.nanmin(epoch), np.nanmax(epoch)):
        edges = np.diff(np.concatenate(([0], (epoch == rail).astype(np.int8), [0])))
        lengths = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
        n_at_rail += int(lengths[lengths >= _RAIL_RUN_N].sum())
    return n_at_rail / len(epoch)
