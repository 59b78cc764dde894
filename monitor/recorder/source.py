"""One stream of the session: its position on the timeline and its detection.

How a person assigned the channels of a source that returned.

Marker rate limit of a stream.
"""

from __future__ import annotations

import queue
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.detection.aligned_chunk import USUAL, ChunkContext
from monitor.detection.pipeline import StreamDetection
from monitor.lsl.arrivals import Command
from monitor.lsl.source_identity import HOW_TO_ACCEPT, changed
from monitor.model.config import MontageWish
from monitor.model.facts import LEGS
from monitor.montage import LegChannel, StreamDescription, first_of_each, lanes, read_montage, rematch_legs
from monitor.recorder.clock_fit import ClockFit
from monitor.recorder.lateness import Lateness
from monitor.session.signal.live_ring import LiveRingWriter


@dataclass(frozen=True, slots=True)
class SourceOverride:
    """The assignment of a person.

    Attributes
    ----------
    wish : MontageWish
        The legs and limbs by channel; no legs where the stream alone was named.
    form : StreamDescription or None
        The header it applies to; None if it applies to the stream selected with it.
    uids : set of str
        The runs that were found by that name.
    """

    wish: MontageWish
    form: StreamDescription | None = None
    uids: set[str] = field(default_factory=set)

    def speaks_of(self, stream: StreamDescription) -> bool:
        """Whether legs were named in this stream, in this form."""
        is_meant = stream.uid in self.uids if self.form is None else not changed(self.form, stream)
        return bool(self.wish.channels) and is_meant

    def channels_in(
        self, before: StreamDescription, channels: Sequence[LegChannel], now: StreamDescription
    ) -> tuple[LegChannel, ...] | str:
        """Find legs and limbs where they were assigned; other limbs by their labels.

        Parameters
        ----------
        before : StreamDescription
            As the source was.
        channels : sequence of LegChannel
            Of its legs, then its limbs.
        now : StreamDescription

        Returns
        -------
        tuple of LegChannel or str
            In the same order of legs and limbs; or why they are not there.
        """
        reading = read_montage(now, self.wish)
        if reading.problems:
            return reading.problems[0]
        found = [*reading.legs, *reading.limbs]
        for limb in (c for c in channels if c.leg not in LEGS and c.leg not in self.wish.limbs):
            again = rematch_legs(before, (limb,), now)
            if isinstance(again, str):
                return f"{again}; name it with --limb {limb.leg}=CH"
            found += again
        order = [channel.leg for channel in channels]
        return tuple(sorted(found, key=lambda channel: order.index(channel.leg)))


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


@dataclass(slots=True)
class Source:
    """A chosen stream and its state during the recording.

    Attributes
    ----------
    key : int
        Its number among the streams that were chosen.
    number : int
        Its number in ``recording.xdf`` and in facts: another one when it came back in another form.
    replaces : int or None
        The number it had before that.
    legs, limbs : tuple of LegChannel
        Empty for a marker stream.
    detection : StreamDetection or None
        None for a marker stream.
    offset_s : float
        Source clock to this machine's LSL clock.
    connected : bool
        Whether an inlet is open.
    n_samples : int
        Received so far.
    n_left_out : int
        Received and missing in the raw signal: the disk refused writes and the buffer was full.
    away_because : str
        Why it is not connected: the last reason of its reader.
    offered : StreamDescription or None
        The last changed header that was refused.
    override : SourceOverride or None
        The assignment of a person for its return.
    commands : queue.SimpleQueue
        To its reader.
    """

    key: int
    stream: StreamDescription
    legs: tuple[LegChannel, ...] = ()
    detection: StreamDetection | None = None
    limbs: tuple[LegChannel, ...] = ()
    offset_s: float = 0.0
    offset_known: bool = False
    connected: bool = False
    header_written: bool = False
    number: int = 0
    replaces: int | None = None
    n_samples: int = 0
    n_left_out: int = 0
    ring: LiveRingWriter | None = None
    open_gap_seq: int | None = None
    gap_cause: str = "stream lost"
    resting_until_s: float = float("-inf")
    fault_rest_s: float = 0.0
    last_arrival_s: float = 0.0
    hole: ChunkContext = USUAL
    stepped_at_s: float = float("-inf")
    has_own_clock: bool = False
    lateness: Lateness = field(default_factory=Lateness)
    away_because: str = ""
    offered: StreamDescription | None = None
    override: SourceOverride | None = None
    commands: queue.SimpleQueue[Command] = field(default_factory=queue.SimpleQueue)
    markers: MarkerRateLimit = field(default_factory=MarkerRateLimit)
    clock: ClockFit = field(default_factory=ClockFit)
    _anchor_stamp_s: float | None = None
    _anchor_t_s: float = 0.0
    _anchor_offset_s: float = 0.0

    def __post_init__(self) -> None:
        self.number = self.number or self.key

    def unanchor(self) -> None:
        """Forget where the stamps lie: the next ones come over a new connection."""
        self._anchor_stamp_s = None

    @property
    def is_anchored(self) -> bool:
        """Whether stamps can be placed."""
        return self._anchor_stamp_s is not None

    def anchor(self, stamp_s: float, t_s: float) -> None:
        """Say that a stamp of the source's clock is this moment of the session (s)."""
        self._anchor_stamp_s, self._anchor_t_s = stamp_s, t_s
        self._anchor_offset_s = self.offset_s

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
        rate_hz = self.stream.rate_hz * self.stream.speed
        before_s = int(finite[0]) / rate_hz if rate_hz else 0.0
        return float(stamps_s[finite[0]]) - before_s

    def place(self, stamps_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Place stamps on the session's timeline (s)."""
        if self._anchor_stamp_s is None:
            raise ValueError("no stamp was anchored yet")
        return self._anchor_t_s + (stamps_s - self._anchor_stamp_s) * self.stream.speed

    def accepts(self, stream: StreamDescription) -> str:
        """Return why a stream with a changed header cannot replace it; empty if its legs are known."""
        legs = self.channels_in(stream)
        if isinstance(legs, str):
            self.offered = stream
        return legs if isinstance(legs, str) else ""

    def channels_in(self, stream: StreamDescription) -> tuple[LegChannel, ...] | str:
        """Find its legs and limbs in a stream with a changed header, or return why they are ambiguous."""
        channels = (*self.legs, *self.limbs)
        if self.override is not None and self.override.speaks_of(stream):
            return self.override.channels_in(self.stream, channels, stream)
        return rematch_legs(self.stream, channels, stream)

    def about(self) -> dict[str, Any]:
        """Return the data of its ``stream`` fact."""
        stream = self.stream
        legs = [self._about(c, self.legs) for c in first_of_each(self.legs)]
        limbs = [self._about(c, self.limbs) for c in first_of_each(self.limbs)]
        counter = None if self.detection is None else self.detection.counter
        further: dict[str, Any] = {"limbs": limbs} if limbs else {}
        further |= {} if counter is None else {"counter": counter}
        further |= {} if self.replaces is None else {"replaces": self.replaces}
        return {
            "key": self.number,
            "name": stream.name,
            "type": stream.type,
            "source_id": stream.source_id,
            "uid": stream.uid,
            "hostname": stream.hostname,
            "rate_hz": stream.rate_hz,
            "format": stream.channel_format,
            "speed": stream.speed,
            "simulated": stream.simulated,
            "offset_s": self.offset_s if self.offset_known else None,
            "channels": [[c.label, c.unit, c.type] for c in stream.channels],
            "legs": legs,
        } | further

    @property
    def waits(self) -> str:
        """What a person is asked to confirm while it is disconnected; empty if nothing."""
        asks = not self.connected and HOW_TO_ACCEPT in self.away_because
        return self.away_because if asks else ""

    @property
    def leg_names(self) -> tuple[str, ...]:
        """The legs in it, each once."""
        return tuple(channel.leg for channel in first_of_each(self.legs))

    @property
    def lane_names(self) -> tuple[str, ...]:
        """Every signal that is detected in, as the live ring has them."""
        return tuple(name for name, _ in lanes((*self.legs, *self.limbs)))

    @staticmethod
    def _about(channel: LegChannel, every: Sequence[LegChannel]) -> dict[str, Any]:
        """Describe a leg by its first derivation, then the others."""
        about: dict[str, Any] = {"leg": channel.leg} | _signal(channel)
        own = [c for c in every if c.leg == channel.leg]
        if len(own) > 1:
            about["derivations"] = [c.label or f"#{c.index + 1}" for c in own]
            about["further"] = [_signal(c) for c in own[1:]]
        return about

    def status(self, now_s: float) -> dict[str, Any]:
        """Return how it is doing; `now_s` is this machine's LSL clock."""
        return {
            "key": self.key,
            "name": self.stream.name,
            "connected": self.connected,
            "rate_hz": self.detection.timeline.rate_hz if self.detection else 0.0,
            "n_samples": self.n_samples,
            "last_arrival_s_ago": now_s - self.last_arrival_s if self.n_samples else None,
            "legs": list(self.leg_names),
            "waits": self.waits,
        }


def _signal(channel: LegChannel) -> dict[str, Any]:
    """Say where a signal comes from."""
    about: dict[str, Any] = {
        "channel": channel.index,
        "label": channel.label,
        "unit": channel.unit,
        "scale_uv": channel.scale_uv,
        "how": channel.how,
    }
    if channel.minus is not None:
        about |= {"minus": channel.minus, "minus_scale_uv": channel.minus_scale_uv}
    return about
