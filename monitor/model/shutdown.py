"""The signals that ask a program to end: an interrupt, a termination, a closed console."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

# Some systems lack some of them.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


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
