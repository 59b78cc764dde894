"""The live trace: an overwriting sweep of each lane, or a static page of the past."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from monitor.dashboard.signal.epochs import EpochPainter
from monitor.dashboard.signal.geometry import SweepGeometry
from monitor.dashboard.signal.lane import (
    RIGHT_PX,
    FramePainter,
    Lane,
    Picture,
    bottom_band_px,
    draw_part,
    gutter_px,
    levels_text,
    make_lanes,
    series_row_px,
    signal_colours,
    trace_colours,
)
from monitor.dashboard.signal.marks import MarkPainter
from monitor.dashboard.signal.traces import Traces
from monitor.dashboard.style import faded, text_px
from monitor.dashboard.theme import Theme
from monitor.dashboard.viewmodel.lanes import LaneView, choices
from monitor.dashboard.viewmodel.screen import EventSpan, GapSpan, MovementsView, StageSpan
from monitor.session.wall_time import WallTime

SWEEPS_S = (10, 15, 30, 60, 120, 150, 300)
# A signal may come this much later than the newest one and is still painted as it comes (s).
_LATE_S = 3.0
_OLD_OPACITY = 0.42
_BAD_OPACITY = 0.16


class SweepView(QWidget, SweepGeometry):
    """Paint the lanes.

    Notes
    -----
    Live, time columns are counted modulo the width. The previous sweep is shown faded and is erased a little
    ahead of the cursor. A page is the same image, shifted and without a cursor.
    """

    def __init__(self, theme: Theme) -> None:
        QWidget.__init__(self)
        SweepGeometry.__init__(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.full_uv: int = 100
        self.shows_envelope = True
        self.is_frozen = False
        self.wall = WallTime()
        self.movements = MovementsView()
        self.gaps: tuple[GapSpan, ...] = ()
        self.events: tuple[EventSpan, ...] = ()
        self.stages: tuple[StageSpan, ...] = ()
        self.epoch_s: float | None = None
        self.states: Mapping[str, tuple[str, ...]] = {}
        self.chosen: frozenset[str] = frozenset()
        self.above_rest_uv = np.array([8.0, 2.0])
        self._theme = theme
        self._views: tuple[LaneView, ...] = (LaneView("left", "left"), LaneView("right", "right"))
        self._choice = 0
        self._lanes: list[Lane] = []
        self._traces: dict[str, Traces] = {}
        self._painted = 0
        self._shown: tuple[object, object] = (None, None)
        self._marks, self._frame, self._epochs = MarkPainter(), FramePainter(), EpochPainter()

    # -- interface ------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Set the colours and apply the current text size."""
        self._theme = theme
        self._marks.set_fonts()
        self._lay_out()

    def set_lanes(self, lanes: tuple[LaneView, ...]) -> None:
        """Set the lanes; all of them are shown."""
        if lanes and lanes != self._views:
            self._views, self._choice = lanes, 0
            self._lay_out()

    def show_lanes(self, step: int) -> str:
        """Show the next selection of lanes (all, legs only, each one alone); return its name."""
        found = choices(self._views)
        self._choice = (self._choice + step) % len(found)
        self._lay_out()
        return found[self._choice][0]

    def set_traces(self, traces: dict[str, Traces]) -> None:
        """Set the traces by lane."""
        changed = False
        for lane in self._lanes:
            changed |= lane.traces is not traces.get(lane.name)
            lane.traces = traces.get(lane.name)
        self._traces = traces
        if changed:
            self.repaint_all()

    def set_page(self, start_s: float | None) -> None:
        """Show the page that starts at a time of the session, or the live sweep (None)."""
        self._page_s = start_s
        self.repaint_all()

    def set_movements(self, movements: MovementsView) -> None:
        """Set the movements."""
        if movements is not self.movements and not self.is_frozen:
            self.movements = movements
            self._marks.lay_out(self, self._theme)
            self.update()

    def set_chosen(self, keys: frozenset[str]) -> None:
        """Select the movements with these keys: they are framed."""
        self.chosen = keys
        self._marks.lay_out(self, self._theme)
        self.update()

    def set_thresholds(self, above_rest_uv: tuple[float, float]) -> None:
        """Set the thresholds of onset and offset above the resting level (uV)."""
        if tuple(self.above_rest_uv) != above_rest_uv:
            self.above_rest_uv = np.array(above_rest_uv)
            self.repaint_all()

    def update_texts(self) -> None:
        """Repaint changed levels and times, remove erased marks; to be called a few times a second."""
        if self.devicePixelRatioF() != self._ratio:
            # Moved to a screen of another resolution.
            self._lay_out()
        self.update(self._marks.lay_out(self, self._theme))
        top, series_px = self.strip_top, series_row_px()
        if self._marks.has_series:
            self.update(QRect(self._gutter, top, self._width + RIGHT_PX, series_px))
        levels, times = self._frame.texts(self)
        times = (times, self._epochs.shown(self))
        if levels != self._shown[0]:
            self.update(QRect(0, 0, self._gutter, self.height()))
        if times != self._shown[1]:
            self.update(QRect(0, top + series_px, self.width(), self._bottom - series_px))
        self._shown = (levels, times)
        is_live = self._page_s is None and not self.is_frozen
        if is_live and any(lane.view.about is not None and lane.full != lane.fitted for lane in self._lanes):
            self.repaint_all()

    def describe_levels(self) -> None:
        """Describe the resting levels for assistive programs; to be called about once a second."""
        levels = "; ".join(levels_text(lane) for lane in self._lanes)
        description = f"{self.sweep_s} s sweep, ±{self.full_uv} µV; {levels}"
        if description != self.accessibleDescription():
            self.setAccessibleDescription(description)

    def set_spans(self, gaps: tuple[GapSpan, ...], events: tuple[EventSpan, ...]) -> None:
        """Set the periods in which a leg could not be scored, and arousals and respiratory events."""
        if (gaps, events) != (self.gaps, self.events) and not self.is_frozen:
            self.gaps, self.events = gaps, events
            self._marks.lay_out(self, self._theme)
            self.update()

    def set_epochs(self, stages: tuple[StageSpan, ...], marked_s: float | None) -> None:
        """Set the stages, and the start of the epoch that stage keys apply to (s)."""
        if self.is_frozen:
            return
        has_moved = marked_s != self.epoch_s
        self.stages, self.epoch_s = stages, marked_s
        if has_moved:
            self.update(self._epochs.row(self))

    def set_states(self, states: Mapping[str, tuple[str, ...]]) -> None:
        """Set what is wrong with the limbs that are not usable now: their lanes are coloured."""
        if states != self.states:
            self.states = states
            self.update()

    def advance(self, newest_s: float) -> None:
        """Paint the columns up to the newest sample (s), and nothing else."""
        if self._page_s is not None or not self._lanes:
            return
        last = int(newest_s / self._raster_s) + 1
        if newest_s <= self._newest_s and last <= self._painted:
            return
        # Two columns back: a bin across their edge may have changed.
        first, self._newest_s = max(self._painted - 2, last - self._columns, 0), newest_s
        self._painted = last
        begin = first
        for lane in self._lanes:
            from_column = max(self._late_from(lane, first), last - self._columns, 0)
            self._paint_columns(lane, from_column, last)
            begin = min(begin, from_column)
        self._update_columns(begin, last)
        self.update(self._marks.remove_labels(newest_s))

    def _late_from(self, lane: Lane, first: int) -> int:
        """Return the first column to paint: what came late of a signal is painted as it comes."""
        if lane.traces is None or int(max(lane.traces.newest_s, 0.0) / self._raster_s) < lane.reached:
            return first
        return min(first, max(lane.reached - 2, first - int(_LATE_S / self._raster_s)))

    def repaint_all(self) -> None:
        """Repaint every column, after a change of size, sensitivity, theme or period."""
        if not self._lanes:
            return
        if self._page_s is not None:
            first = round(self._page_s / self._raster_s)
            last = first + self._columns
        else:
            last = int(self._newest_s / self._raster_s) + 1
            first = max(0, last - self._columns)
            self._painted = last
        for lane in self._lanes:
            lane.pixels[:] = 0
            lane.fitted = lane.full
            self._paint_columns(lane, first, last)
        self._marks.lay_out(self, self._theme)
        self.update()

    # -- geometry -------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        # Used a hundred times in each frame.
        self._gutter, self._bottom = gutter_px(), bottom_band_px()
        self._width = max(1, self.width() - self._gutter - RIGHT_PX)
        self._ratio = self.devicePixelRatioF()
        area = QRect(self._gutter, 0, self._width, max(1, self.height() - self._bottom))
        shown = choices(self._views)[self._choice][1]
        self._lanes = make_lanes(shown, area, self._ratio)
        for lane in self._lanes:
            lane.traces = self._traces.get(lane.name)
        self.setAccessibleName("Live EMG: " + ", ".join(view.title for view in shown))
        self.repaint_all()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out the lanes again; the trace is redrawn from its bins."""
        super().resizeEvent(event)
        self._lay_out()

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes that are shown, from the top."""
        return tuple(self._lanes)

    @property
    def strip_top(self) -> int:
        """Top of the strip of the series (pixels)."""
        return self.height() - self._bottom

    # -- painting -------------------------------------------------------------------------------------

    def _paint_columns(self, lane: Lane, first: int, last: int) -> None:
        if lane.traces is None:
            return
        about, full = lane.view.about, float(self.full_uv)
        if about is None:
            colours = trace_colours(self._theme, lane.leg, shows_envelope=self.shows_envelope)
        else:
            colours = signal_colours(self._theme, about.colour, is_drawn=about.style != "text")
            full = lane.fitted
        shift = round(self._page_s / self._raster_s) if self._page_s is not None else 0
        lane.traces.paint(
            lane.pixels, lane.name, (first, last), shift, self._raster_s, (len(lane.pixels) / 2 - 1) / full,
            self.above_rest_uv, colours, max(1, round(self._ratio)),
        )  # fmt: skip
        lane.reached = min(last, int(max(lane.traces.newest_s, 0.0) / self._raster_s) + 1)

    def _update_columns(self, first: int, last: int) -> None:
        """Request a repaint of the new columns, the cursor and the gap ahead of it."""
        if last - first >= self._columns // 2:
            self.update()
            return
        x0 = int(first % self._columns / self._ratio)
        x1 = int((last - 1) % self._columns / self._ratio) + self._erase_px + 3
        if x1 <= x0 or x1 >= self._width:
            self.update()
            return
        height = self.strip_top + series_row_px()
        self.update(QRect(self._gutter + x0 - 3, 0, x1 - x0 + 5, height))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the region of the event."""
        painter = QPainter(self)
        top, left = self.height() - self._bottom, self._gutter
        # Zone by zone: the rectangle around texts and new columns would be the whole widget.
        for zone in (
            QRect(0, 0, left, self.height()),
            QRect(left, 0, self.width() - left, top),
            QRect(left, top, self.width() - left, self._bottom),
        ):
            dirty = event.region().intersected(zone).boundingRect()
            if not dirty.isEmpty():
                painter.setClipRect(dirty)
                self._paint_part(painter, dirty)
        painter.end()

    def _paint_part(self, painter: QPainter, dirty: QRect) -> None:
        painter.fillRect(dirty, QColor(self._theme.card))
        # The new columns reach into the strip of the series: no lane is there.
        has_lanes = dirty.top() < self.strip_top and dirty.right() >= self._gutter
        if has_lanes:
            self._frame.paint_grid(painter, self, self._theme, dirty)
            self._epochs.paint_lines(painter, self, self._theme, dirty)
            for lane in self._lanes:
                self._paint_ground(painter, lane, dirty)
            for lane in self._lanes:
                if lane.picture is not None:
                    self._paint_picture(painter, lane.picture, dirty)
        self._marks.paint(painter, dirty)
        if has_lanes and self._page_s is None:
            painter.fillRect(self._cursor_x, 0, 1, self.strip_top, QColor(self._theme.text))
        if dirty.left() < self._gutter:
            self._frame.paint_gutter(painter, self, self._theme)
        if self._epochs.row(self).intersects(dirty):
            self._epochs.paint_row(painter, self, self._theme)
        if dirty.bottom() > self.height() - text_px(20):
            self._frame.paint_axis(painter, self, self._theme)

    def _paint_ground(self, painter: QPainter, lane: Lane, dirty: QRect) -> None:
        """Paint the colour of a lane that is not usable, and the line in its middle."""
        middle = lane.rect.center().y()
        if self._page_s is None and lane.leg in self.states:
            painter.fillRect(lane.rect.intersected(dirty), faded(self._theme.medium, _BAD_OPACITY))
        if lane.view.about is None or lane.view.about.style == "trace":
            painter.fillRect(lane.rect.left(), middle, lane.rect.width(), 1, QColor(self._theme.grid))

    def _paint_picture(self, painter: QPainter, picture: Picture, dirty: QRect) -> None:
        left, right = picture.rect.left(), picture.rect.right() + 1
        if self._page_s is not None:
            draw_part(painter, picture, dirty, left, right)
            return
        cursor = self._cursor_x
        draw_part(painter, picture, dirty, left, cursor + 1)
        painter.setOpacity(_OLD_OPACITY)
        draw_part(painter, picture, dirty, cursor + self._erase_px, right)
        painter.setOpacity(1.0)
