"""Put the samples of one stream in their places before they are detected in."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.detection.counted import Counted
from monitor.detection.placed import Placed, Repeat, Times
from monitor.detection.repeats import Repeats
from monitor.detection.stampcheck import StampChange, StampCheck
from monitor.detection.thaw import Thaw


class Placement:
    """Put samples where they belong.

    Stamps that mean nothing are replaced by the count, what came before is left out, what was stamped too
    late is put back, and what a counter misses is stepped over.

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
        self._columns, self._counter = columns, counter
        self._check = StampCheck(rate_hz, may_change_rate=counter is None)
        self._set_rate(rate_hz)
        self._nothing = (np.empty((0, 0)), np.empty(0))

    def _set_rate(self, rate_hz: float) -> None:
        self._repeats = Repeats(rate_hz, self._columns)
        self._thaw = Thaw(rate_hz)
        self._counted = Counted(rate_hz, self._counter)

    @property
    def is_counting(self) -> bool:
        """Whether samples are placed by count because their stamps mean nothing."""
        return self._check.is_counting

    @property
    def is_in_doubt(self) -> bool:
        """Whether it is not known yet what the latest stamps mean."""
        return self._check.is_holding

    @property
    def is_holding(self) -> bool:
        """Whether samples behind a hole wait until it is plain where they belong."""
        return self._check.is_holding or self._thaw.is_holding or self._counted.is_holding

    @property
    def is_repeating(self) -> bool:
        """Whether the latest sample came before."""
        return self._repeats.is_repeating

    @property
    def shift_s(self) -> float:
        """What is added to the times since the stamps left out losses (s)."""
        return self._check.shift_s + self._counted.shift_s

    def start(self, start_s: float) -> None:
        """Begin behind a break, with a sample at `start_s`."""
        self._check.start(start_s)
        self._repeats.forget()
        self._counted.start()

    def take(self, values: npt.NDArray[Any], times_s: Times) -> list[Placed]:
        """Take samples, shape (n, n_channels), and their times (s); return those that are in their places."""
        placed: list[Placed] = []
        self._nothing = (values[:0], times_s[:0])
        for checked in self._check.take(values, times_s):
            placed += self._changed(checked) if isinstance(checked, StampChange) else self._sorted(*checked)
        return placed

    def _changed(self, change: StampChange) -> list[Placed]:
        """Take note of a change of the stamps; at another rate nothing is compared with what was before."""
        before: list[Placed] = []
        if change.kind == "rate":
            before = self._rest()
            self._set_rate(change.rate_hz)
        return [*before, Placed(*self._nothing, change=change)]

    def _sorted(self, values: npt.NDArray[Any], times_s: Times) -> list[Placed]:
        placed: list[Placed] = []
        for part in self._repeats.take(values, times_s):
            if isinstance(part, Repeat):
                placed.append(Placed(*self._nothing, repeat=part))
            else:
                placed += self._followed(self._thaw.take(*part))
        return placed

    def flush(self) -> list[Placed]:
        """Return what is still held: nothing follows any more."""
        checked = [each for held in self._check.flush() for each in self._sorted(*held)]
        return checked + self._rest()

    def _rest(self) -> list[Placed]:
        held, repeat = [*self._followed(self._thaw.flush()), *self._counted.flush()], self._repeats.end()
        return held if repeat is None else [*held, Placed(*self._nothing, repeat=repeat)]

    def _followed(self, thawed: list[Placed]) -> list[Placed]:
        return [each for placed in thawed for each in self._counted.take(placed)]
