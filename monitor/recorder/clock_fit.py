"""A source's clock against this machine's: a robust line through measured offsets, and the clock's steps."""

from __future__ import annotations

from collections import deque
from itertools import combinations
from statistics import median

_KEPT_N = 36
_LEAST_N = 12
_LEAST_STEP_S = 0.05
_RTTS = 10.0
_AGREE_S = 0.02
_MOST_DRIFT = 500e-6


class ClockFit:
    """Follow the offset of one source.

    Notes
    -----
    Offsets jitter with the network and single ones are garbage: the line is Theil and Sen's, through the half
    of the last three minutes with the shortest round trips. A step is accepted when two measurements in a row
    agree on it.
    """

    def __init__(self) -> None:
        self._measured: deque[tuple[float, float, float]] = deque(maxlen=_KEPT_N)
        self._strange: tuple[float, float, float] | None = None

    def take(self, at_s: float, offset_s: float, rtt_s: float | None) -> float:
        """Take a measurement; return how far the clock stepped, 0 if it did not.

        Parameters
        ----------
        at_s : float
            This machine's LSL clock when it was taken.
        offset_s : float
        rtt_s : float or None
            Its round-trip time.
        """
        one = (at_s, offset_s, rtt_s or 0.0)
        if not self._measured:
            self._measured.append(one)
            return 0.0
        off_s = offset_s - self.at(at_s)
        if abs(off_s) <= max(_LEAST_STEP_S, _RTTS * one[2]):
            self._measured.append(one)
            self._strange = None
            return 0.0
        strange, self._strange = self._strange, one
        if strange is None or abs(strange[1] - offset_s) > max(_AGREE_S, one[2] + strange[2]):
            return 0.0
        self._measured.clear()
        self._measured += [strange, one]
        self._strange = None
        return off_s

    def at(self, now_s: float) -> float:
        """Return the offset now (s).

        Raises
        ------
        ValueError
            Before the first measurement.
        """
        if not self._measured:
            raise ValueError("no offset was measured yet")
        best = sorted(self._measured, key=lambda one: one[2])[: max(1, (len(self._measured) + 1) // 2)]
        if len(best) < _LEAST_N // 2:
            return best[0][1]
        slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(sorted(best), 2) if b[0] > a[0]]
        slope = min(max(median(slopes), -_MOST_DRIFT), _MOST_DRIFT) if slopes else 0.0
        return median(offset - slope * at for at, offset, _ in best) + slope * now_s
