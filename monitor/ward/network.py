"""Find the beds' outlets and listen to them, for as long as the ward is open."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable

from monitor.lsl.discovery import Query
from monitor.lsl.multi_listener import MultiListener, StreamNews
from monitor.lsl.outlet import OWN_TYPE
from monitor.model.facts import Fact
from monitor.ward.bed import Bed
from monitor.ward.tile import Tile, by_alert

_OUTLETS = ("Index", "Facts")
_PREDICATE = f"(starts-with(name,'PLMS-Index-') or starts-with(name,'PLMS-Facts-')) and type='{OWN_TYPE}'"
_LOOK_EVERY_S = 0.5
_POLL_EVERY_S = 0.1
_MOST_STREAMS = 400


class Ward:
    """All beds that were heard since it was started. It sends nothing.

    Used as a context manager. `tiles` and `log` may be called from any thread.
    """

    def __init__(self) -> None:
        self._listener = MultiListener(Query("pred", _PREDICATE), _MOST_STREAMS)
        self._beds: dict[tuple[str, str], Bed] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._listen_forever, args=each, name=f"ward-{each[1]}", daemon=True)
            for each in ((self._listener.look, _LOOK_EVERY_S), (self._poll, _POLL_EVERY_S))
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
        with self._lock:
            return by_alert(bed.tile() for bed in self._beds.values())

    def log(self, bed: str, host: str) -> list[Fact]:
        """Return the facts heard of one bed, oldest first; none of an unknown one."""
        with self._lock:
            found = self._beds.get((bed, host))
            return list(found.log) if found else []

    def _listen_forever(self, do: Callable[[], None], every_s: float) -> None:
        while not self._stop.is_set():
            # What one stream comes up with must not blind the ward for the others.
            with contextlib.suppress(Exception):
                do()
            self._stop.wait(every_s)

    def _poll(self) -> None:
        said = self._listener.poll()
        if said:
            with self._lock:
                self._take(said)

    def _take(self, said: Iterable[StreamNews]) -> None:
        for one in said:
            stream, named = one.stream, bed_of(one.stream.name)
            if named is None:
                continue
            kind, name = named
            key = (name, stream.hostname)
            bed = self._beds.setdefault(key, Bed(name, stream.hostname, time.monotonic))
            bed.connected(kind, stream.uid)
            if kind == "Index" and not stream.is_text:
                bed.took_index([channel.label for channel in stream.channels], one.samples[-1])
            elif kind == "Facts" and stream.is_text:
                for row in one.samples:
                    bed.took_line(row[0])


def bed_of(name: str) -> tuple[str, str] | None:
    """Split an outlet's name into what it carries and its bed, None if it is of no bed."""
    for kind in _OUTLETS:
        head = f"PLMS-{kind}-"
        if name.startswith(head) and len(name) > len(head):
            return kind, name.removeprefix(head)
    return None
