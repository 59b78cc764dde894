"""Kernels of the live trace: display filter, minimum and maximum per time bin, pixel columns.

None of this affects a score: the detector has its own filter and its own process.

They are compiled at the first use. A window that opens with its recording does not wait for that: until then
Python runs the same functions, with the same result. The few seconds of signal there are take it some
hundredths of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bins = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint32]

_TINY = 1e-25


def filter_leg(x: Any, sos: Any, rest_state: Any, state: Any, is_started: bool, y: Any) -> bool:
    """Filter the samples of one leg for display.

    Parameters
    ----------
    x : ndarray, shape (n,), float64, uV
        NaN is missing: the result is NaN, and the filter starts again after it.
    sos : ndarray, shape (n_sections, 6), float64
    rest_state : ndarray, shape (n_sections, 2), float64
        Steady state of the filter for a constant input of 1.
    state : ndarray, shape (n_sections, 2), float64
        Changed in place.
    is_started : bool
        Whether `state` is that of the previous sample.
    y : ndarray, shape (n,), float64, uV
        Filled.

    Returns
    -------
    bool
        `is_started` for the next call.

    Notes
    -----
    The filter starts at the level of the first sample: an offset of some mV would otherwise cause ringing.
    """
    for i in range(x.shape[0]):
        value = x[i]
        if np.isnan(value):
            is_started = False
            y[i] = np.nan
            continue
        if not is_started:
            is_started = True
            # One by one: the check of an array expression's shapes takes longest of all to compile.
            for k in range(state.shape[0]):
                state[k, 0], state[k, 1] = rest_state[k, 0] * value, rest_state[k, 1] * value
        for k in range(sos.shape[0]):
            out = sos[k, 0] * value + state[k, 0]
            state[k, 0] = sos[k, 1] * value - sos[k, 4] * out + state[k, 1]
            state[k, 1] = sos[k, 2] * value - sos[k, 5] * out
            # Denormal numbers would make a flat signal slow.
            if abs(state[k, 0]) < _TINY:
                state[k, 0] = 0.0
            if abs(state[k, 1]) < _TINY:
                state[k, 1] = 0.0
            value = out
        y[i] = value
    return is_started


def add_to_bins(times_s: Any, y: Any, levels: Any, bin_s: float, top: int, bins: Any) -> int:
    """Add samples to time bins; the last ``bins.shape[2]`` bins are stored.

    Parameters
    ----------
    times_s : ndarray, shape (n,), float64, s
    y : ndarray, shape (n, n_legs), float64, uV
        Filtered trace.
    levels : ndarray, shape (n, n_legs, 2), float64, uV
        Envelope and resting level.
    bin_s : float
    top : int
        Newest bin so far, counted from time 0; -1 for none.
    bins : ndarray, shape (n_legs, 6, n_bins), float32, uV
        Minimum, maximum, envelope (maximum), resting level (last value), sum of the squares (uV^2) of the
        trace and number of its samples. Changed in place.

    Returns
    -------
    int
        The newest bin.
    """
    n_bins = bins.shape[2]
    for i in range(times_s.shape[0]):
        at = int(np.floor(times_s[i] / bin_s))
        if at > top:
            for new in range(max(top + 1, at - n_bins + 1), at + 1):
                bins[:, :, new % n_bins] = np.nan
            top = at
        elif at <= top - n_bins:
            continue
        place = at % n_bins
        for leg in range(y.shape[1]):
            value = y[i, leg]
            if not np.isnan(value):
                if not bins[leg, 0, place] <= value:
                    bins[leg, 0, place] = value
                if not bins[leg, 1, place] >= value:
                    bins[leg, 1, place] = value
                if np.isnan(bins[leg, 5, place]):
                    bins[leg, 4, place] = bins[leg, 5, place] = 0.0
                bins[leg, 4, place] += value * value
                bins[leg, 5, place] += 1.0
            envelope = levels[i, leg, 0]
            if not np.isnan(envelope) and not bins[leg, 2, place] >= envelope:
                bins[leg, 2, place] = envelope
            bins[leg, 3, place] = levels[i, leg, 1]
    return top


def column_of(bins: Any, top: int, bin_s: float, start_s: float, end_s: float, out: Any) -> None:
    """Compute the values of one pixel column.

    Parameters
    ----------
    bins : ndarray, shape (6, n_bins), float32
        One leg, as `add_to_bins` fills them.
    top : int
        Newest bin.
    bin_s, start_s, end_s : float
    out : ndarray, shape (4,), float64, uV
        Filled: minimum, maximum, envelope, resting level; NaN without samples.
    """
    out[:] = np.nan
    n_bins = bins.shape[1]
    first = int(np.floor(start_s / bin_s + 1e-9))
    last = max(first, int(np.ceil(end_s / bin_s - 1e-9)) - 1)
    for at in range(first, last + 1):
        if at > top or at <= top - n_bins or at < 0:
            continue
        place = at % n_bins
        if not np.isnan(bins[0, place]):
            if not out[0] <= bins[0, place]:
                out[0] = bins[0, place]
            if not out[1] >= bins[1, place]:
                out[1] = bins[1, place]
        if not np.isnan(bins[2, place]) and not out[2] >= bins[2, place]:
            out[2] = bins[2, place]
        if not np.isnan(bins[3, place]):
            out[3] = bins[3, place]


def _row(value_uv: float, middle: float, px_per_uv: float, height: int) -> int:
    return int(min(max(np.round(middle - value_uv * px_per_uv), 0.0), height - 1.0))


def paint(
    image: Any, bins: Any, top: int, bin_s: float, column_s: float, first: int, last: int, shift: int,
    px_per_uv: float, above_rest_uv: Any, colours: Any, line_px: int = 1,
) -> None:  # fmt: skip
    """Paint columns of one leg: trace, envelope, thresholds.

    Parameters
    ----------
    image : ndarray, shape (height, width), uint32
        Premultiplied ARGB. Time column k is at ``(k - shift) % width``. Changed in place.
    bins, top, bin_s
        See `column_of`.
    column_s : float
        Seconds per column.
    first, last : int
        Columns [first, last), counted from time 0.
    px_per_uv : float
        Height of one uV.
    above_rest_uv : ndarray, shape (2,), float64, uV
        Onset and offset over the resting level.
    colours : ndarray, shape (3,), uint32
        Trace, threshold lines, envelope (0: none).
    line_px : int
        Thickness of lines and unit of dashes: device pixels per widget pixel.

    Notes
    -----
    A column is connected to the previous one, so that a steep slope leaves no gap.
    """
    height, width = image.shape
    middle = (height - 1) / 2.0
    now, before = np.empty(4), np.empty(4)
    column_of(bins, top, bin_s, (first - 1) * column_s, first * column_s, before)
    for column in range(first, last):
        x = (column - shift) % width
        image[:, x] = 0
        column_of(bins, top, bin_s, column * column_s, (column + 1) * column_s, now)
        if not np.isnan(now[0]):
            low, high = now[0], now[1]
            if not np.isnan(before[0]):
                low, high = min(low, before[1]), max(high, before[0])
            begin, end = _row(high, middle, px_per_uv, height), _row(low, middle, px_per_uv, height) + 1
            for y in range(begin, min(max(end, begin + line_px), height)):
                image[y, x] = colours[0]
        if not np.isnan(now[3]):
            for k in range(2):
                # Onset dashed, offset dotted, by the column's number: the pattern does not move.
                dash = column // line_px
                if (k == 0 and dash % 8 < 5) or (k == 1 and dash % 4 == 0):
                    level = now[3] + above_rest_uv[k]
                    for thick in range(line_px):
                        image[min(_row(level, middle, px_per_uv, height) + thick, height - 1), x] = colours[1]
                        image[max(_row(-level, middle, px_per_uv, height) - thick, 0), x] = colours[1]
        if colours[2] != 0 and not np.isnan(now[2]):
            reached = now[2] if np.isnan(before[2]) else before[2]
            upper, lower = max(now[2], reached), min(now[2], reached)
            begin, end = _row(upper, middle, px_per_uv, height), _row(lower, middle, px_per_uv, height) + 1
            for y in range(begin, min(max(end, begin + line_px), height)):
                image[y, x] = colours[2]
        before[:] = now


class Kernels(NamedTuple):
    """The kernels that the trace calls."""

    filter_leg: Callable[..., bool]
    add_to_bins: Callable[..., int]
    paint: Callable[..., None]


PLAIN = Kernels(filter_leg, add_to_bins, paint)
"""Run by Python."""
_IN_USE: list[Kernels] = []


def kernels() -> Kernels:
    """Return the kernels in use; the first call loads the compiler, unless `run_uncompiled` came before.

    Where the compiler cannot be loaded Python runs them.
    """
    if not _IN_USE:
        _IN_USE.append(_compiled())
    return _IN_USE[-1]


def run_uncompiled() -> None:
    """Let Python run the kernels, if they are not compiled, until `use_compiled` has ended."""
    if not _IN_USE:
        _IN_USE.append(PLAIN)


def use_compiled(warm_up: Callable[[Kernels], None]) -> None:
    """Compile the kernels, or load them, and use them from then on; may be called in a thread.

    Parameters
    ----------
    warm_up : callable
        Called with the kernels, to run each once: it is compiled there and not in the display's thread.
    """
    made = _compiled()
    if made is not PLAIN:
        warm_up(made)
    _IN_USE.append(made)


def _compiled() -> Kernels:
    try:
        # Imported here: it loads the compiler.
        from dsp import cached_njit, leave_out_linear_algebra

        leave_out_linear_algebra()
    except Exception:  # noqa: BLE001 - Python draws the same, slower; `doctor` says what is missing
        return PLAIN
    # Functions of their own: Python may be running the others.
    names = dict(globals())
    for plain in (filter_leg, add_to_bins, column_of, _row, paint):
        copy = FunctionType(plain.__code__, names, plain.__name__, plain.__defaults__)
        names[plain.__name__] = cached_njit(nogil=True)(copy)
    return Kernels(names["filter_leg"], names["add_to_bins"], names["paint"])
