"""Both legs on one electrode: the same signal in both channels, which would be scored as two legs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

COMPARED_S = 10.0


class IdenticalLegs:
    """Compare the signals of two legs until they differ, or have been the same for long enough.

    Parameters
    ----------
    rate_hz : float
        Of the stream.
    """

    def __init__(self, rate_hz: float) -> None:
        self._left_n = max(1, round(COMPARED_S * rate_hz))
        self._first: float | None = None

    def look(self, left: npt.NDArray[np.float64], right: npt.NDArray[np.float64]) -> int | None:
        """Take the next samples of both legs; return the place at which they are known to be one signal.

        Parameters
        ----------
        left, right : ndarray, shape (n,), float64, uV
            Missing samples (NaN) do not count, nor does a signal that never changes.

        Returns
        -------
        int or None
            None if it is not known yet, was reported before, or the legs differ.
        """
        if self._left_n == 0:
            return None
        usable = np.isfinite(left) & np.isfinite(right)
        if np.any(left[usable] != right[usable]):
            self._left_n = 0
            return None
        first = left[usable][:1]
        if self._first is None and first.size:
            self._first = float(first[0])
        # Two flat legs prove nothing.
        counted = np.flatnonzero(usable & (left != self._first))
        if counted.size < self._left_n:
            self._left_n -= int(counted.size)
            return None
        place = int(counted[self._left_n - 1])
        self._left_n = 0
        return place
