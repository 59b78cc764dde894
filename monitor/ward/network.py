"""Find and read the outlets of all beds while the ward is open."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from monitor.lsl.discovery import Query
from monitor.lsl.multi_listener import MultiListener, StreamNews
from monitor.lsl.outlet import OWN_TYPE
from monitor.model.clock import running_s
from monitor.model.facts import Fact
from monitor.ward import texts
from monitor.ward.bed import Bed
from monitor.ward.tile import Tile, by_alert

_OUTLETS = ("Index", "Facts")
_PREDICATE = f"(starts-with(name,'PLMS-Index-') or starts-with(name,'PLMS-Facts-')) and type='{OWN_TYPE}'"
_DISCOVER_EVERY_S = 0.5
_POLL_EVERY_S = 0.1
# The thread that receives is never busy for so long.
_HUNG_S = 10.0
# This process was stopped, or this computer slept, if nothing ran for so long.
_BREAK_S = 2.0
# A stream that vanishes while it is opened fails once.
_FAILING_S = 5.0
_MOST_STREAMS = 400


class Ward:
    """All beds found since the start. It sends nothing to the network.

    Used as a context manager. `tiles`, `log`, `forget` and `problem` may be used from any thread.

    Parameters
    ----------
    clock : callable
        Monotonic time (s), by which silence and failures are timed. By default it goes on while this
        computer sleeps: what was received before is then as old as it is.
    """

    def __init__(self, clock: Callable[[], float] = running_s) -> None:
        self._clock = clock
        self._listener = MultiListener(Query("pred", _PREDICATE), _MOST_STREAMS)
        self._beds: dict[tuple[str, str], Bed] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        # Since when a thread fails, and why.
        self._failures: dict[str, tuple[float, str]] = {}
        self._worked_at_s = self._ran_at_s = self._listening_since_s = self._clock()
        self._threads = [
            threading.Thread(target=self._repeat, args=each, name=f"ward-{each[1]}", daemon=True)
            for each in ((self._look, _DISCOVER_EVERY_S), (self._poll, _POLL_EVERY_S))
        ]

    def __enter__(self) -> Ward:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def tiles(self) -> list[Tile]:
        """Return a tile for each bed, the highest alert first."""
        self._note_running()
        with self._lock:
            return by_alert(bed.tile(self._listening_since_s) for bed in self._beds.values())

    def log(self, bed: str, host: str) -> list[Fact]:
        """Return the received facts of one bed, oldest first; empty for an unknown bed."""
        with self._lock:
            found = self._beds.get((bed, host))
            return list(found.log) if found else []

    def forget(self, bed: str, host: str) -> None:
        """Drop what was received from a bed; it comes back with its next sample."""
        with self._lock:
            self._beds.pop((bed, host), None)

    @property
    def problem(self) -> str:
        """Why nothing can be found or received, empty if nothing is known to be wrong."""
        self._note_running()
        now_s, listening_s = self._clock(), self._clock() - self._listening_since_s
        if min(listening_s, now_s - self._worked_at_s) > _HUNG_S:
            return texts.HUNG
        failures = list(self._failures.values())
        return next((why for since_s, why in failures if min(listening_s, now_s - since_s) > _FAILING_S), "")

    def _note_running(self) -> None:
        """Note a break in which nothing could be received: whichever thread runs first after it."""
        now_s = self._clock()
        if now_s - self._ran_at_s > _BREAK_S:
            self._listening_since_s = now_s
        self._ran_at_s = now_s

    def _repeat(self, do: Callable[[], None], every_s: float) -> None:
        while not self._stop.is_set():
            # An error of one stream must not stop the ward for the others.
            try:
                do()
                self._failures.pop(do.__name__, None)
            except Exception as err:  # noqa: BLE001
                since_s, _ = self._failures.get(do.__name__, (self._clock(), ""))
                self._failures[do.__name__] = since_s, f"{type(err).__name__}: {err}"[:200]
            self._stop.wait(every_s)

    def _look(self) -> None:
        self._listener.look()

    def _poll(self) -> None:
        self._note_running()
        self._worked_at_s = self._clock()
        news = self._listener.poll()
        if news:
            with self._lock:
                self._apply(news)

    def _apply(self, news: Iterable[StreamNews]) -> None:
        for one in news:
            stream, named = one.stream, bed_of(one.stream.name)
            if named is None:
                continue
            kind, name = named
            key = (name, stream.hostname)
            bed = self._beds.setdefault(key, Bed(name, stream.hostname, self._clock))
            if not bed.connected(kind, stream.uid):
                continue
            if kind == "Index" and not stream.is_text:
                bed.add_index([channel.label for channel in stream.channels], one.samples[-1])
            elif kind == "Facts" and stream.is_text:
                for row in one.samples:
                    bed.add_line(row[0])


def bed_of(name: str) -> tuple[str, str] | None:
    """Split the name of an outlet into its content and its bed, None for any other name."""
    for kind in _OUTLETS:
        head = f"PLMS-{kind}-"
        if name.startswith(head) and len(name) > len(head):
            return kind, name.removeprefix(head)
    return None
