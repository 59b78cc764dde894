"""The sources of the trace: live rings of a running recording, or pages read from disk."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from monitor.dashboard.signal.page_sources import PageSource
from monitor.dashboard.signal.scrollback import Scrollback
from monitor.dashboard.signal.traces import Traces, ViewFilter
from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.session.folder import SessionFolder
from monitor.session.signal.chunk_index import Rows
from monitor.session.signal.live_ring import LiveRing

if TYPE_CHECKING:
    from monitor.model.payloads import AnchorData

SPAN_S = 305.0
_SCAN_EVERY_N = 30
# The display filter settles before the page starts.
_LEAD_S = 2.0
# The display filters of breathing reach further down.
_OTHERS_LEAD_S = 10.0
# Placing ahead: not during start-up, then with pauses for the display, then as the recording grows.
_AHEAD_AFTER_S, _AHEAD_PAUSE_S, _AHEAD_EVERY_S = 3.0, 0.15, 10.0


@dataclass(slots=True)
class _Ring:
    ring: LiveRing
    next_n: int
    traces: Traces
    inode: int


class LiveSignal:
    """Read the live rings of a session as they appear; hold the last minutes ready for drawing.

    Parameters
    ----------
    folder : SessionFolder
    view : ViewFilter
    """

    def __init__(self, folder: SessionFolder, view: ViewFilter) -> None:
        self._folder, self._view = folder, view
        self._rings: dict[str, _Ring] = {}
        self._polls = 0
        self.newest_s = 0.0

    def poll(self) -> bool:
        """Read new samples; return whether there were any."""
        if not self._rings or self._polls % _SCAN_EVERY_N == 0:
            self._scan()
        self._polls += 1
        has_new = False
        for each in self._rings.values():
            # Samples arrive in chunks: most frames have none.
            if each.ring.n == each.next_n:
                continue
            each.next_n, rows = each.ring.read_since(each.next_n)
            if len(rows):
                each.traces.add(rows)
                self._note_newest(each)
                has_new = True
        return has_new

    def _note_newest(self, each: _Ring) -> None:
        # The legs lead: another signal whose samples come sooner would leave gaps in theirs.
        if not each.ring.kinds:
            self.newest_s = max(self.newest_s, each.traces.newest_s)

    @property
    def traces(self) -> dict[str, Traces]:
        """The traces by lane."""
        return {lane: each.traces for each in self._rings.values() for lane in each.traces.lanes}

    def set_view(self, view: ViewFilter) -> None:
        """Change the display filter, as far back as the rings reach."""
        self._view = view
        for each in self._rings.values():
            self._fill(each)

    def _scan(self) -> None:
        there = {path.name: path for path in sorted(self._folder.path.glob("live-*.ring"))}
        for name in list(self._rings):
            # A resumed recording has a new file with the same name.
            if name not in there or _inode(there[name]) != self._rings[name].inode:
                del self._rings[name]
        for name in there.keys() - self._rings.keys():
            try:
                ring = LiveRing.open(there[name])
            except InputError:
                continue
            traces = Traces(ring.lanes, ring.rate_hz, SPAN_S, self._view, ring.kinds)
            self._rings[name] = each = _Ring(ring, 0, traces, _inode(there[name]))
            self._fill(each)
            self._note_newest(each)

    def _fill(self, each: _Ring) -> None:
        each.traces = Traces(each.ring.lanes, each.ring.rate_hz, SPAN_S, self._view, each.ring.kinds)
        each.next_n, rows = each.ring.read_last(SPAN_S)
        each.traces.add(rows)


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return -1


@dataclass(frozen=True, slots=True)
class Page:
    """A period of the past, ready for drawing."""

    start_s: float
    traces: dict[str, Traces]


Rests = Mapping[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]
"""For each leg times (s) and resting levels (uV)."""


class PageReader:
    """Read pages in a thread, which places the samples of the recording meanwhile.

    Parameters
    ----------
    source : PageSource
        Where the samples are.
    clock : callable
        Monotonic seconds.
    has_read : callable, optional
        Called in the thread once a page can be taken.

    Notes
    -----
    To place an hour of a stream takes one or two seconds, once: done ahead, a page is there at once.
    """

    def __init__(
        self,
        source: PageSource,
        clock: Callable[[], float] = time.monotonic,
        has_read: Callable[[], None] | None = None,
    ) -> None:
        self._source, self._clock, self._has_read = source, clock, has_read
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="page-reader")
        self._waiting: Future[Page | None] | None = None
        self._ahead: Future[bool] | None = None
        self._ahead_at_s = clock() + _AHEAD_AFTER_S
        self._is_placed = False
        self._asked_n = 0
        self._known: tuple[tuple[int | None, ...], list[Scrollback]] = ((), [])

    def ask(
        self,
        span_s: tuple[float, float],
        view: ViewFilter,
        streams: Sequence[Fact],
        anchors: Sequence[Fact[AnchorData]],
        rests: Rests,
    ) -> None:
        """Request a page; an older request that is not finished is dropped.

        Parameters
        ----------
        span_s : tuple of float
            Start and end (s).
        view : ViewFilter
        streams, anchors : sequence of Fact
            From the journal.
        rests : Rests
            The file has no resting levels: those of the journal are drawn.
        """
        if self._waiting is not None:
            self._waiting.cancel()
        self._asked_n += 1
        self._waiting = self._pool.submit(
            self._read, self._asked_n, span_s, view, tuple(streams), tuple(anchors), dict(rests)
        )
        if self._has_read is not None:
            has_read = self._has_read
            self._waiting.add_done_callback(lambda _: has_read())

    def take(self) -> Page | None:
        """Return the page once it has been read, else None."""
        if self._waiting is None or not self._waiting.done():
            return None
        done, self._waiting = self._waiting, None
        return None if done.cancelled() else done.result()

    def place_ahead(self, streams: Sequence[Fact], anchors: Sequence[Fact[AnchorData]]) -> bool:
        """Place what was recorded, a little at a time; called each frame. Return whether nothing is left."""
        if self._waiting is not None or self._clock() < self._ahead_at_s:
            return self._is_placed
        if self._ahead is None:
            self._ahead = self._pool.submit(self._place, tuple(streams), tuple(anchors))
        elif self._ahead.done():
            self._is_placed = self._ahead.result()
            self._ahead_at_s = self._clock() + (_AHEAD_EVERY_S if self._is_placed else _AHEAD_PAUSE_S)
            self._ahead = None
        return self._is_placed

    def close(self) -> None:
        """End the thread."""
        self._asked_n += 1
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _place(self, streams: tuple[Fact, ...], anchors: tuple[Fact[AnchorData], ...]) -> bool:
        """Place one block of each stream; return whether all are placed."""
        try:
            is_whole = self._source.update()
            return all(each.place(anchors, math.inf) for each in self._scrollbacks(streams)) and is_whole
        except OSError:
            return True

    def _read(
        self,
        number: int,
        span_s: tuple[float, float],
        view: ViewFilter,
        streams: tuple[Fact, ...],
        anchors: tuple[Fact[AnchorData], ...],
        rests: Rests,
    ) -> Page | None:
        start_s, end_s = span_s
        traces: dict[str, Traces] = {}
        for scrollback in self._scrollbacks(streams):
            rows, others = np.empty((0, 1 + 3 * len(scrollback.lanes))), np.empty((0, 1))
            lead_s = _OTHERS_LEAD_S if scrollback.others else _LEAD_S
            try:
                self._source.update()
                while not scrollback.place(anchors, end_s):
                    if number != self._asked_n:
                        return None
                    self._source.update()
                rows, others = scrollback.read(start_s - lead_s, end_s)
            except OSError:
                pass
            length_s = end_s - start_s + lead_s
            made = Traces(scrollback.lanes, scrollback.rate_hz, length_s, view)
            _fill_rests(rows, scrollback.lanes, rests)
            made.add(rows)
            # A source that returned in another form continues in another stream of the file.
            traces |= {lane: made for lane in scrollback.lanes if len(rows) or lane not in traces}
            if scrollback.others and len(others):
                beside = Traces(scrollback.others, scrollback.rate_hz, length_s, view, scrollback.kinds)
                beside.add(others)
                traces |= dict.fromkeys(scrollback.others, beside)
        return Page(start_s, traces)

    def _scrollbacks(self, streams: tuple[Fact, ...]) -> list[Scrollback]:
        """Return the readers of the file; they are reused until a stream is added."""
        version = tuple(fact.seq for fact in streams)
        if version != self._known[0]:
            has_lanes = [f for f in streams if any(f.data.get(name) for name in ("legs", "limbs", "lanes"))]
            first = {f.data["key"]: f.data for f in reversed(has_lanes) if f.data["rate_hz"] > 0}
            made = [Scrollback(self._source.signal(first[key]), first[key]) for key in sorted(first)]
            self._known = (version, made)
        return self._known[1]


def _fill_rests(
    rows: Rows,
    lanes: Sequence[str],
    rests: Rests,
) -> None:
    for i, lane in enumerate(lanes):
        # The journal has the level of a limb's first signal only: none is drawn for the others.
        times_s, levels_uv = rests.get(lane, (np.empty(0), np.empty(0)))
        if len(times_s):
            at = np.searchsorted(times_s, rows[:, 0], side="right") - 1
            rows[:, 3 + 3 * i] = np.where(at >= 0, levels_uv[np.maximum(at, 0)], np.nan)
