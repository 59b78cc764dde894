"""What the parts of the recorder share: writers of raw samples and facts, and the time.

The session's timeline against this machine's LSL clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.model.facts import Fact
from monitor.recorder.fault_isolation import FaultIsolation
from monitor.recorder.source_clock import SourceClock
from monitor.recorder.source_detection import SourceDetection
from monitor.recorder.watches import StallWatch
from monitor.session.folder import SessionFolder
from monitor.session.signal.raw_writer import RawWriter

if TYPE_CHECKING:
    from monitor.model.payloads import WarningData


class SessionTime:
    """Seconds from the first sample, and what they are on the LSL clock.

    Parameters
    ----------
    lead : SourceClock
        Of the first stream with a leg: its first sample is 0, its clock is the timeline's.
    clock : callable
        This machine's LSL clock (s).
    """

    def __init__(self, lead: SourceClock, clock: Callable[[], float]) -> None:
        self._lead, self._clock = lead, clock
        self._speed = lead.speed
        self._origin_s: float | None = None
        self._as_of_s: float | None = None

    def clock(self) -> float:
        """Return this machine's LSL clock (s); within `as_of`, as it was then."""
        return self._clock() if self._as_of_s is None else self._as_of_s

    @contextmanager
    def as_of(self, clock_s: float) -> Iterator[None]:
        """Process what was received at `clock_s` as of that time."""
        self._as_of_s = clock_s
        try:
            yield
        finally:
            self._as_of_s = None

    @property
    def is_past(self) -> bool:
        """Whether something is being processed as of an earlier time."""
        return self._as_of_s is not None

    @property
    def has_begun(self) -> bool:
        """Whether there was a first sample."""
        return self._origin_s is not None

    @property
    def origin_s(self) -> float | None:
        """The LSL clock of this machine at 0 of the session, None before the first sample."""
        return self._origin_s

    def resume(self, origin_s: float) -> None:
        """Resume a session whose first sample was at `origin_s` on this machine's LSL clock."""
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

    def first_sample(self, source: SourceClock, stamp_s: float) -> float:
        """Place the first stamp of a connection; the very first of all is where the session begins."""
        if self._origin_s is None:
            self._origin_s = stamp_s + source.offset_s
        # The lead is not anchored at this moment, so its drift is already contained in the offset.
        return self.place(source, stamp_s)

    def place(self, source: SourceClock, stamp_s: float) -> float:
        """Place a stamp of a source's clock on the timeline (s).

        Raises
        ------
        ValueError
            Before the first sample.
        """
        if self._origin_s is None:
            raise ValueError("nothing can be placed before the first sample")
        return (stamp_s + source.offset_s - self._lead.drift_s - self._origin_s) * self._speed


@dataclass(frozen=True, slots=True)
class RecorderContext:
    """The services that the parts of the recorder share.

    Attributes
    ----------
    record : callable
        Writes facts to disk, then folds and sends them; returns those written.
    reached_s : callable
        Length of the recording so far on the session's timeline (s).
    """

    folder: SessionFolder
    raw: RawWriter
    time: SessionTime
    stall_watch: StallWatch
    faults: FaultIsolation
    record: Callable[[Iterable[Fact]], list[Fact]]
    reached_s: Callable[[], float]

    def warn(self, about: str, reason: str) -> None:
        """Record a warning."""
        data: WarningData = {"about": about, "reason": reason}
        self.record([Fact("warning", self.reached_s(), "recorder", data)])

    def open_gap(self, detection: SourceDetection, facts: Iterable[Fact], cause: str) -> None:
        """Record facts, and note the number of the open gap among them, if any."""
        for fact in self.record(facts):
            if fact.kind == "gap":
                detection.open_gap(fact.seq, cause)
