"""The EMG of a typical series, as the detector filtered it, with the movements that were found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import signal

from dsp import DetectorSettings
from monitor.detection.filters import design_filters
from monitor.model.config import config_from
from monitor.model.errors import InputError
from monitor.outputs.report.blocks import Block, Text
from monitor.outputs.report.plots import LEG_COLOURS, plot
from monitor.scoring import Series
from monitor.session.reader import Session
from monitor.session.signal.chunk_index import ChunkIndex
from monitor.session.signal.recorded import RecordedSignal, SignalIndex, recorded_signals
from monitor.session.wall_time import WallTime

Floats = npt.NDArray[np.float64]
_BEFORE_S, _LEAST_S, _MOST_S = 10.0, 60.0, 240.0
# The filter settles before the part that is drawn.
_LEAD_S = 5.0
_BINS = 1400
_TICKS_S = (10.0, 15.0, 30.0, 60.0)
_MOST_TICKS = 9
# Of the amplitudes, so that one artifact does not flatten the rest.
_SHOWN_PERCENTILE = 99.9


def sample_trace(session: Session, wall: WallTime) -> Block:
    """Draw the beginning of a typical series; state why if there is none or its signal cannot be read."""
    chosen = typical(session.main.series)
    if chosen is None:
        return Text("There is no series, so no sample trace.")
    begin_s = max(0.0, chosen.onset_us / 1e6 - _BEFORE_S)
    length_s = min(_MOST_S, max(_LEAST_S, 4.5 * chosen.mean_imi_us / 1e6 + _BEFORE_S))
    try:
        traces, settings = _traces(session, begin_s, begin_s + length_s)
    except (OSError, InputError, ValueError) as err:
        return Text(f"The signal of series {chosen.number} cannot be read ({err}), so no sample trace.")
    if not traces:
        return Text(f"The recording of series {chosen.number} is missing, so no sample trace.")

    def draw(figure: Figure) -> None:
        axes = figure.subplots(len(traces), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
        for axis, (leg, (times_s, values_uv)) in zip(axes, traces.items(), strict=True):
            _shade(axis, session, leg)
            _draw(axis, times_s, values_uv, LEG_COLOURS[leg])
            axis.set_ylabel(f"{leg} (µV)")
        top_uv = max(_reach(values_uv) for _, values_uv in traces.values())
        axes[0].set_ylim(-top_uv, top_uv)
        axes[0].set_xlim(begin_s, begin_s + length_s)
        step_s = next((step for step in _TICKS_S if length_s / step <= _MOST_TICKS), _TICKS_S[-1])
        ticks = wall.ticks(begin_s, begin_s + length_s, step_s)
        axes[-1].set_xticks(ticks, [wall.text(t_s) for t_s in ticks])

    mean_s, n = chosen.mean_imi_us / 1e6, len(session.main.series)
    why = f"Of all {n} series its mean interval is nearest the median." if n > 1 else "It is the only series."
    alt = (
        f"Series {chosen.number}: {chosen.n} movements, mean interval {mean_s:.1f} s; its first "
        f"{length_s:.0f} s from {wall.text(begin_s)}. {why} EMG as filtered for the detector "
        f"({settings.low_hz:g} to {settings.high_hz:g} Hz). Shaded: movements of that leg, dark in a series."
    )
    return plot(draw, 0.17 * len(traces), alt)


def typical(series: Sequence[Series]) -> Series | None:
    """Return the series whose mean interval is nearest the median of all, the longest of equals."""
    if not series:
        return None
    median_us = float(np.median([one.mean_imi_us for one in series]))
    return min(series, key=lambda one: (abs(one.mean_imi_us - median_us), -one.n, one.number))


def _traces(
    session: Session, begin_s: float, end_s: float
) -> tuple[Mapping[str, tuple[Floats, Floats]], DetectorSettings]:
    """Read times (s) and filtered values (uV) of each leg, and the settings of the filter."""
    settings = _settings(session)
    found: dict[str, tuple[Floats, Floats]] = {}
    for one in recorded_signals(session):
        for leg, times_s, values_uv in _legs(one, begin_s - _LEAD_S, end_s):
            # A leg may have changed its stream: the one that was recording then.
            if len(times_s) and leg not in found:
                sos = design_filters(one.rate_hz, settings)
                found[leg] = times_s, _filtered(times_s, values_uv, sos, one.rate_hz)
    return {leg: found[leg] for leg in LEG_COLOURS if leg in found}, settings


def _settings(session: Session) -> DetectorSettings:
    try:
        document = session.state.session.get("config") or {}
        return config_from(document, str(session.folder.journal)).detector
    except InputError:
        # A configuration of an older version; the band has not changed.
        return DetectorSettings()


def _legs(one: RecordedSignal, begin_s: float, end_s: float) -> list[tuple[str, Floats, Floats]]:
    legs = one.legs()
    if not legs:
        return []
    chunks = ChunkIndex(one.path)
    chunks.update()
    index = SignalIndex(chunks, one.about)
    index.update(one.anchors)
    times_s, values = index.read(begin_s, end_s)
    return [(leg.leg, times_s, leg.values_uv(values[:, leg.columns])) for leg in legs]


def _filtered(times_s: Floats, values_uv: Floats, sos: Floats, rate_hz: float) -> Floats:
    """Filter each stretch without a gap; a missing value makes a gap."""
    known = np.isfinite(values_uv)
    made = np.full(len(values_uv), np.nan)
    breaks = np.flatnonzero((np.diff(times_s) > 1.5 / rate_hz) | (np.diff(known) != 0)) + 1
    rest = signal.sosfilt_zi(sos)
    for part in np.split(np.arange(len(times_s)), breaks):
        if len(part) and known[part[0]]:
            values = values_uv[part]
            made[part], _ = signal.sosfilt(sos, values, zi=rest * values[0])
    return made


def _draw(axis: Axes, times_s: Floats, values_uv: Floats, colour: str) -> None:
    """Draw the least and the largest value of each bin: a line through all samples would be megabytes."""
    edges = np.linspace(times_s[0], times_s[-1], _BINS + 1)
    first = np.unique(np.searchsorted(times_s, edges[:-1]))
    low, high = (each.reduceat(values_uv, first) for each in (np.fmin, np.fmax))
    # Bins touch, so that a steep change has no hole.
    axis.vlines(times_s[first], low, high, color=colour, lw=0.5)


def _shade(axis: Axes, session: Session, leg: str) -> None:
    counted = [(lm.onset_us, lm.end_us) for lm in session.main.lms if lm.plm]
    for one in session.night.movements:
        if one.leg == leg:
            is_plm = any(one.onset_us < end and onset < one.end_us for onset, end in counted)
            axis.axvspan(
                one.onset_us / 1e6,
                one.end_us / 1e6,
                color="#8a8a8a" if is_plm else "#dddddd",
                alpha=0.45,
                lw=0,
            )


def _reach(values_uv: Floats) -> float:
    known = np.abs(values_uv[np.isfinite(values_uv)])
    return 1.35 * float(np.percentile(known, _SHOWN_PERCENTILE)) if len(known) else 1.0
