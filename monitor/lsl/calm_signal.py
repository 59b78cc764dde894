"""Collect the samples in which no movement begins or ends: a small piece costs more than its detection."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from monitor.lsl.arrivals import Permission, Samples
from monitor.lsl.connection_merge import Piece

# A piece waits at most so long for others.
_LONGEST_S = 0.65
# A piece that comes so much later than it is due, or whose stamps are so far from those due, does not wait.
_OFF_S = 0.1


class CalmSignal:
    """The pieces of one source that wait for others, in the threads of its reader.

    Parameters
    ----------
    key : int
        Of the source.
    hand_on : callable
        Called with what has waited, as one piece.
    clock : callable
        Seconds that only advance.

    Notes
    -----
    Nothing waits until the recorder has processed what was handed on last and allowed it (`allow`), and then
    nothing in which a movement may begin or end does, nor what comes late or after a jump of the stamps: its
    time of arrival counts. What waits is recorded raw at once.
    """

    def __init__(
        self, key: int, hand_on: Callable[[Samples], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._key, self._hand_on, self._clock = key, hand_on, clock
        self._held: list[Piece] = []
        self._held_n = self._recorded_n = 0
        self._first_s = self._last_s = self._stamp_s = 0.0
        self._latest: Samples | None = None
        # Replaced whole: the recorder sets it in its own thread.
        self._allowed: Permission | None = None

    def allow(self, allowed: Permission) -> None:
        """Let pieces wait that come behind a processed one, while they are calm; in any thread."""
        self._allowed = allowed

    def take(self, values: npt.NDArray[np.generic], stamps: npt.NDArray[np.float64], after: str = "") -> None:
        """Add the next piece, and hand on what must not wait.

        Parameters
        ----------
        values, stamps : ndarray
            As in `Samples`.
        after : str
            Why what lies before it is missing, where that is known.
        """
        # What comes late may be a backlog: how late it is must not be said of what came in time.
        self.look()
        if after:
            # It is said of what lies before its first sample.
            self.rest()
        now_s, stamp_s, allowed = self._clock(), float(stamps[-1]), self._allowed
        since_s, steps_s = now_s - self._last_s, stamp_s - self._stamp_s
        self._last_s, self._stamp_s = now_s, stamp_s
        if not self._held:
            self._first_s = now_s
        self._held.append((values, stamps))
        self._held_n += len(stamps)
        if allowed is None or allowed.after is not self._latest or after:
            self.rest(after)
            return
        due_s = len(stamps) * allowed.sample_s
        # Stamps that are not numbers do not follow.
        follows = since_s <= due_s + _OFF_S and abs(steps_s - due_s) <= _OFF_S
        may_wait = follows and self._held_n < allowed.most_n and allowed.is_calm(values)
        if may_wait and allowed.record(values, stamps):
            self._recorded_n += len(stamps)
        else:
            self.rest()

    def look(self) -> None:
        """Hand on what has waited long enough."""
        if self._held and self._clock() - self._first_s >= _LONGEST_S:
            self.rest()

    def rest(self, after: str = "") -> None:
        """Hand on everything that waits; nothing waits from here on until it is allowed again.

        Parameters
        ----------
        after : str
            As in `take`.
        """
        held, recorded_n = self._held, self._recorded_n
        self._held, self._held_n, self._recorded_n = [], 0, 0
        self._latest = None
        if not held:
            return
        (values, stamps), piece_n = held[0], 0
        if len(held) > 1:
            piece_n = max(len(each) for _, each in held)
            values = np.concatenate([each for each, _ in held])
            stamps = np.concatenate([each for _, each in held])
        self._latest = Samples(
            self._key,
            values,
            stamps,
            after=after,
            piece_n=piece_n,
            waited_s=self._clock() - self._last_s,
            recorded_n=recorded_n,
            let_wait=self.allow,
        )
        self._hand_on(self._latest)
