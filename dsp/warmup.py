"""Compile (or load) every kernel of the live path before the first sample needs it."""

from __future__ import annotations

import numpy as np

from dsp.detector import LegDetector
from dsp.ring import RingWriter, ring_bytes
from dsp.settings import DetectorSettings


def warm_up() -> None:
    """Compile all that the live path calls; seconds the first time on a machine, then a fraction of one.

    May be called in a thread; numba holds its own lock.
    """
    pass_through = np.array([[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]])
    detector = LegDetector(DetectorSettings(), 200.0, pass_through)
    detector.process(np.zeros(2))
    detector.finish()
    detector.reset(0)
    chunk = np.zeros((2, 1), np.float32)
    RingWriter(bytearray(ring_bytes(4, 1)), 4, 1).write(chunk)
