"""The 30 s epochs on the trace: lines over the lanes, and below them number and stage."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator
from operator import attrgetter
from typing import NamedTuple

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from monitor.dashboard import texts
from monitor.dashboard.signal.lane import Sweep, epoch_row_px, gutter_px, series_row_px, top_band_px
from monitor.dashboard.style import faded, font, text_px
from monitor.dashboard.theme import Theme
from monitor.session.markers import EPOCH_S

_ROUNDING_S = 1e-6
_MARKED_OPACITY = 0.28


class EpochMark(NamedTuple):
    """One epoch on the trace: its number from 1, its stage, and where it is (pixels).

    Live, an epoch has no extent, only a beginning: what moved with the cursor would be painted all the time.
    """

    number: int
    text: str
    is_marked: bool
    spans: tuple[tuple[float, float], ...]


def epoch_number(t_s: float) -> int:
    """Return the number of the epoch that contains a time (s), from 1."""
    return int((max(t_s, 0.0) + _ROUNDING_S) // EPOCH_S) + 1


def epoch_marks(view: Sweep) -> Iterator[EpochMark]:
    """Return the epochs of the visible period."""
    start_s, end_s = view.visible_s
    first = epoch_number(start_s)
    for number in range(first, math.ceil((end_s - _ROUNDING_S) / EPOCH_S) + 1):
        at_s = (number - 1) * EPOCH_S
        at = bisect.bisect_right(view.stages, at_s + _ROUNDING_S, key=attrgetter("start_s")) - 1
        is_staged = at >= 0 and at_s < view.stages[at].end_s - _ROUNDING_S
        text = f"{number} {view.stages[at].stage}" if is_staged else str(number)
        is_marked = view.epoch_s is not None and epoch_number(view.epoch_s) == number
        if view.is_page:
            spans = tuple(view.spans_of(at_s, at_s + EPOCH_S))
        else:
            x = view.x_of(at_s)
            spans = ((x, x),) if at_s >= start_s else ()
        yield EpochMark(number, text, is_marked, spans)


class EpochPainter:
    """Paint the lines between epochs, and the row with their numbers and stages."""

    def __init__(self) -> None:
        self._lines: tuple[object, list[QLineF]] = (None, [])

    def paint_lines(self, painter: QPainter, view: Sweep, theme: Theme, dirty: QRect) -> None:
        """Paint the lines between epochs inside a rectangle."""
        near = [line for line in self._between(view) if dirty.left() - 1 <= line.x1() <= dirty.right() + 1]
        if near:
            pen = QPen(QColor(theme.dim), 0)
            pen.setDashPattern([2.0, 4.0])
            painter.setPen(pen)
            painter.drawLines(near)

    def _between(self, view: Sweep) -> list[QLineF]:
        """Return the lines up to a second ahead; they are computed once a second."""
        start_s, end_s = view.visible_s
        key = (int(start_s), int(end_s), view.x_of(0.0), view.column_s, view.strip_top)
        if self._lines[0] != key:
            top, bottom = top_band_px() - 8, view.strip_top
            numbers = range(
                math.ceil(start_s / EPOCH_S), int((end_s if view.is_page else end_s + 1.0) // EPOCH_S) + 1
            )
            at = [view.x_of(number * EPOCH_S) for number in numbers if number > 0]
            self._lines = (key, [QLineF(x, top, x, bottom) for x in at])
        return self._lines[1]

    def row(self, view: Sweep) -> QRect:
        """Return the row of the numbers."""
        top = view.strip_top + series_row_px()
        return QRect(0, top, int(view.right_edge) + 1, epoch_row_px())

    def shown(self, view: Sweep) -> object:
        """Return the content of the row, to detect changes."""
        return [
            (mark.text, mark.is_marked, [round(x0) for x0, _ in mark.spans]) for mark in epoch_marks(view)
        ]

    def paint_row(self, painter: QPainter, view: Sweep, theme: Theme) -> None:
        """Paint number and stage of each epoch at its start; the one that stage keys apply to is filled."""
        row = self.row(view)
        painter.setFont(font(11))
        painter.setPen(QColor(theme.soft))
        name = QRect(10, row.top(), gutter_px() - 14, row.height())
        painter.drawText(name, Qt.AlignmentFlag.AlignVCenter, texts.EPOCH_ROW)
        for mark in epoch_marks(view):
            self._cell(painter, view, theme, mark)

    def _cell(self, painter: QPainter, view: Sweep, theme: Theme, mark: EpochMark) -> None:
        row, used = self.row(view), font(11, bold=mark.is_marked)
        painter.setFont(used)
        width = painter.fontMetrics().horizontalAdvance(mark.text)
        for i, (x0, x1) in enumerate(mark.spans):
            if mark.is_marked and view.is_page:
                fill = QRectF(x0, row.top() + 1, x1 - x0, row.height() - 2)
                painter.fillRect(fill, faded(theme.accent, _MARKED_OPACITY))
            painter.setPen(QPen(QColor(theme.dim), 0))
            painter.drawLine(QLineF(x0, row.top() + 1, x0, row.bottom() - 1))
            if i == 0 and (x1 - x0 > width + 6 or not view.is_page):
                painter.setPen(QColor(theme.accent if mark.is_marked else theme.soft))
                painter.drawText(QPointF(x0 + 4, row.bottom() - text_px(4)), mark.text)
