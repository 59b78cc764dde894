"""Pacing of simulator and replay: when to start, when to send, and when to close the outlets."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from monitor.lsl.outlet import Outlet
from monitor.model.shutdown import SignalEvent, on_shutdown_signals

# 16 samples at 500 Hz, as small amplifiers send them.
CHUNK_S = 0.032
_TURN_S = 0.05
# Buffer of liblsl for a stalled receiver, in seconds of stamps; less for a fast stream, to limit memory.
_BUFFERED_S = 360.0
_MIN_BUFFERED_S = 60.0
# A receiver opens its streams one after another; it must not miss the first samples.
_OTHERS_CONNECT_S = 2.0
_DRAIN_S = 5.0


class Stop(Protocol):
    """Request to stop a source: an event of ``threading`` or ``multiprocessing``, or a `SignalEvent`."""

    def is_set(self) -> bool:
        """Return whether to stop."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the request to stop, at most `timeout` seconds."""


@contextmanager
def stopping_on_signals() -> Iterator[SignalEvent]:
    """Yield an event that is set by an interrupt, a termination or a closed console; main thread only.

    Yields
    ------
    SignalEvent
        Set by the first signal. The previous handlers are restored at the end.
    """
    stop = SignalEvent()

    before = on_shutdown_signals(lambda _name: stop.set())
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def buffered_s(speed: float) -> float:
    """Return how many seconds of stamps an outlet buffers for a stalled receiver."""
    return max(_MIN_BUFFERED_S, _BUFFERED_S / speed)


def parent_is_gone() -> bool:
    """Return whether the process that started this one through multiprocessing has died."""
    parent = multiprocessing.parent_process()
    return parent is not None and not parent.is_alive()


def wait_for_receivers(outlets: Sequence[Outlet], stop: Stop) -> bool:
    """Wait for the first receiver of any outlet, then briefly for those of the others.

    Parameters
    ----------
    outlets : sequence of Outlet
        At least one.
    stop : Stop
        Ends the wait.

    Returns
    -------
    bool
        Whether to start; false if stopped.
    """
    if not _wait_until(lambda: any(outlet.have_consumers() for outlet in outlets), stop, None):
        return False
    _wait_until(lambda: all(outlet.have_consumers() for outlet in outlets), stop, _OTHERS_CONNECT_S)
    return not stop.is_set()


def await_receivers(outlets: Sequence[Outlet], stop: Stop) -> None:
    """Wait until no receiver is connected, at most 5 s: closing an outlet discards unsent data."""
    _wait_until(lambda: not any(outlet.have_consumers() for outlet in outlets), stop, _DRAIN_S)


def _wait_until(condition: Callable[[], bool], stop: Stop, limit_s: float | None) -> bool:
    """Poll at short intervals, because a wait inside liblsl blocks signals."""
    turns = 0
    while not condition():
        if stop.wait(_TURN_S) or parent_is_gone():
            return False
        turns += 1
        if limit_s is not None and turns * _TURN_S >= limit_s:
            return False
    return True
