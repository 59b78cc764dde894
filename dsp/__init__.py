"""Pure numeric layer: arrays in, arrays out; knows numpy, numba and the standard library only."""

import numba

from dsp._cache import cache_folder

# Before any kernel is decorated: numba asks for the folder then.
numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]

from dsp.detector import LegDetector  # noqa: E402
from dsp.records import EVENT_DTYPE, QUALITY_DTYPE, Cause, EventKind, QualityState  # noqa: E402
from dsp.settings import MAX_RATE_HZ, MIN_RATE_HZ, DetectorSettings  # noqa: E402
from dsp.warmup import warm_up  # noqa: E402

__all__ = [
    "EVENT_DTYPE",
    "MAX_RATE_HZ",
    "MIN_RATE_HZ",
    "QUALITY_DTYPE",
    "Cause",
    "DetectorSettings",
    "EventKind",
    "LegDetector",
    "QualityState",
    "warm_up",
]
