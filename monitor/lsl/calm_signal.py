"""Collect the samples in which no movement begins or ends: a small piece costs more than its detection."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from monitor.lsl.arrivals import IsCalm, RecordRaw, Samples

# A piece waits at most so long for others.
_LONGEST_S = 0.65


class CalmSignal:
    """The pieces of one source that wait for others, in the threads of its reader.

    Parameters
    ----------
    hand_on : callable
        Called with what has waited, as one piece.
    clock : callable
        Seconds that only advance.

    Notes
    -----
    Nothing waits until the recorder has processed what was handed on last and allowed it (`allow`), and then
    nothing in which a movement may begin or end does. What waits is recorded raw at once.
    """

    def __init__(
        self, hand_on: Callable[[Samples], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._hand_on, self._clock = hand_on, clock
        self._held: list[Samples] = []
        self._held_n = self._recorded_n = 0
        self._first_s = self._last_s = 0.0
        self._latest: Samples | None = None
        # Replaced whole: the recorder sets it in its own thread.
        self._allowed: tuple[Samples, IsCalm, RecordRaw, int] | None = None

    def allow(self, after: Samples, is_calm: IsCalm, record: RecordRaw, most_n: int) -> None:
        """Let pieces wait that come behind `after`, while they are calm; in any thread.

        Parameters
        ----------
        after : Samples
            What was processed: has another piece been handed on since, nothing waits.
        is_calm, record : callable
        most_n : int
            So many samples are handed on at once.
        """
        self._allowed = (after, is_calm, record, most_n)

    def take(self, piece: Samples) -> None:
        """Add the next piece, and hand on what must not wait."""
        # What comes late may be a backlog: how late it is must not be said of what came in time.
        self.look()
        if piece.after:
            # It is said of what lies before its first sample.
            self.rest()
        now_s, allowed = self._clock(), self._allowed
        if not self._held:
            self._first_s = now_s
        self._held.append(piece)
        self._held_n += len(piece.stamps)
        self._last_s = now_s
        if allowed is None or allowed[0] is not self._latest or piece.after:
            self.rest()
            return
        _, is_calm, record, most_n = allowed
        if self._held_n >= most_n or not is_calm(piece.values) or not record(piece.values, piece.stamps):
            self.rest()
        else:
            self._recorded_n += len(piece.stamps)

    def look(self) -> None:
        """Hand on what has waited long enough."""
        if self._held and self._clock() - self._first_s >= _LONGEST_S:
            self.rest()

    def rest(self) -> None:
        """Hand on everything that waits; nothing waits from here on until it is allowed again."""
        held, recorded_n = self._held, self._recorded_n
        self._held, self._held_n, self._recorded_n = [], 0, 0
        self._latest = None
        if not held:
            return
        waited_s = self._clock() - self._last_s
        whole = replace(held[0], let_wait=self.allow, recorded_n=recorded_n, waited_s=waited_s)
        if len(held) > 1:
            whole = replace(
                whole,
                values=np.concatenate([each.values for each in held]),
                stamps=np.concatenate([each.stamps for each in held]),
                piece_n=max(len(each.stamps) for each in held),
            )
        self._latest = whole
        self._hand_on(whole)
