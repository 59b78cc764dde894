"""The clocks of the sources against this machine's: offsets are recorded as measured and fitted by a line.

Where the stamps are not from the LSL clock the recording holds the offset that was used and not the measured
ones: those belong to another clock, and a reader of the file would misplace the stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.detection.stamp_timeline import CLOCK_STEP
from monitor.lsl.arrivals import Offset
from monitor.model.facts import Fact
from monitor.recorder.context import RecorderContext
from monitor.recorder.source import Source

if TYPE_CHECKING:
    from monitor.model.payloads import OffsetData

_STEPPED_S = 0.01
# An offset that places a source's stamps this far from now does not belong to them.
_BELIEVED_S = 60.0
# A clock that stepped shows in its stamps at once, and in its offset within two measurements.
_SAME_STEP_S = 20.0


class Clocks:
    """Follow the clock of each source.

    Parameters
    ----------
    context : RecorderContext
    """

    def __init__(self, context: RecorderContext) -> None:
        self._context = context

    def check(self, source: Source, stamp_s: float, now_s: float) -> None:
        """Place a source by its arrival if its stamps cannot be LSL's, or no offset is known."""
        off_s = now_s - stamp_s - source.clock.offset_s
        if abs(off_s) < _BELIEVED_S:
            return
        source.clock.offset_s += off_s
        source.clock.is_foreign = True
        self.record_offset(source, now_s, source.clock.offset_s)
        why = (
            "are not from the LSL clock"
            if source.clock.is_offset_known
            else "are from a clock with unknown offset"
        )
        self._context.warn(source.name, f"its stamps {why}: samples are placed by their time of arrival")

    def offset(self, source: Source, arrival: Offset) -> None:
        """Take a measured offset."""
        if source.clock.is_foreign and abs(arrival.offset_s - source.clock.offset_s) > _BELIEVED_S:
            self.record_offset(source, arrival.collected_at_s, self._used_s(source))
            return
        self.record_offset(source, arrival.collected_at_s, arrival.offset_s)
        source.clock.is_foreign = False
        stepped_s = source.clock.fit.take(arrival.collected_at_s, arrival.offset_s, arrival.rtt_s)
        offset_s = source.clock.fit.at(arrival.collected_at_s)
        if (
            not source.clock.is_offset_known
            or stepped_s
            or abs(offset_s - source.clock.offset_s) > _STEPPED_S
        ):
            data: OffsetData = {
                "name": source.name,
                "offset_s": offset_s,
                "before_s": source.clock.offset_s,
                "rtt_s": arrival.rtt_s,
                "stepped_s": stepped_s,
            }
            self._context.record([Fact("offset", self._context.reached_s(), "recorder", data)])
        source.clock.offset_s, source.clock.is_offset_known = offset_s, True
        if stepped_s:
            self._clock_stepped(source, stepped_s)

    def anchored(self, source: Source, now_s: float) -> None:
        """Record the offset that places the stamps of a connection, if it was measured."""
        if source.clock.is_offset_known and not source.clock.is_foreign:
            self.record_offset(source, now_s, source.clock.offset_s)

    def stamps_stepped(self, source: Source) -> None:
        """Record the offset after a step that only the stamps show, so that the file has it too."""
        self.record_offset(source, self._context.time.clock(), self._used_s(source))

    @staticmethod
    def _used_s(source: Source) -> float:
        shift_s = 0.0 if source.detection is None else source.detection.stream.timeline.shift_s
        return source.clock.offset_s + shift_s / source.clock.speed

    def record_offset(self, source: Source, at_s: float, offset_s: float) -> None:
        """Record an offset in the file, as it was measured."""
        # As LabRecorder writes it: the time of collection in the SOURCE's clock, and the offset.
        number = source.identity.number
        self._context.raw.put(lambda xdf: xdf.clock_offset(number, at_s - offset_s, offset_s))

    def _clock_stepped(self, source: Source, stepped_s: float) -> None:
        """Place a source again after its clock stopped or jumped.

        If this machine's own clock stopped (it was suspended), the signal continued: the
        timeline follows the stamps as before, and only its relation to this machine's clock changes.
        """
        source.clock.lateness.reset()
        jumped = self._context.time.clock() - source.clock.stepped_at_s < _SAME_STEP_S
        if not source.clock.is_anchored or (stepped_s < 0 and not jumped):
            return
        if source.detection is not None:
            self._context.open_gap(source.detection, source.detection.stream.lose(CLOCK_STEP), CLOCK_STEP)
        source.clock.unanchor()
