"""The overview of the night: hypnogram, movements per leg, gaps, notes, index and rate.

With its time axis, and zoom by mouse wheel or keys.
"""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

import math
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from monitor.dashboard import texts
from monitor.dashboard.panels.overview_items import (
    GapItem,
    OverviewCurves,
    TickItem,
    pen_of_splits,
    split_line,
)
from monitor.dashboard.style import card, faded, font, label, text_px
from monitor.dashboard.theme import Theme
from monitor.dashboard.viewmodel.screen import OverviewView
from monitor.model import wording
from monitor.session.markers import EPOCH_S
from monitor.session.wall_time import WallTime

_STEPS_S = (60, 120, 300, 600, 1800, 3600, 7200)


class WallAxis(pg.AxisItem):  # type: ignore[misc]
    """Time of day along the bottom."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.wall = WallTime()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """Return marks at round times of day."""
        step_s = next((s for s in _STEPS_S if (maxVal - minVal) / s * 62 <= max(size, 1)), _STEPS_S[-1])
        return [(step_s, self.wall.ticks(minVal, maxVal, step_s))]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Return the texts of the marks."""
        del scale, spacing
        return [self.wall.text(value, seconds=False) for value in values]


_EPOCH_STEPS = (1, 2, 5, 10, 20, 60, 120, 240)
_EPOCH_LABEL_PX = 46
# In a lower panel the curve would have no room.
_EPOCH_ROOM_PX = 140
# From this length on lines between single epochs would be a grey area.
_EPOCH_LINES_S = 1200.0
_EPOCH_LINE_ALPHA = 70
# The spacing of ticks without a number.
_UNNAMED_S = 0.0


class EpochAxis(pg.AxisItem):  # type: ignore[misc]
    """Numbers of the epochs along the top; with lines between epochs where they are wide enough."""

    def __init__(self) -> None:
        super().__init__("top")
        self.setHeight(text_px(15))

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """Return the starts of epochs with round numbers, and of all epochs if these have lines."""
        n = (maxVal - minVal) / EPOCH_S
        most = max(size / text_px(_EPOCH_LABEL_PX), 1)
        step = next((step for step in _EPOCH_STEPS if n / step <= most), _EPOCH_STEPS[-1])
        first, last = math.ceil(max(minVal, 0.0) / EPOCH_S), math.floor(maxVal / EPOCH_S)
        # Epochs count from 1: number 20 is the twentieth.
        named = [i * EPOCH_S for i in range(first, last + 1) if (i + 1) % step == 0]
        others = [i * EPOCH_S for i in range(first, last + 1) if (i + 1) % step] if self.grid else []
        return [(step * EPOCH_S, named), (_UNNAMED_S, others)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Return the numbers."""
        del scale
        return ["" if spacing == _UNNAMED_S else str(round(value / EPOCH_S) + 1) for value in values]

    def show_lines(self, length_s: float) -> None:
        """Draw lines between epochs if the axis is short enough (s)."""
        grid = _EPOCH_LINE_ALPHA if length_s <= _EPOCH_LINES_S else False
        if grid != self.grid:
            self.setGrid(grid)


_LEAST_S = 120.0
_WHEEL_STEP = 120.0
_FACTOR = 1.5
# Position of now while the visible part follows it.
_NOW_AT = 0.94


class OverviewZoom(QObject):
    """The part of the night that the overview shows.

    Parameters
    ----------
    plots : GraphicsLayoutWidget
        Source of wheel events.
    curve : PlotItem
        The other plots follow its time axis.
    """

    def __init__(self, plots: Any, curve: Any) -> None:
        super().__init__()
        self.plots, self.curve = plots, curve
        self._full_s = self._end_s = 0.0
        self._part: tuple[float, float] | None = None
        self._is_following = False
        plots.viewport().installEventFilter(self)

    @property
    def is_on(self) -> bool:
        """Whether only a part of the night is shown."""
        return self._part is not None

    @property
    def shown_s(self) -> tuple[float, float]:
        """The part that is shown (s)."""
        return self._part or (0.0, self._full_s)

    def set_full(self, full_s: float, end_s: float) -> None:
        """Set the length of the whole axis and the end of the recording so far (s)."""
        self._full_s, self._end_s = full_s, end_s
        if self._part is not None and self._is_following:
            length_s = self._part[1] - self._part[0]
            start_s = max(0.0, end_s - _NOW_AT * length_s)
            self._part = (start_s, start_s + length_s)
        self._apply()

    def step(self, step: int, around_s: float) -> None:
        """Zoom in (1), out (-1), or show all (0); `around_s` stays at its position."""
        if step == 0:
            self._part = None
        else:
            start_s, end_s = self.shown_s
            around_s = min(max(around_s, start_s), end_s)
            factor = _FACTOR**-step
            length_s = max(_LEAST_S, (end_s - start_s) * factor)
            share = (around_s - start_s) / (end_s - start_s) if end_s > start_s else 0.0
            start_s = max(0.0, around_s - share * length_s)
            self._part = (start_s, start_s + length_s) if length_s < self._full_s else None
        self._is_following = self._part is not None and self._part[0] <= self._end_s <= self._part[1]
        self._apply()

    def _apply(self) -> None:
        self.curve.setXRange(*self.shown_s, padding=0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Zoom at the mouse position."""
        if event.type() == QEvent.Type.Wheel and isinstance(event, QWheelEvent):
            turned = event.angleDelta().y() / _WHEEL_STEP
            if turned:
                at = self.plots.mapToScene(event.position().toPoint())
                self.step(1 if turned > 0 else -1, float(self.curve.vb.mapSceneToView(at).x()))
            return True
        return super().eventFilter(watched, event)


_AXIS_PX = 58
_SPANS_S = (
    600,
    1800,
    3600,
    2 * 3600,
    4 * 3600,
    6 * 3600,
    8 * 3600,
    10 * 3600,
    12 * 3600,
    16 * 3600,
    24 * 3600,
)
# Of a row of the hypnogram; capitals and digits have no descender.
_NAME_SHARE, _LEAST_NAME_PX = 1.15, 8
# The hypnogram's rows, from the bottom of the lowest to the top of the highest.
_STAGE_LOW, _STAGE_HIGH = 0.6 - len(wording.STAGE_ROWS), 0.4


class OverviewPanel(QObject):
    """Three plots over one time axis.

    Signals
    -------
    picked(float)
        A time of the session (s) to be shown.
    """

    picked = Signal(float)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._view: OverviewView | None = None
        self.frame = card("Night overview")
        self.plots = pg.GraphicsLayoutWidget()
        self.plots.setAccessibleName("Night overview")
        self.plots.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._axis = WallAxis()
        self._epochs = EpochAxis()
        self._stage = self.plots.addPlot(row=0, col=0, axisItems={"top": self._epochs})
        self._moves = self.plots.addPlot(row=1, col=0)
        self.curve = self.plots.addPlot(row=2, col=0, axisItems={"bottom": self._axis})
        self._set_up()
        self.zoom = OverviewZoom(self.plots, self.curve)
        self._arrange()
        self.set_theme(theme)

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.addWidget(label("NIGHT", "title"))
        head.addStretch()
        self.legend = label(texts.OVERVIEW_LEGEND, "small")
        head.addWidget(self.legend)
        whole = QVBoxLayout(self.frame)
        whole.setContentsMargins(10, 6, 10, 4)
        whole.setSpacing(2)
        whole.addLayout(head)
        whole.addWidget(self.plots, 1)

    def _set_up(self) -> None:
        layout = self.plots.ci.layout
        layout.setSpacing(2)
        layout.setContentsMargins(0, 0, 0, 0)
        for row, share in enumerate((5, 4, 8)):
            layout.setRowStretchFactor(row, share)
        for plot in (self._stage, self._moves, self.curve):
            plot.setMenuEnabled(False)
            plot.hideButtons()
            plot.setMouseEnabled(False, False)
            plot.getAxis("left").setWidth(_AXIS_PX)
            if plot is not self.curve:
                plot.hideAxis("bottom")
                plot.setXLink(self.curve)
        self._stage.showAxis("top")
        self.curve.vb.sigXRangeChanged.connect(lambda _, span: self._epochs.show_lines(span[1] - span[0]))
        rows = wording.STAGE_ROWS
        self._stage.getAxis("left").setTicks([[(-i, name) for i, name in enumerate(rows)]])
        self._stage.setYRange(_STAGE_LOW, _STAGE_HIGH, padding=0)
        self._stage.vb.sigResized.connect(self._fit_stage_names)
        self._moves.getAxis("left").setTicks([[(1.5, "L"), (0.5, "R")]])
        self._moves.setYRange(0, 2.35, padding=0)
        self._fill_plots()

    def _fill_plots(self) -> None:
        self.estimate = self._stage.plot(fillLevel=_STAGE_LOW)
        self._hypnogram = self._stage.plot(connect="finite")
        self._rem = self._stage.plot(connect="finite")
        self._flags = pg.ScatterPlotItem(size=9, symbol="t", pxMode=True)
        self._ticks = {leg: TickItem(low) for leg, low in (("left", 1.06), ("right", 0.06))}
        self._gaps = GapItem()
        for item in (self._gaps, *self._ticks.values(), self._flags):
            self._moves.addItem(item)
        self.curves = OverviewCurves(self.curve, self._theme)
        plots = (self._stage, self._moves, self.curve)
        self.splits = [plot.plot(connect="pairs") for plot in plots]
        self._now = [pg.InfiniteLine(angle=90) for _ in range(3)]
        self._region = [pg.LinearRegionItem(movable=False) for _ in range(3)]
        for plot, line, region in zip(
            (self._stage, self._moves, self.curve), self._now, self._region, strict=True
        ):
            plot.addItem(line, ignoreBounds=True)
            plot.addItem(region, ignoreBounds=True)
            region.hide()
        self.plots.viewport().installEventFilter(self)

    def _fit_stage_names(self) -> None:
        """Make the names of the stages so small that none is over another."""
        row_px = self._stage.vb.height() / len(wording.STAGE_ROWS)
        made = font(11)
        made.setPixelSize(max(_LEAST_NAME_PX, min(made.pixelSize(), int(row_px * _NAME_SHARE))))
        self._stage.getAxis("left").setStyle(tickFont=made)

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self.plots.setBackground(theme.card)
        for plot in (self._stage, self._moves, self.curve):
            for side in ("left", "bottom"):
                axis = plot.getAxis(side)
                axis.setPen(QPen(QColor(theme.line), 0))
                axis.setTextPen(QPen(QColor(theme.soft), 0))
                axis.setStyle(tickLength=0, tickFont=font(11))
        self._epochs.setPen(QPen(QColor(theme.dim), 0))
        self._epochs.setTextPen(QPen(QColor(theme.soft), 0))
        self._epochs.setStyle(tickLength=0, tickFont=font(11), tickTextOffset=1)
        self._epochs.setHeight(text_px(15))
        self._fit_stage_names()
        for line in self._now:
            line.setPen(QPen(QColor(theme.text), 0))
        for region in self._region:
            region.setBrush(faded(theme.accent, 0.18))
            for line in region.lines:
                line.setPen(QPen(QColor(theme.accent), 0))
        self.estimate.setPen(QPen(Qt.PenStyle.NoPen))
        self.estimate.setFillBrush(faded(theme.accent, 0.15))
        self._hypnogram.setPen(QPen(QColor(theme.text), 0))
        self._rem.setPen(QPen(QColor(theme.accent), 0))
        self._rem.setShadowPen(None)
        self.curves.set_theme(theme)
        for line in self.splits:
            line.setPen(pen_of_splits(theme))
        self._flags.setBrush(QColor(theme.accent))
        self._flags.setPen(QPen(Qt.PenStyle.NoPen))
        self._gaps.set_colour(theme.soft)
        for leg, item in self._ticks.items():
            item.set_colours(theme.leg(leg), theme.dim)
        if self._view is not None:
            view, self._view = self._view, None
            self.show_overview(view, self._axis.wall)

    def show_overview(self, view: OverviewView, wall: WallTime) -> None:
        """Set the content."""
        if view is self._view:
            return
        before, self._view = self._view, view
        self._axis.wall = wall
        # The times of day may have changed; the axis caches its image.
        self._axis.picture = None
        self._axis.update()
        self._set_range(view)
        if before is None or view.stages is not before.stages or view.estimate is not before.estimate:
            self._show_stages(view)
        for leg, item in self._ticks.items():
            item.set_ticks(view.onsets[leg], view.is_plm[leg])
        self._gaps.set_gaps(view.gaps)
        self._flags.setData([flag.t_s for flag in view.flags], [2.2] * len(view.flags))
        self.curves.show_overview(view)
        for item, plot in zip(self.splits, (self._stage, self._moves, self.curve), strict=True):
            item.setData(*split_line(view, *plot.vb.viewRange()[1]))
        for line in self._now:
            line.setValue(view.end_s)
        left, right = len(view.onsets["left"]), len(view.onsets["right"])
        description = f"movements: {left} left, {right} right; gaps: {len(view.gaps)}"
        self.plots.setAccessibleDescription(description)

    def _set_range(self, view: OverviewView) -> None:
        span_s = next((s for s in _SPANS_S if s >= view.end_s * 1.08), view.end_s * 1.08)
        self.zoom.set_full(span_s, view.end_s)

    def _show_stages(self, view: OverviewView) -> None:
        level = {name: -i for i, name in enumerate(wording.STAGE_ROWS)}
        x: list[float] = []
        y: list[float] = []
        rem: list[tuple[float, float]] = []
        for span in view.stages:
            at = float(level.get(span.stage, math.nan))
            x += [span.start_s, span.end_s]
            y += [at, at]
            if span.stage == "R":
                rem += [(span.start_s, at + 0.12), (span.end_s, at + 0.12), (span.end_s, math.nan)]
        self._hypnogram.setData(x, y)
        times_s, p = view.estimate
        self.estimate.setData(times_s, _STAGE_LOW + p * (_STAGE_HIGH - _STAGE_LOW))
        self.legend.setText((texts.ESTIMATE_LEGEND if len(p) else "") + texts.OVERVIEW_LEGEND)
        self._rem.setData([t for t, _ in rem], [v for _, v in rem])

    def show_window(self, period_s: tuple[float, float] | None) -> None:
        """Mark the period under review, or none."""
        for region in self._region:
            region.setVisible(period_s is not None)
            if period_s is not None:
                region.setRegion(period_s)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Emit the time under the mouse, also while it is dragged; number epochs where there is room."""
        if event.type() == QEvent.Type.Resize:
            self._stage.showAxis("top", self.plots.height() >= text_px(_EPOCH_ROOM_PX))
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove) and isinstance(
            event, QMouseEvent
        ):
            if event.buttons() & Qt.MouseButton.LeftButton:
                self._pick(event.position().toPoint())
            return True
        return super().eventFilter(watched, event)

    @property
    def canvas(self) -> QWidget:
        """The widget that receives mouse events."""
        canvas: QWidget = self.plots.viewport()
        return canvas

    def moment_at(self, at: QPoint) -> float | None:
        """Return the time (s) at a position on the canvas; None outside the recording."""
        at_s = float(self.curve.vb.mapSceneToView(self.plots.mapToScene(at)).x())
        return at_s if self._view is not None and 0 <= at_s <= self._view.end_s else None

    def _pick(self, at: QPoint) -> None:
        at_s = self.moment_at(at)
        if at_s is not None:
            self.picked.emit(at_s)
