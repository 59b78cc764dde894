"""Draw a comparison: one recording as two rows of marks, many as Bland-Altman plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from monitor.compare.agreement import match_events, merged
from monitor.compare.comparison import pairs_of
from monitor.compare.reading import MARKED_LEGS, Scoring
from monitor.model.errors import InputError
from monitor.model.safe_file import written_whole
from monitor.model.wording import hms
from monitor.scoring.spans import Spans

_AGREED, _ALONE = "#3a6ea5", "#c8541b"
_INDICES = (
    ("plms_index", "PLMS per hour of sleep"),
    ("plm_per_hour_recorded", "PLM per hour recorded"),
)
_NOTE = "provisional; not a medical device"
_DPI = 130


def draw_pair(night: Mapping[str, Any], a: Scoring, b: Scoring, min_iou: float) -> Figure:
    """Draw the marks of both scorings over time, and the onset differences of the matched pairs."""
    legs = [leg for leg in MARKED_LEGS if leg in night["legs"]]
    figure = Figure(figsize=(12, 2.2 + 1.5 * max(1, len(legs))), layout="constrained")
    grid = figure.add_gridspec(max(1, len(legs)), 2, width_ratios=(4, 1))
    for row, leg in enumerate(legs):
        axes, spread = figure.add_subplot(grid[row, 0]), figure.add_subplot(grid[row, 1])
        one, other = merged(a.legs[leg]), merged(b.legs[leg])
        pairs = match_events(one, other, min_iou).pairs
        _marks(axes, one, pairs[:, 0], 1.0)
        _marks(axes, other, pairs[:, 1], 0.0)
        found = night["legs"][leg]
        axes.set_yticks((1.4, 0.4), ("A", "B"))
        axes.set_title(
            f"{leg}: F1 {_number(found['f1'])}, Dice {_number(found['dice'])}", loc="left", fontsize=10
        )
        axes.xaxis.set_major_formatter(FuncFormatter(_clock))
        axes.set_xlim(0, max(a.end_us, b.end_us, 1) / 1e6)
        spread.hist((one[0][pairs[:, 0]] - other[0][pairs[:, 1]]) / 1e6, bins=41, color=_AGREED)
        spread.axvline(0, color="#888888", linewidth=0.8)
        spread.set_title("onset A - B (s)", fontsize=9)
    figure.suptitle(f"{night['night']}   blue: in both, orange: in one only   ({_NOTE})", fontsize=10)
    return figure


def _marks(axes: Axes, spans: Spans, agreed: np.ndarray[Any, Any], base: float) -> None:
    is_agreed = np.zeros(len(spans[0]), np.bool_)
    is_agreed[agreed] = True
    for wanted, colour in ((is_agreed, _AGREED), (~is_agreed, _ALONE)):
        bars = np.column_stack((spans[0][wanted], (spans[1] - spans[0])[wanted])) / 1e6
        # A movement of one second is narrower than a pixel: its edge keeps it visible.
        axes.broken_barh(bars.tolist(), (base + 0.05, 0.75), color=colour, edgecolor=colour, linewidth=0.6)


def draw_pairs(nights: Sequence[Mapping[str, Any]], agreed: Mapping[str, Any]) -> Figure:
    """Draw Bland-Altman plots of the main index of each rule set over many recordings."""
    shown = [
        (rule, key, title) for rule in agreed for key, title in _INDICES if agreed[rule][key] is not None
    ]
    figure = Figure(
        figsize=(5.5 * max(1, min(2, len(shown))), 4.2 * max(1, -(-len(shown) // 2))), layout="constrained"
    )
    if not shown:
        figure.text(0.5, 0.5, "fewer than three recordings with an index in both", ha="center")
    for place, (rule, key, title) in enumerate(shown, start=1):
        axes = figure.add_subplot(-(-len(shown) // 2), min(2, len(shown)), place)
        _bland_altman(axes, pairs_of(nights, rule, key), agreed[rule][key])
        axes.set_title(f"{rule}: {title}", fontsize=10)
    figure.suptitle(f"{len(nights)} recordings ({_NOTE})", fontsize=10)
    return figure


def _bland_altman(axes: Axes, pairs: Sequence[tuple[float, float]], found: Mapping[str, Any]) -> None:
    values = np.array(pairs, np.float64)
    axes.scatter(values.mean(axis=1), values[:, 0] - values[:, 1], s=14, color=_AGREED)
    for key, words in (("bias", "bias"), ("lower", "-1.96 SD"), ("upper", "+1.96 SD")):
        axes.axhline(found[key], color=_ALONE, linewidth=1, linestyle="-" if key == "bias" else "--")
        axes.axhspan(*found[f"{key}_ci"], color=_ALONE, alpha=0.10, linewidth=0)
        axes.annotate(
            f"{words} {found[key]:+z.2f}",
            (1.0, found[key]),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            fontsize=8,
        )
    axes.set_xlabel("mean of A and B")
    axes.set_ylabel("A - B")


def save(figure: Figure, path: Path) -> None:
    """Write a figure; the file name extension determines the format.

    Raises
    ------
    InputError
        If the extension is unknown or the file cannot be written.
    """
    known = figure.canvas.get_supported_filetypes()
    if path.suffix.lower().lstrip(".") not in known:
        raise InputError(
            "--plot", f"{path.name!r} has no known extension", f"expected one of {', '.join(sorted(known))}"
        )
    try:
        with written_whole(path) as part:
            figure.savefig(part, dpi=_DPI)
    except OSError as err:
        raise InputError("--plot", f"{path} cannot be written ({err.strerror})") from err


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:z.2f}"


def _clock(seconds: float, _place: int) -> str:
    return hms(seconds)
