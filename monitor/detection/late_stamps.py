"""Stamps that are a little late: whether their sender paused for a moment, or signal is missing.

A program that stamps on sending and paused for a tenth of a second sends what waited with stamps that are too
late; the ones after it lie where they always do. After a loss all following stamps are later.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from monitor.detection.stamp_shape import LEAST_LATE_S, SUSPECT_S, Times, line_of

# Stamps are late if they are this much farther from their level than those of the last minutes.
_SHARE, _DECAY = 1.5, 0.99
# Stamps of chunks of more than a quarter of a second do not show small losses.
_UNCLEAR_S = 0.2
# For so long after what is late it is looked where the stamps go on.
_BEHIND_S = 0.1


@dataclass(frozen=True, slots=True)
class Late:
    """What became of late stamps.

    Attributes
    ----------
    n : int
        So many samples are classified.
    line_s : float or None
        Where the line of the stamps goes on (offset, s). None if the stamps returned: samples were late only.
    """

    n: int
    line_s: float | None = None


class LateStamps:
    """Know how far the stamps of one stream usually lie from their level, and look at those that are later.

    Parameters
    ----------
    rate_hz : float
        Nominal rate of the signal.

    Attributes
    ----------
    late_s : float
        Stamps that lie above their level by more are late.
    usual_s : float
        Within this they have returned.
    line_width_s : float
        After a loss, stamps that lie above their new line by more are moved onto it.
    """

    def __init__(self, rate_hz: float) -> None:
        self._dt_s = 1.0 / rate_hz
        self._farthest_s = self._decaying_s = 0.0
        self._is_first = True
        # Of the first second nothing is known.
        self.late_s = self.usual_s = SUSPECT_S
        self.line_width_s = math.inf

    def note(self, highest_s: float, lowest_s: float, level_s: float) -> None:
        """Note the highest and the lowest offset of samples that passed, and their level (s)."""
        self._farthest_s = max(self._farthest_s, highest_s - level_s, level_s - lowest_s)

    def end_second(self, off_s: Times, level_s: float) -> None:
        """End a second of samples: the limits are set by what was noted.

        Parameters
        ----------
        off_s : ndarray, shape (n,), float64, s
            Their offsets.
        level_s : float
            The middle of these.
        """
        if self._is_first:
            # Their level was that of a single sample.
            self._is_first, self._farthest_s = False, float(np.abs(off_s - level_s).max())
        self._decaying_s = max(self._farthest_s, _DECAY * self._decaying_s)
        self._farthest_s = 0.0
        late_s = max(_SHARE * self._decaying_s, LEAST_LATE_S, 1.5 * self._dt_s)
        is_clear = late_s <= _UNCLEAR_S
        self.late_s = late_s if is_clear else SUSPECT_S
        self.usual_s = late_s / _SHARE if is_clear else SUSPECT_S
        self.line_width_s = self._dt_s if is_clear else math.inf

    def judge(self, off_s: Times, level_s: float) -> Late | None:
        """Classify samples of which the first is late.

        Parameters
        ----------
        off_s : ndarray, shape (n,), float64, s
            Stamps less count.
        level_s : float
            Offset of the stamps before these.

        Returns
        -------
        Late or None
            None if more samples are needed, ``n`` is 0 if this is something else.
        """
        n = math.ceil((float(off_s[0]) - level_s + _BEHIND_S) / self._dt_s)
        above_s = off_s[:n] - level_s
        decided = np.flatnonzero((above_s <= self.usual_s) | (above_s > SUSPECT_S))
        if len(decided):
            first = int(decided[0])
            return Late(first if -SUSPECT_S <= above_s[first] <= self.usual_s else 0)
        if len(off_s) < n:
            return None
        line_s = line_of(off_s[n // 2 : n], self._dt_s, self.late_s)
        return Late(0) if line_s is None else Late(n, line_s)
