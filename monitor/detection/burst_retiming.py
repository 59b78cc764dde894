"""Retime the burst of samples that a source sends after it was frozen.

A program that stamps samples on sending and was frozen for a while sends the samples that its amplifier
buffered all at once, stamped "now": thousands of samples within some milliseconds, after a gap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.detection.aligned_chunk import AlignedChunk, Times, steps_of
from monitor.detection.stamp_shape import FROZEN_S

_JUDGED_S = 0.25
_PACE = 0.5
_LONGEST_S = 600.0


class BurstRetiming:
    """Follow the times of one stream and correct those that cannot be.

    Parameters
    ----------
    rate_hz : float
        Nominal rate of the signal.

    Notes
    -----
    After a gap of half a second or more, a quarter of a second of samples is held until it is known whether
    they arrive at the stream's pace. Everything depends on samples and times alone, not on how they were cut
    into chunks, so that a file gives the result of the live recording.
    """

    def __init__(self, rate_hz: float) -> None:
        self._dt_s = 1.0 / rate_hz
        self._judged_n = max(8, round(_JUDGED_S * rate_hz))
        self._longest_n = round(_LONGEST_S * rate_hz)
        self._last_s = float("nan")
        self._held: list[tuple[npt.NDArray[Any], Times]] = []

    @property
    def is_holding(self) -> bool:
        """Whether samples wait here."""
        return bool(self._held)

    def take(self, values: npt.NDArray[Any], times_s: Times) -> list[AlignedChunk]:
        """Take samples, shape (n, n_channels), and their times (s); return those that are in their places."""
        if not self._held:
            if len(times_s) and times_s.max() - min(self._last_s, times_s.min()) < FROZEN_S:
                # No step is longer than all together. False for what is not a number.
                self._last_s = float(times_s[-1])
                return [AlignedChunk(values, times_s)]
            if not self._jumps(times_s).size:
                self._note(times_s)
                return [AlignedChunk(values, times_s)]
        else:
            self._held.append((values, times_s))
            if sum(len(t) for _, t in self._held) <= self._judged_n:
                return []
            values = np.concatenate([v for v, _ in self._held])
            times_s = np.concatenate([t for _, t in self._held])
            self._held = []
        return self._sort(values, times_s)

    def flush(self) -> list[AlignedChunk]:
        """Return what is still held: nothing follows any more."""
        held, self._held = self._held, []
        self._last_s = float("nan")
        return [AlignedChunk(values, times_s) for values, times_s in held]

    def _sort(self, values: npt.NDArray[Any], times_s: Times) -> list[AlignedChunk]:
        out: list[AlignedChunk] = []
        jumps, at, n = self._jumps(times_s), 0, len(times_s)
        while at < n:
            following = jumps[jumps >= at]
            jump = int(following[0]) if len(following) else n
            if jump > at:
                out.append(AlignedChunk(values[at:jump], times_s[at:jump]))
                self._note(times_s[at:jump])
                at = jump
                continue
            end = self._pace_returns(times_s[at:])
            if end is None:
                self._held = [(values[at:], times_s[at:])]
                break
            if end > 0:
                out.append(AlignedChunk(values[at : at + end], self._retimed(times_s[at:], end), moved=True))
                self._note(out[-1].times_s)
            else:
                end = 1
                out.append(AlignedChunk(values[at : at + 1], times_s[at : at + 1]))
                self._note(times_s[at : at + 1])
            at += end
            jumps = jumps[jumps > at] if end > 1 else jumps[jumps >= at]
        return out

    def _pace_returns(self, times_s: Times) -> int | None:
        """Return from which sample on the stream goes at its own pace; None if that is not known yet."""
        m = self._judged_n
        if len(times_s) <= m:
            return None
        enough_s = _PACE * m * self._dt_s
        # Usually it does at once: an ordinary gap.
        if not times_s[m] - times_s[0] < enough_s:
            return 0
        calm = np.flatnonzero(~(times_s[m:] - times_s[:-m] < enough_s))
        if len(calm):
            first = int(calm[0])
            # While it catches up the stamps lag the count; at their lowest point it has caught up.
            behind_s = times_s[first : first + m + 1] - self._dt_s * np.arange(m + 1)
            return first + int(np.nanargmin(behind_s)) if np.isfinite(behind_s).any() else first
        return len(times_s) - 1 if len(times_s) > self._longest_n else None

    def _retimed(self, times_s: Times, end: int) -> Times:
        """Place `end` samples one step apart before the next one; closer if the gap is shorter."""
        until_s = float(times_s[end])
        if not np.isfinite(until_s):
            return times_s[:end]
        step_s = min(self._dt_s, (until_s - self._last_s) / (end + 1))
        placed: Times = until_s - step_s * np.arange(end, 0, -1, dtype=np.float64)
        return placed

    def _jumps(self, times_s: Times) -> npt.NDArray[np.intp]:
        return np.flatnonzero(steps_of(times_s, self._last_s) >= FROZEN_S)

    def _note(self, times_s: Times) -> None:
        finite = times_s[np.isfinite(times_s)]
        if len(finite):
            self._last_s = float(finite[-1])
