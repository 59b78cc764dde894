"""Other signals beside the legs: anchored in time, and written to live rings for screens.

A fault here ends the lanes of that stream on screens. It reaches neither the recording nor the detection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from monitor.lsl.arrivals import Samples
from monitor.model.facts import Fact
from monitor.model.lanes import signals_of
from monitor.recorder.clocks import Clocks
from monitor.recorder.context import RecorderContext
from monitor.recorder.source import Source
from monitor.session.signal.live_ring import LiveRingWriter
from monitor.session.signal.placement import Placement

if TYPE_CHECKING:
    from monitor.model.payloads import AnchorData

Floats = npt.NDArray[np.float64]


class _Lanes:
    """The lanes of one stream, as it is now."""

    def __init__(self, source: Source, ring: LiveRingWriter) -> None:
        self.number, self._lanes, self._ring = source.identity.number, source.identity.lanes, ring
        self.placement: Placement | None = None

    def write(self, times_s: Floats, values: npt.NDArray[Any]) -> None:
        """Write samples of all channels, shape (n, n_channels), that lie at these times (s)."""
        self.write_signals(times_s, self.signals(values))

    def write_signals(self, times_s: Floats, signals: Floats) -> None:
        """Write the signals of the lanes, shape (n, n_lanes)."""
        self._ring.write(np.concatenate([times_s[:, np.newaxis], signals], axis=1))

    def signals(self, values: npt.NDArray[Any]) -> Floats:
        """Return the signals of the lanes, shape (n, n_lanes), from samples of all channels."""
        return signals_of(self._lanes, values)


class LaneIntake:
    """Process the signals that have no detector.

    Parameters
    ----------
    context : RecorderContext
    clocks : Clocks
        Of the intake.
    """

    def __init__(self, context: RecorderContext, clocks: Clocks) -> None:
        self._context, self._clocks = context, clocks
        self._lanes: dict[int, _Lanes] = {}
        # The first sample of a connection: its stamp, and its number in the file.
        self._first: dict[int, tuple[float, int]] = {}

    def connected(self, source: Source) -> None:
        """Begin a connection: a stream in another form has another ring."""
        self._first.pop(source.key, None)
        known = self._lanes.get(source.key)
        if known is not None and known.number == source.identity.number:
            return
        self._end(source)
        with self._context.faults.isolate(self._about(source)):
            identity = source.identity
            lanes, rate_hz = identity.lanes, identity.stream.rate_hz
            if not lanes or not rate_hz:
                return
            try:
                ring = LiveRingWriter(
                    self._context.folder.live_lanes(source.key),
                    [lane.name_in(identity.stream.name) for lane in lanes],
                    rate_hz,
                    [lane.kind for lane in lanes],
                )
            except OSError as err:
                self._context.warn(self._about(source), f"not available: {err.strerror or err}")
                return
            self._lanes[source.key] = _Lanes(source, ring)

    def placed(self, source: Source, times_s: Floats, values: npt.NDArray[Any]) -> None:
        """Write samples of a stream with legs, shape (n, n_channels), where its detection placed them (s)."""
        lanes = self._lanes.get(source.key)
        if lanes is None:
            return
        with self._context.faults.isolate(self._about(source)) as outcome:
            lanes.write(times_s, values)
        if outcome.failed:
            self._end(source)

    def take(self, source: Source, chunk: Samples, n_before: int) -> None:
        """Process a chunk of a stream without legs; `n_before` samples of it are before it in the file."""
        with self._context.faults.isolate(self._about(source)) as outcome:
            if not self._anchored(source, chunk, n_before):
                return
            lanes = self._lanes.get(source.key)
            if lanes is None or lanes.placement is None:
                return
            placed = lanes.placement.take(lanes.signals(chunk.values), chunk.values, chunk.stamps)
            for begin_s, step_s, signals in placed:
                times_s: Floats = begin_s + np.arange(len(signals), dtype=np.float64) * step_s
                lanes.write_signals(times_s, signals)
        if outcome.failed:
            self._end(source)

    def _anchored(self, source: Source, chunk: Samples, n_before: int) -> bool:
        """Anchor a connection at its first sample, once the session has begun; return whether it is."""
        clock, identity, context = source.clock, source.identity, self._context
        if clock.is_anchored:
            return True
        if not identity.stream.rate_hz:
            # Without a rate its samples cannot be placed.
            return False
        now_s = context.time.clock()
        if source.key not in self._first:
            stamp_s = clock.first_stamp_s(chunk.stamps, now_s)
            self._clocks.check(source, stamp_s, now_s)
            self._clocks.anchored(source, now_s)
            self._first[source.key] = stamp_s, n_before
        if not context.time.has_begun:
            return False
        stamp_s, at_n = self._first.pop(source.key)
        t_s = context.time.place(clock, stamp_s)
        clock.anchor(stamp_s, t_s)
        data: AnchorData = {"key": identity.number, "stamp": stamp_s, "speed": clock.speed, "n": at_n}
        context.record([Fact("anchor", t_s, "recorder", data)])
        lanes = self._lanes.get(source.key)
        if lanes is not None:
            lanes.placement = lanes.placement or Placement(source.about(), len(identity.lanes))
            # What was sent before the first sample of the legs is not shown: it must not look like a gap.
            stamp_s = clock.first_stamp_s(chunk.stamps, now_s)
            now: AnchorData = {"key": identity.number, "stamp": stamp_s, "speed": clock.speed}
            list(lanes.placement.start(Fact("anchor", clock.moment(stamp_s), "recorder", now)))
        return True

    def _end(self, source: Source) -> None:
        if self._lanes.pop(source.key, None) is not None:
            with self._context.faults.isolate(self._about(source)):
                self._context.folder.live_lanes(source.key).unlink(missing_ok=True)

    @staticmethod
    def _about(source: Source) -> str:
        return f"showing other signals of {source.name}"
