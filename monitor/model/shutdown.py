"""The signals that ask a program to end: an interrupt, a termination, a closed console."""

from __future__ import annotations

import contextlib
import queue
import signal
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

# Some systems lack some of them.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class SignalEvent:
    """An event that a handler of a signal sets, used like ``threading.Event``.

    Notes
    -----
    A handler runs in the main thread, between any two steps of it. ``threading.Event`` has a lock: a handler
    that comes while the main thread holds it, in ``wait`` or ``set``, waits for it for ever. ``put`` of a
    ``SimpleQueue`` may be called at any point, as Python's documentation says.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._wakes: queue.SimpleQueue[None] = queue.SimpleQueue()

    def is_set(self) -> bool:
        """Return whether it is set."""
        return self._is_set

    def set(self) -> None:
        """Set it and wake those who wait; in any thread, and in a handler of a signal."""
        self._is_set = True
        self._wakes.put(None)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, for at most `timeout` seconds; return whether it is."""
        if not self._is_set:
            with contextlib.suppress(queue.Empty):
                self._wakes.get(timeout=None if timeout is None else max(0.0, timeout))
                # Another may wait too.
                self._wakes.put(None)
        return self._is_set


def on_shutdown_signals(on_signal: Callable[[str], object]) -> Mapping[int, Any]:
    """Call `on_signal` with the name of each signal that requests the end. Main thread only.

    Returns
    -------
    Mapping of int to handler
        The previous handlers, to be restored with `signal.signal`.
    """

    def handler(number: int, _frame: FrameType | None) -> None:
        on_signal(signal.Signals(number).name)

    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    return {number: signal.signal(number, handler) for number in numbers}
