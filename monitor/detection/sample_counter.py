"""Losses shown by a sample counter channel: how many samples are missing between two.

Losses shown by a counter are placed where they occurred, and distinguished from jumps of the stamps.

A sender stamps what it has, in chunks: for a loss its stamps jump at the next chunk, at the one before, or
never, if it stamps by counting what it sends. The counter shows where and how much.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import mode
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.detection.aligned_chunk import AlignedChunk, Times, steps_of

_LEARN_N = 64
_ALIKE = 0.9
_WRAPS = tuple(float(1 << bits) for bits in (8, 16, 24, 32))
# A loss that hides the wrap of a counter whose wrap was never seen must be small compared to its range.
_HIDDEN_SHARE = 0.25
# 32-bit floats count no further: what follows is rounded.
_FLOAT32_END = float(1 << 24)
# A counter that shows this much more loss than the stamps has restarted.
_BELIEVED_S = 60.0
# Stamps that leave out more indicate a clock step.
_LONGEST_S = 6 * 3600.0
# A counter that starts again does so at its begin; so near to its end it has come to its end.
_ANEW_S, _NEAR_END_SHARE = 1.0, 1 / 16
_MOST_ODD, _FORGIVEN_S = 5, 60.0

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Break:
    """Something at a row of a chunk.

    Attributes
    ----------
    row : int
        May be one after the last.
    missing_n : int
        Samples that are missing before it; 0 if the counter decreased or did not advance there.
    begins : bool
        From this row on the counter is used.
    distrust : str
        From this row on it is not, and why.
    """

    row: int
    missing_n: int = 0
    begins: bool = False
    distrust: str = ""


class Counter:
    """Follow the values of one counter.

    Parameters
    ----------
    rate_hz : float
        Of the signal.

    Notes
    -----
    It goes by values and times alone, not by how they were cut into chunks.
    """

    def __init__(self, rate_hz: float) -> None:
        self._dt_s = 1.0 / rate_hz
        self._step = self._wrap = 0.0
        self._is_off = self._has_last = False
        self._first: list[float] = []
        self._highest = float("-inf")
        self._last = self._last_s = float("nan")
        self._n = self._odd_at_n = 0
        self._odd = 0.0

    @property
    def is_trusted(self) -> bool:
        """Whether it has shown that it counts samples, and not yet that it does not."""
        return self._step > 0 and not self._is_off

    def forget(self) -> None:
        """Start after a break: the next sample has no predecessor."""
        self._has_last = False
        self._first = []

    def take(self, counts: Floats, times_s: Floats) -> Iterator[Break]:
        """Look at the counter's values; yield what is not as it should be, in order of rows.

        Parameters
        ----------
        counts, times_s : ndarray, shape (n_samples,), float64
            As they came; times in s of signal.
        """
        at = 0
        if not self._is_off and not self._step:
            at = min(_LEARN_N - len(self._first), len(counts))
            self._first += counts[:at].tolist()
            self._note(counts[:at], times_s[:at])
            if len(self._first) < _LEARN_N:
                return
            yield self._learn(at)
        if not self._is_off and at < len(counts):
            yield from self._follow(counts[at:], times_s[at:], at)

    def _learn(self, row: int) -> Break:
        steps = np.diff(self._first)
        self._first = []
        # Of equally frequent ones the smallest. `np.unique` would load NumPy's masked arrays, a megabyte.
        known = sorted(steps[np.isfinite(steps)].tolist())
        step = mode(known) if known else 0.0
        if step >= 1 and step == int(step) and known.count(step) >= _ALIKE * len(steps):
            self._step = step
            return Break(row, begins=True)
        self._is_off = True
        return Break(row, distrust="it does not advance" if step == 0 else "it does not count the samples")

    def _follow(self, counts: Floats, times_s: Floats, offset: int) -> Iterator[Break]:
        steps = steps_of(counts, self._last)
        steps_s = steps_of(times_s, self._last_s)
        if not self._has_last:
            steps[0] = self._step
        done = 0
        for row in np.flatnonzero(steps != self._step).tolist():
            self._note(counts[done:row], times_s[done:row])
            done = row
            missing_n = self._missing(float(counts[row]), float(steps[row]), float(steps_s[row]))
            if missing_n is None:
                why = self._odd_again(float(counts[row]))
                self._is_off = bool(why)
                yield Break(offset + row, distrust=why)
                if why:
                    return
            elif missing_n:
                yield Break(offset + row, missing_n)
        self._note(counts[done:], times_s[done:])

    def _note(self, counts: Floats, times_s: Floats) -> None:
        if len(counts):
            self._n += len(counts)
            self._has_last, self._last, self._last_s = True, float(counts[-1]), float(times_s[-1])
            self._highest = max(self._highest, float(np.nanmax(counts, initial=self._highest)))

    def _missing(self, count: float, step: float, step_s: float) -> int | None:
        """Return how many samples a step other than the usual one leaves out; None if it makes no sense."""
        if not np.isfinite(step):
            return None
        stamps_n = max(0, round(step_s / self._dt_s) - 1) if 0 < step_s < _LONGEST_S else 0
        if step > 0 and not self._wrap:
            return self._believed((step - self._step) / self._step, 0.0, stamps_n)
        for wrap in (self._wrap,) if self._wrap else [each for each in _WRAPS if each > self._highest]:
            left_out = (step - self._step) % wrap
            if left_out == 0:
                # From its end straight to its begin: that is how far it counts.
                self._wrap = wrap
            elif not self._wrap and left_out > _HIDDEN_SHARE * wrap:
                continue
            missing_n = self._believed(left_out / self._step, wrap / self._step, stamps_n)
            if missing_n and step < 0 and left_out > _NEAR_END_SHARE * wrap:
                is_low = 0 <= count < _ANEW_S * self._step / self._dt_s
                if is_low and (missing_n - stamps_n) * self._dt_s > _ANEW_S:
                    return None
            return missing_n
        return None

    def _believed(self, missing: float, round_n: float, stamps_n: int) -> int | None:
        """Return what is missing as far as the stamps leave it possible."""
        if missing < 0 or missing != int(missing):
            return None
        if round_n and round_n == int(round_n):
            # A short counter may have wrapped several times: the stamps show how often.
            missing += round_n * max(0, round((stamps_n - missing) / round_n))
        return int(missing) if (missing - stamps_n) * self._dt_s <= _BELIEVED_S else None

    def _odd_again(self, count: float) -> str:
        """Count an implausible step; return why to stop using the counter, if so."""
        if abs(count) >= _FLOAT32_END and self._step < 2 and not self._wrap:
            return f"it reached {_FLOAT32_END:.0f}, the limit of a 32-bit float counter"
        passed_s = (self._n - self._odd_at_n) * self._dt_s
        self._odd = max(0.0, self._odd - passed_s / _FORGIVEN_S) + 1
        self._odd_at_n = self._n
        return "it repeatedly decreases or does not advance" if self._odd >= _MOST_ODD else ""


# What is shorter is blanked where it is; stamps may be off by as much, and are followed again soon.
_CLEAR_S = 0.1
# How far from a loss the jump of the stamps may be: its sender's chunk.
_CHUNK_S = 1.0
_GLITCH_N = 8


@dataclass(slots=True)
class _Rows:
    """Samples, and what is missing before each: by the counter, by the stamps, and what these leave out."""

    values: npt.NDArray[Any]
    times_s: Times
    lost_n: npt.NDArray[np.int64]
    jump_s: Times
    left_out_s: Times
    is_odd: npt.NDArray[np.bool_]

    def part(self, start: int, stop: int | None = None) -> _Rows:
        """Return rows [start, stop)."""
        return _Rows(*(getattr(self, name)[start:stop] for name in self.__slots__))

    def followed_by(self, other: _Rows) -> _Rows:
        """Return these and the following ones."""
        return _Rows(*(np.concatenate((getattr(self, n), getattr(other, n))) for n in self.__slots__))


class CounterLosses:
    """Follow the counter of one stream; without one everything passes as it is.

    Parameters
    ----------
    rate_hz : float
        Nominal rate of the signal.
    column : int or None
        Of the counter.

    Attributes
    ----------
    shift_s : float
        What is added to the times since the stamps left out losses.

    Notes
    -----
    Where counter and stamps disagree, a second of samples is held until it is known whether the
    stamps jump. Everything depends on samples and times alone, not on how they were cut into chunks.
    """

    def __init__(self, rate_hz: float, column: int | None) -> None:
        self._dt_s, self._column = 1.0 / rate_hz, column
        self._chunk_n = round(_CHUNK_S * rate_hz)
        self._counter = Counter(rate_hz)
        self._last_s = float("nan")
        self._held: _Rows | None = None
        self.shift_s = 0.0

    @property
    def is_holding(self) -> bool:
        """Whether samples wait here."""
        return self._held is not None

    def start(self) -> None:
        """Start after a break."""
        self._counter.forget()
        self._held, self._last_s, self.shift_s = None, float("nan"), 0.0

    def take(self, placed: AlignedChunk) -> list[AlignedChunk]:
        """Take samples; return those that are in their places, a piece for each loss."""
        if self._column is None or not len(placed.times_s):
            return [placed]
        rows = self._rows(placed)
        counts = np.asarray(placed.values[:, self._column], np.float64)
        out, at, trusted = list[AlignedChunk](), 0, self._counter.is_trusted
        for each in self._counter.take(counts, placed.times_s):
            if each.begins or each.distrust:
                out += self._pass(rows.part(at, each.row), moved=placed.moved, trusted=trusted)
                at, trusted = each.row, each.begins
                if each.distrust:
                    out += self.flush()
                    out.append(AlignedChunk(placed.values[:0], placed.times_s[:0], distrust=each.distrust))
            else:
                rows.lost_n[each.row], rows.is_odd[each.row] = each.missing_n, not each.missing_n
        return out + self._pass(rows.part(at), moved=placed.moved, trusted=trusted)

    def flush(self) -> list[AlignedChunk]:
        """Return what is still held: nothing follows any more."""
        held, self._held = self._held, None
        return [] if held is None else self._settled(held, is_all=True)

    def _rows(self, placed: AlignedChunk) -> _Rows:
        times_s, n = placed.times_s, len(placed.times_s)
        jump_s = steps_of(times_s, self._last_s) - self._dt_s
        jump_s[~(jump_s >= _CLEAR_S / 2)] = 0.0
        self._last_s = float(times_s[-1])
        lost_n, is_odd = np.zeros(n, np.int64), np.zeros(n, bool)
        return _Rows(placed.values, times_s + self.shift_s, lost_n, jump_s, np.zeros(n), is_odd)

    def _pass(self, rows: _Rows, *, moved: bool, trusted: bool) -> list[AlignedChunk]:
        if not len(rows.times_s):
            return []
        if moved or not trusted:
            return [*self.flush(), AlignedChunk(rows.values, rows.times_s, moved, is_counted=trusted)]
        if self._held is not None:
            rows, self._held = self._held.followed_by(rows), None
        return self._settled(rows, is_all=False)

    def _settled(self, rows: _Rows, *, is_all: bool) -> list[AlignedChunk]:
        """Bring counter and stamps together at each loss, as far as what follows it is here."""
        lost_s = rows.lost_n * self._dt_s
        for row in np.flatnonzero((lost_s >= _CLEAR_S) | (rows.jump_s >= _CLEAR_S)).tolist():
            if not is_all and len(rows.times_s) - row <= self._chunk_n:
                self._held = rows.part(row)
                return _pieces(rows.part(0, row))
            if rows.lost_n[row] * self._dt_s >= _CLEAR_S:
                self._settle_loss(rows, row)
            elif rows.jump_s[row] >= _CLEAR_S:
                self._settle_jump(rows, row)
        return _pieces(rows)

    def _settle_loss(self, rows: _Rows, row: int) -> None:
        lost_s = float(rows.lost_n[row]) * self._dt_s
        if rows.is_odd[row + 1 : row + 1 + _GLITCH_N].any():
            # One outlier: the count continues from before it.
            rows.lost_n[row] = 0
            return
        if rows.jump_s[row] >= lost_s / 2:
            return
        behind = slice(row + 1, row + 1 + self._chunk_n)
        later = np.flatnonzero((rows.jump_s[behind] >= lost_s / 2) & (rows.lost_n[behind] == 0))
        if len(later):
            jump = row + 1 + int(later[0])
            rows.times_s[row:jump] += rows.jump_s[jump]
            rows.jump_s[row], rows.jump_s[jump] = rows.jump_s[jump], 0.0
            return
        rows.left_out_s[row] = lost_s
        rows.times_s[row:] += lost_s
        self.shift_s += lost_s

    def _settle_jump(self, rows: _Rows, row: int) -> None:
        """Move a jump of the stamps to the following loss that it belongs to, if any."""
        jump_s = float(rows.jump_s[row])
        behind = slice(row + 1, row + 1 + self._chunk_n)
        later = np.flatnonzero(np.abs(rows.lost_n[behind] * self._dt_s - jump_s) <= jump_s / 2)
        if len(later):
            loss = row + 1 + int(later[0])
            rows.times_s[row:loss] -= jump_s
            rows.jump_s[loss] += jump_s
            rows.jump_s[row] = 0.0


def _pieces(rows: _Rows) -> list[AlignedChunk]:
    """Cut where something is missing."""
    edges = sorted({0, len(rows.times_s), *np.flatnonzero(rows.lost_n).tolist()})
    return [
        AlignedChunk(
            rows.values[start:stop],
            rows.times_s[start:stop],
            lost_n=int(rows.lost_n[start]),
            left_out_s=float(rows.left_out_s[start]),
            is_counted=True,
        )
        for start, stop in pairwise(edges)
    ]
