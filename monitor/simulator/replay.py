"""Send a recording as LSL outlets, with its own timing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from monitor.files import RecordedStream, Recording
from monitor.files.recording_markers import ReplayMarker, recording_markers
from monitor.lsl.library import lsl
from monitor.lsl.outlet import ChannelHeader, Outlet, OutletHeader, open_outlet
from monitor.simulator.pacing import (
    CHUNK_S,
    Stop,
    await_receivers,
    buffered_s,
    parent_is_gone,
    wait_for_receivers,
)

# Few large reads from disk instead of many small ones: a polysomnography may have ninety signals.
_READ_S = 10.0
_MODEL = "Replay"


def replay_recording(recording: Recording, speed: float, stop: Stop) -> None:
    """Send a recording over LSL, starting when the first receiver connects.

    Parameters
    ----------
    recording : Recording
        Every stream becomes an outlet of double64 with its recorded stamps, shifted to the present: gaps
        remain. The annotations become one string stream.
    speed : float
        Seconds of recording per second.
    stop : Stop
        Stops it early.

    Raises
    ------
    MissingError
        If liblsl cannot be used.
    """
    markers = recording_markers(recording.annotations)
    with ExitStack() as stack:
        feeds = []
        for index, stream in enumerate(recording.streams):
            header = stream_header(recording, index, speed)
            feeds.append(_Playback(stream, stack.enter_context(open_outlet(header, buffered_s(speed)))))
        outlets = [feed.outlet for feed in feeds]
        marker_outlet = stack.enter_context(open_outlet(marker_header(recording, speed))) if markers else None
        if marker_outlet is not None:
            outlets.append(marker_outlet)
        if wait_for_receivers(outlets, stop) and _play(feeds, markers, marker_outlet, speed, stop):
            await_receivers(outlets, stop)


def stream_header(recording: Recording, index: int, speed: float) -> OutletHeader:
    """Create the header of a recorded stream; the nominal rate refers to the stamps at this speed."""
    stream = recording.streams[index]
    total_speed = stream.speed * speed
    fast = total_speed != 1
    return OutletHeader(
        name=stream.name,
        type=stream.type,
        source_id=f"replay-{recording.content_id}-{index}",
        rate_hz=stream.rate_hz * speed,
        channel_format="double64",
        channels=tuple(ChannelHeader(c.label, c.unit, c.type) for c in stream.channels),
        model=_MODEL,
        simulated=stream.simulated,
        speed=total_speed if fast else None,
        signal_rate_hz=stream.rate_hz / stream.speed if fast else None,
    )


def marker_header(recording: Recording, speed: float) -> OutletHeader:
    """Create the header of the annotation stream."""
    first = recording.streams[0]
    total_speed = first.speed * speed
    return OutletHeader(
        name=f"{recording.path.stem}-Markers",
        type="Markers",
        source_id=f"replay-{recording.content_id}-markers",
        rate_hz=0.0,
        channel_format="string",
        channels=(ChannelHeader("markers", "", "Markers"),),
        model=_MODEL,
        simulated=first.simulated,
        speed=total_speed if total_speed != 1 else None,
    )


class _Playback:
    """Playback of one stream."""

    def __init__(self, stream: RecordedStream, outlet: Outlet) -> None:
        self.stream, self.outlet, self.sent_n = stream, outlet, 0
        self._buffer_n, self._buffer = 0, np.empty((0, len(stream.channels)))
        # Raw stamps jitter; a sample is due when all samples before it are due.
        self._due_s = stream.ascending_stamps_s()

    @property
    def done(self) -> bool:
        return self.sent_n >= self.stream.sample_n

    def due_n(self, time_s: float) -> int:
        """Return the number of samples that are due at this time of the recording."""
        if self._due_s is not None:
            return int(np.searchsorted(self._due_s, time_s, side="right"))
        return min(self.stream.sample_n, max(0, int((time_s - self.stream.start_s) * self.stream.rate_hz)))

    def push(self, upto_n: int, origin_stamp_s: float, speed: float) -> None:
        while self.sent_n < upto_n:
            samples = self._next(upto_n)
            times_s = self._times(self.sent_n, self.sent_n + len(samples))
            self.outlet.push_chunk(samples, origin_stamp_s + times_s / speed)
            self.sent_n += len(samples)

    def _next(self, upto_n: int) -> NDArray[np.float64]:
        at = self.sent_n - self._buffer_n
        if at >= len(self._buffer):
            read_n = max(1, round(_READ_S * self.stream.rate_hz))
            self._buffer_n, at = self.sent_n, 0
            stop_n = min(self.sent_n + read_n, self.stream.sample_n)
            self._buffer = self.stream.read(None, self.sent_n, stop_n)
        return self._buffer[at : at + upto_n - self.sent_n]

    def _times(self, start_n: int, stop_n: int) -> NDArray[np.float64]:
        if self.stream.stamps_s is not None:
            return self.stream.stamps_s[start_n:stop_n]
        return self.stream.start_s + np.arange(start_n, stop_n) / self.stream.rate_hz


def _play(
    feeds: Sequence[_Playback],
    markers: Sequence[ReplayMarker],
    marker_outlet: Outlet | None,
    speed: float,
    stop: Stop,
) -> bool:
    """Push due samples every 32 ms; return whether the end was reached."""
    clock = lsl().local_clock
    first_s = min(feed.stream.start_s for feed in feeds)
    origin_stamp_s = float(clock()) - first_s / speed
    sent_n = turn = 0
    begun_s = float(clock())
    while not all(feed.done for feed in feeds):
        turn += 1
        if stop.wait(max(0.0, begun_s + turn * CHUNK_S - float(clock()))) or parent_is_gone():
            return False
        time_s = (float(clock()) - origin_stamp_s) * speed
        for feed in feeds:
            feed.push(feed.due_n(time_s), origin_stamp_s, speed)
        ended = all(feed.done for feed in feeds)
        while marker_outlet and sent_n < len(markers) and (ended or markers[sent_n].over_s <= time_s):
            marker = markers[sent_n]
            marker_outlet.push_text(marker.text, origin_stamp_s + marker.onset_s / speed)
            sent_n += 1
    return True
