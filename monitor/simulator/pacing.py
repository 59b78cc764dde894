"""When to send, when to begin and when to let go: what the simulator and the replay have in common."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from monitor.lsl.outlet import Outlet
from monitor.model.shutdown import on_shutdown_signals

# 16 samples at 500 Hz, as small amplifiers send them.
CHUNK_S = 0.032
_TURN_S = 0.2
# What liblsl keeps for a receiver that stalls, in seconds of stamps: memory, so a fast stream gets less.
_BUFFERED_S = 360.0
_MIN_BUFFERED_S = 60.0
# A receiver opens its streams one after another; the first samples should not fall between.
_OTHERS_CONNECT_S = 2.0
_DRAIN_S = 5.0


class Stop(Protocol):
    """What tells a source to end: a ``threading.Event`` or a ``multiprocessing.Event``."""

    def is_set(self) -> bool:
        """Say whether to end."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until told to end, or that long."""


@contextmanager
def stopping_on_signals() -> Iterator[threading.Event]:
    """Give an event that an interrupt, a termination or a closed console sets; main thread only.

    Yields
    ------
    threading.Event
        Set by the first signal. The handlers from before are put back at the end.
    """
    stop = threading.Event()

    before = on_shutdown_signals(lambda _name: stop.set())
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def buffered_s(speed: float) -> float:
    """Choose how many seconds of stamps an outlet keeps for a receiver that stalls."""
    return max(_MIN_BUFFERED_S, _BUFFERED_S / speed)


def parent_is_gone() -> bool:
    """Say whether the process that started this one through multiprocessing has died."""
    parent = multiprocessing.parent_process()
    return parent is not None and not parent.is_alive()


def wait_for_receivers(outlets: Sequence[Outlet], stop: Stop) -> bool:
    """Wait for the first receiver of any outlet, then a moment for those of the others.

    Parameters
    ----------
    outlets : sequence of Outlet
        At least one.
    stop : Stop
        Ends the wait.

    Returns
    -------
    bool
        Whether to begin; false if told to end.
    """
    if not _wait_until(lambda: any(outlet.have_consumers() for outlet in outlets), stop, None):
        return False
    _wait_until(lambda: all(outlet.have_consumers() for outlet in outlets), stop, _OTHERS_CONNECT_S)
    return not stop.is_set()


def await_receivers(outlets: Sequence[Outlet], stop: Stop) -> None:
    """Keep the outlets open until nobody is connected, or for 5 s: closing loses what is not yet sent."""
    _wait_until(lambda: not any(outlet.have_consumers() for outlet in outlets), stop, _DRAIN_S)


def _wait_until(condition: Callable[[], bool], stop: Stop, limit_s: float | None) -> bool:
    """Poll in short turns, because a wait inside liblsl lets no signal through."""
    turns = 0
    while not condition():
        if stop.wait(_TURN_S) or parent_is_gone():
            return False
        turns += 1
        if limit_s is not None and turns * _TURN_S >= limit_s:
            return False
    return True
