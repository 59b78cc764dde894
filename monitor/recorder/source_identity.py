"""Which stream a source of the session is, and in which of its channels legs and limbs are detected."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.lsl.arrivals import Command, SearchAgain
from monitor.lsl.discovery import Query
from monitor.lsl.search import HOW_TO_ACCEPT, changed
from monitor.model.config import MontageWish
from monitor.model.lanes import NO_LANES, LaneChannel, LaneWish, find_lanes
from monitor.montage import (
    LegChannel,
    StreamDescription,
    first_of_each,
    lanes,
    limb_signals,
    read_montage,
    rematch_legs,
)


@dataclass(frozen=True, slots=True)
class SourceOverride:
    """The assignment of a person.

    Attributes
    ----------
    wish : MontageWish
        The legs and limbs by channel; no legs where the stream alone was named.
    form : StreamDescription or None
        The header it applies to; None if it applies to the stream selected with it.
    uids : frozenset of str
        The runs that were found by that name.
    """

    wish: MontageWish
    form: StreamDescription | None = None
    uids: frozenset[str] = frozenset()

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
        found = list(reading.channels)
        for limb in (c for c in channels if not c.scored and c.leg not in self.wish.limbs):
            again = rematch_legs(before, (limb,), now)
            if isinstance(again, str):
                return f"{again}; name it with --limb {limb.leg}=CH"
            found += again
        order = [channel.leg for channel in channels]
        return tuple(sorted(found, key=lambda channel: order.index(channel.leg)))


@dataclass(slots=True)
class SourceIdentity:
    """A chosen stream: its header, its number and its channels.

    Changed when it connects, is lost or returns with another header (`monitor.recorder.intake`), and when a
    person assigns it (`monitor.recorder.source_override`).

    Attributes
    ----------
    key : int
        Its number among the streams that were chosen.
    stream : StreamDescription
        As it was connected last.
    channels : tuple of LegChannel
        Of its legs, then of its other limbs; empty for a marker stream.
    number : int
        Its number in ``recording.xdf`` and in facts: another one when it came back in another form.
    replaces : int or None
        The number it had before that.
    is_header_written : bool
        Whether the header is in ``recording.xdf`` under that number.
    is_connected : bool
        Whether an inlet is open.
    away_because : str
        Why it is not connected: the last reason of its reader.
    offered : StreamDescription or None
        The last changed header that was refused.
    override : SourceOverride or None
        The assignment of a person for its return.
    lane_wish : LaneWish
        Which of its other signals are shown beside the legs.
    commands : queue.SimpleQueue
        To its reader.
    """

    key: int
    stream: StreamDescription
    channels: tuple[LegChannel, ...] = ()
    is_header_written: bool = False
    number: int = 0
    replaces: int | None = None
    is_connected: bool = False
    away_because: str = ""
    offered: StreamDescription | None = None
    override: SourceOverride | None = None
    lane_wish: LaneWish = NO_LANES
    commands: queue.SimpleQueue[Command] = field(default_factory=queue.SimpleQueue)

    def __post_init__(self) -> None:
        self.number = self.number or self.key

    @property
    def legs(self) -> tuple[LegChannel, ...]:
        """The channels of its legs."""
        return tuple(channel for channel in self.channels if channel.scored)

    @property
    def leg_names(self) -> tuple[str, ...]:
        """The legs in it, each once."""
        return tuple(channel.leg for channel in first_of_each(self.channels) if channel.scored)

    @property
    def limb_names(self) -> tuple[str, ...]:
        """The limbs in it that are not scored, each once."""
        return tuple(channel.leg for channel in first_of_each(self.channels) if not channel.scored)

    @property
    def lane_names(self) -> tuple[str, ...]:
        """Every signal that is detected in, as the live ring has them."""
        return tuple(name for name, _ in lanes(self.channels))

    @property
    def lanes(self) -> tuple[LaneChannel, ...]:
        """The other signals that are shown beside the legs."""
        if self.lane_wish.is_empty or self.stream.is_text:
            return ()
        channels = [(c.label, c.unit, c.type) for c in self.stream.channels]
        taken = {column for channel in self.channels for column in channel.columns}
        factors = [c.factor for c in self.stream.channels]
        return find_lanes(self.number, channels, self.lane_wish, taken, factors)

    @property
    def waits(self) -> str:
        """What a person is asked to confirm while it is disconnected; empty if nothing."""
        asks = not self.is_connected and HOW_TO_ACCEPT in self.away_because
        return self.away_because if asks else ""

    def refusal(self, stream: StreamDescription) -> str:
        """Return why a stream with a changed header cannot replace it; empty if its legs are known."""
        channels = self.channels_in(stream)
        if not isinstance(channels, str):
            return ""
        self.offered = stream
        return channels

    def channels_in(self, stream: StreamDescription) -> tuple[LegChannel, ...] | str:
        """Find its legs and limbs in a stream with a changed header, or return why they are ambiguous."""
        if self.override is not None and self.override.speaks_of(stream):
            return self.override.channels_in(self.stream, self.channels, stream)
        return rematch_legs(self.stream, self.channels, stream)

    def assign(self, override: SourceOverride, query: Query | None) -> None:
        """Set the assignment of a person, and let the reader search again, for the stream of a query too."""
        self.override = override
        self.commands.put(SearchAgain(query))

    def note_named(self, stream: StreamDescription) -> None:
        """Note a run of the stream that a person selected."""
        if self.override is not None:
            self.override = replace(self.override, uids=self.override.uids | {stream.uid})

    def is_named(self, stream: StreamDescription) -> bool:
        """Whether a person selected this run of a stream."""
        return self.override is not None and stream.uid in self.override.uids

    def connect(self, stream: StreamDescription) -> None:
        """Use this run of the source from now on; what a person assigned is done."""
        self.is_connected, self.stream = True, stream
        self.offered = self.override = None

    def lose(self, reason: str) -> bool:
        """Note why it is disconnected; return whether it was connected until now."""
        was_connected, self.is_connected, self.away_because = self.is_connected, False, reason
        return was_connected

    def reform(self, channels: tuple[LegChannel, ...], free_number: int) -> None:
        """Continue with a changed header: as a new stream of the file, if the old one is in it."""
        self.channels = channels
        if self.is_header_written:
            self.replaces, self.number, self.is_header_written = self.number, free_number, False

    def about(self) -> dict[str, Any]:
        """Return what its ``stream`` fact has of the header and the channels."""
        stream = self.stream
        lanes = [lane.as_dict() for lane in self.lanes]
        about = {
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
            "channels": [[c.label, c.unit, c.type] for c in stream.channels],
        } | limb_signals(self.channels)
        return about | ({"lanes": lanes} if lanes else {})
