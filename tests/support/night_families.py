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
    n = 3 + int(rng.geometric(1 / max(size - 3, 1.0)))
    steps = period_s * np.exp(spread * rng.standard_normal(4 * n))
    steps = steps[(steps >= LEAST_S) & (steps <= MOST_S)][: n - 1]
    return np.concatenate(([0.0], np.cumsum(steps)))


def bouts_in_a_row(
    rng: np.random.Generator, n: int, size: float, period_s: float, spread: float
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return the onsets (s) of at least ``n`` movements in bouts, and the bout of each."""
    found, of_bout, free = [], [], 0.0
    while sum(map(len, found)) < n:
        at = free + bout(rng, size, period_s, spread)
        of_bout.append(np.full(at.size, len(found)))
        found.append(at)
        free = float(at[-1]) + 95.0 + rng.exponential(600.0)
    return np.concatenate(found), np.concatenate(of_bout)


def detected(rng: np.random.Generator, n: int, share: float, in_a_row: float) -> npt.NDArray[np.bool_]:
    """Return which of ``n`` movements are found if a share is missed, in runs of a mean length.

    Parameters
    ----------
    in_a_row : float
        Mean number of misses in a row; 0 for independent misses.
    """
    if not in_a_row or not share:
        return rng.uniform(size=n) >= share
    stay = 1 - 1 / in_a_row
    start = share * (1 - stay) / (1 - share)
    found, is_found = np.empty(n, np.bool_), True
    for i, u in enumerate(rng.uniform(size=n).tolist()):
        is_found = u >= (start if is_found else stay)
        found[i] = is_found
    return found


def missed_inside(found: npt.NDArray[np.bool_], of_bout: npt.NDArray[np.int64]) -> float:
    """Return the share that was missed between the first and the last found movement of each bout."""
    missed = total = 0
    for number in np.unique(of_bout).tolist():
        places = np.flatnonzero(found & (of_bout == number))
        if places.size > 1:
            total += int(places[-1] - places[0])
            missed += int(places[-1] - places[0]) - (places.size - 1)
    return missed / max(total, 1)


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


def _split(hour: Floats, rng: np.random.Generator) -> Floats:
    """Treatment begins at 2.5 to 4.5 h and leaves 10 to 60 % of the bouts."""
    begins, left = rng.uniform(2.5, 4.5), rng.uniform(0.1, 0.6)
    return np.where(hour < begins, 1.5, 1.5 * left)


# Chosen on these.
CHOSEN_ON = {
    "Poisson": Family(lambda hour, rng: np.full(hour.shape, 14.0), 1),
    "flat": Family(lambda hour, rng: np.full(hour.shape, 1.2), 12),
    "bursty": Family(lambda hour, rng: np.full(hour.shape, 0.5), 30),
    "declining": Family(lambda hour, rng: 2.4 * np.exp(-0.25 * hour), 12),
    "late": Family(lambda hour, rng: 0.5 + 0.2 * hour, 12),
    "split": Family(_split, 12),
}
# Held: with other rates, sizes and slopes than those above, and looked at once.
HELD = {
    "Poisson": Family(lambda hour, rng: np.full(hour.shape, 20.0), 1),
    "flat": Family(lambda hour, rng: np.full(hour.shape, 2.0), 9),
    "bursty": Family(lambda hour, rng: np.full(hour.shape, 0.7), 25),
    "declining": Family(lambda hour, rng: 3.0 * np.exp(-0.2 * hour), 10),
    "late": Family(lambda hour, rng: 0.4 + 0.25 * hour, 15),
    "split": Family(lambda hour, rng: 1.3 * _split(hour, rng), 10),
}


@dataclass(frozen=True)
class SleepNight:
    """Hold one recording of 8 h: movements in hours of sleep, and the share of the time asleep."""

    at_h: Floats
    asleep: float


def sleep_night(rng: np.random.Generator, family: Family) -> SleepNight:
    """Return a night with a level and a share of sleep of its own."""
    asleep = rng.uniform(0.75, 0.95)
    return SleepNight(night(rng, 8 * asleep, family, np.exp(0.6 * rng.standard_normal())), asleep)
