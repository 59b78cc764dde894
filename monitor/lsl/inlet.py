"""Read one stream for a whole recording: over a second connection if the first is silent, again after a loss.

Each connection hands over what it pulled in its own thread; the thread of the reader searches, and twice a
second looks after the connections.

After an outage the first connection delivers late, or never (its sender's TCP may have given up without an
error); a second one to the same outlet is live at once. `monitor.lsl.connection_merge` merges both.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

from monitor.lsl.arrivals import (
    Answer,
    Arrival,
    Command,
    Connected,
    Lost,
    Notice,
    Offset,
    Samples,
    SearchAgain,
    Texts,
)
from monitor.lsl.calm_signal import CalmSignal
from monitor.lsl.connection import Connection, Ended, Event, Measured, Opened, Pulled
from monitor.lsl.connection_merge import ConnectionMerge, HeardTexts, Piece
from monitor.lsl.discovery import Query
from monitor.lsl.search import Questions, Search, changed
from monitor.montage import StreamDescription

_TURN_S = 0.1
_LOOK_EVERY_S = 0.5
# Seconds of silence until a second connection that stays silent too is replaced.
_USELESS_S = 10.0
_MOST_LINES = 3
# Text streams are usually silent: reconnect when the source was not announced for a while.
_OUT_OF_SIGHT_S = 3.0
_DRAIN_S = 130.0
_PAUSE_S = 1.0
_JOIN_S = 2.0
_BROKEN = "connection broken"


@dataclass(slots=True)
class _OpenConnection:
    """A connection and the time of its last data (monotonic seconds)."""

    connection: Connection
    heard_s: float
    opened_s: float = float("inf")
    is_open: bool = False
    has_data: bool = False


class Reader:
    """Read one stream into a queue until stopped.

    Parameters
    ----------
    key : int
        Put into every arrival, to distinguish streams.
    info : pylsl.StreamInfo
        The stream as the finder saw it.
    stream : StreamDescription
        What was chosen; see `monitor.lsl.search.Search` for what must stay.
    arrivals : queue.SimpleQueue
        Where everything goes; unbounded, because a full disk must not stop the pulling.
    commands : queue.SimpleQueue
        Answers to its `StreamChanged` and what a person assigns.
    silent_s : float
        Seconds of silence until a second connection is tried.
    """

    def __init__(
        self,
        key: int,
        info: Any,
        stream: StreamDescription,
        arrivals: queue.SimpleQueue[Arrival],
        commands: queue.SimpleQueue[Command],
        silent_s: float = 2.0,
    ) -> None:
        self._silent_s = silent_s
        self._key, self._info, self._stream, self._arrivals = key, info, stream, arrivals
        self._commands, self._questions = commands, Questions(key, arrivals)
        # Held by whoever changes what follows; never while something may block.
        self._lock = threading.Lock()
        self._lines: dict[int, _OpenConnection] = {}
        self._next_line = 0
        self._search: Search | None = None
        self._named: Query | None = None
        self._merge = ConnectionMerge(1.0)
        self._calm = CalmSignal(key, arrivals.put)
        self._heard = HeardTexts()
        self._is_connected, self._refused = False, ""
        self._after = ""
        self._seen_s = 0.0
        self._has_failed = False
        self._changed, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"lsl-{stream.name[:20]}", daemon=True)

    @property
    def lines(self) -> tuple[int, ...]:
        """The connections that are open, oldest first."""
        return tuple(number for number, line in list(self._lines.items()) if line.is_open)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def hand_over(self) -> None:
        """Put what was received and waits for more samples into the queue."""
        with self._lock:
            self._calm.rest()

    def stop(self) -> None:
        """Stop reading; what was pulled is in the queue. Returns when the thread has ended."""
        self._stop.set()
        self._changed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._turn()
            except Exception as err:  # noqa: BLE001 - a recording cannot be repeated: restart
                with self._lock:
                    self._fail(err)
            if self._has_failed:
                self._stop.wait(_PAUSE_S)
                self._has_failed = False
        self._finish()

    def _fail(self, err: Exception) -> None:
        self._has_failed = True
        self._lose(f"reading it failed ({type(err).__name__}: {err})")

    def _turn(self) -> None:
        while not self._commands.empty():
            self._obey(self._commands.get())
        if self._search is None or (self._named is not None and not self._lines):
            named, self._named = self._named, None
            self._search = Search(self._stream, self._questions, self._report, named)
        if not self._lines:
            info, self._info = self._info or self._search.find_again(), None
            if info is None:
                self._wait_for_command()
                return
            with self._lock:
                self._connect(info)
        self._changed.wait(_LOOK_EVERY_S)
        self._changed.clear()
        now_s = time.monotonic()
        with self._lock:
            if self._stop.is_set():
                return
            if (late := self._merge.overdue(now_s)) is not None:
                self._after = _BROKEN
                self._release(late)
            is_useless = self._is_connected and self._look_after(self._search, now_s)
            is_sending = self._is_sending(now_s)
        # Not under the lock: to end a query takes milliseconds.
        self._search.query(now_s, is_sending=is_sending)
        if is_useless and self._search.has_successor():
            with self._lock:
                if self._lines:
                    self._lose("it is silent and no longer announced, and another run of it was found")

    def _obey(self, command: Command) -> None:
        with self._lock:
            if isinstance(command, Answer):
                self._questions.take(command)
            elif isinstance(command, SearchAgain):
                self._questions.forget()
                self._named = command.query or self._named

    def _wait_for_command(self) -> None:
        with contextlib.suppress(queue.Empty):
            self._obey(self._commands.get(timeout=_TURN_S))

    def _take(self, event: Event) -> None:
        """Process what a connection hands over, in its thread."""
        with self._lock:
            try:
                self._handle(event)
            except Exception as err:  # noqa: BLE001 - as in the thread of the reader
                self._fail(err)
                self._changed.set()

    def _handle(self, event: Event) -> None:
        line = self._lines.get(event.line)
        if line is None:
            return
        if isinstance(event, Pulled) and not len(event.stamps):
            self._calm.look()
        elif isinstance(event, Pulled):
            line.heard_s, line.has_data = time.monotonic(), True
            self._pulled(event)
        elif isinstance(event, Opened):
            self._opened(line, event)
        elif isinstance(event, Measured):
            self._put(Offset(self._key, event.collected_at_s, event.offset_s, event.rtt_s))
        elif isinstance(event, Ended):
            self._ended(event)
            self._changed.set()

    def _connect(self, info: Any) -> None:
        first = not self._lines
        number, self._next_line = self._next_line, self._next_line + 1
        connection = Connection(number, info, self._take, offsets=first)
        self._lines[number] = _OpenConnection(connection, time.monotonic())

    def _opened(self, line: _OpenConnection, event: Opened) -> None:
        stream = event.stream
        line.heard_s = line.opened_s = time.monotonic()
        line.is_open = True
        if self._stream.measured and stream.rate_hz == 0:
            stream = replace(stream, rate_hz=self._stream.rate_hz, measured=True)
        if self._is_connected:
            if stream.uid != self._stream.uid:
                self._release(event.line)
                return
        else:
            form = changed(self._stream, stream)
            if form and not self._questions.accepts(stream):
                self._ask_before_use(stream, form)
                return
            self._stream, self._is_connected = stream, True
            if self._search is not None:
                self._search.pin(stream)
            self._merge = ConnectionMerge(1.0 / (stream.rate_hz * stream.speed) if stream.rate_hz else 1.0)
            self._heard.forget()
            self._seen_s = time.monotonic()
            self._put(Connected(self._key, stream, event.header_xml, event.offset_s))
        self._merge.open(event.line, time.monotonic())

    def _ask_before_use(self, stream: StreamDescription, form: str) -> None:
        """Disconnect: the header is not the one that was found. The search connects again once accepted."""
        if why := self._questions.refused(stream, form):
            self._lose(f"{form}, and {why}")
        while self._lines:
            self._release(next(iter(self._lines)))

    def _pulled(self, event: Pulled) -> None:
        is_alone = len(self._lines) == 1
        if isinstance(event.values, list):
            texts, stamps = self._heard.new(event.values, event.stamps, is_alone=is_alone)
            if texts:
                self._put(Texts(self._key, texts, stamps))
            return
        piece, now_s = (event.values, event.stamps), time.monotonic()
        is_behind = not is_alone and bool(self._merge.lines) and event.line != self._merge.lines[0]
        for each in self._merge.take(event.line, piece, now_s):
            self._pass_on(each)
        if is_alone:
            return
        if is_behind and self._merge.is_waiting:
            # What came over the old connection already is not drawn once more.
            self._put(Samples(self._key, *piece, ahead=True))
        self._release_superseded()

    def _pass_on(self, piece: Piece) -> None:
        self._calm.take(*piece, self._after)
        self._after = ""

    def _put(self, arrival: Arrival) -> None:
        """Hand on anything else, behind the samples that came before it."""
        self._calm.rest()
        self._arrivals.put(arrival)

    def _ended(self, event: Ended) -> None:
        del self._lines[event.line]
        for each in self._merge.close(event.line, time.monotonic()):
            self._pass_on(each)
        self._release_superseded()
        if not self._lines and not self._stop.is_set():
            self._lose(event.reason)

    def _release(self, number: int) -> None:
        line = self._lines.pop(number, None)
        if line is not None:
            line.connection.release()
        for each in self._merge.close(number, time.monotonic()):
            self._pass_on(each)
        self._release_superseded()

    def _release_superseded(self) -> None:
        """End the connections that another has overtaken."""
        for number in [n for n, line in self._lines.items() if line.is_open and n not in self._merge.lines]:
            self._lines.pop(number).connection.release()

    def _lose(self, reason: str) -> None:
        while self._lines:
            self._release(next(iter(self._lines)))
        self._merge = ConnectionMerge(1.0)
        # A source that refuses every attempt is reported once.
        if self._is_connected or reason != self._refused:
            self._put(Lost(self._key, reason))
        self._is_connected, self._refused = False, reason

    def _look_after(self, search: Search, now_s: float) -> bool:
        """Look whether data comes; return whether another run of the source is to be searched for."""
        newest = self._newest
        silent_s = now_s - newest.heard_s
        is_visible = search.is_visible()
        if self._stream.is_text:
            self._look_after_text(search, now_s, is_visible=is_visible)
        elif silent_s > self._silent_s and is_visible:
            self._try_another(search, newest, silent_s)
        heard_s = self._seen_s if self._stream.is_text else newest.heard_s
        search.note_twins(heard_s if newest.is_open else float("-inf"), now_s)
        unheard_s = now_s - self._seen_s if self._stream.is_text else silent_s
        return unheard_s > _USELESS_S

    def _is_sending(self, now_s: float) -> bool:
        """Whether numbers of the source came lately, over the newest connection."""
        if not self._is_connected or self._stream.is_text or not self._lines:
            return False
        return self._newest.is_open and now_s - self._newest.heard_s < self._silent_s / 2

    @property
    def _newest(self) -> _OpenConnection:
        return self._lines[max(self._lines)]

    def _try_another(self, search: Search, newest: _OpenConnection, silent_s: float) -> None:
        """Open one more connection to a source that is announced and silent."""
        if not newest.is_open or (len(self._lines) > 1 and silent_s < _USELESS_S):
            return
        if len(self._lines) > 1 and not newest.has_data:
            self._release(newest.connection.line)
        elif len(self._lines) >= _MOST_LINES:
            self._release(min(self._lines))
        info = search.latest()
        if info is not None:
            self._connect(info)

    def _look_after_text(self, search: Search, now_s: float, *, is_visible: bool) -> None:
        if not is_visible:
            return
        out_of_sight_s, self._seen_s = now_s - self._seen_s, now_s
        if out_of_sight_s > _OUT_OF_SIGHT_S and (info := search.latest()) is not None:
            if len(self._lines) >= _MOST_LINES:
                self._release(min(self._lines))
            self._connect(info)
        oldest, newest = self._lines[min(self._lines)], self._newest
        # Data of the old one arrives within two minutes; whether it has any is unknown.
        if len(self._lines) > 1 and now_s - newest.opened_s > _DRAIN_S:
            self._release(oldest.connection.line)

    def _report(self, reason: str) -> None:
        kind = Notice if self._is_connected else Lost
        self._arrivals.put(kind(self._key, reason))

    def _finish(self) -> None:
        """Let go of everything; what waited for its turn is passed on."""
        with self._lock:
            # Each may end by itself meanwhile.
            connections = [line.connection for line in self._lines.values()]
        for connection in connections:
            connection.release()
        for connection in connections:
            connection.join(_JOIN_S)
        with self._lock:
            for number in self._merge.lines:
                for each in self._merge.close(number, time.monotonic()):
                    self._pass_on(each)
            self._calm.rest()
