"""The shape of a simulated muscle burst, and the threshold crossings of its true envelope."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Leg = Literal["left", "right"]

# The rule of the truth table: rest + 8 uV begins a movement, rest + 2 uV ends it, on the RMS envelope.
ONSET_ABOVE_REST_UV = 8.0
OFFSET_ABOVE_REST_UV = 2.0


@dataclass(frozen=True)
class Burst:
    """One burst of one leg, defined by its true onset and duration.

    Attributes
    ----------
    leg : {"left", "right"}
        The leg.
    onset_s, duration_s : float
        Time between the crossings of the true RMS envelope ``sqrt(rest**2 + burst**2)`` through rest + 8 uV
        (upwards) and rest + 2 uV (downwards); seconds from the recording's first sample.
    peak_uv : float
        RMS amplitude of the burst alone on its plateau.
    rest_uv, end_rest_uv : float
        RMS amplitude of the leg at rest, at the onset and at the end.
    rise_s, fall_s : float
        Lengths of the raised-cosine flanks.
    tremor_hz : float
        Frequency of complete amplitude modulation; 0 for none. The amplitude is full at onset and end, a
        whole number of periods apart, so that both are unchanged.
    """

    leg: Leg
    onset_s: float
    duration_s: float
    peak_uv: float
    rest_uv: float
    end_rest_uv: float
    rise_s: float
    fall_s: float
    tremor_hz: float = 0.0

    def __post_init__(self) -> None:
        if (
            self.peak_uv <= amplitude_above(ONSET_ABOVE_REST_UV, self.rest_uv)
            or self.plateau_s[0] > self.plateau_s[1]
        ):
            raise ValueError(f"the burst is too small or too short to cross the thresholds: {self}")

    @property
    def plateau_s(self) -> tuple[float, float]:
        """Start and end of the plateau between the flanks."""
        return self.start_s + self.rise_s, self.stop_s - self.fall_s

    @cached_property
    def start_s(self) -> float:
        """Time at which the rise begins."""
        share = 2 * amplitude_above(ONSET_ABOVE_REST_UV, self.rest_uv) / self.peak_uv
        return self.onset_s - self.rise_s / math.pi * math.acos(1 - share)

    @cached_property
    def stop_s(self) -> float:
        """Time at which the fall ends."""
        share = 2 * amplitude_above(OFFSET_ABOVE_REST_UV, self.end_rest_uv) / self.peak_uv
        return self.onset_s + self.duration_s + self.fall_s / math.pi * math.acos(1 - share)


def burst_amplitude(burst: Burst, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the RMS amplitude of the burst alone.

    Parameters
    ----------
    burst : Burst
        The burst.
    time_s : ndarray, shape (n_samples,), float64
        Seconds from the recording's first sample.

    Returns
    -------
    ndarray, shape (n_samples,), float64, uV
        Zero outside the burst.
    """
    rising = np.clip((time_s - burst.start_s) / burst.rise_s, 0.0, 1.0)
    falling = np.clip((burst.stop_s - time_s) / burst.fall_s, 0.0, 1.0)
    flanks: NDArray[np.float64] = (1 - np.cos(np.pi * rising)) * (1 - np.cos(np.pi * falling)) / 4
    if burst.tremor_hz:
        flanks *= np.cos(np.pi * burst.tremor_hz * (time_s - burst.onset_s)) ** 2
    return burst.peak_uv * flanks


def amplitude_above(above_rest_uv: float, rest_uv: float) -> float:
    """Return the burst amplitude at which the envelope is this far above rest."""
    return math.sqrt((rest_uv + above_rest_uv) ** 2 - rest_uv**2)
