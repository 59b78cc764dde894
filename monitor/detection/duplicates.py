"""Leave out what a source sends a second time: samples with the stamps and the values of earlier ones.

A program that lost its amplifier for a moment may send again what it had sent already, stamps and all. Taken
as new they would be false movements after an apparent clock step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.detection.aligned_chunk import Duplicate, Times, steps_of

# How far back duplicates are searched.
REMEMBERED_S = 120.0
# Equal stamps are placed at equal times: one sum and one product. Jittered stamps come closer than a
# microsecond once in some hundred recordings.
_EQUAL_S = 1e-8
# A flat signal repeats itself with every sample: runs of constant samples are not compared.
_ALIVE_N = 8


class Duplicates:
    """Follow the samples of one stream and know those that came before.

    Parameters
    ----------
    rate_hz : float
        Nominal rate of the signal.
    columns : sequence of int
        The channels that are compared.

    Notes
    -----
    A repeat begins where the stamps step back onto an earlier one, exactly, with the same
    values; it ends with the first sample for which that no longer holds. Stamps that overlap by jitter meet
    neither condition. Everything depends on samples and times alone, not on how they were cut into chunks.
    """

    def __init__(self, rate_hz: float, columns: list[int]) -> None:
        self._columns = columns
        self._most_n = max(1, round(REMEMBERED_S * rate_hz))
        self._times_s = np.empty(self._most_n + max(1, self._most_n // 16))
        self._values: npt.NDArray[Any] | None = None
        self.forget()

    def forget(self) -> None:
        """Start after a break: the stamps may belong to another clock."""
        self._n, self._last_s = 0, float("nan")
        # Where in what is remembered the next sample of a repeat is, how many of it there were, from when on.
        self._at: int | None = None
        self._repeated_n, self._start_s = 0, 0.0

    @property
    def is_duplicating(self) -> bool:
        """Whether the latest sample came before."""
        return self._at is not None

    def take(
        self, values: npt.NDArray[Any], times_s: Times
    ) -> Iterator[tuple[npt.NDArray[Any], Times] | Duplicate]:
        """Take samples, shape (n, n_channels), and their times (s).

        Yields
        ------
        (values, times_s) or Repeat
            In order: what is new, and what was left out, once it has ended.
        """
        n = len(times_s)
        seen = values if self._columns == list(range(values.shape[1])) else values[:, self._columns]
        steps_s = steps_of(times_s, self._last_s)
        if not n:
            return
        if self._at is None and steps_s.min() >= 0:
            # Nearly always; false for what is not a number.
            self._remember(seen, times_s)
            self._note(times_s)
            yield values, times_s
            return
        is_back = steps_s < 0
        begin = at = 0
        while at < n:
            if self._at is None and is_back[at]:
                self._at = self._found(seen[at], float(times_s[at]))
                if self._at is not None and at > begin:
                    yield values[begin:at], times_s[begin:at]
            if self._at is not None:
                begin = at = at + self._follow(seen[at:], times_s[at:])
                if at < n and (repeat := self.end()) is not None:
                    yield repeat
                    # It may continue elsewhere.
                    is_back[at] = True
                continue
            later = np.flatnonzero(is_back[at + 1 :])
            stop = at + 1 + int(later[0]) if len(later) else n
            self._remember(seen[at:stop], times_s[at:stop])
            at = stop
        if n > begin:
            yield values[begin:], times_s[begin:]
        self._note(times_s)

    def end(self) -> Duplicate | None:
        """End the repeat that is under way and return it."""
        if self._at is None:
            return None
        repeat = Duplicate(self._repeated_n, self._start_s, float(self._times_s[self._at - 1]))
        self._at, self._repeated_n = None, 0
        return repeat

    def _found(self, row: npt.NDArray[Any], time_s: float) -> int | None:
        """Return where a sample was before, if it was and something moved there."""
        if self._values is None:
            return None
        # What is still there of older samples depends on how they were cut into chunks.
        first = max(0, self._n - self._most_n)
        near = np.abs(self._times_s[first : self._n] - time_s) < _EQUAL_S
        for at in (first + np.flatnonzero(near)[::-1]).tolist():
            around = self._values[max(first, at - _ALIVE_N) : min(self._n, at + _ALIVE_N)]
            if _equal(self._values[at], row).all() and not _equal(around, row).all():
                self._start_s = time_s
                return int(at)
        return None

    def _follow(self, seen: npt.NDArray[Any], times_s: Times) -> int:
        """Return how many samples continue the repeat."""
        if self._at is None or self._values is None:
            return 0
        n = min(len(times_s), self._n - self._at)
        before = slice(self._at, self._at + n)
        same = np.abs(times_s[:n] - self._times_s[before]) < _EQUAL_S
        same &= _equal(seen[:n], self._values[before]).all(axis=1)
        follows_n = n if same.all() else int(np.argmin(same))
        self._at += follows_n
        self._repeated_n += follows_n
        return follows_n

    def _note(self, times_s: Times) -> None:
        if math.isfinite(last_s := float(times_s[-1])):
            self._last_s = last_s
        elif len(finite := times_s[np.isfinite(times_s)]):
            self._last_s = float(finite[-1])

    def _remember(self, seen: npt.NDArray[Any], times_s: Times) -> None:
        if self._values is None:
            self._values = np.empty((len(self._times_s), seen.shape[1]), seen.dtype)
        seen, times_s = seen[-self._most_n :], times_s[-self._most_n :]
        if self._n + len(times_s) > len(self._times_s):
            kept_n = self._most_n - len(times_s)
            kept = slice(self._n - kept_n, self._n)
            self._times_s[:kept_n] = self._times_s[kept]
            self._values[:kept_n] = self._values[kept]
            self._n = kept_n
        new = slice(self._n, self._n + len(times_s))
        self._times_s[new], self._values[new] = times_s, seen
        self._n = new.stop


def _equal(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Compare, and take what is missing in both for equal."""
    equal: npt.NDArray[np.bool_] = (a == b) | ((a != a) & (b != b))  # noqa: PLR0124 - only NaN differs from itself
    return equal
