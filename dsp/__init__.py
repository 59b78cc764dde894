"""Pure numeric layer: arrays in, arrays out; imports numpy, numba and the standard library only."""

from typing import TYPE_CHECKING, Any

import numpy as np

from dsp._cache import CacheReport, cached_njit
from dsp._cache import report as cache_report
from dsp.events import EVENT_DTYPE, QUALITY_DTYPE, Cause, EventKind, QualityState
from dsp.jit import leave_out_linear_algebra
from dsp.settings import MAX_RATE_HZ, MIN_RATE_HZ, DetectorSettings

if TYPE_CHECKING:
    from dsp.detector import LegDetector

__all__ = [
    "EVENT_DTYPE",
    "MAX_RATE_HZ",
    "MIN_RATE_HZ",
    "QUALITY_DTYPE",
    "CacheReport",
    "Cause",
    "DetectorSettings",
    "EventKind",
    "LegDetector",
    "QualityState",
    "cache_report",
    "cached_njit",
    "leave_out_linear_algebra",
    "warm_up",
]


def __getattr__(name: str) -> Any:
    """Load the detector with its hundred kernels where it is used: a window has none."""
    if name == "LegDetector":
        from dsp.detector import LegDetector

        return LegDetector
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def warm_up() -> None:
    """Compile (or load) all kernels of the live path before the first sample.

    Takes about half a minute the first time on a computer, in two processes beside this one, then a fraction
    of a second. May be called in a thread; numba has its own lock.
    """
    from dsp.compilation import compile_in_parallel
    from dsp.detector import LegDetector

    compile_in_parallel()
    pass_through = np.array([[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]])
    detector = LegDetector(DetectorSettings(), 200.0, pass_through)
    detector.process(np.zeros(2))
    detector.finish()
    detector.reset(0)
