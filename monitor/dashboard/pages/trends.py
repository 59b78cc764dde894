"""The trends of the recording, over the panels: bars of each hour, intervals by leg and by stage."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from monitor.dashboard import texts
from monitor.dashboard.style import card, faded, font, label
from monitor.dashboard.theme import Theme
from monitor.dashboard.viewmodel.screen import Screen
from monitor.dashboard.viewmodel.trends import HOUR_S, Counts, TrendsView

_MARKS_S = (1, 2, 5, 10, 20, 50, 90, 200)
_BAR = 0.7
# An hour of which less was scored is drawn faint.
_WHOLE, _FAINT = 0.9, 0.35
_LEAST_HOURS = 4
_STYLES: Mapping[str, Qt.PenStyle] = {
    "line": Qt.PenStyle.SolidLine,
    "dashed": Qt.PenStyle.DashLine,
    "dotted": Qt.PenStyle.DotLine,
}


class HourBars:
    """One row of bars, one bar for each hour, with its number above it.

    Parameters
    ----------
    plot : PlotItem
    """

    def __init__(self, plot: Any) -> None:
        self._plot = plot
        self._bars = [pg.BarGraphItem(x=[0.0], height=[0.0], width=_BAR) for _ in range(2)]
        for bars in self._bars:
            plot.addItem(bars)
        plot.showAxis("top")
        plot.getAxis("left").enableAutoSIPrefix(False)

    def show(self, name: str, values: np.ndarray[Any, Any], view: TrendsView, theme: Theme) -> None:
        """Set the numbers of the hours, counts or shares; none if there are none of their kind."""
        n, is_whole = len(view.start_s), view.watched_s >= _WHOLE * HOUR_S
        heights, x = np.nan_to_num(values.astype(np.float64)), np.arange(n) + 0.5
        line = QPen(QColor(theme.accent), 0)
        for bars, is_own, opacity in zip(self._bars, (is_whole, ~is_whole), (0.9, _FAINT), strict=True):
            brush = faded(theme.accent, opacity)
            bars.setOpts(x=x[is_own], height=heights[is_own], width=_BAR, brush=brush, pen=line)
        form = "{:.0%}" if values.dtype.kind == "f" else "{}"
        shown = [texts.FEW if math.isnan(value) else form.format(value) for value in values.tolist()]
        self._plot.getAxis("top").setTicks([list(zip(x.tolist(), shown, strict=True))])
        self._plot.setXRange(0, max(n, _LEAST_HOURS), padding=0)
        self._plot.setYRange(0, max(float(heights.max(initial=0.0)) * 1.08, 1e-3), padding=0)
        self._plot.getAxis("left").setTicks([])
        self._plot.getAxis("left").setLabel(name)


class IntervalCurves:
    """Histograms of intervals over one log axis, told apart by style and colour of their lines.

    Parameters
    ----------
    plot : PlotItem
    """

    def __init__(self, plot: Any) -> None:
        self._plot = plot
        self._band = pg.LinearRegionItem(movable=False)
        plot.addItem(self._band)
        self._curves = [plot.plot(stepMode="center", x=[0.0, 1.0], y=[0.0]) for _ in _STYLES]
        plot.getAxis("bottom").setTicks([[(float(np.log10(s)), str(s)) for s in _MARKS_S]])
        plot.setXRange(0, np.log10(200), padding=0.01)

    def show(
        self, title: str, counts: Mapping[str, Counts], colours: Sequence[str], view: TrendsView, theme: Theme
    ) -> None:
        """Set the numbers of intervals by name."""
        self._band.setRegion(np.log10(view.band_s))
        self._band.setBrush(faded(theme.accent, 0.08))
        for edge in self._band.lines:
            edge.setPen(QPen(QColor(theme.line), 0))
        edges, parts = np.log10(view.edges_s), []
        drawn = zip(self._curves, counts.items(), _STYLES.items(), colours, strict=True)
        for curve, (name, n), (style, pen), colour in drawn:
            curve.setData(edges, n)
            curve.setPen(QPen(QColor(colour), 0, pen))
            parts.append(f"{name} ({style}) {int(n.sum())}")
        highest = max(float(n.max(initial=0)) for n in counts.values())
        self._plot.setYRange(0, max(1.0, highest) * 1.1, padding=0)
        self._plot.setTitle(f"{title}: {' · '.join(parts)}", color=theme.soft, size="9pt", justify="left")


class TrendsPage:
    """The page. Its plots are made when it is first shown: they took half of the start of a window.

    Parameters
    ----------
    room : QWidget
        Parent of the page.
    theme : Theme

    Attributes
    ----------
    shown : TrendsView or None
        The trends that are drawn.
    """

    def __init__(self, room: QWidget, theme: Theme) -> None:
        self._theme = theme
        self.shown: TrendsView | None = None
        self.frame = card("Trends of the recording")
        self.frame.setParent(room)
        self.frame.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._whole = QVBoxLayout(self.frame)
        self._whole.addWidget(label(texts.TRENDS_TITLE, "title"))
        self._plots: TrendPlots | None = None
        self.frame.hide()

    def show(self) -> None:
        """Show the page; it is drawn with the next screen that has trends."""
        if self._plots is None:
            self._plots = TrendPlots(self._theme)
            self._whole.addWidget(self._plots, 1)
            note = label(texts.TRENDS_NOTE, "small")
            note.setWordWrap(True)
            self._whole.addWidget(note)
        self.frame.show()
        self.frame.raise_()

    def place(self, area: QRect) -> None:
        """Cover an area of the parent."""
        self.frame.setGeometry(area)

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme, self.shown = theme, None
        if self._plots is not None:
            self._plots.set_theme(theme)

    def show_screen(self, screen: Screen) -> None:
        """Draw the trends if they have changed."""
        view = screen.trends
        if self._plots is None or view is None or view is self.shown or not self.frame.isVisible():
            return
        self.shown = view
        starts = [(i + 0.5, screen.wall.text(s, seconds=False)) for i, s in enumerate(view.start_s.tolist())]
        self._plots.draw(view, starts)


class TrendPlots(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """Bars of each hour in rows, and beside them two histograms of intervals.

    Parameters
    ----------
    theme : Theme
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName("Trends")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        n = len(texts.TREND_ROWS)
        self._axis = [self._plot(row, 0, 1) for row in range(n)]
        self._hours = [HourBars(plot) for plot in self._axis]
        self._halves = [self._plot(0, 1, 3), self._plot(3, 1, n - 3)]
        self._intervals = [IntervalCurves(plot) for plot in self._halves]
        self.ci.layout.setColumnStretchFactor(0, 3)
        self.ci.layout.setColumnStretchFactor(1, 2)
        self.set_theme(theme)

    def _plot(self, row: int, column: int, rows: int) -> Any:
        plot = self.addPlot(row=row, col=column, rowspan=rows)
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setMouseEnabled(False, False)
        plot.getAxis("left").setWidth(36)
        return plot

    def set_theme(self, theme: Theme) -> None:
        """Change the colours; values are drawn in them with the next call of `draw`."""
        self._theme = theme
        self.setBackground(theme.card)
        for plot in (*self._axis, *self._halves):
            for side in ("left", "bottom", "top"):
                axis = plot.getAxis(side)
                axis.setPen(QPen(QColor(theme.line), 0))
                axis.setTextPen(QPen(QColor(theme.soft), 0))
                axis.setStyle(tickLength=0, tickFont=font(11))
        for plot in self._axis:
            plot.getAxis("top").setPen(QPen(Qt.PenStyle.NoPen))

    def draw(self, view: TrendsView, starts: list[tuple[float, str]]) -> None:
        """Draw trends; `starts` are place and time of day of each hour."""
        for bars, (name, kinds) in zip(self._hours, texts.TREND_ROWS.items(), strict=True):
            found = [(kind, view.counts[kind]) for kind in kinds if kind in view.counts]
            none: tuple[str, np.ndarray[Any, Any]] = (name, np.zeros(len(view.start_s), np.int64))
            kind, values = (name, view.periodicity) if not kinds else found[0] if found else none
            # Only the first row has one of two names.
            bars.show(kind if len(kinds) > 1 else name, values, view, self._theme)
        for plot in self._axis:
            plot.getAxis("bottom").setTicks([starts if plot is self._axis[-1] else []])
        theme = self._theme
        self._intervals[0].show(texts.BY_LEG, view.by_leg, (theme.left, theme.right, theme.text), view, theme)
        self._intervals[1].show(texts.BY_STAGE, view.by_stage, (theme.text,) * len(_STYLES), view, theme)
        parts = [f"{name} of each hour: {', '.join(map(str, n.tolist()))}" for name, n in view.counts.items()]
        self.setAccessibleDescription("; ".join(parts))
