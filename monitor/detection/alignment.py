"""Place the samples of one stream on the timeline before detection."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.detection.aligned_chunk import AlignedChunk, Duplicate, Times
from monitor.detection.burst_retiming import BurstRetiming
from monitor.detection.duplicates import Duplicates
from monitor.detection.sample_counter import CounterLosses
from monitor.detection.stamp_check import StampChange, StampCheck


class Alignment:
    """Place samples on the timeline.

    Unusable stamps are replaced by the count, duplicates are discarded, samples stamped too late are moved
    back, and samples that a counter misses are skipped.

    Parameters
    ----------
    rate_hz : float
        Nominal rate of the signal.
    columns : list of int
        The channels whose values are compared.
    counter : int or None
        The column that counts the samples.
    """

    def __init__(self, rate_hz: float, columns: list[int], counter: int | None) -> None:
        self._columns, self._counter = columns, counter
        self._check = StampCheck(rate_hz, may_change_rate=counter is None)
        self._set_rate(rate_hz)
        self._nothing = (np.empty((0, 0)), np.empty(0))

    def _set_rate(self, rate_hz: float) -> None:
        self._duplicates = Duplicates(rate_hz, self._columns)
        self._retiming = BurstRetiming(rate_hz)
        self._counter_losses = CounterLosses(rate_hz, self._counter)

    @property
    def is_counting(self) -> bool:
        """Whether samples are placed by count because their stamps are unusable."""
        return self._check.is_counting

    @property
    def is_in_doubt(self) -> bool:
        """Whether the latest stamps are not yet classified."""
        return self._check.is_holding

    @property
    def is_holding(self) -> bool:
        """Whether samples after a gap are held until they can be placed."""
        return self._check.is_holding or self._retiming.is_holding or self._counter_losses.is_holding

    @property
    def is_passing(self) -> bool:
        """Whether samples pass as they come: none is held, counted or discarded."""
        return not (self._check.is_counting or self.is_holding or self._duplicates.is_duplicating)

    @property
    def is_duplicating(self) -> bool:
        """Whether the latest sample is a duplicate."""
        return self._duplicates.is_duplicating

    @property
    def shift_s(self) -> float:
        """What is added to the times because the stamps do not show losses (s)."""
        return self._check.shift_s + self._counter_losses.shift_s

    def start(self, start_s: float) -> None:
        """Start after a break, with a sample at `start_s`."""
        self._check.start(start_s)
        self._duplicates.forget()
        self._counter_losses.start()

    def take(self, values: npt.NDArray[Any], times_s: Times) -> list[AlignedChunk]:
        """Take samples, shape (n, n_channels), and their times (s); return those that are placed."""
        placed: list[AlignedChunk] = []
        self._nothing = (values[:0], times_s[:0])
        for checked in self._check.take(values, times_s):
            placed += self._changed(checked) if isinstance(checked, StampChange) else self._sorted(*checked)
        return placed

    def _changed(self, change: StampChange) -> list[AlignedChunk]:
        """Handle a change of the stamps; at another rate samples are not compared with earlier ones."""
        before: list[AlignedChunk] = []
        if change.kind == "rate":
            before = self._rest()
            self._set_rate(change.rate_hz)
        return [*before, AlignedChunk(*self._nothing, change=change)]

    def _sorted(self, values: npt.NDArray[Any], times_s: Times) -> list[AlignedChunk]:
        placed: list[AlignedChunk] = []
        for part in self._duplicates.take(values, times_s):
            if isinstance(part, Duplicate):
                placed.append(AlignedChunk(*self._nothing, repeat=part))
            else:
                placed += self._followed(self._retiming.take(*part))
        return placed

    def flush(self) -> list[AlignedChunk]:
        """Return the samples still held: no more follow."""
        checked = [each for held in self._check.flush() for each in self._sorted(*held)]
        return checked + self._rest()

    def _rest(self) -> list[AlignedChunk]:
        held, repeat = (
            [*self._followed(self._retiming.flush()), *self._counter_losses.flush()],
            self._duplicates.end(),
        )
        return held if repeat is None else [*held, AlignedChunk(*self._nothing, repeat=repeat)]

    def _followed(self, retimed: list[AlignedChunk]) -> list[AlignedChunk]:
        return [each for placed in retimed for each in self._counter_losses.take(placed)]
