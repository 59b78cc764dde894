"""The painted tile of a bed: alert, index, movements of the last minutes, rate curve, series, stage, health.

It is laid out for its least size and scaled to the size that it has, so that all texts grow with it.
"""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QWidget

from monitor.dashboard.panels.top_bar import paint_health
from monitor.dashboard.style import faded, font
from monitor.dashboard.theme import Theme
from monitor.model.facts import LEGS
from monitor.ward import texts
from monitor.ward.tile import STRIP_S, Tile

_WORST_FIRST = ("bad", "warn", "ok", "off")
MARKS = {"high": "!!!", "medium": "!!", "low": "!"}
LEAST_PX = (300, 240)
# While the details are open, tiles are narrower than their least width.
_LEAST_SCALE, _MOST_SCALE = 0.7, 3.0
LEAST_NARROW_PX = round(LEAST_PX[0] * _LEAST_SCALE)
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_PAD = 12.0
_STEP_PX = 4
# Sizes of the large number: the first that fits.
_NUMBER_PX = range(46, 24, -2)
_BESIDE_PX = 14
_LEAST_CURVE_PER_H = 10.0
_UNKNOWN = Qt.BrushStyle.BDiagPattern


class TileWidget(QWidget):
    """One bed. A click or Enter opens its details."""

    chosen = Signal(str, str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setMinimumSize(LEAST_NARROW_PX, LEAST_PX[1])
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._theme = theme
        self.tile: Tile | None = None
        self._is_chosen = False
        # What changes rarely is painted once: only the time and the movements change each second.
        self._ground = QPixmap()
        self._ground_of: tuple[Any, ...] = ()
        self._said: tuple[Any, ...] = ()
        # The window behind it need not be painted for each change: the ground has its colour.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def show_tile(self, tile: Tile, theme: Theme, *, is_chosen: bool) -> None:
        """Set the content."""
        if (tile, theme, is_chosen) == (self.tile, self._theme, self._is_chosen):
            return
        self.tile, self._theme, self._is_chosen = tile, theme, is_chosen
        alert = f"{tile.alert.priority} alert: {tile.alert.text}" if tile.alert else tile.without_alert
        phase, number = texts.PHASES.get(tile.phase, tile.phase), " ".join(tile.number[:2])
        said = f"Bed {tile.name}", f"{phase}; {number}; {tile.series}; {alert}", tile.alerts
        if said != self._said:
            self._said = said
            self.setAccessibleName(said[0])
            self.setAccessibleDescription(said[1])
            self.setToolTip("\n".join(f"{MARKS[one.priority]} {one.text}" for one in tile.alerts))
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open the details."""
        del event
        self._choose()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the details with Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the keyboard focus."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Remove the keyboard focus."""
        super().focusOutEvent(event)
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        """Paint everything again in another style."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._ground_of = ()

    def _choose(self) -> None:
        if self.tile is not None:
            self.chosen.emit(self.tile.bed, self.tile.host)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the tile from top to bottom."""
        del event
        if self.tile is None:
            return
        scale = scale_of(self.width(), self.height())
        box = QRectF(0, 0, self.width() / scale, self.height() / scale).adjusted(0.5, 0.5, -0.5, -0.5)
        inner = box.adjusted(_PAD, 8, -_PAD, -8)
        head = QRectF(inner.left(), inner.top(), inner.width(), 26)
        strip = QRectF(inner.left(), inner.top() + 122, inner.width(), 24)
        # In steps, for what is beside the time moves with it and is painted again.
        time_px = _STEP_PX * math.ceil(_width(self._time, 13) / _STEP_PX)
        legs_right = head.right() - min(time_px, head.width()) - 14
        self._keep_ground(self.tile, box, inner, scale, legs_right)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._ground)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(scale, scale)
        is_bad = self.tile.phase in ("not heard", "no signal")
        colour = self._theme.high if is_bad else self._theme.soft
        _text(painter, self._time, head, colour, 13, align=_RIGHT)
        for leg in self.tile.moving:
            self._leg(painter, leg, _leg_box(head, legs_right, leg), is_moving=True)
        self._movements(painter, self.tile, strip)

    @property
    def _time(self) -> str:
        """The phase, unless it is being recorded, and the time recorded."""
        tile = self.tile
        if tile is None:
            return ""
        phase = texts.PHASES.get(tile.phase, tile.phase) if tile.phase != "recording" else ""
        return "  ".join(part for part in (phase or tile.stale, tile.recorded) if part)

    def _keep_ground(self, tile: Tile, box: QRectF, inner: QRectF, scale: float, legs_right: float) -> None:
        """Paint what changes rarely again if it has changed: all but the time and the movements."""
        ratio = self.devicePixelRatioF()
        place = self.width(), self.height(), ratio, legs_right, self.hasFocus() or self._is_chosen
        said = tile.name, tile.alerts, tile.unseen, tile.without_alert, tile.series, tile.stage
        ground_of = self._theme, place, said, tile.number, tile.curve, tile.health, bool(tile.stale)
        if ground_of == self._ground_of:
            return
        self._ground = QPixmap(math.ceil(self.width() * ratio), math.ceil(self.height() * ratio))
        self._ground.setDevicePixelRatio(ratio)
        self._ground.fill(QColor(self._theme.ground))
        painter = QPainter(self._ground)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(scale, scale)
        self._frame(painter, tile, box)
        line = QRectF(inner.left(), inner.top(), inner.width(), 26)
        self._head(painter, tile, line, legs_right)
        self._alert(painter, tile, line.translated(0, 30))
        self._index(painter, tile, QRectF(inner.left(), inner.top() + 62, inner.width(), 58))
        self._strip(painter, QRectF(inner.left(), inner.top() + 122, inner.width(), 24))
        curve = QRectF(inner.left(), inner.top() + 160, inner.width(), max(14.0, inner.height() - 160 - 46))
        self._curve(painter, tile, curve)
        self._foot(painter, tile, QRectF(inner.left(), inner.bottom() - 41, inner.width(), 41))
        painter.end()
        self._ground_of = ground_of

    def _frame(self, painter: QPainter, tile: Tile, box: QRectF) -> None:
        theme = self._theme
        painter.setBrush(QColor(theme.card))
        edge = theme.accent if self.hasFocus() or self._is_chosen else theme.line
        painter.setPen(QPen(QColor(edge), 0))
        painter.drawRoundedRect(box, 5, 5)
        if tile.alert is not None:
            painter.fillRect(
                QRectF(box.left(), box.top() + 4, 4, box.height() - 8),
                QColor(getattr(theme, tile.alert.priority)),
            )

    def _head(self, painter: QPainter, tile: Tile, line: QRectF, legs_right: float) -> None:
        """Paint the name of the bed and its legs, which are painted again while they move."""
        for leg in LEGS:
            self._leg(painter, leg, _leg_box(line, legs_right, leg), is_moving=False)
        _text(
            painter,
            tile.name,
            QRectF(line.left(), line.top(), legs_right - 48 - line.left() - 6, 26),
            self._theme.text,
            19,
            bold=True,
            # Names of beds differ at their end.
            elided=Qt.TextElideMode.ElideMiddle,
        )

    def _leg(self, painter: QPainter, leg: str, box: QRectF, *, is_moving: bool) -> None:
        """Paint the mark of a leg, filled while it moves: a running movement is shown at once."""
        theme = self._theme
        painter.setPen(QPen(QColor(theme.leg(leg)), 0))
        painter.setBrush(QColor(theme.leg(leg) if is_moving else theme.well))
        painter.drawRoundedRect(box, 3, 3)
        colour = theme.card if is_moving else theme.leg(leg)
        _text(painter, leg[0].upper(), box, colour, 11, bold=True, align=Qt.AlignmentFlag.AlignCenter)

    def _alert(self, painter: QPainter, tile: Tile, line: QRectF) -> None:
        theme = self._theme
        if tile.alert is None:
            painter.setPen(QPen(QColor(theme.line), 0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(line, 4, 4)
            _text(painter, tile.without_alert, line.adjusted(8, 0, -8, 0), theme.soft, 13)
            return
        colour = getattr(theme, tile.alert.priority)
        painter.fillRect(line, faded(colour, 0.1 if tile.alert.is_seen else 0.3))
        more = f"  +{len(tile.alerts) - 1}" if len(tile.alerts) > 1 else ""
        # The priority must not be told by the colour alone.
        mark = f"{MARKS[tile.alert.priority]} {tile.unseen}".rstrip()
        mark = texts.SEEN if tile.alert.is_seen else mark
        used = _text(painter, f"{mark}{more}", line.adjusted(8, 0, 0, 0), colour, 13, bold=True)
        room = line.adjusted(16 + used, 0, -6, 0)
        wide = _width(tile.alert.text, 13, bold=True) > room.width()
        _text(painter, tile.alert.text, room, theme.text, 11 if wide else 13, bold=True)

    def _index(self, painter: QPainter, tile: Tile, box: QRectF) -> None:
        """Paint the number as large as the texts beside it permit, and the count below."""
        theme = self._theme
        colour = theme.dim if tile.stale else theme.text
        value, name, remark = tile.number
        title, _, rules = name.partition(" · ")
        beside_px = max(_width(title, 13, bold=True), _width(rules, 12))
        room = box.width() - _BESIDE_PX - beside_px
        px = next((px for px in _NUMBER_PX if _width(value, px, bold=True) <= room), _NUMBER_PX[-1])
        used = _text(painter, value, QRectF(box.left(), box.top(), box.width(), 42), colour, px, bold=True)
        beside = box.adjusted(used + _BESIDE_PX, 0, 0, 0)
        beside.setHeight(21)
        _text(painter, title, beside, theme.text, 13, bold=True)
        _text(painter, rules, beside.translated(0, 20), theme.soft, 12)
        _text(painter, remark, QRectF(box.left(), box.top() + 42, box.width(), 16), theme.soft, 12)

    def _strip(self, painter: QPainter, box: QRectF) -> None:
        """Paint the ground of the movements of the last minutes; now is at the right edge."""
        theme = self._theme
        painter.fillRect(box, QColor(theme.well))
        painter.setPen(QPen(QColor(theme.line), 0))
        for minute in range(1, round(STRIP_S / 60)):
            x = box.right() - 60 * minute / STRIP_S * box.width()
            painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))
        painter.drawLine(box.topRight(), box.bottomRight())
        below = QRectF(box.left(), box.bottom() + 2, box.width(), 14)
        _text(painter, texts.STRIP, below, theme.dim, 11)

    def _movements(self, painter: QPainter, tile: Tile, box: QRectF) -> None:
        """Paint the movements of the last minutes, the left leg above the right."""
        theme = self._theme
        painter.setPen(Qt.PenStyle.NoPen)
        for leg in LEGS:
            if tile.unknown:
                painter.setBrush(QBrush(QColor(theme.dim), _UNKNOWN))
                painter.drawRects(_spans(box, tile.unknown, leg))
            painter.setBrush(QColor(theme.dim if tile.stale else theme.leg(leg)))
            painter.drawRects(_spans(box, tile.strip, leg))

    def _curve(self, painter: QPainter, tile: Tile, box: QRectF) -> None:
        theme = self._theme
        painter.setPen(QPen(QColor(theme.line), 0))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        known = [(minute, rate) for minute, rate in tile.curve if rate is not None]
        if len(known) < 2:
            return
        first, last = known[0][0], known[-1][0]
        top = max(_LEAST_CURVE_PER_H, *(rate for _, rate in known))
        points = [
            QPointF(
                box.left() + (minute - first) / max(1, last - first) * box.width(),
                box.bottom() - rate / top * (box.height() - 2),
            )
            for minute, rate in known
        ]
        painter.setPen(Qt.PenStyle.NoPen)
        colour = theme.dim if tile.stale else theme.accent
        painter.setBrush(faded(colour, 0.14))
        painter.drawPolygon(QPolygonF([*points, box.bottomRight(), box.bottomLeft()]))
        painter.setPen(QPen(QColor(colour), 0))
        painter.drawPolyline(QPolygonF(points))
        above = QRectF(box.left(), box.top() - 12, box.width(), 14)
        _text(painter, texts.RATE_CURVE.format(top=top), above, theme.dim, 11, align=_RIGHT)

    def _foot(self, painter: QPainter, tile: Tile, box: QRectF) -> None:
        theme = self._theme
        line = QRectF(box.left(), box.top(), box.width(), 20)
        text = theme.dim if tile.stale else theme.text
        used = _text(painter, tile.stage, line, text, 13, bold=True, align=_RIGHT)
        _text(painter, tile.series, line.adjusted(0, 0, -used - 10, 0), text, 13)
        line, x = line.translated(0, 21), box.left()
        # What is wrong comes first. Those that do not fit are counted; the details show them.
        ordered = sorted(tile.health, key=lambda one: _WORST_FIRST.index(one.state))
        for place, one in enumerate(ordered):
            is_bad = one.state == "bad"
            colour = theme.high if is_bad else theme.soft
            more = f"+{len(ordered) - place - 1}" if place < len(ordered) - 1 else ""
            room = QRectF(x + 15, line.top(), line.right() - x - 15, 20)
            room.setWidth(room.width() - (12 + _width(more, 12) if more else 0))
            if place and _width(one.text, 12, bold=is_bad) > room.width():
                rest = QRectF(x, line.top(), line.right() - x, 20)
                _text(painter, f"+{len(ordered) - place}", rest, colour, 12)
                break
            paint_health(painter, theme, one.state, QRectF(x, line.center().y() - 5, 10, 10))
            x += 15 + _text(painter, one.text, room, colour, 12, bold=is_bad) + 12


def _leg_box(line: QRectF, right: float, leg: str) -> QRectF:
    """Return the place of the mark of a leg: the left one is on the left."""
    return QRectF(right - (20 if leg == "right" else 44), line.top() + 4, 18, 18)


def _spans(box: QRectF, spans: Iterable[tuple[str, float, float]], leg: str) -> list[QRectF]:
    """Return the places in the strip of the spans of one leg, given as ages (s)."""
    left, right, width = box.left(), box.right(), box.width()
    top, height = box.top() + 1, box.height() / 2 - 2
    if leg == "right":
        top += box.height() / 2
    places = []
    for own, begin_s, end_s in spans:
        if own == leg:
            begin = max(left, right - begin_s / STRIP_S * width)
            end = max(left, right - end_s / STRIP_S * width)
            places.append(QRectF(begin, top, max(1.5, end - begin), height))
    return places


def scale_of(width_px: int, height_px: int) -> float:
    """Return the size of the texts of a tile: 1 for its least size."""
    fits = min(width_px / LEAST_PX[0], height_px / LEAST_PX[1])
    return max(_LEAST_SCALE, min(_MOST_SCALE, fits))


def _width(text: str, px: int, *, bold: bool = False) -> float:
    return _font(px, bold)[1].horizontalAdvance(text)


def _text(
    painter: QPainter,
    text: str,
    box: QRectF,
    colour: str,
    px: int,
    *,
    bold: bool = False,
    align: Qt.AlignmentFlag = _LEFT,
    elided: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
) -> float:
    """Paint a text into a box, shortened if it does not fit; return its width."""
    made, metrics = _font(px, bold)
    width = metrics.horizontalAdvance(text)
    if width > box.width():
        text = metrics.elidedText(text, elided, max(0.0, box.width()))
        width = metrics.horizontalAdvance(text)
    painter.setFont(made)
    painter.setPen(QColor(colour))
    painter.drawText(box, align, text)
    return width


@cache
def _font(px: int, bold: bool) -> tuple[QFont, QFontMetricsF]:
    made = font(px, bold=bold)
    # A tile is scaled as a whole: its texts do not follow the settings of a bed's window.
    made.setPixelSize(px)
    return made, QFontMetricsF(made)
