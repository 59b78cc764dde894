"""Markers received from text streams: recorded raw, placed in time, interpreted, reported as facts."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.lsl.arrivals import Texts
from monitor.recorder.context import RecorderContext
from monitor.recorder.source import Source
from monitor.session.markers import MarkerReader
from monitor.session.state import SessionState

_MOST_EARLY_MARKERS = 1000
# A whole scored recording may arrive at once; a live scorer sends a few markers per second.
_AT_ONCE = 5000.0
_PER_S = 50.0


class MarkerRateLimit:
    """Count the markers of one stream against what is reasonable.

    Attributes
    ----------
    n_refused : int
        Refused in the present burst; 0 without one.
    """

    def __init__(self) -> None:
        self._left, self._at_s = _AT_ONCE, 0.0
        self.n_refused = 0

    def take(self, now_s: float) -> bool:
        """Say whether one more may be read now (s, this machine's clock)."""
        self._left = min(_AT_ONCE, self._left + max(0.0, now_s - self._at_s) * _PER_S)
        self._at_s = now_s
        if self._left < 1.0:
            self.n_refused += 1
            return False
        self._left -= 1.0
        # Half of the allowance must be restored before a burst ends: one report per burst.
        if self._left > _AT_ONCE / 2:
            self.n_refused = 0
        return True


class MarkerIntake:
    """Process the texts of the marker streams.

    Parameters
    ----------
    context : RecorderContext
    labels : Mapping of str to str
        Meaning of each marker word.
    """

    def __init__(self, context: RecorderContext, labels: Mapping[str, str]) -> None:
        self._context, self._reader = context, MarkerReader(labels)
        self._early: list[tuple[Source, Texts]] = []
        self._limits: dict[int, MarkerRateLimit] = {}

    def resume(self, state: SessionState) -> None:
        """Continue after a recorder that was interrupted, in its state."""
        for kind in ("respiratory", "arousal", "artifact"):
            for fact in state.facts(kind):
                self._reader.written(fact)

    def take(self, source: Source, chunk: Texts) -> None:
        """Process one chunk; before the first sample it waits, since it cannot be placed."""
        if not self._context.time.has_begun:
            if len(self._early) < _MOST_EARLY_MARKERS:
                self._early.append((source, chunk))
            return
        self.record_raw(source, chunk)
        self.interpret(source, chunk)

    def record_raw(self, source: Source, chunk: Texts) -> None:
        """Record a chunk in the file."""
        number = source.identity.number
        n_bytes = sum(len(text) for row in chunk.texts for text in row)
        self._context.raw.put(lambda xdf: xdf.texts(number, chunk.texts, chunk.stamps), n_bytes)
        source.clock.arrived(len(chunk.stamps), self._context.time.clock())

    def interpret(self, source: Source, chunk: Texts) -> None:
        """Report what a chunk that is in the file says."""
        for row, stamp in zip(chunk.texts, chunk.stamps, strict=True):
            t_s = self._context.time.place(source.clock, float(stamp))
            for text in row:
                self._interpret(source, text, t_s)

    def take_early(self) -> None:
        """Process what arrived before the first sample."""
        early, self._early = self._early, []
        for source, chunk in early:
            self.take(source, chunk)

    def _interpret(self, source: Source, text: str, t_s: float) -> None:
        if not self._may_interpret(source):
            return
        fact = self._reader.read(text, t_s, source.name, self._context.time.wall_s)
        if fact is not None:
            for written in self._context.record([fact]):
                self._reader.written(written)

    def _may_interpret(self, source: Source) -> bool:
        limit = self._limits.setdefault(source.key, MarkerRateLimit())
        was_exceeded = limit.n_refused > 0
        if limit.take(self._context.time.clock()):
            return True
        if not was_exceeded:
            reason = "too many markers: all are recorded, most are not interpreted"
            self._context.warn(source.name, reason)
        return False
