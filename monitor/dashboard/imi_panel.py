"""The histogram of intervals from onset to onset, on a log axis, with the band of the rules."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from monitor.dashboard.look import card, faded, font, label
from monitor.dashboard.theme import Theme
from monitor.dashboard.time_views import ImiView

_MARKS_S = (1, 2, 5, 10, 20, 50, 90, 200)


class ImiPanel:
    """Two bar items, whatever the number of intervals: inside the band and outside."""

    def __init__(self, theme: Theme) -> None:
        self.frame = card("Intervals between movements")
        self._median = label("", "strong")
        self._plot = pg.PlotWidget()
        self._plot.setAccessibleName("Histogram of intervals between movements")
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(False, False)
        self._view: ImiView | None = None
        self._band = pg.LinearRegionItem(movable=False)
        self._inside = pg.BarGraphItem(x0=[0.0], x1=[0.0], height=[0.0])
        self._outside = pg.BarGraphItem(x0=[0.0], x1=[0.0], height=[0.0])
        self._set_up()
        self.set_theme(theme)

    def _set_up(self) -> None:
        item = self._plot.getPlotItem()
        for part in (self._band, self._outside, self._inside):
            item.addItem(part)
        item.getAxis("bottom").setTicks([[(float(np.log10(s)), f"{s}") for s in _MARKS_S]])
        item.getAxis("left").setWidth(30)
        item.setXRange(0, np.log10(200), padding=0.01)
        head = QHBoxLayout()
        head.addWidget(label("INTER-MOVEMENT INTERVAL", "title"))
        head.addStretch()
        head.addWidget(self._median)
        whole = QVBoxLayout(self.frame)
        whole.setContentsMargins(14, 8, 10, 4)
        whole.setSpacing(2)
        whole.addLayout(head)
        whole.addWidget(self._plot, 1)
        whole.addWidget(label("s from onset to onset, log", "small", align=Qt.AlignmentFlag.AlignHCenter))

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._plot.setBackground(theme.card)
        for side in ("left", "bottom"):
            axis = self._plot.getPlotItem().getAxis(side)
            axis.setPen(QPen(QColor(theme.line), 0))
            axis.setTextPen(QPen(QColor(theme.soft), 0))
            axis.setStyle(tickLength=0, tickFont=font(11))
        self._band.setBrush(faded(theme.accent, 0.08))
        pen = QPen(QColor(theme.dim), 0)
        pen.setDashPattern([4, 4])
        for line in self._band.lines:
            line.setPen(pen)
        self._inside.setOpts(brush=QColor(theme.accent), pen=QPen(Qt.PenStyle.NoPen))
        self._outside.setOpts(brush=QColor(theme.dim), pen=QPen(Qt.PenStyle.NoPen))

    def show_view(self, view: ImiView) -> None:
        """Take the intervals as they are now."""
        if view is self._view:
            return
        self._view = view
        low, high = np.log10(view.band_s)
        self._band.setRegion((low, high))
        edges = np.log10(view.edges_s)
        middle = (edges[:-1] + edges[1:]) / 2
        is_inside = (middle >= low) & (middle <= high)
        for item, chosen in ((self._inside, is_inside), (self._outside, ~is_inside)):
            item.setOpts(
                x0=edges[:-1][chosen] + 0.004, x1=edges[1:][chosen] - 0.004, height=view.counts[chosen]
            )
        top = max(4, int(view.counts.max(initial=0)))
        item = self._plot.getPlotItem()
        item.setYRange(0, top * 1.05, padding=0)
        item.getAxis("left").setTicks([[(0, "0"), (top, str(top))]])
        self._median.setText(view.median_text)
        self._plot.setAccessibleDescription(f"{int(view.counts.sum())} intervals, {view.median_text}")
