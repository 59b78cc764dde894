"""Delay of received samples: after an outage they arrive late; early stamps indicate a clock step."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LATE_S = 2.0
_ON_TIME_S = 1.0
_EARLY_S = 2.0
_BELIEVED_S = 60.0
_FOLLOW = 0.02
_SIZES_N = 50


@dataclass(slots=True)
class Spell:
    """A period of late delivery.

    Attributes
    ----------
    begun_s : float
        Where it begins on the session's timeline.
    late_s : float
        How late its latest sample came.
    n : int
        Samples.
    missing_s : float
        Duration of signal missing in it (s).
    """

    begun_s: float
    late_s: float = 0.0
    n: int = 0
    missing_s: float = 0.0


class Lateness:
    """Compare the stamps of one stream with this machine's clock.

    Attributes
    ----------
    spell : Spell or None
        The backlog that is coming in.
    """

    def __init__(self) -> None:
        self._usual_s: float | None = None
        self._sizes: deque[int] = deque(maxlen=_SIZES_N)
        self.spell: Spell | None = None

    def reset(self) -> None:
        """Restart for a new connection or clock."""
        self._usual_s = self.spell = None

    @property
    def chunk_n(self) -> int:
        """How many samples the sender sends at once, at most, as far as was seen."""
        return max(self._sizes, default=1)

    def latest_stamp_s(self, now_s: float) -> float:
        """Return the latest stamp that can be: no sample comes before it was taken."""
        return float("inf") if self._usual_s is None else now_s - self._usual_s + _EARLY_S

    def take(
        self,
        stamps_s: npt.NDArray[np.float64],
        now_s: float,
        offset_s: float | None,
        reached_s: float,
        piece_n: int = 0,
    ) -> Spell | None:
        """Look at a chunk.

        Parameters
        ----------
        stamps_s : ndarray, shape (n_samples,), float64, s
        now_s : float
            This machine's LSL clock.
        offset_s : float or None
            Source clock to this machine's, as far as known.
        reached_s : float
            Where the chunk begins on the session's timeline.
        piece_n : int
            Length of the longest of the pieces that the chunk was collected from; 0 if it came as it is. What
            came last tells how late the chunk is: the others came before `now_s`.

        Returns
        -------
        Spell or None
            The spell that has ended with this chunk.
        """
        if not len(stamps_s):
            return None
        piece_s = stamps_s[-piece_n:]
        first_stamp_s, last_stamp_s = float(piece_s[0]), float(piece_s[-1])
        if not (math.isfinite(first_stamp_s) and math.isfinite(last_stamp_s)):
            finite = piece_s[np.isfinite(piece_s)]
            if not len(finite):
                return None
            first_stamp_s, last_stamp_s = float(finite[0]), float(finite[-1])
        first_s, last_s = now_s - first_stamp_s, now_s - last_stamp_s
        if self._usual_s is None:
            # A source that stamps by a clock of its own is measured by its arrival alone.
            known = offset_s is not None and abs(last_s - offset_s) < _BELIEVED_S
            self._usual_s = offset_s if known and offset_s is not None else last_s
        late_s = last_s - self._usual_s
        if late_s < _ON_TIME_S:
            pieces_n = -(-len(stamps_s) // piece_n) if piece_n else 1
            self._usual_s += late_s if late_s < 0 else (1.0 - (1.0 - _FOLLOW) ** pieces_n) * late_s
        if first_s - self._usual_s >= LATE_S and self.spell is None:
            self.spell = Spell(reached_s)
        if self.spell is None:
            if late_s < _ON_TIME_S:
                # Not of a backlog: it may come in one piece, however much it is.
                self._sizes.append(piece_n or len(stamps_s))
            return None
        self.spell.n += len(stamps_s)
        self.spell.late_s = max(self.spell.late_s, first_s - self._usual_s)
        if late_s >= _ON_TIME_S:
            return None
        ended, self.spell = self.spell, None
        return ended
