"""Families of nights for the tests of uncertainty: when movements occur, in hours of sleep.

Bouts begin as a Poisson process whose rate follows the family; a bout has a geometric number of movements
with log-normal intervals. Nothing here is fitted to patients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
LEAST_S, MOST_S = 10.0, 89.0


@dataclass(frozen=True)
class Family:
    """Hold how bouts come: their rate (per hour) as a function of the hour, and their mean size."""

    rate: Callable[[Floats, np.random.Generator], Floats]
    size: float


def bout(rng: np.random.Generator, size: float, period_s: float = 25.0, spread: float = 0.25) -> Floats:
    """Return the onsets (s from the first) of one bout of at least four movements."""
    n = 3 + rng.geometric(1 / max(size - 3, 1.0))
    steps = np.clip(period_s * np.exp(spread * rng.standard_normal(n - 1)), LEAST_S, MOST_S)
    return np.concatenate(([0.0], np.cumsum(steps)))


def night(rng: np.random.Generator, hours: float, family: Family, level: float = 1.0) -> Floats:
    """Return the onsets of movements in one night (h), ascending.

    Parameters
    ----------
    hours : float
        Length of the night.
    level : float
        Factor of the rate of this night.
    """
    grid = np.linspace(0, hours, 481)
    rates = np.maximum(level * family.rate(grid, rng), 0.0)
    highest = max(float(rates.max()), 1e-9)
    starts = np.sort(rng.uniform(0, hours, rng.poisson(highest * hours)))
    starts = starts[rng.uniform(0, highest, starts.size) < np.interp(starts, grid, rates)]
    if family.size <= 1:
        return starts
    found, free = [np.zeros(0)], 0.0
    for start in starts.tolist():
        at = max(start, free) + bout(rng, family.size) / 3600
        found.append(at[at < hours])
        free = float(at[-1]) + 100 / 3600
    return np.concatenate(found)


def _flat(hour: Floats, rng: np.random.Generator) -> Floats:
    return np.full(hour.shape, 1.5)


STATIONARY = {
    "Poisson": Family(lambda hour, rng: np.full(hour.shape, 20.0), 1),
    "flat": Family(_flat, 12),
    "short bouts": Family(lambda hour, rng: np.full(hour.shape, 3.0), 8),
    "declining": Family(lambda hour, rng: 3.0 * np.exp(-0.25 * hour), 10),
    "bursty": Family(lambda hour, rng: np.full(hour.shape, 0.8), 30),
}
