"""Plots for a notebook: a whole night, and one movement in its signal."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from monitor.model.facts import LEGS, Leg
from monitor.model.rules import AASM3
from monitor.notebook.signals import Floats, Signals
from monitor.scoring import Movement, Night, Score, ScoredLM, score

_PLM, _OTHER, _STAGE = "#3a6ea5", "#b0b0b0", "#444444"
_ORDER = ("N3", "N2", "N1", "R", "W")
_NOTE = "provisional; not a medical device"


def draw_night(night: Night | None, scored: Score | None) -> Figure:
    """Draw stages, movements and PLM per hour; without ``night`` only what the score contains."""
    if scored is None:
        assert night is not None
        scored = score(night, AASM3)
    has_stages = night is not None and bool(night.epochs)
    heights = [*([1.2] if has_stages else []), 1.4, 1.2]
    figure = Figure(figsize=(11, 1.8 * len(heights)), layout="constrained")
    axes = figure.subplots(len(heights), 1, sharex=True, gridspec_kw={"height_ratios": heights})
    if has_stages and night is not None:
        _draw_stages(axes[0], night)
    _draw_movements(axes[-2], scored)
    _draw_hours(axes[-1], scored)
    axes[-1].xaxis.set_major_formatter(FuncFormatter(lambda s, _: f"{int(s) // 3600}:{int(s) // 60 % 60:02}"))
    axes[-1].set_xlabel("h:min from the start")
    axes[-1].set_xlim(0, max(scored.denominators.recording_us / 1e6, 1.0))
    figure.suptitle(f"{scored.profile.name}: {_headline(scored)} ({_NOTE})", fontsize=10)
    return figure


def _headline(scored: Score) -> str:
    found = scored.indices
    if "plms_index" in found.too_early:
        return f"{found.n_plms} PLMS, too early for a rate"
    if found.plms_index is not None:
        return f"{found.n_plms} PLMS, {found.plms_index:.1f} per hour of sleep"
    return f"{found.n_plm} PLM; no PLMS index: {found.why_null.get('plms_index', '')}"


def _draw_stages(axes: Axes, night: Night) -> None:
    for epoch in night.epochs:
        if epoch.stage in _ORDER:
            level = _ORDER.index(epoch.stage)
            axes.hlines(level, epoch.start_us / 1e6, epoch.end_us / 1e6, color=_STAGE, linewidth=3)
    axes.set_yticks(range(len(_ORDER)), _ORDER)
    axes.set_ylabel("stage")


def _draw_movements(axes: Axes, scored: Score) -> None:
    rows = ("right", "left", "both", "unknown")
    shown = [row for row in rows if any(lm.leg == row for lm in scored.lms)] or ["left"]
    for wanted, colour, words in ((False, _OTHER, "not in a series"), (True, _PLM, "PLM")):
        own = [lm for lm in scored.lms if lm.plm == wanted]
        axes.bar(
            [lm.onset_us / 1e6 for lm in own],
            0.8,
            [max(1.0, (lm.end_us - lm.onset_us) / 1e6) for lm in own],
            [shown.index(lm.leg) - 0.4 for lm in own],
            align="edge",
            color=colour,
            edgecolor=colour,
            linewidth=0.5,
            label=words,
        )
    axes.set_yticks(range(len(shown)), shown)
    axes.set_ylabel("movements")
    axes.legend(loc="upper right", fontsize=8)


def _draw_hours(axes: Axes, scored: Score) -> None:
    onsets = np.array([lm.onset_us / 3.6e9 for lm in scored.lms if lm.plm])
    hours = max(1, int(np.ceil(scored.denominators.recording_us / 3.6e9)))
    counts = np.histogram(onsets, bins=hours, range=(0, hours))[0]
    axes.bar(np.arange(hours) * 3600, counts, 3600, align="edge", color=_PLM, edgecolor="white")
    axes.set_ylabel("PLM in each hour")


def draw_movement(
    signals: Signals, rate_hz: float, movement: Movement | ScoredLM, around_s: float, start_s: float = 0.0
) -> Figure:
    """Draw the signal of each leg around a movement.

    Parameters
    ----------
    signals : mapping of leg to ndarray, uV
    rate_hz : float
    movement : Movement or ScoredLM
    around_s : float
        Time shown before and after it.
    start_s : float
        Time of the first sample.
    """
    onset_s, end_s = movement.onset_us / 1e6, movement.end_us / 1e6
    first_s, last_s = onset_s - around_s, end_s + around_s
    legs: list[Leg] = [leg for leg in LEGS if leg in signals]
    figure = Figure(figsize=(9, 1.9 * len(legs)), layout="constrained")
    rows = figure.subplots(len(legs), 1, sharex=True, squeeze=False)[:, 0]
    for axes, leg in zip(rows, legs, strict=True):
        times_s, values = _piece(signals[leg], rate_hz, first_s - start_s, last_s - start_s)
        axes.plot(times_s + start_s, values, color=_STAGE, linewidth=0.6)
        if movement.leg in (leg, "both", "unknown"):
            axes.axvspan(onset_s, end_s, color=_PLM, alpha=0.2)
        axes.set_ylabel(f"{leg} (uV)")
        axes.set_xlim(first_s, last_s)
    rows[-1].set_xlabel("s from the start")
    figure.suptitle(f"{movement.leg}: {onset_s:.2f} to {end_s:.2f} s ({_NOTE})", fontsize=10)
    return figure


def _piece(values: Floats, rate_hz: float, first_s: float, last_s: float) -> tuple[Floats, Floats]:
    start_n = min(len(values), max(0, round(first_s * rate_hz)))
    stop_n = min(len(values), max(start_n, round(last_s * rate_hz)))
    return np.arange(start_n, stop_n) / rate_hz, values[start_n:stop_n]
