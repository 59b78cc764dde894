"""Constants of the envelope derived from the filter: delay, noise gain, bias of dropped blocks."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from dsp.records import Floats
from dsp.sections import are_notches, filtered
from dsp.settings import DetectorSettings


@dataclass(frozen=True)
class Calibration:
    """Corrections of the envelope.

    Parameters
    ----------
    delay_s : float
        Energy-weighted group delay of the filter.
    notch_share : float
        Share of the power of the band (white noise) that the notches remove.
    white_gain : float
        Share of the power of white noise that the whole filter passes.
    trim_gain : float
        Mean power of the remaining sub-blocks of Gaussian noise, as a share of its true power.
    percentile_gain : float
        True RMS over the resting percentile of the envelope.
    """

    delay_s: float
    notch_share: float
    white_gain: float
    trim_gain: float
    percentile_gain: float


def impulse_response(sos: Floats, n: int) -> Floats:
    """Return the first `n` samples of the cascade's impulse response."""
    x = np.zeros(n)
    x[0] = 1.0
    return filtered(sos, x)


def block_freedom(response: Floats, block_n: int) -> float:
    """Return the degrees of freedom of the mean square of `block_n` samples of filtered white noise."""
    n = response.size
    power = np.abs(np.fft.rfft(response, 2 * n)) ** 2
    correlation = np.fft.irfft(power)[:block_n]
    correlation = correlation / correlation[0]
    lags = np.arange(1, correlation.size)
    weights = 2.0 * (block_n - lags)
    return float(block_n**2 / (block_n + np.sum(weights * correlation[1:] ** 2)))


def lowest_mean(freedom: float, blocks_n: int, dropped_n: int) -> tuple[float, float]:
    """Return mean and variance-like spread of the mean of the lowest of `blocks_n` chi-square mean squares.

    Parameters
    ----------
    freedom : float
        Degrees of freedom of one block.
    blocks_n, dropped_n : int
        Number of blocks, and number of the largest that are dropped.

    Returns
    -------
    mean, spread : float
        Of that mean, for a true power of 1; by quadrature over the order statistics, the spread assuming
        independent blocks.
    """
    shape = freedom / 2.0
    grid = np.linspace(1e-6, 1.0 + 12.0 / np.sqrt(shape), 4_001)
    density = np.exp((shape - 1.0) * np.log(grid) - shape * (grid - 1.0))
    density /= density.sum()
    below = np.cumsum(density)
    # The mean of the k-th smallest of n: integral of x with the beta density of its rank.
    total = 0.0
    for rank in range(1, blocks_n - dropped_n + 1):
        weight = below ** (rank - 1) * (1.0 - below) ** (blocks_n - rank) * density
        total += float(np.sum(grid * weight) / np.sum(weight))
    mean = total / (blocks_n - dropped_n)
    return mean, float(np.sqrt(1.0 / (shape * (blocks_n - dropped_n))))


def calibrate(settings: DetectorSettings, fs_hz: float, sos: Floats) -> Calibration:
    """Return the corrections for a filter at a sampling rate, for Gaussian noise of a flat spectrum."""
    notches = are_notches(sos)
    n = int(0.5 * fs_hz)
    band = impulse_response(sos[~notches], n)
    full = impulse_response(sos, n)
    energy = full**2
    freedom = block_freedom(full, max(1, round(settings.sub_block_s * fs_hz)))
    trim_gain, spread = lowest_mean(freedom, settings.sub_blocks_n, settings.dropped_n)
    # The percentile of a roughly Gaussian envelope, -0.52 standard deviations at 30 %.
    quantile = NormalDist().inv_cdf(settings.rest_percentile / 100.0)
    return Calibration(
        delay_s=float(np.sum(np.arange(n) * energy) / np.sum(energy) / fs_hz),
        notch_share=float(max(0.0, 1.0 - np.sum(energy) / np.sum(band**2))),
        white_gain=float(np.sum(energy)),
        trim_gain=trim_gain,
        percentile_gain=1.0 / (1.0 + 0.5 * quantile * spread),
    )
