"""One inlet, from opening to end, in separate threads: no call into liblsl blocks anything else.

`recover=False`: liblsl's own recovery accepts a source with another rate silently and hangs on others.
No processing flags: its de-jittering is wrong for minutes after a gap.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.lsl.header import describe
from monitor.lsl.library import lsl
from monitor.montage import StreamDescription

_PULL_TIMEOUT_S = 0.2
# So much signal is collected: handing on each of a sender's small chunks costs more than its detection. With
# it a marker follows the sample that decided it within 100 ms.
_COLLECT_S = 0.05
# A slower stream is handed on this often.
_LONGEST_WAIT_S = 0.08
# A chunk of the sender is complete within this time from its first sample.
_SAME_CHUNK_S = 0.0001
# Chunks that come within this time of when they are due by the rate are fetched without waiting for them,
_REGULAR_S = 0.0005
# so long after they are due.
_GRACE_S = 0.0007
# After so many the next is waited for, to know when it really comes.
_MOST_FOLLOWED = 32
# What is irregular may be in time by chance: this much of it still counts with the next that is waited for.
_REMEMBER = 0.7
# So many chunks make up what is collected, at most, for each to be waited for on its own.
_FEW_CHUNKS = 4
_OPEN_TIMEOUT_S = 5.0
_MAX_CHUNK = 8192
# Nothing numbers the samples of most sources: what is lost inside a chunk is placed at its start.
_LONGEST_CHUNK_S, _LEAST_CHUNK = 0.25, 64
# Also caps the sender's queue: half an hour of outage is delivered late rather than lost.
_BUFFER_S = 1800
_MAX_TEXTS = 256
_MAX_TEXT_BYTES = 4096
_OFFSET_EVERY_S = 5.0
_OFFSET_TIMEOUT_S = 3.0
# liblsl takes the memory for its whole buffer at once.
_MOST_BUFFERED = 4_000_000


@dataclass(frozen=True, slots=True)
class Opened:
    """The inlet is open; the offset is None where it could not be measured or was not asked for."""

    line: int
    stream: StreamDescription
    header_xml: str
    offset_s: float | None


@dataclass(frozen=True, slots=True)
class Pulled:
    """Samples or texts, as they came; of numbers also that none came within the time."""

    line: int
    values: npt.NDArray[np.generic] | list[list[str]]
    stamps: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measured:
    """A clock offset: local time = source time + `offset_s`, and its round-trip time if known (s)."""

    line: int
    collected_at_s: float
    offset_s: float
    rtt_s: float | None


@dataclass(frozen=True, slots=True)
class Ended:
    """The connection is over, and why."""

    line: int
    reason: str


Event = Opened | Pulled | Measured | Ended


class Connection:
    """Pull one inlet and hand over what comes, until it is released or ends by itself.

    Parameters
    ----------
    line : int
        Put into every event.
    info : pylsl.StreamInfo
        The stream as it was found.
    hand_over : callable
        Called with each event, in threads of the connection. It must not block: that stops the pulling.
    offsets : bool
        Measure clock offsets; a second connection to the same outlet need not.
    """

    def __init__(self, line: int, info: Any, hand_over: Callable[[Event], None], *, offsets: bool) -> None:
        self.line = line
        self._info, self._hand_over, self._offsets = info, hand_over, offsets
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"lsl-{line}-{info.name()[:20]}", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Stop soon; never waits, because closing an inlet may take its time."""
        self._stop.set()

    def join(self, timeout_s: float) -> None:
        """Wait for the end of its thread, after `release`."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        pylsl = lsl()
        reason = ""
        try:
            self._read()
        except pylsl.util.LostError:
            reason = "the source disconnected"
        except pylsl.util.TimeoutError:
            reason = "the source did not answer"
        except Exception as err:  # noqa: BLE001 - whatever liblsl or a strange header comes up with
            reason = f"the source could not be read ({type(err).__name__}: {err})"
        self._hand_over(Ended(self.line, reason))

    def _read(self) -> None:
        pylsl = lsl()
        rate_hz = max(1.0, self._info.nominal_srate())
        # Wide streams get a shorter memory: it is counted in numbers, not in samples.
        most_s = _MOST_BUFFERED / rate_hz / max(1.0, self._info.channel_count() / 8)
        inlet = pylsl.StreamInlet(
            self._info, max_buflen=max(60, min(_BUFFER_S, round(most_s))), recover=False, processing_flags=0
        )
        inlet.open_stream(_OPEN_TIMEOUT_S)
        full = inlet.info(_OPEN_TIMEOUT_S)
        stream = describe(full)
        # Data already queues inside the inlet while the first offset is measured (0.6 s).
        offset = measure(inlet)[0] if self._offsets else None
        self._hand_over(Opened(self.line, stream, str(full.as_xml()), offset))
        beside = threading.Thread(
            target=self._measure, args=(inlet,), name=f"lsl-offset-{self.line}", daemon=True
        )
        beside.start()
        try:
            pull = self._pull_texts if stream.is_text else self._pull_numbers
            pull(inlet, stream)
        finally:
            self._stop.set()
            beside.join()

    def _pull_numbers(self, inlet: Any, stream: StreamDescription) -> None:
        collect = SampleCollector(inlet, len(stream.channels), self._info.nominal_srate())
        while not self._stop.is_set():
            values, stamps, code = collect()
            self._hand_over(Pulled(self.line, values, stamps))
            if code:
                lsl().util.handle_error(code)

    def _pull_texts(self, inlet: Any, _stream: StreamDescription) -> None:
        while not self._stop.is_set():
            rows, stamps = inlet.pull_chunk(
                timeout=_PULL_TIMEOUT_S, max_samples=_MAX_TEXTS, min_samples=1, as_numpy=True
            )
            if len(stamps):
                # Raw bytes, cut and decoded here: pylsl would raise on text that is not UTF-8.
                texts = [[raw[:_MAX_TEXT_BYTES].decode("utf-8", "replace") for raw in row] for row in rows]
                self._hand_over(Pulled(self.line, texts, np.asarray(stamps)))

    def _measure(self, inlet: Any) -> None:
        """Measure the clock offset in a separate thread: it may block for seconds."""
        pylsl = lsl()
        while not self._stop.wait(_OFFSET_EVERY_S):
            try:
                offset_s, rtt_s = measure(inlet)
            except pylsl.util.LostError:
                return
            if offset_s is not None:
                self._hand_over(Measured(self.line, pylsl.local_clock(), offset_s, rtt_s))


class SampleCollector:
    """Pull what a numeric inlet receives, some chunks of the sender at a time.

    Parameters
    ----------
    inlet : pylsl.StreamInlet
    n_channels : int
    rate_hz : float
        Nominal rate; 0 if there is none.
    clock, sleep : callable
        Seconds that only advance, and a pause of so many of them.

    Notes
    -----
    A piece ends with a chunk of the sender, so that no part of a chunk waits for the next one. liblsl wakes
    who waits with each single sample, which costs more than all else: of a chunk only the first is waited
    for, and the others are fetched together; chunks that come regularly are not waited for at all but fetched
    a moment after they were due. What lies in its queue when the source disconnects cannot be had any more:
    nothing stays there longer than a chunk needs to arrive, or until that moment. liblsl then reports an
    error and no number of samples, and `pull_chunk` of pylsl drops those that were in its buffer: its binding
    is used directly. A stamp that no clock can have marks the end of what was filled.
    """

    _EMPTY = -float(np.finfo(np.float64).max)

    def __init__(
        self,
        inlet: Any,
        n_channels: int,
        rate_hz: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._inlet, self._n_channels, self._clock, self._sleep = inlet, n_channels, clock, sleep
        # Without a rate it takes what comes in the time.
        self._enough_n = self._most_n = _MAX_CHUNK
        self._wait_s = _COLLECT_S
        if rate_hz > 0:
            self._most_n = min(max(_LEAST_CHUNK, round(_LONGEST_CHUNK_S * rate_hz)), _MAX_CHUNK)
            self._enough_n = min(max(1, round(_COLLECT_S * rate_hz)), self._most_n)
            self._wait_s = _LONGEST_WAIT_S
        # How many samples the last chunk had, and when it was due by the clock.
        self._rate_hz, self._chunk_n, self._due_s = rate_hz, self._enough_n, 0.0
        # If the last one that was waited for was late, and how far off each chunk is, in s.
        self._is_late, self._off_s = False, 0.01
        # So many chunks more are fetched when they are due; so many came since one was last seen to come.
        self._follow_n = self._since_n = 0
        # So many that were waited for were as long as the one before.
        self._alike_n = 0
        self._values = np.empty((self._most_n, n_channels), inlet.np_dtype)
        self._stamps = np.full(self._most_n, self._EMPTY)
        self._seconds, self._code = ctypes.c_double(), ctypes.c_int()
        # By where they fill the buffer, and with how many samples at most.
        self._pulls: dict[tuple[int, int], Callable[[], int]] = {}

    def __call__(self) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.float64], int]:
        """Return samples, shape (n, n_channels), their stamps and liblsl's error code, 0 if there is none."""
        n, code, is_time_up = 0, self._code, False
        until_s = self._clock() + self._wait_s
        while n < self._enough_n and not code.value and not is_time_up:
            come_n = self._due(n, until_s) if self._follow_n else 0
            if not come_n and not code.value:
                come_n, is_time_up = self._awaited(n, until_s)
            n += come_n
        if code.value:
            is_empty = self._stamps == self._EMPTY
            n = int(np.argmax(is_empty)) if is_empty[-1] else self._most_n
        values, stamps = self._values[:n].copy(), self._stamps[:n].copy()
        self._stamps[:n] = self._EMPTY
        return values, stamps, code.value

    def _due(self, at_n: int, until_s: float) -> int:
        """Fetch the next chunk a moment after it is due; return how many samples there were."""
        fetch_s = min(self._due_s + self._chunk_n / self._rate_hz + _GRACE_S, until_s)
        self._sleep(max(0.0, fetch_s - self._clock()))
        n = self._pull(at_n, self._most_n - at_n, 0.0)
        if n == self._chunk_n:
            self._follow_n, self._since_n = self._follow_n - 1, self._since_n + 1
        elif n or fetch_s < until_s:
            # It is late, or came in part or with others: it or the next one is waited for.
            self._follow_n = 0
            n += self._rest(at_n + n) if n else 0
        self._due_s += n / self._rate_hz
        return n

    def _awaited(self, at_n: int, until_s: float) -> tuple[int, bool]:
        """Fetch the next chunk when its first sample comes; return how many came, and if the time is up."""
        # Small chunks are not worth it: liblsl waits for all of them.
        is_small = _FEW_CHUNKS * self._chunk_n < self._enough_n
        waited_n = self._enough_n - at_n if is_small else 1
        n = self._pull(at_n, waited_n, until_s - self._clock())
        if n < waited_n:
            return n, True
        came_s = self._clock()
        # Of a sender whose chunks were of one length for long.
        sure_n = self._chunk_n - 1 if self._alike_n >= _MOST_FOLLOWED else 0
        chunk_n = 1 + self._rest(at_n + n, sure_n)
        n += chunk_n - 1
        # One that fills the buffer may go on.
        is_whole = at_n + n < self._most_n
        if self._rate_hz > 0 and is_whole and not is_small and chunk_n == self._chunk_n:
            self._follow_n, self._alike_n = self._to_follow(came_s), self._alike_n + 1
        else:
            self._alike_n = 0
            self._follow_n, self._since_n, self._due_s, self._chunk_n = 0, 0, came_s, chunk_n
        return n, False

    def _to_follow(self, came_s: float) -> int:
        """Return how many chunks to fetch when they are due, from when one that was waited for came."""
        self._due_s += self._chunk_n / self._rate_hz
        self._since_n += 1
        late_s, was_late = came_s - self._due_s, self._is_late
        self._is_late = late_s > _REGULAR_S
        if self._is_late and not was_late:
            # The chunks after a single late one are not due later.
            return 0
        # With a true rate beside the nominal one it grows with each chunk.
        self._off_s = max(abs(late_s) / self._since_n, _REMEMBER * self._off_s)
        self._due_s, self._since_n = came_s, 0
        return _MOST_FOLLOWED if self._off_s * _MOST_FOLLOWED < _REGULAR_S else int(_REGULAR_S / self._off_s)

    def _rest(self, at_n: int, sure_n: int = 0) -> int:
        """Fetch what comes together with the sample before, without a pause if `sure_n` are there at once."""
        n = self._pull(at_n, self._most_n - at_n, 0.0) if sure_n else 0
        if sure_n and n == sure_n:
            return n
        self._sleep(_SAME_CHUNK_S)
        return n + self._pull(at_n + n, self._most_n - at_n - n, 0.0)

    def _pull(self, at_n: int, most_n: int, seconds: float) -> int:
        """Fill the buffer from a sample on; return how many samples came in the time."""
        if not most_n or self._code.value:
            return 0
        pull = self._pulls.get((at_n, most_n))
        if pull is None:
            pull = self._pulls[at_n, most_n] = partial(
                self._inlet.do_pull_chunk,
                self._inlet.obj,
                ctypes.c_void_p(self._values.ctypes.data + at_n * self._values.strides[0]),
                ctypes.c_void_p(self._stamps.ctypes.data + at_n * self._stamps.strides[0]),
                ctypes.c_size_t(most_n * self._n_channels),
                ctypes.c_size_t(most_n),
                self._seconds,
                ctypes.byref(self._code),
            )
        self._seconds.value = seconds if seconds > 0.0 else 0.0
        return pull() // self._n_channels


def measure(inlet: Any) -> tuple[float | None, float | None]:
    """Return an inlet's clock offset and the round-trip time of its measurement (s); None where unknown.

    Notes
    -----
    liblsl has the round-trip time and pylsl does not hand it on: its binding is used directly where it is.

    Raises
    ------
    pylsl.util.LostError
        If the source disconnected.
    """
    pylsl = lsl()
    call = getattr(pylsl.lib.lib, "lsl_time_correction_ex", None)
    try:
        if call is None:
            return float(inlet.time_correction(_OFFSET_TIMEOUT_S)), None
        call.restype = ctypes.c_double
        remote_s, rtt_s, code = ctypes.c_double(), ctypes.c_double(), ctypes.c_int()
        offset_s = call(
            inlet.obj,
            ctypes.byref(remote_s),
            ctypes.byref(rtt_s),
            ctypes.c_double(_OFFSET_TIMEOUT_S),
            ctypes.byref(code),
        )
        pylsl.util.handle_error(code)
    except pylsl.util.TimeoutError:
        return None, None
    return float(offset_s), float(rtt_s.value)
