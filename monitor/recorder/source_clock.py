"""When the samples of one source were taken and when they arrive: its clock, and the timeline."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from monitor.montage import StreamDescription
from monitor.recorder.clock_fit import ClockFit
from monitor.recorder.lateness import Lateness


class SourceClock:
    """Place the stamps of one source on the session's timeline.

    Changed by `monitor.recorder.clocks.Clocks` and, with each chunk, by the intake.

    Parameters
    ----------
    stream : StreamDescription

    Attributes
    ----------
    speed : float
        Signal seconds per second of LSL time.
    offset_s : float
        Source clock to this machine's LSL clock.
    is_offset_known : bool
        Whether `offset_s` was measured.
    is_foreign : bool
        Whether its stamps are from another clock than LSL's.
    stepped_at_s : float
        When its stamps stepped last (this machine's LSL clock).
    n_samples : int
        Received so far.
    last_arrival_s : float
        When the latest of them arrived (this machine's LSL clock).
    """

    def __init__(self, stream: StreamDescription) -> None:
        self._rate_hz, self.speed = stream.rate_hz, stream.speed
        self.offset_s, self.is_offset_known, self.is_foreign = 0.0, False, False
        self.stepped_at_s = float("-inf")
        self.n_samples, self.last_arrival_s = 0, 0.0
        self.fit, self.lateness = ClockFit(), Lateness()
        self._anchor_stamp_s: float | None = None
        self._anchor_t_s = self._anchor_offset_s = 0.0

    def connect(self, stream: StreamDescription, offset_s: float | None, now_s: float) -> None:
        """Begin again over a new connection, with the offset that was measured for it (s), if any."""
        self._rate_hz, self.speed = stream.rate_hz, stream.speed
        self.unanchor()
        self.offset_s, self.is_offset_known, self.is_foreign = offset_s or 0.0, offset_s is not None, False
        self.fit = ClockFit()
        self.lateness.reset()
        if offset_s is not None:
            self.fit.take(now_s, offset_s, None)

    def arrived(self, n: int, now_s: float) -> None:
        """Count `n` samples that arrived now (s, this machine's LSL clock)."""
        self.n_samples += n
        self.last_arrival_s = now_s

    @property
    def is_anchored(self) -> bool:
        """Whether stamps can be placed."""
        return self._anchor_stamp_s is not None

    def anchor(self, stamp_s: float, t_s: float) -> None:
        """Set the moment of the session (s) that belongs to a stamp of the source's clock."""
        self._anchor_stamp_s, self._anchor_t_s = stamp_s, t_s
        self._anchor_offset_s = self.offset_s

    def unanchor(self) -> None:
        """Forget where the stamps lie: the next ones are placed anew."""
        self._anchor_stamp_s = None

    @property
    def drift_s(self) -> float:
        """How far the source's clock and this machine's have moved apart since the anchor (s)."""
        return self.offset_s - self._anchor_offset_s if self.is_anchored else 0.0

    def first_stamp_s(self, stamps_s: npt.NDArray[np.float64], now_s: float) -> float:
        """Return the stamp of a chunk's first sample, whatever nonsense it carries.

        Parameters
        ----------
        stamps_s : ndarray, shape (n_samples,), float64, s
            As they came; not-finite ones are passed over.
        now_s : float
            This machine's LSL clock, for a chunk without any finite stamp.
        """
        finite = np.flatnonzero(np.isfinite(stamps_s))
        if not len(finite):
            return now_s - self.offset_s
        rate_hz = self._rate_hz * self.speed
        before_s = int(finite[0]) / rate_hz if rate_hz else 0.0
        return float(stamps_s[finite[0]]) - before_s

    def moment(self, stamp_s: float) -> float:
        """Place one stamp, as `place` does."""
        if self._anchor_stamp_s is None:
            raise ValueError("no stamp was anchored yet")
        return self._anchor_t_s + (stamp_s - self._anchor_stamp_s) * self.speed

    def place(self, stamps_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Place stamps on the session's timeline (s).

        Raises
        ------
        ValueError
            Before `anchor`.
        """
        if self._anchor_stamp_s is None:
            raise ValueError("no stamp was anchored yet")
        return self._anchor_t_s + (stamps_s - self._anchor_stamp_s) * self.speed
