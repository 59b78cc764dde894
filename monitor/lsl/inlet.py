"""Pull one stream in a thread of its own, for a whole night, and find it again when it was lost.

`recover=False`: liblsl's own recovery accepts a source with another rate silently and hangs on others.
No processing flags: its de-jittering is wrong for minutes behind a gap.
"""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.lsl.find import Finder, Query
from monitor.lsl.header import describe
from monitor.lsl.library import lsl
from monitor.montage import StreamDescription

_PULL_TIMEOUT_S = 0.2
_OPEN_TIMEOUT_S = 5.0
_MAX_CHUNK = 8192
# Also caps the sender's queue: half an hour of outage is delivered late rather than lost.
_BUFFER_S = 1800
_MAX_TEXTS = 256
_MAX_TEXT_BYTES = 4096
_OFFSET_EVERY_S = 5.0
_OFFSET_TIMEOUT_S = 3.0
# A connection that was cut half-way stays silent for ever and raises nothing. An outage is delivered late, by
# up to a minute behind the network's return: only a source that is seen and silent for longer is taken anew.
_LOOK_AFTER_S = 10.0
_DEAD_AFTER_S = 60.0
# liblsl takes the memory for its whole buffer at once.
_MOST_BUFFERED = 4_000_000


@dataclass(frozen=True, slots=True)
class Connected:
    """An inlet is open and data may follow."""

    key: int
    stream: StreamDescription
    header_xml: str
    offset_s: float | None


@dataclass(frozen=True, slots=True)
class Samples:
    """A chunk of a numeric stream as it came: native numbers, LSL stamps of the SOURCE's clock."""

    key: int
    values: npt.NDArray[np.generic]
    stamps: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Texts:
    """A chunk of a string stream: one list of channel strings per stamp."""

    key: int
    texts: list[list[str]]
    stamps: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Offset:
    """A measured clock offset: local time = source time + `offset_s`."""

    key: int
    collected_at_s: float
    offset_s: float


@dataclass(frozen=True, slots=True)
class Lost:
    """The source went away; it is being looked for."""

    key: int
    reason: str


Arrival = Connected | Samples | Texts | Offset | Lost


class Reader:
    """Read one stream into a queue until stopped.

    Parameters
    ----------
    key : int
        Put into every arrival, to tell streams apart.
    info : pylsl.StreamInfo
        The stream as the finder saw it.
    stream : StreamDescription
        What it must still be when it is found again: name, type, source id and host.
    arrivals : queue.SimpleQueue
        Where everything goes; unbounded, because a full disk must not stop the pulling.
    """

    def __init__(
        self, key: int, info: Any, stream: StreamDescription, arrivals: queue.SimpleQueue[Arrival]
    ) -> None:
        self._key, self._info, self._stream, self._arrivals = key, info, stream, arrivals
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"lsl-{stream.name}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reading; what was pulled is in the queue. Returns when the thread has ended."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        info: Any = self._info
        refused = ""
        while not self._stop.is_set():
            if info is None:
                info = self._find_again()
                continue
            reason = self._read_until_lost(info)
            info = None
            if reason and reason != refused:
                self._arrivals.put(Lost(self._key, reason))
            refused = reason

    def _read_until_lost(self, info: Any) -> str:
        pylsl = lsl()
        buffer_s = max(60, min(_BUFFER_S, round(_MOST_BUFFERED / max(1.0, info.nominal_srate()))))
        inlet = pylsl.StreamInlet(info, max_buflen=buffer_s, recover=False, processing_flags=0)
        try:
            inlet.open_stream(_OPEN_TIMEOUT_S)
            full = inlet.info(_OPEN_TIMEOUT_S)
            stream = describe(full)
            if self._stream.measured and stream.rate_hz == 0:
                stream = replace(stream, rate_hz=self._stream.rate_hz, measured=True)
            if why := changed(self._stream, stream):
                return why
            # Data already queues inside the inlet while the first offset is measured (0.6 s).
            offset = _measure(inlet)
            self._arrivals.put(Connected(self._key, stream, full.as_xml(), offset))
            with _OffsetThread(self._key, inlet, self._arrivals):
                pull = self._pull_texts if stream.is_text else self._pull_numbers
                return pull(inlet, stream)
        except pylsl.util.LostError:
            return "the source went away"
        except pylsl.util.TimeoutError:
            return "the source did not answer"
        except (RuntimeError, ValueError, OSError) as err:
            # Whatever liblsl or a strange header comes up with: the night goes on and looks for the source.
            return f"the source could not be read ({err})"

    def _pull_numbers(self, inlet: Any, stream: StreamDescription) -> str:
        buffer = np.empty((_MAX_CHUNK, len(stream.channels)), dtype=inlet.np_dtype)
        watchdog = _Watchdog(stream)
        while not self._stop.is_set():
            if watchdog.is_dead():
                return (
                    f"the connection is dead: no data for {_DEAD_AFTER_S:.0f} s from a source that is there"
                )
            values, stamps = inlet.pull_chunk(
                timeout=_PULL_TIMEOUT_S, max_samples=_MAX_CHUNK, min_samples=1, dest_obj=buffer, as_numpy=True
            )
            if len(stamps):
                watchdog.fed()
                self._arrivals.put(Samples(self._key, values.copy(), np.asarray(stamps)))
        return ""

    def _pull_texts(self, inlet: Any, _stream: StreamDescription) -> str:
        while not self._stop.is_set():
            rows, stamps = inlet.pull_chunk(
                timeout=_PULL_TIMEOUT_S, max_samples=_MAX_TEXTS, min_samples=1, as_numpy=True
            )
            if len(stamps):
                # Raw bytes, cut and decoded here: pylsl would raise on text that is not UTF-8.
                texts = [[raw[:_MAX_TEXT_BYTES].decode("utf-8", "replace") for raw in row] for row in rows]
                self._arrivals.put(Texts(self._key, texts, np.asarray(stamps)))
        return ""

    def _find_again(self) -> Any:
        finder, told = Finder(_identity(self._stream)), ""
        while not self._stop.wait(_PULL_TIMEOUT_S):
            seen = [(info, changed(self._stream, stream)) for info, stream in finder.found()]
            hits = [info for info, why in seen if not why]
            other = "; ".join(why for _, why in seen if why)
            if other and not hits and other != told:
                told = other
                self._arrivals.put(Lost(self._key, f"a source like it is there, but {other}"))
            # Two with one identity cannot be told apart: wait until one is left, never hop.
            if len(hits) == 1:
                return hits[0]
        return None


def _identity(stream: StreamDescription) -> Query:
    return Query("source_id", stream.source_id) if stream.source_id else Query("name", stream.name)


class _Watchdog:
    """Tell a dead connection from an outage: its source is there to be seen, and says nothing."""

    def __init__(self, stream: StreamDescription) -> None:
        self._stream = stream
        self._finder: Finder | None = None
        self._since_s = time.monotonic()

    def fed(self) -> None:
        """Take note that data has come."""
        self._since_s = time.monotonic()
        self._finder = None

    def is_dead(self) -> bool:
        """Look whether the source has been seen for so long while nothing came."""
        silent_s = time.monotonic() - self._since_s
        if silent_s < _LOOK_AFTER_S:
            return False
        if self._finder is None:
            self._finder = Finder(_identity(self._stream))
        if not any(seen.uid == self._stream.uid for _, seen in self._finder.found()):
            # Not to be seen: the network or the source is down, and may deliver once it is back.
            self._since_s = time.monotonic() - _LOOK_AFTER_S
            return False
        return silent_s > _DEAD_AFTER_S


def changed(before: StreamDescription, now: StreamDescription) -> str:
    """Say what makes `now` another source than `before`; empty if it is the same."""
    for what in ("name", "type", "source_id", "hostname", "rate_hz", "channel_format", "channels", "speed"):
        if what == "rate_hz" and before.measured and now.rate_hz == 0:
            continue
        old, new = getattr(before, what), getattr(now, what)
        if old != new:
            return f"{what} changed" if what == "channels" else f"{what} changed from {old} to {new}"
    return ""


def _measure(inlet: Any) -> float | None:
    pylsl = lsl()
    try:
        return float(inlet.time_correction(_OFFSET_TIMEOUT_S))
    except pylsl.util.TimeoutError:
        return None


class _OffsetThread:
    """Measure the clock offset beside the pulling: `time_correction` may block for seconds."""

    def __init__(self, key: int, inlet: Any, arrivals: queue.SimpleQueue[Arrival]) -> None:
        self._key, self._inlet, self._arrivals = key, inlet, arrivals
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"lsl-offset-{key}", daemon=True)

    def __enter__(self) -> _OffsetThread:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        pylsl = lsl()
        while not self._stop.wait(_OFFSET_EVERY_S):
            try:
                offset = _measure(self._inlet)
            except pylsl.util.LostError:
                return
            if offset is not None:
                self._arrivals.put(Offset(self._key, pylsl.local_clock(), offset))
