"""Put the samples of one stream in their places before they are detected in."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.detection.counted import Counted
from monitor.detection.placed import Placed, Repeat, Times
from monitor.detection.repeats import Repeats
from monitor.detection.thaw import Thaw


class Placement:
    """Leave out what came before, put back what was stamped too late, step over what a counter misses.

    Parameters
    ----------
    rate_hz : float
        Nominal rate of the signal.
    columns : list of int
        The channels whose values are looked at.
    counter : int or None
        The column that counts the samples.
    """

    def __init__(self, rate_hz: float, columns: list[int], counter: int | None) -> None:
        self._repeats = Repeats(rate_hz, columns)
        self._thaw = Thaw(rate_hz)
        self._counted = Counted(rate_hz, counter)
        self._nothing = (np.empty((0, 0)), np.empty(0))

    @property
    def is_holding(self) -> bool:
        """Whether samples behind a hole wait until it is plain where they belong."""
        return self._thaw.is_holding or self._counted.is_holding

    @property
    def is_repeating(self) -> bool:
        """Whether the latest sample came before."""
        return self._repeats.is_repeating

    @property
    def shift_s(self) -> float:
        """What is added to the times since the stamps left out losses (s)."""
        return self._counted.shift_s

    def start(self) -> None:
        """Begin behind a break."""
        self._repeats.forget()
        self._counted.start()

    def take(self, values: npt.NDArray[Any], times_s: Times) -> list[Placed]:
        """Take samples, shape (n, n_channels), and their times (s); return those that are in their places."""
        placed: list[Placed] = []
        self._nothing = (values[:0], times_s[:0])
        for part in self._repeats.take(values, times_s):
            if isinstance(part, Repeat):
                placed.append(Placed(*self._nothing, repeat=part))
            else:
                placed += self._followed(self._thaw.take(*part))
        return placed

    def flush(self) -> list[Placed]:
        """Return what is still held: nothing follows any more."""
        held, repeat = [*self._followed(self._thaw.flush()), *self._counted.flush()], self._repeats.end()
        return held if repeat is None else [*held, Placed(*self._nothing, repeat=repeat)]

    def _followed(self, thawed: list[Placed]) -> list[Placed]:
        return [each for placed in thawed for each in self._counted.take(placed)]
