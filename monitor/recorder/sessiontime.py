"""The session's timeline against this machine's LSL clock."""

from __future__ import annotations

from collections.abc import Callable

from monitor.recorder.source import Source


class SessionTime:
    """Seconds from the first sample, and what they are on the LSL clock.

    Parameters
    ----------
    lead : Source
        The first stream with a leg: its first sample is 0, its clock is the timeline's.
    clock : callable
        This machine's LSL clock (s).
    """

    def __init__(self, lead: Source, clock: Callable[[], float]) -> None:
        self._lead, self.clock = lead, clock
        self._speed = lead.stream.speed
        self._origin_s: float | None = None

    @property
    def has_begun(self) -> bool:
        """Whether there was a first sample."""
        return self._origin_s is not None

    @property
    def origin_s(self) -> float | None:
        """The LSL clock of this machine at 0 of the session, None before the first sample."""
        return self._origin_s

    def resume(self, origin_s: float) -> None:
        """Go on with a session whose first sample lay there on this machine's LSL clock."""
        self._origin_s = origin_s

    @property
    def wall_s(self) -> float:
        """Where the session would be now if nothing was lost or late."""
        if self._origin_s is None:
            return 0.0
        return (self.clock() - self._origin_s - self._lead.drift_s) * self._speed

    def to_lsl(self, t_s: float) -> float:
        """Turn a moment of the session into this machine's LSL clock; now, before the first sample."""
        if self._origin_s is None:
            return self.clock()
        return self._origin_s + t_s / self._speed + self._lead.drift_s

    def first_sample(self, source: Source, stamp_s: float) -> float:
        """Place the first stamp of a connection; the very first of all is where the session begins."""
        if self._origin_s is None:
            self._origin_s = stamp_s + source.offset_s
        # The lead is not anchored now, so it has not drifted: it takes the drift so far along.
        return self.place(source, stamp_s)

    def place(self, source: Source, stamp_s: float) -> float:
        """Place a stamp of a source's clock on the timeline (s).

        Raises
        ------
        ValueError
            Before the first sample.
        """
        if self._origin_s is None:
            raise ValueError("nothing can be placed before the first sample")
        return (stamp_s + source.offset_s - self._lead.drift_s - self._origin_s) * self._speed
