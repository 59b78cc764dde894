"""Lanes of other signals beside the legs: their scale, and the numbers of levels such as SpO2."""

from __future__ import annotations

import math

from monitor.dashboard.signal.traces import Traces
from monitor.dashboard.viewmodel.lanes import LaneView
from monitor.model.lanes import UV, LaneKind

# A scale is kept while the signal fills this share of it: it must not change with every breath.
_LEAST_SHARE, _MOST_SHARE = 0.15, 1.3
_FITTED_S = 30.0
# Values beyond these are no measurement.
_LEAST, _MOST = 1e-9, 1e12
_ROOM = 1.1
# A level older than this, or older than three of its samples, is not shown as the present one.
_OLD_S = 5.0


def scale_of(view: LaneView, about: LaneKind, traces: Traces | None, now_full: float) -> float:
    """Return half of the height of a lane in its unit.

    Parameters
    ----------
    view : LaneView
    about : LaneKind
        Of the lane. Without a usual scale, or in another unit, it is the step of 1-2-5 that holds the signal.
    traces : Traces or None
    now_full : float
        The present scale, NaN at first.
    """
    if about.full is not None and (about.unit != UV or view.unit == UV):
        return about.full
    largest = math.nan if traces is None else traces.largest_uv(view.name, _FITTED_S)
    if not _LEAST < largest < _MOST:
        return now_full if now_full > 0 else 1.0
    if _LEAST_SHARE * now_full <= largest <= _MOST_SHARE * now_full:
        return now_full
    return step_above(_ROOM * largest)


def step_above(value: float) -> float:
    """Return the smallest of 1, 2, 5, 10 ... that is not below a positive value."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step for n in (1, 2, 5, 10) if (step := n * power) >= value * (1 - 1e-9))


def scale_text(about: LaneKind, unit: str, full: float) -> str:
    """Return the scale of a lane: the range of levels, or what half of its height is."""
    if about.style == "text":
        return ""
    if about.centre:
        return f"{about.centre - full:g}–{about.centre + full:g} {unit}".strip()
    return f"±{full:g} {unit}".strip()


def band_text(about: LaneKind) -> str:
    """Return the band of the display filter of a lane."""
    return "" if about.band_hz is None else f"{about.band_hz[0]:g}–{about.band_hz[1]:g} Hz"


def level_text(traces: Traces | None, name: str, t_s: float) -> str:
    """Return the level of a lane at a time (s), empty if there is none."""
    if traces is None:
        return ""
    value = traces.value_at(name, t_s, max(_OLD_S, 3 / traces.rate_hz))
    return "" if math.isnan(value) else f"{value:.10g}" if abs(value) >= 1000 else f"{value:.4g}"
