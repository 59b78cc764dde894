"""The detection in one source over connections, losses and failures, and its live trace."""

from __future__ import annotations

from collections.abc import Iterable

from monitor.detection.aligned_chunk import USUAL, ChunkContext
from monitor.detection.pipeline import StreamDetection
from monitor.model.facts import Fact
from monitor.montage import LegChannel, StreamDescription, counter_column
from monitor.session.signal.live_ring import LiveRingWriter

_FIRST_REST_S = 1.0
_LONGEST_REST_S = 60.0


class SourceDetection:
    """Run the detector of one source, replace it, pause it.

    Changed by `monitor.recorder.intake`, and by `monitor.recorder.clocks` where a step opens a gap.

    Parameters
    ----------
    stream : StreamDetection

    Attributes
    ----------
    stream : StreamDetection
        The detector as it is now.
    ring : LiveRingWriter or None
        The live trace; None before the first connection and where the disk has no room.
    gap_cause : str
        Of the latest gap that is or was open.
    hole : ChunkContext
        What was known of the chunk before: it applies at a gap.
    """

    def __init__(self, stream: StreamDetection) -> None:
        self.stream = stream
        self.ring: LiveRingWriter | None = None
        self.gap_cause = "stream lost"
        self.hole: ChunkContext = USUAL
        self._open_gap_seq: int | None = None
        self._resting_until_s, self._rest_s = float("-inf"), 0.0

    @property
    def has_open_gap(self) -> bool:
        """Whether a gap without an end is recorded."""
        return self._open_gap_seq is not None

    def open_gap(self, seq: int | None, cause: str) -> None:
        """Note the number of the gap that was recorded without an end."""
        self._open_gap_seq, self.gap_cause = seq, cause

    def closing(self, facts: Iterable[Fact]) -> list[Fact]:
        """Let the gap that has ended replace the open one."""
        seq, self._open_gap_seq = self._open_gap_seq, None
        return [
            Fact(f.kind, f.t, f.source, f.data, supersedes=seq) if f.kind == "gap" and seq is not None else f
            for f in facts
        ]

    def is_resting(self, now_s: float) -> bool:
        """Whether the detector pauses after a failure (s, this machine's LSL clock)."""
        return now_s < self._resting_until_s

    def rest(self, now_s: float) -> None:
        """Pause after a failure, longer after each one in a row."""
        self._rest_s = min(max(2 * self._rest_s, _FIRST_REST_S), _LONGEST_REST_S)
        self._resting_until_s = now_s + self._rest_s

    def succeeded(self) -> None:
        """Note that a chunk was processed: the next pause is short again."""
        self._rest_s = 0.0

    def restart(self) -> None:
        """Replace the detector after a failure."""
        self.stream = self.stream.renewed()

    def reform(self, stream: StreamDescription, channels: tuple[LegChannel, ...]) -> None:
        """Replace the detector and the live trace for a changed header."""
        self.ring = None
        self.stream = self.stream.renewed(stream.rate_hz, channels, counter_column(stream.channels))
