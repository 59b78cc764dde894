"""One lane of the sweep: its pixels and their position on the widget.

Also the frame of the trace: grid, time axis, levels and scale of each leg.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from monitor.dashboard import texts
from monitor.dashboard.signal.raster import Pixels
from monitor.dashboard.signal.signal_lane import band_text, level_text, scale_of, scale_text
from monitor.dashboard.signal.traces import Traces
from monitor.dashboard.style import faded, font, text_px
from monitor.dashboard.theme import Theme
from monitor.dashboard.viewmodel.lanes import LaneView
from monitor.dashboard.viewmodel.screen import EventSpan, GapSpan, MovementsView, StageSpan
from monitor.model import wording
from monitor.session.wall_time import WallTime

_TICK_STEPS_S = (1, 2, 5, 10, 15, 30, 60)
_LEAST_TICK_PX = 110
# Baselines of the texts beside a lane, from its top.
_FIRST_LINE_PX, _LINE_PX = 33, 15
# Right of the trace.
RIGHT_PX = 6
FULL_SCALES_UV = (10, 20, 50, 100, 200, 500, 1000, 2000)


def gutter_px() -> int:
    """Return the width of the texts left of the trace."""
    return text_px(92)


def top_band_px() -> int:
    """Return the height of the marks above a lane."""
    return text_px(36)


def series_row_px() -> int:
    """Return the height of the row of the series."""
    return text_px(22)


def epoch_row_px() -> int:
    """Return the height of the row of the epochs."""
    return text_px(18)


def bottom_band_px() -> int:
    """Return the height of the series, the epochs and the time of day below the lanes."""
    return series_row_px() + epoch_row_px() + text_px(24)


class Sweep(Protocol):
    """The widget as seen by the painters of a trace."""

    full_uv: int
    chosen: frozenset[str]
    gaps: tuple[GapSpan, ...]
    events: tuple[EventSpan, ...]
    stages: tuple[StageSpan, ...]
    epoch_s: float | None
    states: Mapping[str, tuple[str, ...]]
    movements: MovementsView
    wall: WallTime
    above_rest_uv: npt.NDArray[np.float64]

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes that are shown, from the top."""

    @property
    def visible_s(self) -> tuple[float, float]:
        """Visible part of the session (s)."""

    @property
    def is_page(self) -> bool:
        """Whether a page of the past is shown instead of the live sweep."""

    @property
    def column_s(self) -> float:
        """Seconds per pixel of the widget."""

    @property
    def strip_top(self) -> int:
        """Top of the strip of the series (pixels)."""

    @property
    def left_edge(self) -> float:
        """Left edge of the trace (pixels)."""

    @property
    def right_edge(self) -> float:
        """Right edge of the trace (pixels)."""

    def x_of(self, t_s: float) -> float:
        """Return the position of a time (pixels)."""

    def erased_s(self, x: float) -> float:
        """Return when the sweep erases a position (s)."""

    def spans_of(self, start_s: float, end_s: float) -> list[tuple[float, float]]:
        """Return the position of a part of the session (pixels)."""

    def height(self) -> int:
        """Return the height of the widget (pixels)."""


class FramePainter:
    """Paint what does not change with every sample."""

    def __init__(self) -> None:
        self._grid: tuple[object, list[QLineF]] = (None, [])

    def paint_grid(self, painter: QPainter, view: Sweep, theme: Theme, dirty: QRect) -> None:
        """Paint the time marks inside a rectangle."""
        near = [line for line in self._lines(view) if dirty.left() - 1 <= line.x1() <= dirty.right() + 1]
        if near:
            painter.setPen(QPen(QColor(theme.grid), 0))
            painter.drawLines(near)

    def _lines(self, view: Sweep) -> list[QLineF]:
        """Return the time marks up to a second ahead; they are computed once a second."""
        start_s, end_s = view.visible_s
        key = (int(start_s), int(end_s), view.x_of(0.0), view.column_s, view.strip_top, view.wall)
        if self._grid[0] != key:
            top, bottom = top_band_px() - 8, view.strip_top
            self._grid = (key, [QLineF(x, top, x, bottom) for x, _ in ticks(view, ahead_s=1.0)])
        return self._grid[1]

    def texts(self, view: Sweep) -> tuple[object, object]:
        """Return the texts of the gutter and of the time axis, with positions, to detect changes."""
        times = [(round(box.left()), text) for box, text in time_labels(view)]
        levels = [
            _levels(view, lane) if lane.view.is_limb else signal_lines(view, lane) for lane in view.lanes
        ]
        return levels, times

    def paint_axis(self, painter: QPainter, view: Sweep, theme: Theme) -> None:
        """Paint the time of day below the marks."""
        painter.setFont(font(11))
        painter.setPen(QColor(theme.soft))
        for box, text in time_labels(view):
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def paint_gutter(self, painter: QPainter, view: Sweep, theme: Theme) -> None:
        """Paint each lane's name, levels and scale, as far as there is room."""
        for lane in view.lanes:
            if lane.view.is_limb:
                self._levels(painter, view, theme, lane)
                self._scale(painter, view, theme, lane)
            else:
                self._signal(painter, view, theme, lane)
        painter.setPen(QColor(theme.soft))
        painter.setFont(font(11))
        strip = QRect(10, view.strip_top, gutter_px() - 14, text_px(24))
        painter.drawText(strip, Qt.AlignmentFlag.AlignVCenter, "series")

    def _signal(self, painter: QPainter, view: Sweep, theme: Theme, lane: Lane) -> None:
        """Paint the name of another signal, then as many of its level, scale and band as have room."""
        first, *others = signal_lines(view, lane)
        line_px, width = text_px(_LINE_PX), gutter_px() - 14
        n = 1 + min(len(others), max(0, (lane.rect.height() - line_px) // line_px))
        y = lane.rect.center().y() - n * line_px // 2 + text_px(11)
        painter.setPen(QColor(theme.signal(lane.colour)))
        painter.setFont(font(11, bold=True))
        name = _elided(painter, first, width)
        painter.drawText(10, y, name)
        left = painter.fontMetrics().horizontalAdvance(name) + 4
        painter.setPen(QColor(theme.soft))
        painter.setFont(font(10))
        if n == 1 and others:
            # With room for one line only, the level or scale is beside the name, without its unit if need be.
            for beside in (others[0], others[0].rpartition(" ")[0]):
                if left + painter.fontMetrics().horizontalAdvance(beside) <= width:
                    painter.drawText(10 + left, y, beside)
                    break
        for i, line in enumerate(others[: n - 1], start=1):
            painter.drawText(10, y + line_px * i, _elided(painter, line, width))

    def _levels(self, painter: QPainter, view: Sweep, theme: Theme, lane: Lane) -> None:
        top = lane.top + (text_px(6) if lane.view.is_first else 0)
        painter.setPen(QColor(theme.leg(lane.leg)))
        painter.setFont(font(15 if lane.view.is_leg else 13, bold=True))
        width = gutter_px() - 14
        painter.drawText(10, top + text_px(14), _elided(painter, _title(lane), width))
        painter.setPen(QColor(theme.medium if lane.leg in view.states else theme.soft))
        painter.setFont(font(11, bold=lane.leg in view.states))
        for i, line in enumerate(_levels(view, lane)):
            painter.drawText(10, top + text_px(_FIRST_LINE_PX + _LINE_PX * i), _elided(painter, line, width))

    def _scale(self, painter: QPainter, view: Sweep, theme: Theme, lane: Lane) -> None:
        bar_uv = FULL_SCALES_UV[max(0, FULL_SCALES_UV.index(view.full_uv) - 1)] if view.full_uv > 10 else 5
        px = bar_uv * (lane.rect.height() / 2 - 1) / view.full_uv
        middle, x = lane.rect.center().y(), gutter_px() - 8
        painter.setPen(QPen(QColor(theme.soft), 0))
        painter.drawLines(
            [
                QLineF(x, middle - px / 2, x, middle + px / 2),
                QLineF(x - 3, middle - px / 2, x + 3, middle - px / 2),
                QLineF(x - 3, middle + px / 2, x + 3, middle + px / 2),
            ]
        )
        box = _scale_box(view, lane)
        if box.bottom() > lane.rect.bottom() + _LINE_PX and lane is not view.lanes[0]:
            # No room: the first lane and the head of the panel show the scale too.
            return
        painter.setFont(font(11))
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{bar_uv} µV")


def _scale_box(view: Sweep, lane: Lane) -> QRectF:
    """Return the place of the text of the scale: beside the middle of its bar, or below the levels."""
    height = text_px(_LINE_PX + 3)
    below = lane.top + text_px(_FIRST_LINE_PX + _LINE_PX * (len(_levels(view, lane)) - 1) + 3)
    top = max(lane.rect.center().y() - height / 2, below)
    return QRectF(0, top, gutter_px() - 16, height)


def _levels(view: Sweep, lane: Lane) -> tuple[str, ...]:
    """Return label, resting level and thresholds, or what is wrong; as many lines as fit above the scale."""
    rest_uv = lane.resting_uv
    if lane.leg in view.states:
        return view.states[lane.leg]
    lines = [lane.view.label] if lane.view.label and lane.view.is_first else []
    lines.append(f"rest {wording.microvolts(rest_uv)}")
    if math.isfinite(rest_uv):
        on_uv, off_uv = rest_uv + view.above_rest_uv[0], rest_uv + view.above_rest_uv[1]
        lines += [f"on {on_uv:.1f}", f"off {off_uv:.1f}"]
    room_px = lane.rect.bottom() - lane.top - text_px(_FIRST_LINE_PX + _LINE_PX + 3)
    return tuple(lines[: max(1, 1 + room_px // text_px(_LINE_PX))])


def signal_lines(view: Sweep, lane: Lane) -> tuple[str, ...]:
    """Return the name of another signal, its level now, its scale and its band, as far as there are any."""
    about, label = lane.view.about, lane.view.label
    if about is None or lane.traces is None or lane.traces.newest_s < view.visible_s[0]:
        return label, texts.NO_SIGNAL
    level = ""
    if about.style != "trace" and not view.is_page:
        level = level_text(lane.traces, lane.name, view.visible_s[1])
        level = f"{level} {lane.view.unit}" if level else texts.NO_SIGNAL
    return label, *filter(
        None, (level.strip(), scale_text(about, lane.view.unit, lane.fitted), band_text(about))
    )


def _title(lane: Lane) -> str:
    view = lane.view
    return view.limb.replace("_", " ").upper() if view.is_first else view.label


def _elided(painter: QPainter, text: str, width: int) -> str:
    return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)


def ticks(view: Sweep, ahead_s: float = 0.0) -> list[tuple[float, float]]:
    """Return the time marks: position (pixels) and moment (s), at whole seconds of the day."""
    step_s = next(
        (s for s in _TICK_STEPS_S if s / view.column_s >= text_px(_LEAST_TICK_PX)), _TICK_STEPS_S[-1]
    )
    start_s, end_s = view.visible_s
    return [(view.x_of(t_s), t_s) for t_s in view.wall.ticks(start_s, end_s + ahead_s, step_s)]


def time_labels(view: Sweep) -> list[tuple[QRectF, str]]:
    """Return the times of day below the trace, newest first; whole, and none over another."""
    metrics = QFontMetricsF(font(11))
    found: list[tuple[QRectF, str]] = []
    for x, t_s in sorted(ticks(view), key=lambda tick: -tick[1]):
        text = view.wall.text(t_s)
        width = metrics.horizontalAdvance(text) + text_px(8)
        box = QRectF(x - width / 2, view.height() - text_px(19), width, text_px(18))
        if box.right() <= view.right_edge + RIGHT_PX and not any(box.intersects(other) for other, _ in found):
            found.append((box, text))
    return found


_BETWEEN_PX, _BETWEEN_SIGNALS_PX = 5, 2
_SIGNAL_SHARE = 0.5
_POSITION_PX = 18


class Picture(NamedTuple):
    """An image of one lane or several, and where it is on the widget."""

    image: QImage
    rect: QRect


@dataclass(slots=True)
class Lane:
    """One signal on the widget: its pixels, its position and that of the marks above it.

    Attributes
    ----------
    picture : Picture or None
        None where its pixels are a part of the picture of a lane above it.
    fitted : float
        Half of the height of another signal in its unit, as it is painted.
    reached : int
        Column after the newest that its samples had reached when it was painted.
    """

    view: LaneView
    pixels: Pixels
    picture: Picture | None
    rect: QRect
    top: int
    traces: Traces | None = None
    fitted: float = math.nan
    reached: int = 0

    @property
    def name(self) -> str:
        """Name as in the live ring."""
        return self.view.name

    @property
    def leg(self) -> str:
        """Limb that the signal belongs to."""
        return self.view.limb

    @property
    def colour(self) -> str:
        """Key of the colour of another signal in a theme."""
        return self.view.about.colour if self.view.about is not None else "other"

    @property
    def full(self) -> float:
        """Half of the height of another signal in its unit."""
        about = self.view.about
        return math.nan if about is None else scale_of(self.view, about, self.traces, self.fitted)

    @property
    def resting_uv(self) -> float:
        """The latest resting level, NaN if there is none."""
        return self.traces.resting_uv(self.name) if self.traces is not None else float("nan")


def make_lanes(views: Sequence[LaneView], area: QRect, ratio: float) -> list[Lane]:
    """Divide an area among the lanes; each limb has a band for its marks above its first lane.

    A lane of another signal has half the height of that of a limb. The images have device pixels, `ratio` to
    one of the widget; the other signals share one, which is drawn at once.
    """
    rects = _rects(views, area)
    limbs = [rect for view, (_, rect) in zip(views, rects, strict=True) if view.is_limb]
    others = [rect for view, (_, rect) in zip(views, rects, strict=True) if not view.is_limb]
    boxes = [*limbs, *([others[0].united(others[-1])] if others else [])]
    made = [_picture(box, ratio) for box in boxes]
    lanes = []
    for i, (view, (top, rect)) in enumerate(zip(views, rects, strict=True)):
        picture, pixels = made[min(i, len(limbs))]
        first = round((rect.top() - picture.rect.top()) * ratio)
        part = pixels[first : first + max(8, round(rect.height() * ratio))]
        lanes.append(Lane(view, part, picture if i <= len(limbs) else None, rect, top))
    return lanes


def _picture(rect: QRect, ratio: float) -> tuple[Picture, Pixels]:
    rows, columns = max(8, round(rect.height() * ratio)), max(1, round(rect.width() * ratio))
    pixels = np.zeros((rows, columns), np.uint32)
    image = QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_ARGB32_Premultiplied)
    return Picture(image, rect), pixels


def _rects(views: Sequence[LaneView], area: QRect) -> list[tuple[int, QRect]]:
    """Return the top of each lane with its marks, and where its trace is."""
    found = []
    # A single lane has the marks of its limb.
    bands = [_band_px(view, views[i - 1] if i else None) for i, view in enumerate(views)]
    shares = [1.0 if view.is_limb else _SIGNAL_SHARE for view in views]
    each_px = (area.height() - sum(bands)) / max(sum(shares), _SIGNAL_SHARE)
    for i, band in enumerate(bands):
        begin_px, end_px = round(each_px * sum(shares[:i])), round(each_px * sum(shares[: i + 1]))
        top = area.top() + sum(bands[:i]) + begin_px
        height = max(8, end_px - begin_px - 2)
        found.append((top, QRect(area.left(), top + band, area.width(), height)))
    return found


def _band_px(view: LaneView, above: LaneView | None) -> int:
    """Return the room above a lane: for marks of the movements, or for the body position."""
    if view.is_first or above is None:
        return top_band_px()
    if view.is_limb:
        return _BETWEEN_PX
    return text_px(_POSITION_PX) if above.is_limb else _BETWEEN_SIGNALS_PX


def draw_part(painter: QPainter, picture: Picture, dirty: QRect, left: int, right: int) -> None:
    """Draw the columns [left, right) of a picture (pixels of the widget) inside the dirty rectangle."""
    image, rect = picture
    part = QRect(left, rect.top(), right - left, rect.height()).intersected(dirty)
    if part.width() > 0 and part.height() > 0:
        x, y = image.width() / rect.width(), image.height() / rect.height()
        at = part.translated(-rect.topLeft())
        source = QRectF(at.x() * x, at.y() * y, at.width() * x, at.height() * y)
        painter.drawImage(QRectF(part), image, source)


def levels_text(lane: Lane) -> str:
    """Return the resting level of a lane as a text."""
    if lane.traces is None:
        return f"{lane.view.title}: {texts.NO_SIGNAL}"
    if not lane.view.is_limb:
        return lane.view.title
    return f"{lane.view.title} at rest {wording.microvolts(lane.resting_uv)}"


@lru_cache(maxsize=32)
def trace_colours(theme: Theme, leg: str, *, shows_envelope: bool) -> npt.NDArray[np.uint32]:
    """Return the pixels of trace, thresholds and envelope; cached, as every frame needs them. Read only."""
    envelope = argb(faded(theme.text, 0.75)) if shows_envelope else 0
    return np.array([argb(QColor(theme.leg(leg))), argb(faded(theme.text, 0.55)), envelope], np.uint32)


@lru_cache(maxsize=32)
def signal_colours(theme: Theme, key: str, *, is_drawn: bool) -> npt.NDArray[np.uint32]:
    """Return the pixels of another signal; it has no thresholds and no envelope."""
    return np.array([argb(QColor(theme.signal(key))) if is_drawn else 0, 0, 0], np.uint32)


def argb(colour: QColor) -> int:
    """Return a colour as a premultiplied pixel."""
    alpha = colour.alphaF()
    parts = (round(v * alpha) for v in (colour.red(), colour.green(), colour.blue()))
    red, green, blue = parts
    return (colour.alpha() << 24) | (red << 16) | (green << 8) | blue
