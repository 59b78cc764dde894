"""One source of the session: which stream it is, its clock, the detection in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dsp import DetectorSettings
from monitor.detection.pipeline import StreamDetection
from monitor.model.lanes import NO_LANES, LaneWish
from monitor.montage import Chosen, counter_column
from monitor.recorder.source_clock import SourceClock
from monitor.recorder.source_detection import SourceDetection
from monitor.recorder.source_identity import SourceIdentity


@dataclass(frozen=True, slots=True)
class Source:
    """The three parts of a source; whoever uses it takes those it needs.

    Attributes
    ----------
    detection : SourceDetection or None
        None for a marker stream.
    """

    identity: SourceIdentity
    clock: SourceClock
    detection: SourceDetection | None = None

    @classmethod
    def of(
        cls,
        key: int,
        chosen: Chosen,
        settings: DetectorSettings,
        lanes: LaneWish = NO_LANES,
        *,
        is_header_written: bool = False,
    ) -> Source:
        """Make the source of a chosen stream.

        Parameters
        ----------
        key : int
            Its number among the chosen streams.
        chosen : Chosen
        settings : DetectorSettings
        lanes : LaneWish
            Which of its other signals are shown beside the legs.
        is_header_written : bool
            Whether ``recording.xdf`` has its header: a resumed session.
        """
        stream, channels, detection = chosen.stream, chosen.channels, None
        if channels:
            counter = counter_column(stream.channels)
            detection = SourceDetection(StreamDetection(stream.rate_hz, channels, settings, counter))
        identity = SourceIdentity(key, stream, channels, is_header_written, lane_wish=lanes)
        return cls(identity, SourceClock(stream), detection)

    @property
    def key(self) -> int:
        """Its number among the chosen streams."""
        return self.identity.key

    @property
    def name(self) -> str:
        """Name of the stream."""
        return self.identity.stream.name

    @property
    def is_live(self) -> bool:
        """Whether it is connected and its samples are placed."""
        return self.identity.is_connected and self.clock.is_anchored

    def about(self) -> dict[str, Any]:
        """Return the data of its ``stream`` fact."""
        counter = None if self.detection is None else self.detection.stream.counter
        replaces = self.identity.replaces
        about = self.identity.about()
        about["offset_s"] = self.clock.offset_s if self.clock.is_offset_known else None
        about |= {} if counter is None else {"counter": counter}
        return about | ({} if replaces is None else {"replaces": replaces})

    def status(self, now_s: float) -> dict[str, Any]:
        """Return how it is doing; `now_s` is this machine's LSL clock."""
        return {
            "key": self.key,
            "name": self.name,
            "connected": self.identity.is_connected,
            "rate_hz": self.detection.stream.timeline.rate_hz if self.detection else 0.0,
            "n_samples": self.clock.n_samples,
            "last_arrival_s_ago": now_s - self.clock.last_arrival_s if self.clock.n_samples else None,
            "legs": list(self.identity.leg_names),
            "waits": self.identity.waits,
        }
