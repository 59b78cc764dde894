"""Decide whether the time stamps of a stream can be used, and place its samples by count where they cannot.

Some senders stamp every sample with zero, with one constant, with random numbers, with numbers that run
backward or with what is not a number. Followed sample by sample such stamps would look like a clock that is
set again and again.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from monitor.detection.late_stamps import LateStamps
from monitor.detection.stamp_shape import (
    CHANGED_N,
    LINE_S,
    SUSPECT_S,
    UNCHANGED_N,
    WIDEST_LINE_S,
    Times,
    is_backlog,
    line_of,
    middle,
    other_rate_hz,
    put_on_line,
    slow_change,
    spread_of,
    usual_slope,
    what_is_wrong,
)

Values = npt.NDArray[Any]
Checked = tuple[Values, Times]

# How much signal is checked together: at first, and at most.
_LOOK_S = 0.5
_LONGEST_LOOK_S = 3.0
_RATE_LOOK_S = 2.0
# If only the first samples of a connection lie this far from the rest, the first are wrong.
_FAR_S = 60.0
# For so long the buffer of a source that was frozen may come in.
_LONGEST_BURST_S = 600.0
_NO_NUMBERS_S = 2.0
# So many good seconds in a row, and the stamps are used again.
_GOOD_N, _MOST_GOOD_N = 5, 300
_NEAR_S = 2.0
# A clock may be set back occasionally; this often within this time the stamps are unusable.
_BACK_S, _BACK_N, _BACK_WITHIN_S = 2.0, 3, 60.0
_FOLLOW, _MOST_FOLLOW_S = 0.05, 0.01


@dataclass(frozen=True, slots=True)
class StampChange:
    """What became of the stamps at a sample.

    Attributes
    ----------
    kind : str
        ``unusable``, ``usable`` (again), or ``rate``: from here on the samples come at another rate.
    at_s : float
        Where the next sample lies, in the times that were given.
    reason : str
        What is wrong with the stamps.
    rate_hz : float
        The rate that counts from here on.
    """

    kind: Literal["unusable", "usable", "rate"]
    at_s: float
    reason: str
    rate_hz: float


class StampCheck:
    """Follow the stamps of one stream.

    Parameters
    ----------
    rate_hz : float
        Nominal rate of the signal.
    may_change_rate : bool
        False if a sample counter shows losses: then faster stamps mean lost samples.

    Notes
    -----
    Plausible stamps pass unchanged and at once, jumps, losses and repeats among them; only after a
    jump up to three seconds of samples wait for what follows, after a small one up to a third of a second.
    Everything depends on the stamps alone and not on how they were cut into chunks: a live session and its
    recording give the same places.
    """

    def __init__(self, rate_hz: float, *, may_change_rate: bool = True) -> None:
        self._may_change_rate = may_change_rate
        self.shift_s = 0.0
        self.is_counting = False
        self._needed_n = _GOOD_N
        self._set_rate(rate_hz)
        self.start(0.0)

    def _set_rate(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self._dt_s = 1.0 / rate_hz
        self._block_n = max(8, round(rate_hz))
        self._look_n = max(8, round(_LOOK_S * rate_hz))
        self._longest_n = round(_LONGEST_LOOK_S / _LOOK_S) * self._look_n
        self._levels: deque[float] = deque(maxlen=CHANGED_N + UNCHANGED_N + 1)
        self._spread_s = 0.0
        self._late = LateStamps(rate_hz)

    def start(self, start_s: float) -> None:
        """Start after a break with a sample at `start_s`: the stamps may belong to another clock."""
        self.shift_s = 0.0
        self._start_s = start_s
        self._suspect_n, self._is_late = 0, False
        self._back: deque[int] = deque(maxlen=_BACK_N)
        # Where the line of the stamps lies: stamp less count. None before the first.
        self._level_s: float | None = None
        self._n = 0
        self._good_n, self._good_level_s = 0, 0.0
        # Where the second of samples begins that is being placed by count.
        self._count_s = start_s
        self._none_n = 0
        self._was_good = False
        self._usable_n: int | None = None
        self._held: list[Checked] = []
        self._floor_s: float | None = None
        self._burst_n = 0
        self._levels.clear()
        self._restart_block()

    def _restart_block(self) -> None:
        self._block: list[Times] = []
        self._in_block_n = 0
        # Within the second of samples that is being looked at.
        self._level_moved = False

    @property
    def is_holding(self) -> bool:
        """Whether samples wait here."""
        return bool(self._held)

    def take(self, values: Values, times_s: Times) -> list[Checked | StampChange]:
        """Take samples, shape (n, n_channels), and their times (s).

        Returns
        -------
        list of (values, times_s) or StampChange
            In order; a change counts from the next sample on.
        """
        out: list[Checked | StampChange] = []
        usual_n = self._pass_usual(values, times_s, out)
        if usual_n == len(times_s):
            return out
        values, times_s = values[usual_n:], times_s[usual_n:]
        if not np.isfinite(times_s).all():
            times_s = np.where(np.isfinite(times_s), times_s, np.nan)
        if self._held:
            self._held.append((values, times_s))
            values, times_s = self._all_held()
        while len(times_s):
            if self.is_counting:
                used_n = self._count(values, times_s, out)
            elif self._is_suspect:
                used_n = (self._look_late if self._is_late else self._look)(values, times_s, out)
                if used_n == 0:
                    self._held = [(values, times_s)]
                    break
            else:
                used_n = self._pass(values, times_s, out)
            values, times_s = values[used_n:], times_s[used_n:]
        return out

    def flush(self) -> list[Checked]:
        """Return what is still held: nothing follows any more."""
        if not self._held:
            return []
        values, times_s = self._all_held()
        self._suspect_n, self._is_late = 0, False
        return [(values, times_s + self.shift_s)]

    def _all_held(self) -> Checked:
        held, self._held = self._held, []
        return np.concatenate([v for v, _ in held]), np.concatenate([t for _, t in held])

    @property
    def _is_suspect(self) -> bool:
        return self._suspect_n > 0

    def _offsets(self, times_s: Times) -> Times:
        """Return the stamps less the count."""
        off: Times = times_s - np.arange(self._n, self._n + len(times_s)) * self._dt_s
        return off

    # Plausible stamps.

    def _pass_usual(self, values: Values, times_s: Times, out: list[Checked | StampChange]) -> int:
        """Let samples pass up to the first that is to be looked at, nearly always all; return how many.

        In one piece also where a second ends in them.
        """
        changes: list[Checked | StampChange] = []
        n, is_usual = 0, not (self._held or self.is_counting or self._suspect_n) and self._floor_s is None
        while is_usual and n < len(times_s) and (level_s := self._level_s) is not None:
            off_s = self._offsets(times_s[n : n + self._block_n - self._in_block_n])
            highest_s, lowest_s = off_s.max(), off_s.min()
            # The same differences as one by one; false for what is not a number.
            if not (highest_s - level_s <= self._late.late_s and level_s - lowest_s <= SUSPECT_S):
                break
            self._late.note(float(highest_s), float(lowest_s), level_s)
            self._none_n = 0
            self._block.append(off_s)
            n, self._n, self._in_block_n = n + len(off_s), self._n + len(off_s), self._in_block_n + len(off_s)
            if self._in_block_n >= self._block_n:
                # At another rate no level is known yet: the rest is looked at.
                self._end_block(changes)
        if n:
            out += [(values[:n], times_s[:n] + self.shift_s if self.shift_s else times_s[:n]), *changes]
        return n

    def _pass(self, values: Values, times_s: Times, out: list[Checked | StampChange]) -> int:
        """Let samples pass up to the end of the second, or to the first that is suspect; return how many."""
        room_n = (self._look_n if self._floor_s is not None else self._block_n) - self._in_block_n
        off_s = self._offsets(times_s[:room_n])
        finite = np.isfinite(off_s)
        if self._level_s is None and finite.any():
            self._level_s = float(off_s[np.argmax(finite)])
        stop = len(off_s)
        if self._floor_s is not None:
            down = np.flatnonzero(off_s <= self._floor_s + self._late.late_s)
            if len(down):
                return self._let_pass(values, times_s, int(down[0]), out, ends_burst=True)
        elif self._level_s is not None:
            above_s = off_s - self._level_s
            suspect = np.flatnonzero(finite & ~((above_s <= self._late.late_s) & (-above_s <= SUSPECT_S)))
            if len(suspect):
                stop = int(suspect[0])
                self._suspect_n, self._is_late = self._look_n, bool(0 < above_s[stop] <= SUSPECT_S)
        none = self._none_until(finite[:stop])
        if none is not None:
            stop, self._suspect_n, self._is_late = none, 0, False
            self._let_pass(values, times_s, stop, out)
            self._begin_to_count(out, "they are not numbers")
            return stop
        known = off_s[:stop][finite[:stop]]
        if len(known) and self._floor_s is None and self._level_s is not None:
            self._late.note(float(known.max()), float(known.min()), self._level_s)
        self._let_pass(values, times_s, stop, out)
        self._add_to_block(off_s[:stop], out)
        return stop

    def _add_to_block(self, off_s: Times, out: list[Checked | StampChange]) -> None:
        """Add the offsets of samples that passed, and end the seconds that become full."""
        while len(off_s):
            room_n = (self._look_n if self._floor_s is not None else self._block_n) - self._in_block_n
            part, off_s = off_s[:room_n], off_s[room_n:]
            self._block.append(part)
            self._in_block_n += len(part)
            if len(part) < room_n:
                return
            self._end_block(out)
            if self._level_s is None:
                # At another rate: the offsets of these samples mean nothing any more.
                return

    def _let_pass(
        self,
        values: Values,
        times_s: Times,
        n: int,
        out: list[Checked | StampChange],
        *,
        ends_burst: bool = False,
    ) -> int:
        if n:
            out.append((values[:n], times_s[:n] + self.shift_s if self.shift_s else times_s[:n]))
            self._n += n
        if ends_burst:
            self._level_s, self._floor_s = self._floor_s, None
            self._restart_block()
        return n

    def _none_until(self, finite: npt.NDArray[np.bool_]) -> int | None:
        """Count stamps that are not numbers; return after which sample too many followed each other."""
        most_n = round(_NO_NUMBERS_S * self.rate_hz)
        if finite.all():
            self._none_n = 0
            return None
        for at, good in enumerate(finite.tolist()):
            self._none_n = 0 if good else self._none_n + 1
            if self._none_n >= most_n:
                return at + 1
        return None

    def _end_block(self, out: list[Checked | StampChange]) -> None:
        off_s = self._block[0] if len(self._block) == 1 else np.concatenate(self._block)
        level_moved = self._level_moved
        self._restart_block()
        known = np.isfinite(off_s)
        off_s = off_s if known.all() else off_s[known]
        if 2 * len(off_s) < self._look_n:
            return
        middle_s = middle(off_s)
        if self._floor_s is not None:
            self._burst_n += self._look_n
            if line_of(off_s, self._dt_s, LINE_S) is None and self._burst_n < _LONGEST_BURST_S * self.rate_hz:
                return
            self._floor_s, self._level_s = None, middle_s
            return
        if not level_moved:
            self._level_s = middle_s
        self._late.end_second(off_s, middle_s)
        self._good_n += 1
        self._was_good = self._was_good or self._good_n >= _GOOD_N
        self._spread_s = max(spread_of(off_s, middle_s), 0.9 * self._spread_s)
        self._levels.append(middle_s)
        change = slow_change(self._levels, self._block_n * self._dt_s) if self._may_change_rate else None
        if change is not None:
            self._change_rate(self.rate_hz / (1.0 + change), float("nan"), out)

    # Stamps under examination.

    def _look_late(self, values: Values, times_s: Times, out: list[Checked | StampChange]) -> int:
        """Classify samples that are a little late; return how many are finished, 0 if more are needed."""
        level_s = 0.0 if self._level_s is None else self._level_s
        off_s = self._offsets(times_s[: self._look_n])
        late = self._late.judge(off_s, level_s)
        if late is None:
            return 0
        self._is_late = False
        if late.n == 0:
            return self._look(values, times_s, out)
        self._suspect_n, n = 0, late.n
        if late.line_s is None:
            # The count places them. Their level counts: if it changed, the following ones are not late.
            self._let_pass(values, np.full(n, np.nan), n, out)
            self._add_to_block(off_s[:n], out)
        else:
            passed = put_on_line(times_s[:n], off_s[:n], late.line_s, self._late.line_width_s)
            self._go_on(values, passed, late.line_s, out)
        return n

    def _go_on(
        self, values: Values, times_s: Times, level_s: float, out: list[Checked | StampChange]
    ) -> None:
        """Let samples pass whose stamps belong to the same line as those before, or to one near it."""
        off_s = self._offsets(times_s)
        self._level_s, self._level_moved = level_s, self._level_moved or level_s != self._level_s
        self._let_pass(values, times_s, len(times_s), out)
        self._add_to_block(off_s, out)

    def _look(self, values: Values, times_s: Times, out: list[Checked | StampChange]) -> int:
        """Classify samples after a jump; return how many are finished, 0 if more are needed."""
        n = self._suspect_n
        if len(times_s) < n:
            return 0
        off_s = self._offsets(times_s[:n])
        level_s = 0.0 if self._level_s is None else self._level_s
        width_s = min(max(LINE_S, 2.0 * self._spread_s, WIDEST_LINE_S * n / self._longest_n), WIDEST_LINE_S)
        line_s = line_of(off_s[-self._look_n :], self._dt_s, width_s)
        usual_s = min(width_s, self._late.usual_s)
        # Stamps that step back may belong to a repeat, which is known by them.
        is_loss = line_s is not None and line_s > level_s
        line_width_s = self._late.line_width_s if is_loss else math.inf
        if line_s is not None and abs(line_s - level_s) <= SUSPECT_S:
            self._suspect_n = self._none_n = 0
            if abs(line_s - level_s) <= self._late.late_s:
                # They returned: single stamps were wrong, and the count places their samples.
                is_near = (off_s - line_s <= usual_s) & (line_s - off_s <= width_s)
                passed = np.where(is_near, times_s[:n], np.nan)
            else:
                passed = put_on_line(times_s[:n], off_s, line_s, line_width_s)
            self._go_on(values, passed, line_s, out)
            return n
        if line_s is not None:
            is_back_again = self._was_set_back(line_s - level_s)
            if self._n <= self._look_n and abs(line_s - level_s) > _FAR_S:
                self.shift_s = level_s - line_s
            self._after_look(line_s)
            self._let_pass(values, put_on_line(times_s[:n], off_s, line_s, line_width_s), n, out)
            if is_back_again:
                self._begin_to_count(out, "they jump without order")
                self._needed_n = max(self._needed_n, round(_BACK_WITHIN_S))
            return n
        if is_backlog(off_s, times_s[:n], level_s):
            self._after_look(level_s)
            self._floor_s, self._burst_n = level_s, 0
            self._let_pass(values, times_s, n, out)
            return n
        if self._may_change_rate and n >= _RATE_LOOK_S * self.rate_hz:
            rate_hz = other_rate_hz(off_s, level_s, self.rate_hz)
            if rate_hz:
                self._change_rate(rate_hz, float(times_s[0]), out)
                return self._pass(values, times_s, out)
        if n >= self._longest_n:
            self._suspect_n = 0
            self._begin_to_count(out, what_is_wrong(times_s[:n]))
            return self._count(values, times_s, out)
        self._suspect_n += self._look_n
        return self._look(values, times_s, out)

    def _was_set_back(self, step_s: float) -> bool:
        """Whether the clock was set back, and several times of late."""
        if step_s > -_BACK_S:
            return False
        self._back.append(self._n)
        return len(self._back) == _BACK_N and self._n - self._back[0] < _BACK_WITHIN_S * self.rate_hz

    def _after_look(self, level_s: float) -> None:
        self._suspect_n, self._level_s = 0, level_s
        self._levels.clear()
        self._none_n = 0
        self._restart_block()

    def _change_rate(self, rate_hz: float, first_s: float, out: list[Checked | StampChange]) -> None:
        shift_s, was_good = self.shift_s, self._was_good
        self._set_rate(rate_hz)
        self.start(first_s)
        self.shift_s, self._was_good = shift_s, was_good
        out.append(StampChange("rate", first_s + shift_s, "", rate_hz))

    # Samples that are placed by count.

    def _expected_s(self) -> float:
        """Where the next sample lies by count."""
        return (self._start_s if self._level_s is None else self._level_s) + self._n * self._dt_s

    def _begin_to_count(self, out: list[Checked | StampChange], reason: str) -> None:
        """Place samples by count from the next one on."""
        at_s, rate_hz = (
            self._expected_s() + self.shift_s,
            self.rate_hz / (1.0 + usual_slope(self._levels, self._block_n * self._dt_s)),
        )
        self._step_s = self._steady_step_s = 1.0 / rate_hz
        self._count_s = at_s
        self.is_counting = True
        if self._usable_n is not None and self._n - self._usable_n < _BACK_WITHIN_S * self.rate_hz:
            # It was used again too soon.
            self._needed_n = min(4 * self._needed_n, _MOST_GOOD_N)
        self._good_n, self._none_n = 0, 0
        self._restart_block()
        out.append(StampChange("unusable", at_s, reason, rate_hz))

    def _count(self, values: Values, times_s: Times, out: list[Checked | StampChange]) -> int:
        n = min(len(times_s), self._block_n - self._in_block_n)
        off_s = self._offsets(times_s[:n])
        self._block.append(off_s)
        numbers = np.arange(self._in_block_n, self._in_block_n + n, dtype=np.float64)
        counted_s: Times = self._count_s + numbers * self._step_s
        out.append((values[:n], counted_s))
        self._n += n
        self._in_block_n += n
        if self._in_block_n >= self._block_n:
            self._count_s += self._block_n * self._step_s
            self._judge(out)
        return n

    def _judge(self, out: list[Checked | StampChange]) -> None:
        """Look at a second of stamps while samples are placed by count: can they be used again."""
        off_s = np.concatenate(self._block)
        self._restart_block()
        line_s = line_of(off_s, self._dt_s, WIDEST_LINE_S / 2)
        finite = off_s[np.isfinite(off_s)]
        self._step_s = self._steady_step_s
        if len(finite):
            beside_s = middle(finite) + self._n * self._dt_s + self.shift_s - self._count_s
            if abs(beside_s) <= _NEAR_S:
                # Over the next second, not at once: a jump would be missing signal.
                slew_s = float(np.clip(_FOLLOW * beside_s, -_MOST_FOLLOW_S, _MOST_FOLLOW_S))
                self._step_s += slew_s / self._block_n
        if line_s is None:
            self._good_n = 0
            return
        self._good_n = self._good_n + 1 if abs(line_s - self._good_level_s) <= SUSPECT_S else 1
        self._good_level_s = line_s
        if self._good_n < self._needed_n:
            return
        self._level_s, self.is_counting, self._usable_n = line_s, False, self._n
        if not self._was_good:
            # No stamp before these meant anything: nothing is known to lie between.
            self.shift_s = self._count_s - self._expected_s()
        self._was_good = True
        self._levels.clear()
        out.append(StampChange("usable", self._count_s, "", self.rate_hz))
