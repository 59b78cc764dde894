"""Items of the overview plots: movements of a leg, gaps, curves of index and rate, splits.

All movements of a leg, and all gaps, are one item each, so that painting stays fast.
"""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from monitor.dashboard import texts
from monitor.dashboard.style import faded, font, text_px
from monitor.dashboard.theme import Theme
from monitor.dashboard.viewmodel.screen import GapSpan, OverviewView
from monitor.model.rules import REFERENCE_PER_H
from monitor.scoring.spans import Floats

_HIGH = 0.88
_LOW = 0.4
_ROWS = {"left": 1.06, "right": 0.06}


class TickItem(pg.GraphicsObject):  # type: ignore[misc]
    """A line for every movement of one leg: tall and coloured in a series, short and dim otherwise.

    Parameters
    ----------
    low : float
        Lower edge of the leg's row.
    """

    def __init__(self, low: float) -> None:
        super().__init__()
        self._low = low
        self._plm, self._other = np.empty(0), np.empty(0)
        # Made for a width of a pixel (s).
        self._lines: dict[str, tuple[float, list[QLineF]]] = {}
        self._colours = (QColor("white"), QColor("grey"))

    def set_colours(self, plm: str, other: str) -> None:
        """Change the colours."""
        self._colours = (QColor(plm), QColor(other))
        self.update()

    def set_ticks(self, onset_s: Floats, is_plm: npt.NDArray[np.bool_]) -> None:
        """Set the onsets (s), and which of them are PLM."""
        plm, other = onset_s[is_plm], onset_s[~is_plm]
        changed = [
            name
            for name, now, before in (("plm", plm, self._plm), ("other", other, self._other))
            if not np.array_equal(now, before)
        ]
        if changed:
            self._plm, self._other = plm, other
            for name in changed:
                self._lines.pop(name, None)
            self.prepareGeometryChange()
            self.update()

    def boundingRect(self) -> QRectF:
        """Return the whole row; painting is clipped to the view."""
        last = max((float(t[-1]) for t in (self._plm, self._other) if len(t)), default=0.0)
        return QRectF(0.0, self._low, last + 1.0, _HIGH)

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Paint at most one line per pixel."""
        pixel = self.pixelVectors()[0]
        width_s = max(pixel.x() if pixel is not None else 1.0, 1e-3)
        for name, times_s, colour, height in (
            ("other", self._other, 1, _LOW),
            ("plm", self._plm, 0, _HIGH),
        ):
            if name not in self._lines or self._lines[name][0] != width_s:
                self._lines[name] = width_s, self._made(times_s, width_s, height)
            painter.setPen(QPen(self._colours[colour], 0))
            painter.drawLines(self._lines[name][1])

    def _made(self, times_s: Floats, width_s: float, height: float) -> list[QLineF]:
        # Sorted: of the onsets in one column the first is drawn.
        column = (times_s / width_s).astype(np.int64)
        columns = column[np.append(True, np.diff(column) > 0)[: column.size]] * width_s
        middle = self._low + _HIGH / 2
        return [QLineF(x, middle - height / 2, x, middle + height / 2) for x in columns.tolist()]


class GapItem(pg.GraphicsObject):  # type: ignore[misc]
    """Hatching where a leg could not be scored."""

    def __init__(self) -> None:
        super().__init__()
        self._gaps: tuple[GapSpan, ...] = ()
        self._colour = QColor("grey")

    def set_colour(self, colour: str) -> None:
        """Change the colour."""
        self._colour = QColor(colour)
        self.update()

    def set_gaps(self, gaps: Sequence[GapSpan]) -> None:
        """Set the gaps."""
        if tuple(gaps) != self._gaps:
            self._gaps = tuple(gaps)
            self.prepareGeometryChange()
            self.update()

    def boundingRect(self) -> QRectF:
        """Return both rows."""
        return QRectF(0.0, 0.0, max((gap.end_s for gap in self._gaps), default=0.0) + 1.0, 2.0)

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Paint in pixels: the same hatching at every zoom, and no gap narrower than 3 pixels."""
        turn = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        brush = QBrush(self._colour, Qt.BrushStyle.BDiagPattern)
        for gap in self._gaps:
            low = _ROWS[gap.leg]
            box = turn.mapRect(QRectF(gap.start_s, low, gap.end_s - gap.start_s, _HIGH))
            if box.width() < 3:
                box.setWidth(3)
            painter.fillRect(box, brush)
        painter.restore()


_LEAST_TOP_PER_H = 30.0
# Between the reference line and the middle of the text of the index.
_APART_PX = 30.0
# Half the height of the text of the index.
_HALF_TEXT_PX = 12.0
# Room that it needs below the reference line.
_BELOW_PX = 15.0


class OverviewCurves:
    """The curves of index and rate, with the reference value and the splits.

    Parameters
    ----------
    plot : PlotItem
    theme : Theme

    Attributes
    ----------
    reference : str
        ``adult``, ``child``, ``none``, or empty for that of the configuration.
    line : InfiniteLine
        The reference value.
    index_text, reference_text : TextItem
        The texts at the end of the index and on the reference line.
    splits : list of TextItem
        The labels of the parts of a split session, without the first.
    """

    def __init__(self, plot: Any, theme: Theme) -> None:
        self._plot, self._theme = plot, theme
        self.reference = ""
        self._view: OverviewView | None = None
        self._rate = plot.plot(connect="finite", fillLevel=0)
        self._index = plot.plot(connect="finite")
        self.line = pg.InfiniteLine(angle=0)
        plot.addItem(self.line)
        self.index_text = pg.TextItem(anchor=(0, 0.5))
        self.reference_text = pg.TextItem(anchor=(1, 1))
        for text in (self.reference_text, self.index_text):
            plot.addItem(text, ignoreBounds=True)
        self.splits: list[Any] = []
        # The positions of the texts depend on the height of the plot and on the visible part.
        plot.vb.sigXRangeChanged.connect(self._place_texts)
        plot.vb.sigResized.connect(self._place_texts)

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self._rate.setPen(QPen(QColor(theme.soft), 0))
        self._rate.setFillBrush(faded(theme.left, 0.12))
        self._index.setPen(QPen(QColor(theme.text), 0))
        pen = QPen(QColor(theme.dim), 0)
        pen.setDashPattern([4, 4])
        self.line.setPen(pen)
        self.index_text.setColor(QColor(theme.text))
        self.reference_text.setColor(QColor(theme.soft))
        self.reference_text.setFont(font(11))
        for text in self.splits:
            self._style(text)

    def _style(self, text: Any) -> None:
        text.setColor(QColor(self._theme.accent))
        text.setFont(font(11))

    def show_overview(self, view: OverviewView) -> None:
        """Set the content."""
        self._view = view
        self._rate.setData(view.curve_s, view.rate_per_h)
        self._index.setData(view.curve_s, view.index_per_h)
        known = np.concatenate([view.index_per_h, view.rate_per_h])
        known = known[np.isfinite(known)]
        most = float(known.max()) * 1.08 if len(known) else 0.0
        top = max(_LEAST_TOP_PER_H, view.reference_per_h * 2, most)
        self._plot.setYRange(0, top, padding=0)
        self._show_reference(view, top)
        self._show_splits(view)
        finite = np.flatnonzero(np.isfinite(view.index_per_h))
        if len(finite):
            self.index_text.setText(f" {view.index_name} {view.index_per_h[finite[-1]]:.1f} /h")
        else:
            self.index_text.setText(f" {texts.TOO_EARLY}" if view.end_s > 0 else "")
        self._place_texts()

    def set_reference(self, name: str) -> None:
        """Set the reference line: ``adult``, ``child``, ``none``, or empty for the configured one."""
        self.reference = name
        if self._view is not None:
            self.show_overview(self._view)

    def _show_reference(self, view: OverviewView, top: float) -> None:
        name = self.reference or view.audience
        reference = REFERENCE_PER_H.get(name, math.inf)
        marks = [v for v in (0, *_round_marks(top)) if abs(v - reference) > top / 6]
        is_shown = math.isfinite(reference)
        self._plot.getAxis("left").setTicks([[(v, f"{v:g}") for v in (*marks, *[reference] * is_shown)]])
        for item in (self.line, self.reference_text):
            item.setVisible(is_shown)
        if is_shown:
            self.line.setValue(reference)
            self.reference_text.setText(f"reference value {name} {reference:g} /h")

    def _show_splits(self, view: OverviewView) -> None:
        """Show the label of each further part beside its line."""
        begins = [flag for flag in view.flags if flag.kind == "segment"]
        while len(self.splits) < len(begins):
            text = pg.TextItem(anchor=(0, 0))
            self._style(text)
            self._plot.addItem(text, ignoreBounds=True)
            self.splits.append(text)
        for text, flag in zip(self.splits, begins, strict=False):
            text.setText(f" {flag.text or 'split'}")
            text.setPos(flag.t_s, self._plot.vb.viewRange()[1][1])
        for i, text in enumerate(self.splits):
            text.setVisible(i < len(begins))

    def _place_texts(self) -> None:
        view = self._view
        if view is None:
            return
        top = self._plot.vb.viewRange()[1][1]
        is_shown, reference = self.line.isVisible(), float(self.line.value())
        self.reference_text.setPos(self._plot.vb.viewRange()[0][1], reference)
        finite = np.flatnonzero(np.isfinite(view.index_per_h))
        at = float(view.index_per_h[finite[-1]]) if len(finite) else top * 0.8
        # At its curve, as long as the text on the reference line stays readable.
        per_px = top / max(self._plot.vb.height(), 1.0)
        lowest = reference + per_px * text_px(_APART_PX) if is_shown else per_px * text_px(_APART_PX) / 2
        highest = top - per_px * text_px(_HALF_TEXT_PX)
        y = min(max(at, lowest), max(highest, lowest))
        if lowest > highest and reference >= per_px * text_px(_BELOW_PX):
            # A low plot has no room above the reference line, but below it.
            y = reference / 2
        elif lowest > highest and self._are_side_by_side(view.end_s):
            y = max(highest, per_px * text_px(_HALF_TEXT_PX))
        # The last letters would be outside of a narrow plot.
        last_s = self._plot.vb.viewRange()[0][1] - self._s_per_px() * self.index_text.boundingRect().width()
        self.index_text.setPos(min(view.end_s, last_s), y)

    def _are_side_by_side(self, end_s: float) -> bool:
        """Return whether the text of the index, which begins here, ends before that of the reference."""
        taken_px = sum(text.boundingRect().width() for text in (self.index_text, self.reference_text))
        return bool(end_s + self._s_per_px() * taken_px <= self._plot.vb.viewRange()[0][1])

    def _s_per_px(self) -> float:
        begin_s, last_s = self._plot.vb.viewRange()[0]
        return float((last_s - begin_s) / max(self._plot.vb.width(), 1.0))


def split_line(view: OverviewView, low: float, high: float) -> tuple[list[float], list[float]]:
    """Return the lines of the splits, as pairs of points over the height of a plot."""
    begins_s = [flag.t_s for flag in view.flags if flag.kind == "segment"]
    return [t_s for t_s in begins_s for _ in range(2)], [low, high] * len(begins_s)


def pen_of_splits(theme: Theme) -> QPen:
    """Return the pen of these lines."""
    pen = QPen(QColor(theme.accent), 0)
    pen.setStyle(Qt.PenStyle.DashLine)
    return pen


def _round_marks(top: float) -> list[float]:
    step = next(s for s in (10, 20, 25, 50, 100, 200, 500, 1000, 1e9) if top / s <= 4)
    return [step * i for i in range(1, int(top / step) + 1)]
