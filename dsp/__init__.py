"""Pure numeric layer: arrays in, arrays out; imports numpy, numba, llvmlite and the standard library."""

import importlib
from typing import TYPE_CHECKING, Any

from dsp._cache import CacheReport
from dsp._cache import report as cache_report
from dsp.settings import MAX_RATE_HZ, MIN_RATE_HZ, DetectorSettings

if TYPE_CHECKING:
    from dsp._kernel_cache import cached_njit
    from dsp.detector import LegDetector
    from dsp.events import EVENT_DTYPE, QUALITY_DTYPE, Cause, EventKind, QualityState
    from dsp.jit import leave_out_linear_algebra
    from dsp.routines import CompilationError
    from dsp.sections import filtered

__all__ = [
    "EVENT_DTYPE",
    "MAX_RATE_HZ",
    "MIN_RATE_HZ",
    "QUALITY_DTYPE",
    "CacheReport",
    "Cause",
    "CompilationError",
    "DetectorSettings",
    "EventKind",
    "LegDetector",
    "QualityState",
    "cache_report",
    "cached_njit",
    "filtered",
    "leave_out_linear_algebra",
    "warm_up",
]


# Loaded where they are used: a window has no detector, a recorder no compiler, a configuration no arrays.
_ELSEWHERE = {
    **dict.fromkeys(("EVENT_DTYPE", "QUALITY_DTYPE", "Cause", "EventKind", "QualityState"), "dsp.events"),
    "CompilationError": "dsp.routines",
    "LegDetector": "dsp.detector",
    "cached_njit": "dsp._kernel_cache",
    "filtered": "dsp.sections",
    "leave_out_linear_algebra": "dsp.jit",
}


def __getattr__(name: str) -> Any:
    if name in _ELSEWHERE:
        return getattr(importlib.import_module(_ELSEWHERE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def warm_up() -> None:
    """Compile (or load) the code of the live path before the first sample.

    Takes about half a minute the first time on a computer, in two processes beside this one, then some
    hundredths of a second. May be called in a thread.

    Raises
    ------
    CompilationError
        If that is not possible.
    """
    import numpy as np

    from dsp.detector import LegDetector

    pass_through = np.array([[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]])
    detector = LegDetector(DetectorSettings(), 200.0, pass_through)
    detector.process(np.zeros(2))
    detector.finish()
    detector.reset(0)
