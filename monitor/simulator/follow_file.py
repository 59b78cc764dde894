"""Send a recording that another program is still writing: with a delay, at an even rate."""

from __future__ import annotations

import collections
from collections.abc import Callable
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from monitor.files import Recording
from monitor.files.growing_edf import GrowingEdf
from monitor.files.recording_markers import recording_markers
from monitor.lsl.library import lsl
from monitor.lsl.outlet import Outlet, open_outlet
from monitor.model.errors import InputError
from monitor.simulator.pacing import CHUNK_S, Stop, buffered_s, parent_is_gone, wait_for_receivers
from monitor.simulator.replay import marker_header, stream_header

_POLL_S = 0.5


class _FollowedStream:
    """The samples of one stream that were read and not sent yet."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._parts: collections.deque[tuple[NDArray[np.float64], NDArray[np.float64]]] = collections.deque()

    def add(self, times_s: NDArray[np.float64], samples: NDArray[np.float64]) -> None:
        self._parts.append((times_s, samples))

    def push(self, until_s: float, origin_stamp_s: float) -> None:
        """Send the samples that are due at this time of the recording."""
        while self._parts:
            times_s, samples = self._parts[0]
            n = int(np.searchsorted(times_s, until_s, side="right"))
            if n:
                self._outlet.push_chunk(samples[:n], origin_stamp_s + times_s[:n])
            if n < len(times_s):
                self._parts[0] = (times_s[n:], samples[n:])
                return
            self._parts.popleft()


def follow_recording(
    file: GrowingEdf, delay_s: float, stop: Stop, on_message: Callable[[str], object] = lambda _: None
) -> float:
    """Send a growing recording over LSL, from the connection of the first receiver until stopped.

    Parameters
    ----------
    file : GrowingEdf
        With at least one complete data record.
    delay_s : float
        Delay behind the end of the file; must exceed the interval between two writes.
    stop : Stop
        Stops it.
    on_message : callable
        Receives a message when the file becomes unreadable and when it is readable again.

    Returns
    -------
    float
        Position in the recording at which sending began, s.

    Notes
    -----
    Every sample is stamped with its recording time, estimated from the growth of the file; gaps of an EDF+D
    file remain gaps. Earlier content of the file is not sent.
    """
    first = file.read(0, 1)
    with ExitStack() as stack:
        # Future markers are unknown: the stream is created in any case.
        headers = [stream_header(first, i, 1.0) for i in range(len(first.streams))]
        outlets = [stack.enter_context(open_outlet(header, buffered_s(1.0))) for header in headers]
        marker_outlet = stack.enter_context(open_outlet(marker_header(first, 1.0)))
        if not wait_for_receivers([*outlets, marker_outlet], stop):
            return 0.0
        feeds = [_FollowedStream(outlet) for outlet in outlets]
        return _play(GrowingReader(file, delay_s, on_message), feeds, marker_outlet, delay_s, stop)


class GrowingReader:
    """Read what is appended to a growing file, from one delay before its present end.

    Parameters
    ----------
    file : GrowingEdf
        With at least one complete data record.
    delay_s : float
    on_message : callable
        Receives a message when the file becomes unreadable and when it is readable again.

    Attributes
    ----------
    begin_s, end_s : float
        Where reading begins, and the end of the file at that time (s of the recording).
    """

    def __init__(self, file: GrowingEdf, delay_s: float, on_message: Callable[[str], object]) -> None:
        self._file, self._report, self._trouble = file, on_message, ""
        there = file.records
        self.end_s = file.start_s(there - 1) + file.record_s
        self._next_record = there - 1
        while (
            self._next_record
            and file.start_s(self._next_record - 1) + file.record_s / 2 >= self.end_s - delay_s
        ):
            self._next_record -= 1
        self.begin_s = file.start_s(self._next_record)

    def read_new(self) -> Recording | None:
        """Read new records; None if there are none or the file is unreadable now: they are read later."""
        there = self._file.records
        if there <= self._next_record:
            return None
        try:
            part = self._file.read(self._next_record, there)
        except InputError as err:
            # A temporarily unavailable share must not end the recording.
            if not self._trouble:
                self._report(f"{err}; reading is retried.")
            self._trouble = str(err)
            return None
        if self._trouble:
            self._report("The file is readable again.")
        self._next_record, self._trouble = there, ""
        return part


def _play(
    reading: GrowingReader, feeds: list[_FollowedStream], marker_outlet: Outlet, delay_s: float, stop: Stop
) -> float:
    clock = lsl().local_clock
    begun_stamp_s = float(clock())
    # The end of the file corresponds to now; earlier positions to earlier times.
    origin_stamp_s = begun_stamp_s - reading.end_s
    next_look_s = begun_stamp_s
    waiting = []
    while not (stop.wait(CHUNK_S) or parent_is_gone()):
        now_s = float(clock())
        if now_s >= next_look_s:
            next_look_s = now_s + _POLL_S
            part = reading.read_new()
            if part is not None:
                _take(part, feeds)
                waiting += recording_markers(part.annotations)
        due_s = now_s - delay_s - origin_stamp_s
        for feed in feeds:
            feed.push(due_s, origin_stamp_s)
        while waiting and waiting[0].onset_s <= due_s:
            marker = waiting.pop(0)
            marker_outlet.push_text(marker.text, origin_stamp_s + marker.onset_s)
    return reading.begin_s


def _take(part: Recording, feeds: list[_FollowedStream]) -> None:
    for feed, stream in zip(feeds, part.streams, strict=True):
        if stream.stamps_s is not None:
            times_s = stream.start_s + stream.stamps_s
        else:
            times_s = stream.start_s + np.arange(stream.sample_n) / stream.rate_hz
        feed.add(times_s, stream.read())
