"""Collect the samples of a calm signal: a small piece costs more to place and detect than what is in it."""

from __future__ import annotations

import numpy as np

from monitor.detection.pipeline import StreamDetection
from monitor.lsl.arrivals import Samples

# A piece in which nothing begins waits for so long at most. With the time for which the reader collects, what
# is detected at once then holds a fifth of a second.
_HOLD_S = 0.15


class CalmSignal:
    """The pieces of one source that wait for detection; they are recorded raw already."""

    def __init__(self) -> None:
        self._held: list[Samples] = []
        self._due_s = float("inf")

    def take(
        self, piece: Samples, stream: StreamDetection, now_s: float, *, is_watched: bool
    ) -> Samples | None:
        """Add the next piece; return what is to be detected now, None if it all waits.

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
        self._held.append(piece)
        if not self._held[1:]:
            self._due_s = now_s + _HOLD_S
        held_n = sum(len(each.stamps) for each in self._held)
        may_wait = not is_watched and not piece.after and now_s < self._due_s
        may_wait &= held_n < _HOLD_S * stream.timeline.rate_hz
        return None if may_wait and stream.is_calm(piece.values) else self.rest()

    def due(self, now_s: float) -> Samples | None:
        """Return what has waited long enough, None if nothing has."""
        return self.rest() if now_s >= self._due_s else None

    def rest(self) -> Samples | None:
        """Return everything that waits, None without any."""
        held, self._held, self._due_s = self._held, [], float("inf")
        if len(held) < 2:
            return held[0] if held else None
        values, stamps = (
            np.concatenate(each) for each in zip(*((p.values, p.stamps) for p in held), strict=True)
        )
        return Samples(held[0].key, values, stamps, after=held[0].after)
