"""The figures of a report."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from monitor.outputs.report import numbers
from monitor.outputs.report.blocks import Plot
from monitor.outputs.report.fonts import with_codes
from monitor.scoring.curves import curves
from monitor.scoring.heart import HeartCourse, course_times_s
from monitor.session.reader import Session
from monitor.session.wall_time import WallTime

_STAGE_ROWS = ("W", "R", "N1", "N2", "N3")
# Distinguishable by colour-blind people, and by lightness in black and white.
LEG_COLOURS = {"left": "#1f5fa8", "right": "#b4691f"}
_RULE_COLOURS = ("#3d5a73", "#a9b8c4")
_LONGEST_LABEL = 40
# One for each kind of movement without and with an arousal.
_LINES = tuple((colour, style) for colour in ("#1f5fa8", "#b4691f", "#4a4a4a") for style in ("-", "--"))
_WIDTH_IN = 7.3
_STYLE: Any = {
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.fonttype": "none",
    # The same session gives the same file.
    "svg.hashsalt": "plms-monitor",
    "hatch.linewidth": 0.4,
}


def overview_plot(session: Session, wall: WallTime, index_name: str) -> Plot:
    """Draw hypnogram, movements of each leg, gaps, and the course of index and 30-min rate."""
    night, main = session.night, session.main

    def draw(figure: Figure) -> None:
        axes = figure.subplots(3, 1, sharex=True, height_ratios=(3, 2, 4))
        _hypnogram(axes[0], session)
        _rasters(axes[1], session)
        t_s, index, rate = curves(night, main)
        axes[2].plot(t_s, index, color="black", lw=1.4, label=f"{index_name} so far")
        axes[2].plot(t_s, rate, color="#7a7a7a", lw=0.8, label="PLM per hour, last 30 min")
        axes[2].axhline(main.profile.reference_per_h, color="#a03050", lw=0.8, ls="--")
        axes[2].annotate(
            f"reference value {main.profile.reference_per_h:g}/h of sleep ({main.profile.audience})",
            (0.995, main.profile.reference_per_h),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            fontsize=6.5,
            color="#a03050",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.4},
        )
        axes[2].set_ylabel("per hour")
        # Space at the top for the legend, above all curves.
        axes[2].set_ylim(0, 1.2 * axes[2].get_ylim()[1])
        if len(t_s) > 1 and np.isfinite(rate).any():
            axes[2].legend(loc="upper left", frameon=False, fontsize=6.5, ncols=2)
        for axis in axes:
            for at_us in (night.lights_off_us, night.lights_on_us):
                if at_us is not None:
                    axis.axvline(at_us / 1e6, color="#555555", lw=0.7, ls=":")
            axis.set_xlim(0, max(night.end_us / 1e6, 1.0))
        _clock_axis(axes[2], wall, night.end_us / 1e6)

    return plot(
        draw,
        0.5,
        "Sleep stages, movements of each leg, gaps, and the course of the index. Dotted: lights.",
    )


def _hypnogram(axis: Axes, session: Session) -> None:
    places = {stage: len(_STAGE_ROWS) - row for row, stage in enumerate(_STAGE_ROWS)}
    known = [e for e in sorted(session.night.epochs, key=lambda e: e.start_us) if e.stage in places]
    for before, epoch in zip([None, *known], known, strict=False):
        start_s, end_s, y = epoch.start_us / 1e6, epoch.end_us / 1e6, places[epoch.stage]
        axis.hlines(y, start_s, end_s, color="#a03050" if epoch.stage == "R" else "black", lw=1.6)
        if before is not None and abs(before.end_us - epoch.start_us) < 1_000_000:
            low, high = sorted((places[before.stage], y))
            axis.vlines(start_s, low, high, color="black", lw=0.4)
    axis.set_yticks(list(places.values()), list(places))
    axis.set_ylim(0.5, len(places) + 0.5)
    if not known:
        axis.text(0.5, 0.5, "no sleep stages", transform=axis.transAxes, ha="center", va="center")


def _rasters(axis: Axes, session: Session) -> None:
    for row, leg in ((2, "left"), (1, "right")):
        mine = [lm for lm in session.main.lms if lm.leg in (leg, "both")]
        for is_plm, colour, reach in ((False, "#b5b5b5", 0.22), (True, LEG_COLOURS[leg], 0.38)):
            at_s = [lm.onset_us / 1e6 for lm in mine if lm.plm is is_plm]
            axis.vlines(at_s, row - reach, row + reach, color=colour, lw=0.6)
        for span in session.night.unusable.get(leg, ()):
            width_s = (span.end_us - span.start_us) / 1e6
            if span.label != "learning":
                axis.broken_barh(
                    [(span.start_us / 1e6, width_s)],
                    (row - 0.45, 0.9),
                    facecolor="none",
                    edgecolor="#555555",
                    hatch="////",
                    lw=0.3,
                )
    axis.set_yticks([2, 1], ["left", "right"])
    axis.set_ylim(0.4, 2.6)


def imi_plot(rules: Any, low_s: float, high_s: float) -> Plot:
    """Draw histograms of the intervals from onset to onset, in bins of 2 s and in logarithmic bins."""

    def draw(figure: Figure) -> None:
        plain, log = figure.subplots(1, 2)
        plain.bar(np.arange(0, 90, 2), rules["detail"]["imi_histogram"], 2, align="edge", color="#4a4a4a")
        plain.set_xlabel("interval (s), bins of 2 s")
        plain.set_ylabel("intervals")
        edges = np.arange(45) / 10
        plain.set_xlim(0, 92)
        log.bar(edges, rules["detail"]["imi_ln_histogram"], 0.1, align="edge", color="#4a4a4a")
        log.set_xlim(0, 4.6)
        log.set_xlabel("ln(interval in s), bins of 0.1")
        for axis, bounds in ((plain, (low_s, high_s)), (log, np.log((low_s, high_s)))):
            for bound in bounds:
                axis.axvline(bound, color="#a03050", lw=0.8, ls="--")

    about = f"Intervals from onset to onset by WASM 2016; dashed: its bounds {low_s:g} and {high_s:g} s."
    return plot(draw, 0.3, about)


def heart_plot(courses: Sequence[tuple[str, HeartCourse]]) -> Plot:
    """Draw the heart rate around the movements of some groups, each with its name."""

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        for (name, course), (colour, style) in zip(courses, _LINES, strict=False):
            axis.plot(course_times_s(), course.course_bpm, style, color=colour, lw=1.2, label=name)
        axis.axvline(0.0, color="#555555", lw=0.7, ls=":")
        axis.set_xlabel("time from the onset of the movement (s)")
        axis.set_ylabel("heart rate (per minute)")
        axis.legend(loc="upper left", frameon=False, fontsize=6.5, ncols=2)
        axis.set_ylim(top=axis.get_ylim()[1] + 0.3 * np.ptp(axis.get_ylim()))

    return plot(draw, 0.3, "Mean heart rate around the onset of movements; dotted: the onset.")


def resting_plot(session: Session, wall: WallTime) -> Plot:
    """Draw the resting level of each leg before each movement."""
    night = session.night

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        for leg, marker in (("left", "."), ("right", "x")):
            known = [
                (m.onset_us / 1e6, m.resting_uv)
                for m in night.movements
                if m.leg == leg and m.resting_uv is not None
            ]
            known += [
                (fact.t or 0.0, rest_uv)
                for fact in session.state.facts("quality")
                if fact.data["leg"] == leg and (rest_uv := fact.data.get("rest_uv")) is not None
            ]
            t_s, rests_uv = zip(*sorted(known), strict=True) if known else ((), ())
            axis.plot(t_s, rests_uv, marker, ms=2.5, color=LEG_COLOURS[leg], label=leg)
        axis.axhline(4.0, color="#a03050", lw=0.8, ls="--")
        axis.set_ylabel("resting level (µV)")
        axis.set_ylim(bottom=0)
        axis.set_xlim(0, max(night.end_us / 1e6, 1.0))
        axis.legend(loc="upper left", frameon=False, fontsize=6.5, ncols=2)
        _clock_axis(axis, wall, night.end_us / 1e6)

    return plot(
        draw, 0.22, "Resting level of each leg over the recording; dashed: 4 µV, above which it is high."
    )


def split_plot(summary: Mapping[str, Any], wall: WallTime) -> Plot:
    """Draw the rate of each part of a split night by both rule sets; the parts are labelled below."""
    parts = summary["segments"]
    rules = list(summary["rules"])
    key = "plms_index" if summary["tst_h"] is not None else "plm_per_hour_recorded"
    count = "n_plms" if summary["tst_h"] is not None else "n_plm"

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        width = 0.8 / len(rules)
        for number, name in enumerate(rules):
            at = np.arange(len(parts)) - 0.4 + width * (number + 0.5)
            values = [part["rules"][name] for part in parts]
            rates = [None if key in one["too_early"] else one[key] for one in values]
            axis.bar(
                at,
                [rate or 0.0 for rate in rates],
                0.9 * width,
                color=_RULE_COLOURS[number % len(_RULE_COLOURS)],
                label=numbers.RULE_NAMES.get(name, name),
            )
            for x, rate, one in zip(at, rates, values, strict=True):
                text = f"{rate:.1f}" if rate is not None else _no_rate(one, key)
                n = "" if one[count] is None else f"\n({one[count]})"
                axis.annotate(text + n, (x, rate or 0.0), ha="center", va="bottom", fontsize=7)
        axis.set_xticks(range(len(parts)), [_part_name(part, wall) for part in parts])
        name = numbers.with_sleep_name(dict(numbers.RATES)[key], summary)
        axis.set_ylabel(name)
        axis.set_ylim(0, 1.45 * max(axis.get_ylim()[1], 1.0))
        axis.legend(loc="upper right", frameon=False, fontsize=6.5, ncols=len(rules))

    what = "PLMS" if count == "n_plms" else "PLM"
    return plot(draw, 0.32, f"The parts of the recording side by side; in brackets the number of {what}.")


def _part_name(part: Mapping[str, Any], wall: WallTime) -> str:
    label = with_codes(str(part["label"] or "first part"))
    short = label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"
    # Dollar signs would begin a formula.
    short = short.replace("$", r"\$")
    return f"{short}\n{wall.text(part['start'], seconds=False)} to {wall.text(part['end'], seconds=False)}"


def _no_rate(one: Mapping[str, Any], key: str) -> str:
    return "too early" if key in one["too_early"] else numbers.NONE


def _clock_axis(axis: Axes, wall: WallTime, end_s: float) -> None:
    """Label the axis with hours of the day, or of the recording if the time of day is unknown."""
    ticks = wall.ticks(0.0, end_s + 1.0, 3600.0)
    if len(ticks) < 2:
        ticks = np.linspace(0.0, end_s, 5).tolist()
    axis.set_xticks(ticks, [wall.text(t_s, seconds=False) for t_s in ticks])
    axis.set_xlabel("time of day" if wall.is_known else "time since the first sample (h:min)")


def plot(draw: Callable[[Figure], None], ratio: float, alt: str) -> Plot:
    """Draw a figure of the width of the page; `ratio` is its height divided by its width."""

    def file_of(form: str) -> bytes:
        file = io.BytesIO()
        options: dict[str, Any] = {"metadata": {"Date": None}} if form == "svg" else {"dpi": 200}
        with mpl.rc_context(_STYLE):
            figure = Figure((_WIDTH_IN, _WIDTH_IN * ratio), layout="constrained")
            draw(figure)
            figure.savefig(file, format=form, **options)
        return file.getvalue()

    return Plot(file_of, alt, ratio)
