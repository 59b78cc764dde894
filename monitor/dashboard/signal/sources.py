"""The sources of the trace: live rings of a running recording, or pages read from disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monitor.dashboard.signal.scrollback import Scrollback
from monitor.dashboard.signal.traces import Traces, ViewFilter
from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.session.folder import SessionFolder
from monitor.session.signal.chunk_index import Rows
from monitor.session.signal.live_ring import LiveRing

SPAN_S = 305.0
_SCAN_EVERY_N = 30
# The display filter settles before the page starts.
_LEAD_S = 2.0


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
        if self._polls % _SCAN_EVERY_N == 0:
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
                self.newest_s = max(self.newest_s, each.traces.newest_s)
                has_new = True
        return has_new

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
            traces = Traces(ring.lanes, ring.rate_hz, SPAN_S, self._view)
            self._rings[name] = each = _Ring(ring, 0, traces, _inode(there[name]))
            self._fill(each)
            self.newest_s = max(self.newest_s, each.traces.newest_s)

    def _fill(self, each: _Ring) -> None:
        each.traces = Traces(each.ring.lanes, each.ring.rate_hz, SPAN_S, self._view)
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


class PageReader:
    """Read pages in a thread: the first access to a long recording takes a moment.

    Parameters
    ----------
    folder : SessionFolder
    """

    def __init__(self, folder: SessionFolder) -> None:
        self._folder = folder
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="page-reader")
        self._waiting: Future[Page] | None = None
        self._known: tuple[tuple[int | None, ...], list[Scrollback]] = ((), [])

    def ask(
        self,
        start_s: float,
        length_s: float,
        view: ViewFilter,
        streams: Sequence[Fact],
        placing: Sequence[Fact],
        rests: Mapping[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]],
    ) -> None:
        """Request a page; an older request that is still waiting is dropped.

        Parameters
        ----------
        start_s, length_s : float
        view : ViewFilter
        streams, placing : sequence of Fact
            From the journal.
        rests : Mapping of leg to (times in s, resting levels in uV)
            The file has no resting levels: those of the journal are drawn.
        """
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = self._pool.submit(
            self._read, start_s, length_s, view, tuple(streams), tuple(placing), dict(rests)
        )

    def take(self) -> Page | None:
        """Return the page once it has been read, else None."""
        if self._waiting is None or not self._waiting.done():
            return None
        done, self._waiting = self._waiting, None
        return done.result()

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _read(
        self,
        start_s: float,
        length_s: float,
        view: ViewFilter,
        streams: tuple[Fact, ...],
        placing: tuple[Fact, ...],
        rests: Mapping[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]],
    ) -> Page:
        traces: dict[str, Traces] = {}
        for scrollback in self._scrollbacks(streams, placing):
            if scrollback.rate_hz <= 0:
                continue
            made = Traces(scrollback.lanes, scrollback.rate_hz, length_s + _LEAD_S, view)
            rows = scrollback.read(start_s - _LEAD_S, start_s + length_s)
            _fill_rests(rows, scrollback.lanes, rests)
            made.add(rows)
            # A source that returned in another form continues in another stream of the file.
            traces |= {lane: made for lane in scrollback.lanes if len(rows) or lane not in traces}
        return Page(start_s, traces)

    def _scrollbacks(self, streams: tuple[Fact, ...], placing: tuple[Fact, ...]) -> list[Scrollback]:
        """Return the readers of the file; they are reused until a fact that places samples is added."""
        version = tuple(fact.seq for fact in (*streams, *placing))
        if version != self._known[0]:
            first = {f.data["key"]: f for f in reversed(streams) if f.data["legs"] or f.data.get("limbs")}
            path = self._folder.recording
            made = [Scrollback(path, first[key].data, placing, first[key].t or 0.0) for key in sorted(first)]
            self._known = (version, made)
        return self._known[1]


def _fill_rests(
    rows: Rows,
    lanes: Sequence[str],
    rests: Mapping[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]],
) -> None:
    for i, lane in enumerate(lanes):
        # The journal has the level of a limb's first signal only: none is drawn for the others.
        times_s, levels_uv = rests.get(lane, (np.empty(0), np.empty(0)))
        if len(times_s):
            at = np.searchsorted(times_s, rows[:, 0], side="right") - 1
            rows[:, 3 + 3 * i] = np.where(at >= 0, levels_uv[np.maximum(at, 0)], np.nan)
