"""Where on the session's timeline each sample lies.

LSL has no sequence numbers and its stamps jitter, so neither counting samples (20 ppm are 0.58 s in 8 h)
nor believing each stamp will do. A slow loop follows the stamps; a jump of the stamps is missing signal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monitor.detection.stamp_shape import LEAST_LATE_S

MISSING = "samples missing"
CLOCK_STEP = "clock step"
# Second-order loop over blocks of one second, damping 0.7: settles within a minute, forgives jitter.
_PHASE_GAIN = 0.1
_RATE_GAIN = 0.005
_MAX_SLEW_S = 0.05
_STEP_S = 6 * 3600.0
_BACK_S = 2.0
# Jitter that is assumed before it was measured; a second later less.
_FIRST_JITTER_S, _FIRST_DECAY = 0.1, 0.8
# A header's rate may be far off: too far for the loop to get there before its lag looks like missing signal.
# A line is fitted to the first seconds; if it has another rate, that rate is used.
_FIRST_BLOCKS_N = 4
_FAR_OFF, _STRAIGHT = 0.025, 0.25
_JITTER_DECAY = 0.99
# If a counter shows that nothing is missing, a delay may be longer.
_LEAST_LATE_COUNTED_S = 0.1


@dataclass(frozen=True, slots=True)
class Run:
    """Rows [start, stop) of the chunk follow without a break."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Fill:
    """`n` samples are missing, less than half a second: blanked, nothing resets."""

    n: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Gap:
    """Half a second or more is missing: what follows is a new start."""

    start_s: float
    end_s: float
    cause: str


class StampTimeline:
    """Follow the stamps of one stream.

    Parameters
    ----------
    rate_hz : float
        Nominal rate of the signal.
    gap_s : float
        Missing signal of this length or longer is a new start; shorter is blanked.

    Attributes
    ----------
    n : int
        Samples so far, blanked ones included.
    shift_s : float
        What is added to the stamps since their clock stepped.

    Notes
    -----
    Everything that adapts does so on blocks of one second of samples counted from the start, never per
    chunk, so that any chunking of the same samples and stamps gives the same times.
    """

    def __init__(self, rate_hz: float, gap_s: float = 0.5) -> None:
        self._nominal_dt_s = 1.0 / rate_hz
        self._gap_s = gap_s
        self._block_n = max(1, round(rate_hz))
        self._residual_s = np.zeros(self._block_n)
        self.n = 0
        self._ref_n, self._ref_s, self._dt_s = 0, 0.0, self._nominal_dt_s
        self.shift_s = 0.0
        self._jitter_s, self._assumed_jitter_s = 0.0, _FIRST_JITTER_S
        self._started = False
        self._line: list[float] | None = []

    def time_of(self, index: float) -> float:
        """Place a sample (index, fractional allowed) of the current run on the timeline, in seconds."""
        return self._ref_s + (index - self._ref_n) * self._dt_s

    @property
    def now_s(self) -> float:
        """Where the next sample is expected, in seconds."""
        return self.time_of(self.n)

    @property
    def rate_hz(self) -> float:
        """The rate as measured so far, in samples per second of signal."""
        return 1.0 / self._dt_s

    @property
    def is_full_second(self) -> bool:
        """Whether the last sample completed a second of them."""
        return self.n % self._block_n == 0

    def restart(self, start_s: float, cause: str) -> Gap | None:
        """Restart at `start_s` after a break; return the gap (None at the very first start)."""
        gap = Gap(self.now_s, max(start_s, self.now_s), cause) if self._started else None
        self._anchor(gap.end_s if gap else start_s)
        self.shift_s = self._ref_s - start_s
        return gap

    def take_over(self, before: StampTimeline, first_s: float) -> None:
        """Go on where another ends because the rate changed.

        Parameters
        ----------
        before : Timeline
        first_s : float
            The stamp of the next sample, not a number where it is not known.
        """
        self.shift_s, now_s = before.shift_s, before.now_s
        self._anchor(max(now_s, first_s + self.shift_s) if np.isfinite(first_s) else now_s)

    def skip(self, n: int) -> Fill | Gap:
        """Skip `n` samples that are missing by count, and return the gap or fill."""
        start_s, end_s = self.now_s, self.time_of(self.n + n)
        if end_s - start_s >= self._gap_s:
            self._anchor(end_s)
            return Gap(start_s, end_s, MISSING)
        self._fill(n)
        return Fill(n, start_s, end_s)

    def follow(
        self,
        times_s: npt.NDArray[np.float64],
        latest_s: float = float("inf"),
        *,
        is_counted: bool = False,
    ) -> Iterator[Run | Fill | Gap]:
        """Cut a chunk into runs without a break, and yield what is missing between them.

        Parameters
        ----------
        times_s : ndarray, shape (n_samples,), float64, s
            The stamps on the session's timeline. Not-finite ones are taken as expected.
        latest_s : float
            The latest possible time, live: a stamp beyond it indicates a clock step, not missing signal.
        is_counted : bool
            A counter shows losses: slightly later stamps alone do not.

        Yields
        ------
        Run, Fill or Gap
            In order. After each `Run` is yielded `n` and `time_of` hold for its last sample: use them before
            asking for the next.
        """
        if not self._started and len(times_s):
            finite = times_s[np.isfinite(times_s)]
            self._anchor(float(finite[0]) if len(finite) else 0.0)
        least_late_s = _LEAST_LATE_COUNTED_S if is_counted else LEAST_LATE_S
        at = 0
        while at < len(times_s):
            room = self._block_n - self.n % self._block_n
            stop = min(len(times_s), at + room)
            residual = self._residuals(times_s[at:stop])
            jump = self._first_jump(residual, least_late_s)
            if jump == 0:
                yield from self._cross(float(residual[0]), is_early=bool(times_s[at] > latest_s))
                continue
            stop = stop if jump is None else at + jump
            taken = residual[: stop - at]
            place = self.n % self._block_n
            self._residual_s[place : place + len(taken)] = taken
            self.n += len(taken)
            yield Run(at, stop)
            if self.n % self._block_n == 0:
                self._adapt()
            at = stop

    def _residuals(self, times_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        first = self.n - self._ref_n
        expected = self._ref_s + np.arange(first, first + len(times_s)) * self._dt_s
        residual = times_s + self.shift_s - expected
        if not math.isfinite(residual.sum()):
            residual[~np.isfinite(residual)] = 0.0
        return residual

    def _first_jump(self, residual: npt.NDArray[np.float64], least_late_s: float) -> int | None:
        late = max(1.5 * self._dt_s, 2.0 * self._jitter_s, 2.0 * self._assumed_jitter_s, least_late_s)
        late = min(late, self._gap_s) if self._line is None else self._gap_s
        if residual.max() <= late and residual.min() >= -_BACK_S:
            # Nearly always.
            return None
        jumps = np.flatnonzero((residual > late) | (residual < -_BACK_S))
        return int(jumps[0]) if len(jumps) else None

    def _cross(self, residual_s: float, *, is_early: bool) -> Iterator[Fill | Gap]:
        """Step over what lies between the expected and the next stamp."""
        start_s = self.now_s
        if residual_s < -_BACK_S or residual_s > _STEP_S or (is_early and residual_s >= self._gap_s):
            yield Gap(start_s, start_s, CLOCK_STEP)
            self.shift_s -= residual_s
        elif residual_s >= self._gap_s:
            # The caller still places earlier samples by the old anchor.
            yield Gap(start_s, start_s + residual_s, MISSING)
            self._anchor(start_s + residual_s)
        else:
            n = max(1, round(residual_s / self._dt_s))
            self._fill(n)
            yield Fill(n, start_s, start_s + n * self._dt_s)

    def _fill(self, n: int) -> None:
        for _ in range(n):
            self._residual_s[self.n % self._block_n] = 0.0
            self.n += 1
            if self.n % self._block_n == 0:
                self._adapt()

    def _anchor(self, start_s: float) -> None:
        self._ref_n, self._ref_s, self._started = self.n, start_s, True
        if self._line is not None:
            self._line = []
        self._residual_s[:] = 0.0

    def _adapt(self) -> None:
        # The middle one itself: `np.median` takes as long as the second's detection.
        half = self._block_n // 2
        middle = float(np.partition(self._residual_s, half)[half])
        spread = float(np.max(np.abs(self._residual_s - middle)))
        self._jitter_s = max(spread, self._jitter_s * _JITTER_DECAY)
        self._assumed_jitter_s *= _FIRST_DECAY
        ref_s = self.now_s + min(max(_PHASE_GAIN * middle, -_MAX_SLEW_S), _MAX_SLEW_S)
        self._dt_s += self._nominal_dt_s * _RATE_GAIN * min(max(middle, -1.0), 1.0)
        if self._line is not None:
            ref_s = self._from_line(middle, ref_s)
        self._ref_n, self._ref_s = self.n, ref_s

    def _from_line(self, middle_s: float, ref_s: float) -> float:
        """Look at the first blocks together; return where the next sample is, by their rate if it differs."""
        line, block_s = self._line or [], self._block_n * self._nominal_dt_s
        # Where the middle of each block lay, and would have lain at the nominal rate.
        line.append(self.time_of(self.n - self._block_n / 2) + middle_s - len(line) * block_s)
        self._line = line
        if len(line) < _FIRST_BLOCKS_N:
            return ref_s
        self._line = None
        off_s = np.diff(line)
        rate_off = float(np.mean(off_s)) / block_s
        if abs(rate_off) < _FAR_OFF or np.ptp(off_s) > _STRAIGHT * abs(rate_off) * block_s:
            return ref_s
        self._dt_s = self._nominal_dt_s * (1.0 + rate_off)
        return line[-1] + (len(line) - 1) * block_s + self._block_n / 2 * self._dt_s
