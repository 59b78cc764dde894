"""The signals that ask a program to end: an interrupt, a termination, a closed console."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

# Not each system has them all.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


def on_shutdown_signals(told: Callable[[str], object]) -> Mapping[int, Any]:
    """Have `told` called with the name of a signal that asks for the end. Main thread only.

    Returns
    -------
    Mapping of int to handler
        What was there before, to be put back with `signal.signal`.
    """

    def handler(number: int, _frame: FrameType | None) -> None:
        told(signal.Signals(number).name)

    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    return {number: signal.signal(number, handler) for number in numbers}
