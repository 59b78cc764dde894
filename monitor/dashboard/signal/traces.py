"""The signal as drawn: filtered for display, minimum and maximum per few milliseconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from monitor.dashboard.signal.raster import Bins, Floats, Kernels, Pixels, kernels, use_compiled
from monitor.dashboard.viewmodel.settings import BANDS_HZ, NOTCHES_HZ
from monitor.model.lanes import KINDS

_FLAT_Q = math.sqrt(0.5)
_NOTCH_Q = 20.0
_HIGHEST_EDGE = 0.9
_LEAST_BIN_S = 0.005
_BREAK_S = 0.5


@dataclass(frozen=True, slots=True)
class ViewFilter:
    """The display filter; it has no effect on a score.

    Attributes
    ----------
    low_hz, high_hz : float
    notch_hz : float
        0 for none.
    """

    low_hz: float = BANDS_HZ[0][0]
    high_hz: float = BANDS_HZ[0][1]
    notch_hz: float = NOTCHES_HZ[0]

    @property
    def band_text(self) -> str:
        """The band as a text."""
        return f"{self.low_hz:g}–{self.high_hz:g} Hz"

    @property
    def notch_text(self) -> str:
        """The notch as a text."""
        return f"notch {self.notch_hz:g} Hz" if self.notch_hz else "no notch"

    def design(self, rate_hz: float) -> tuple[Floats, Floats]:
        """Return the filter for a rate.

        Returns
        -------
        sos : ndarray, shape (n_sections, 6), float64
            High-pass and low-pass of second order (-3 dB at the edges, these at most 0.9 of Nyquist), notch.
        rest_state : ndarray, shape (n_sections, 2), float64
            Its steady state for a constant input of 1.

        Notes
        -----
        The bilinear sections of R. Bristow-Johnson's "Audio EQ Cookbook". They are good enough for display,
        and need no SciPy.
        """
        highest_hz = _HIGHEST_EDGE * rate_hz / 2
        high_hz = min(self.high_hz, highest_hz)
        sections = [
            _section("high", min(self.low_hz, high_hz / 2), _FLAT_Q, rate_hz),
            _section("low", high_hz, _FLAT_Q, rate_hz),
        ]
        if 0 < self.notch_hz < highest_hz:
            sections.append(_section("notch", self.notch_hz, _NOTCH_Q, rate_hz))
        return np.array(sections), _rest_state(sections)


def _of_kind(name: str, view: ViewFilter) -> ViewFilter | NoFilter:
    band_hz = KINDS[name].band_hz
    return NoFilter() if band_hz is None else ViewFilter(*band_hz, view.notch_hz)


class NoFilter:
    """Levels are drawn as they were sent."""

    @staticmethod
    def design(_rate_hz: float) -> tuple[Floats, Floats]:
        """Return a filter without a section."""
        return np.empty((0, 6)), np.empty((0, 2))


def _section(kind: str, edge_hz: float, q: float, rate_hz: float) -> list[float]:
    """Return b0 b1 b2 a0 a1 a2 of one section, a0 = 1."""
    omega = 2 * math.pi * edge_hz / rate_hz
    cos, alpha = math.cos(omega), math.sin(omega) / (2 * q)
    b = {
        "high": ((1 + cos) / 2, -(1 + cos), (1 + cos) / 2),
        "low": ((1 - cos) / 2, 1 - cos, (1 - cos) / 2),
        "notch": (1.0, -2 * cos, 1.0),
    }[kind]
    a0 = 1 + alpha
    return [v / a0 for v in (*b, a0, -2 * cos, 1 - alpha)]


def _rest_state(sections: Sequence[Sequence[float]]) -> Floats:
    state, level = [], 1.0
    for b0, b1, b2, _, a1, a2 in sections:
        after = level * (b0 + b1 + b2) / (1 + a1 + a2)
        second = b2 * level - a2 * after
        state.append([b1 * level - a1 * after + second, second])
        level = after
    return np.array(state)


def warm_up() -> None:
    """Compile or load what adds samples and paints them; takes seconds the first time on a computer."""
    use_compiled(_run_once)


def _run_once(made: Kernels) -> None:
    traces = Traces(("leg",), 500.0, 1.0, ViewFilter(), run_by=made)
    traces.add(np.zeros((2, 4)))
    above_rest_uv, colours = np.zeros(2), np.zeros(3, np.uint32)
    traces.paint(np.zeros((2, 2), np.uint32), "leg", (0, 1), 0, 0.1, 1.0, above_rest_uv, colours)


class Measured(NamedTuple):
    """Lowest and highest value and RMS of a part of a lane, as filtered for display (uV)."""

    low_uv: float
    high_uv: float
    rms_uv: float

    @property
    def peak_uv(self) -> float:
        """The largest absolute value."""
        return max(-self.low_uv, self.high_uv)


class Traces:
    """Some minutes of the lanes of one stream, ready for drawing at any width.

    Parameters
    ----------
    lanes : sequence of str
    rate_hz : float
        Of the signal.
    span_s : float
        Length of the stored period.
    view : ViewFilter
        Of the limbs; other signals have the band of their kind, and the notch of this filter.
    kinds : sequence of str, optional
        Kinds of other signals (`monitor.model.lanes`), one for each lane; none for limbs.
    run_by : Kernels, optional
        By default those in use; see `raster.kernels`.
    """

    def __init__(
        self,
        lanes: Sequence[str],
        rate_hz: float,
        span_s: float,
        view: ViewFilter,
        kinds: Sequence[str] = (),
        run_by: Kernels | None = None,
    ) -> None:
        self._run_by = run_by
        self.lanes = tuple(lanes)
        self._per_lane = 1 if kinds else 3
        # A value in the middle of the lane is 0 in the bins.
        self._centres = [KINDS[kind].centre for kind in kinds] or [0.0] * len(self.lanes)
        self.rate_hz, self.span_s = rate_hz, span_s
        # At least two samples per bin, otherwise jitter leaves holes.
        self.bin_s = max(_LEAST_BIN_S, 2.0 / rate_hz)
        self._filters = [_of_kind(kind, view).design(rate_hz) for kind in kinds]
        self._filters = self._filters or [view.design(rate_hz)] * len(self.lanes)
        n_bins = int(np.ceil(span_s / self.bin_s)) + 2
        self._bins: Bins = np.full((len(self.lanes), 6, n_bins), np.nan, np.float32)
        self._state = [np.zeros(rest_state.shape) for _, rest_state in self._filters]
        self._started = [False] * len(self.lanes)
        self._top = -1
        self.newest_s = float("-inf")

    def add(self, rows: npt.NDArray[np.float64]) -> None:
        """Add samples.

        Parameters
        ----------
        rows : ndarray, shape (n, 1 + 3 * n_lanes), float64
            Time on the session's timeline (s), then for each lane raw, envelope and resting level (uV); NaN
            where missing or unknown. Of other signals (n, 1 + n_lanes): time and signal. Empty is legal.
        """
        rows = rows[np.isfinite(rows[:, 0])]
        if not len(rows):
            return
        breaks = np.flatnonzero(np.abs(np.diff(rows[:, 0])) > _BREAK_S) + 1
        for part in np.split(rows, breaks) if len(breaks) else (rows,):
            if part[0, 0] - self.newest_s > _BREAK_S:
                self._started = [False] * len(self.lanes)
            self._add_unbroken(part)

    def _add_unbroken(self, rows: npt.NDArray[np.float64]) -> None:
        run_by = self._run_by or kernels()
        times_s = np.ascontiguousarray(rows[:, 0])
        y = np.empty((len(self.lanes), len(rows)))
        for i, (sos, rest_state) in enumerate(self._filters):
            self._started[i] = run_by.filter_leg(
                rows[:, 1 + self._per_lane * i] - self._centres[i],
                sos,
                rest_state,
                self._state[i],
                self._started[i],
                y[i],
            )
        levels = np.full((len(rows), len(self.lanes), 2), np.nan)
        if self._per_lane == 3:
            levels = rows[:, 1:].reshape(len(rows), len(self.lanes), 3)[:, :, 1:]
        self._top = run_by.add_to_bins(
            times_s, y.T, np.ascontiguousarray(levels), self.bin_s, self._top, self._bins
        )
        self.newest_s = float(times_s[-1])

    def resting_uv(self, lane: str) -> float:
        """Return the latest resting level of a lane, NaN if there is none."""
        if self._top < 0 or lane not in self.lanes:
            return float("nan")
        return float(self._bins[self.lanes.index(lane), 3, self._top % self._bins.shape[2]])

    def largest_uv(self, lane: str, last_s: float) -> float:
        """Return the largest absolute value of a lane in the last `last_s` seconds, NaN if there is none."""
        n = min(round(last_s / self.bin_s), self._bins.shape[2], self._top + 1)
        if n <= 0 or lane not in self.lanes:
            return float("nan")
        places = np.arange(self._top - n + 1, self._top + 1) % self._bins.shape[2]
        sizes = np.abs(self._bins[self.lanes.index(lane), :2][:, places])
        return float(np.nanmax(sizes)) if np.isfinite(sizes).any() else float("nan")

    def measured(self, lane: str, start_s: float, end_s: float) -> Measured | None:
        """Return what a lane has between two times (s), to the nearest bin; None without samples."""
        first = max(math.floor(start_s / self.bin_s), self._top - self._bins.shape[2] + 1, 0)
        last = min(max(math.ceil(end_s / self.bin_s), first + 1), self._top + 1)
        if first >= last or lane not in self.lanes:
            return None
        bins = self._bins[self.lanes.index(lane)][:, np.arange(first, last) % self._bins.shape[2]]
        bins = bins[:, bins[5] > 0].astype(np.float64)
        if not bins.shape[1]:
            return None
        rms_uv = math.sqrt(bins[4].sum() / bins[5].sum())
        centre = self._centres[self.lanes.index(lane)]
        return Measured(float(bins[0].min()) + centre, float(bins[1].max()) + centre, rms_uv)

    def value_at(self, lane: str, t_s: float, within_s: float) -> float:
        """Return the last value of a lane at or before a time (s), NaN if there is none within `within_s`."""
        n_bins = self._bins.shape[2]
        last = min(math.floor(t_s / self.bin_s), self._top)
        first = max(math.floor((t_s - within_s) / self.bin_s), self._top - n_bins + 1, 0)
        if lane not in self.lanes or first > last:
            return math.nan
        at = self.lanes.index(lane)
        values = self._bins[at, 1, np.arange(first, last + 1) % n_bins]
        known = values[np.isfinite(values)]
        return float(known[-1]) + self._centres[at] if len(known) else math.nan

    def paint(
        self,
        image: Pixels,
        lane: str,
        columns: tuple[int, int],
        shift: int,
        column_s: float,
        px_per_uv: float,
        above_rest_uv: npt.NDArray[np.float64],
        colours: npt.NDArray[np.uint32],
        line_px: int = 1,
    ) -> None:
        """Paint pixel columns [first, last) of one lane; see `raster.paint`."""
        if lane not in self.lanes:
            image[:] = 0
            return
        bins = self._bins[self.lanes.index(lane)]
        (self._run_by or kernels()).paint(
            image, bins, self._top, self.bin_s, column_s, *columns, shift, px_per_uv, above_rest_uv, colours,
            line_px,
        )  # fmt: skip
