"""Listen to many small streams at once from one place, as they come and go: an index, a line now and then.

To record signal use `monitor.lsl.inlet`: here, data sent while a stream is unreachable is lost.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

from monitor.lsl.discovery import Finder, Query
from monitor.lsl.library import lsl
from monitor.montage import StreamDescription

_OPEN_TIMEOUT_S = 5.0
_BUFFER_S = 60
# pylsl prepares and clears the room for so many samples in each pull.
_PULLED_AT_ONCE, _MOST_AT_ONCE = 64, 4096
# A connection that was cut half-way stays silent for ever and raises nothing.
_SILENT_NUMBERS_S, _SILENT_TEXTS_S = 10.0, 75.0


@dataclass(frozen=True, slots=True)
class StreamNews:
    """Samples of one stream since the last call: a list of channel values per sample, oldest first."""

    stream: StreamDescription
    samples: list[list[Any]]


@dataclass(slots=True)
class _ListenedStream:
    """An open inlet, and the time of its last data (monotonic s)."""

    inlet: Any
    stream: StreamDescription
    heard_s: float

    def pull(self) -> list[list[Any]]:
        """Return the samples that wait; a lost stream raises."""
        # To pull nothing costs more than all else here. liblsl adds an empty sample when it loses a stream.
        if not self.inlet.samples_available():
            return []
        samples: list[list[Any]] = []
        n = _PULLED_AT_ONCE
        while n == _PULLED_AT_ONCE and len(samples) < _MOST_AT_ONCE:
            more, stamps = self.inlet.pull_chunk(0.0, max_samples=_PULLED_AT_ONCE)
            samples += more
            n = len(stamps)
        if samples:
            self.heard_s = time.monotonic()
        return samples


class MultiListener:
    """Receive from all streams that match.

    Parameters
    ----------
    query : Query
    most : int
        Streams at the same time; further ones are left alone.

    Notes
    -----
    `look` may block for seconds and belongs in a separate thread; `poll` never does.
    """

    def __init__(self, query: Query, most: int) -> None:
        self._finder = Finder(query)
        self._most = most
        self._lines: dict[str, _ListenedStream] = {}
        self._lock = threading.Lock()

    def look(self) -> None:
        """Connect to new streams, and reconnect to present ones that have been silent for long."""
        found = self._finder.found()
        now_s = time.monotonic()
        with self._lock:
            silent = [uid for uid, line in self._lines.items() if now_s - line.heard_s > _patience_s(line)]
            # Whether the stream is still present or not: this connection delivers nothing.
            dropped = [self._lines.pop(uid) for uid in silent]
            known = set(self._lines)
        del dropped
        for info, stream in found:
            if stream.uid in known or len(known) >= self._most:
                continue
            line = _opened(info, stream)
            if line is not None:
                known.add(stream.uid)
                with self._lock:
                    self._lines[stream.uid] = line

    def poll(self) -> list[StreamNews]:
        """Return samples since the last call; release streams that disconnected."""
        with self._lock:
            lines = list(self._lines.items())
        said = []
        for uid, line in lines:
            try:
                samples = line.pull()
            except (lsl().util.LostError, RuntimeError):
                with self._lock:
                    self._lines.pop(uid, None)
                continue
            if samples:
                said.append(StreamNews(line.stream, samples))
        return said


def _opened(info: Any, stream: StreamDescription) -> _ListenedStream | None:
    pylsl = lsl()
    inlet = pylsl.StreamInlet(info, max_buflen=_BUFFER_S, recover=False, processing_flags=0)
    try:
        inlet.open_stream(_OPEN_TIMEOUT_S)
    except (pylsl.util.LostError, pylsl.util.TimeoutError):
        return None
    return _ListenedStream(inlet, stream, time.monotonic())


def _patience_s(line: _ListenedStream) -> float:
    return _SILENT_TEXTS_S if line.stream.is_text else _SILENT_NUMBERS_S
