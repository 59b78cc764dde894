"""Losses that a counter tells: put where they are, and told apart from what the stamps alone would say.

A sender stamps what it has, in chunks: for a loss its stamps jump at the next chunk, at the one before, or
never, if it stamps by counting what it sends. The counter says where and how much.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.detection.counter import Counter
from monitor.detection.placed import Placed, Times, steps_of

# What is shorter is blanked where it is; stamps may be off by as much, and are followed again soon.
_PLAIN_S = 0.1
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
        """Return these and the others behind them."""
        return _Rows(*(np.concatenate((getattr(self, n), getattr(other, n))) for n in self.__slots__))


class Counted:
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
    Where counter and stamps do not agree at once, a second of samples is held until it is plain whether the
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
        """Begin behind a break."""
        self._counter.forget()
        self._held, self._last_s, self.shift_s = None, float("nan"), 0.0

    def take(self, placed: Placed) -> list[Placed]:
        """Take samples; return those that are in their places, a piece for each loss."""
        if self._column is None or not len(placed.times_s):
            return [placed]
        rows = self._rows(placed)
        counts = np.asarray(placed.values[:, self._column], np.float64)
        out, at, trusted = list[Placed](), 0, self._counter.is_trusted
        for each in self._counter.take(counts, placed.times_s):
            if each.begins or each.distrust:
                out += self._pass(rows.part(at, each.row), moved=placed.moved, trusted=trusted)
                at, trusted = each.row, each.begins
                if each.distrust:
                    out += self.flush()
                    out.append(Placed(placed.values[:0], placed.times_s[:0], distrust=each.distrust))
            else:
                rows.lost_n[each.row], rows.is_odd[each.row] = each.missing_n, not each.missing_n
        return out + self._pass(rows.part(at), moved=placed.moved, trusted=trusted)

    def flush(self) -> list[Placed]:
        """Return what is still held: nothing follows any more."""
        held, self._held = self._held, None
        return [] if held is None else self._settled(held, is_all=True)

    def _rows(self, placed: Placed) -> _Rows:
        times_s, n = placed.times_s, len(placed.times_s)
        jump_s = steps_of(times_s, self._last_s) - self._dt_s
        jump_s[~(jump_s >= _PLAIN_S)] = 0.0
        self._last_s = float(times_s[-1])
        lost_n, is_odd = np.zeros(n, np.int64), np.zeros(n, bool)
        return _Rows(placed.values, times_s + self.shift_s, lost_n, jump_s, np.zeros(n), is_odd)

    def _pass(self, rows: _Rows, *, moved: bool, trusted: bool) -> list[Placed]:
        if not len(rows.times_s):
            return []
        if moved or not trusted:
            return [*self.flush(), Placed(rows.values, rows.times_s, moved, is_counted=trusted)]
        if self._held is not None:
            rows, self._held = self._held.followed_by(rows), None
        return self._settled(rows, is_all=False)

    def _settled(self, rows: _Rows, *, is_all: bool) -> list[Placed]:
        """Bring counter and stamps together at each loss, as far as what follows it is here."""
        for row in np.flatnonzero((rows.lost_n * self._dt_s >= _PLAIN_S) | (rows.jump_s > 0)).tolist():
            if not is_all and len(rows.times_s) - row <= self._chunk_n:
                self._held = rows.part(row)
                return _pieces(rows.part(0, row))
            if rows.lost_n[row] * self._dt_s >= _PLAIN_S:
                self._settle_loss(rows, row)
            elif rows.jump_s[row] > 0:
                self._settle_jump(rows, row)
        return _pieces(rows)

    def _settle_loss(self, rows: _Rows, row: int) -> None:
        lost_s = float(rows.lost_n[row]) * self._dt_s
        if rows.is_odd[row + 1 : row + 1 + _GLITCH_N].any():
            # One wild number: the count goes on from before it.
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
        """Move a jump of the stamps to the loss behind it that it belongs to, if there is one."""
        jump_s = float(rows.jump_s[row])
        behind = slice(row + 1, row + 1 + self._chunk_n)
        later = np.flatnonzero(np.abs(rows.lost_n[behind] * self._dt_s - jump_s) <= jump_s / 2)
        if len(later):
            loss = row + 1 + int(later[0])
            rows.times_s[row:loss] -= jump_s
            rows.jump_s[loss] += jump_s
            rows.jump_s[row] = 0.0


def _pieces(rows: _Rows) -> list[Placed]:
    """Cut where something is missing."""
    edges = sorted({0, len(rows.times_s), *np.flatnonzero(rows.lost_n).tolist()})
    return [
        Placed(
            rows.values[start:stop],
            rows.times_s[start:stop],
            lost_n=int(rows.lost_n[start]),
            left_out_s=float(rows.left_out_s[start]),
            is_counted=True,
        )
        for start, stop in pairwise(edges)
    ]
