"""Make one stream of several connections to the same outlet: in order, nothing twice.

After an outage the network delivers late, and only when it pleases: a new connection has live data long
before the old one has its backlog. What is live waits here for what is late, for a stated time.

Texts of several connections to one outlet: each once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Piece = tuple[npt.NDArray[np.generic], npt.NDArray[np.float64]]

# Behind an outage the sender's TCP tries again within as long as the outage was, two minutes at the most.
_LONGEST_WAIT_S = 120.0
_GRACE_S = 5.0


@dataclass(slots=True)
class _MergeInput:
    """One connection: what came over it and waits for its turn."""

    waiting: list[Piece] = field(default_factory=list)
    first_s: float = float("nan")
    has_ended: bool = False
    is_fresh: bool = True
    dropped_n: int = 0
    dropped_from_s: float = float("nan")


class ConnectionMerge:
    """Order the samples of connections to one outlet, oldest connection first.

    Parameters
    ----------
    step_s : float
        Seconds of stamps from one sample to the next.

    Notes
    -----
    Pure: the caller passes data and time. The connections must be to one outlet (one uid),
    so that their stamps share one clock and a sample has the same stamp on each.
    """

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self._lines: dict[int, _MergeInput] = {}
        self._deadline_s = float("inf")
        self._head_heard_s = float("nan")
        self._last_s = float("nan")

    @property
    def is_waiting(self) -> bool:
        """Whether live samples wait for late ones."""
        return any(line.waiting for line in self._lines.values())

    @property
    def lines(self) -> tuple[int, ...]:
        """The connections, oldest first."""
        return tuple(self._lines)

    def open(self, line: int, now_s: float) -> None:
        """Add a connection after the others."""
        if not self._lines:
            self._head_heard_s = now_s
        self._lines[line] = _MergeInput()

    def take(self, line: int, piece: Piece, now_s: float) -> Iterator[Piece]:
        """Take what came over a connection; yield what is in its turn.

        Parameters
        ----------
        line : int
        piece : (values, stamps)
            Shapes (n_samples, n_channels) and (n_samples,).
        now_s : float
            Monotonic seconds.
        """
        if line not in self._lines:
            return
        if line != self.lines[0]:
            if not self._is_level(piece[1]):
                self._wait(line, piece, now_s)
                return
            while line != self.lines[0]:
                yield from self.close(self.lines[0], now_s)
        self._head_heard_s = now_s
        if len(self._lines) == 1 and not self._lines[line].is_fresh and len(piece[1]):
            # Nearly always.
            self._note(piece[1])
            yield piece
            return
        yield from self._lead([piece], now_s)

    def close(self, line: int, now_s: float) -> Iterator[Piece]:
        """Remove a connection that has ended or is abandoned; yield what waited for it."""
        if line not in self._lines:
            return
        if line == self.lines[0]:
            del self._lines[line]
            yield from self._promote(now_s)
        elif self._lines[line].waiting:
            # What it brought cannot be had again: it stays until its turn.
            self._lines[line].has_ended = True
        else:
            del self._lines[line]

    def overdue(self, now_s: float) -> int | None:
        """Return the connection whose waiting time has expired, if there is one."""
        if not self._lines or now_s < self._deadline_s or now_s - self._head_heard_s < _GRACE_S:
            return None
        return self.lines[0]

    def _is_level(self, stamps: npt.NDArray[np.float64]) -> bool:
        """Whether a later connection brings what the first one just brought: it is enough by itself.

        Whatever comes next comes over it too, so nothing is lost with those before it. The first stamps of a
        connection may be invalid: they are farther off.
        """
        behind_s = self._last_s - float(stamps[-1])
        return not self.is_waiting and -0.5 * self._step_s < behind_s < _GRACE_S

    def _wait(self, line: int, piece: Piece, now_s: float) -> None:
        mine, stamps = self._lines[line], piece[1]
        if np.isnan(mine.first_s):
            new = stamps[np.isfinite(stamps) & ~(stamps <= self._last_s)]
            if not len(new) and self._is_old(stamps):
                # The head is alive and was faster; keeping this would grow without limit.
                return
            if len(new):
                # Waiting samples that cannot be placed were a connection's first: their stamps are invalid.
                mine.first_s, mine.waiting = float(new[0]), []
        if self._deadline_s == float("inf"):
            silent_s = now_s - self._head_heard_s
            self._deadline_s = now_s + min(silent_s, _LONGEST_WAIT_S) + _GRACE_S
        mine.waiting.append(piece)

    def _is_old(self, stamps: npt.NDArray[np.float64]) -> bool:
        """Whether the last sample is a duplicate; a clock that was set back does not count."""
        return bool(self._last_s - float(stamps[-1]) < _LONGEST_WAIT_S)

    def _reaches_next(self, stamps: npt.NDArray[np.float64]) -> int | None:
        """Return where the head has caught up with the samples that wait for it."""
        for line in list(self._lines.values())[1:]:
            if line.waiting and np.isfinite(line.first_s):
                reached = np.flatnonzero(stamps >= line.first_s - 0.5 * self._step_s)
                return int(reached[0]) if len(reached) else None
        return None

    def _promote(self, now_s: float) -> Iterator[Piece]:
        """Let the next connection lead, as far as it has come."""
        self._deadline_s, self._head_heard_s = float("inf"), now_s
        if not self._lines:
            return
        head = self._lines[self.lines[0]]
        pieces, head.waiting = head.waiting, []
        if self.is_waiting:
            self._deadline_s = now_s + _GRACE_S
        yield from self._lead(pieces, now_s)
        if head.has_ended and self._lines.get(self.lines[0]) is head:
            yield from self.close(self.lines[0], now_s)

    def _lead(self, pieces: list[Piece], now_s: float) -> Iterator[Piece]:
        """Yield samples of the first connection, up to where it has caught up with the waiting ones."""
        line = self.lines[0]
        for values, stamps in pieces:
            end = self._reaches_next(stamps)
            start = self._new_from(self._lines[line], stamps)
            if len(part := stamps[start:end]):
                self._note(part)
                yield values[start:end], part
            if end is not None:
                yield from self.close(line, now_s)
                return

    def _note(self, stamps: npt.NDArray[np.float64]) -> None:
        if math.isfinite(last_s := float(stamps[-1])):
            self._last_s = last_s
        elif len(finite := stamps[np.isfinite(stamps)]):
            self._last_s = float(finite[-1])

    def _new_from(self, line: _MergeInput, stamps: npt.NDArray[np.float64]) -> int:
        """Return from where on a connection brings what none before it has brought.

        A connection that begins inside a sender's chunk gives its first samples invalid stamps.
        """
        if not line.is_fresh or not np.isfinite(self._last_s):
            line.is_fresh = False
            return 0
        new = np.flatnonzero((stamps > self._last_s + 0.5 * self._step_s) | np.isnan(stamps))
        line.is_fresh = not len(new)
        if len(new):
            return int(new[0])
        if not line.dropped_n:
            line.dropped_from_s = float(stamps[0])
        line.dropped_n += len(stamps)
        # Stamps that do not advance would never come to an end.
        is_stuck = line.dropped_n * self._step_s > self._last_s - line.dropped_from_s + _GRACE_S
        line.is_fresh = self._is_old(stamps) and not is_stuck
        return len(stamps) if line.is_fresh else 0


_MOST_REMEMBERED = 10_000


class HeardTexts:
    """Store what was received, to discard it when another connection delivers it too."""

    def __init__(self) -> None:
        self._heard: dict[tuple[float, tuple[str, ...]], None] = {}

    def forget(self) -> None:
        """Begin with another run of the source."""
        self._heard.clear()

    def new(
        self, texts: list[list[str]], stamps: npt.NDArray[np.float64], *, is_alone: bool
    ) -> tuple[list[list[str]], npt.NDArray[np.float64]]:
        """Return the texts, and their stamps, that did not come before.

        Parameters
        ----------
        texts : list of list of str
        stamps : ndarray, shape (n_texts,), float64, s
        is_alone : bool
            There is one connection: what it brings twice was sent twice.
        """
        kept = []
        for i, (row, stamp) in enumerate(zip(texts, stamps, strict=True)):
            what = (float(stamp), tuple(row))
            if is_alone or what not in self._heard:
                kept.append(i)
            self._heard[what] = None
            if len(self._heard) > _MOST_REMEMBERED:
                del self._heard[next(iter(self._heard))]
        return [texts[i] for i in kept], np.asarray(stamps)[kept]
