"""Compile the detector while people still choose streams."""

from __future__ import annotations

import threading

import dsp


def warm_up_beside() -> threading.Thread:
    """Start compiling in a thread; join it before the first sample."""
    thread = threading.Thread(target=dsp.warm_up, name="warm-up", daemon=True)
    thread.start()
    return thread
