"""Collect the samples of a calm signal: a small piece costs more to place and detect than what is in it."""

from __future__ import annotations

import numpy as np

from monitor.detection.pipeline import StreamDetection
from monitor.lsl.arrivals import Samples

# So much of a calm signal is detected at once, and so long does a piece wait at most for others.
_ENOUGH_S = 0.5
_LONGEST_S = 0.65


Due = tuple[Samples, float]
"""What is to be detected, and when its last sample arrived (s, this machine's LSL clock)."""


class CalmSignal:
    """The pieces of one source that wait for detection; they are recorded raw already."""

    def __init__(self) -> None:
        self._held: list[Samples] = []
        self._due_s = float("inf")
        self._arrived_s = float("nan")

    def take(self, piece: Samples, stream: StreamDetection, now_s: float, *, is_watched: bool) -> list[Due]:
        """Add the next piece; return what is to be detected now.

        Parameters
        ----------
        piece : Samples
        stream : StreamDetection
            Whose turn it is.
        now_s : float
            This machine's LSL clock.
        is_watched : bool
            Whether a person sees the live trace: nothing waits then.
        """
        # What comes late may be a backlog: how late it is must not be said of what came in time.
        before = self.due(now_s)
        if not self._held:
            self._due_s = now_s + _LONGEST_S
        self._held.append(piece)
        self._arrived_s = now_s
        held_n = sum(len(each.stamps) for each in self._held)
        may_wait = not is_watched and not piece.after and held_n < _ENOUGH_S * stream.timeline.rate_hz
        if may_wait and stream.is_calm(piece.values):
            return before
        return before + self.rest()

    def due(self, now_s: float) -> list[Due]:
        """Return what has waited long enough."""
        return self.rest() if now_s >= self._due_s else []

    def rest(self) -> list[Due]:
        """Return everything that waits, as one piece."""
        held, self._held, self._due_s = self._held, [], float("inf")
        if len(held) < 2:
            return [(each, self._arrived_s) for each in held]
        values = np.concatenate([each.values for each in held])
        stamps = np.concatenate([each.stamps for each in held])
        piece_n = max(len(each.stamps) for each in held)
        whole = Samples(held[0].key, values, stamps, after=held[0].after, piece_n=piece_n)
        return [(whole, self._arrived_s)]
