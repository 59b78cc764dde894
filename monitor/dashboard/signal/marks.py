"""The movements above the trace: brackets by state of the movement, and the line of a series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen

from monitor.dashboard.signal.lane import Lane, Sweep
from monitor.dashboard.style import font, text_px
from monitor.dashboard.theme import Theme
from monitor.dashboard.viewmodel.screen import Bracket, GapSpan, SeriesTick
from monitor.model import wording

_LONGEST_S = 120.0
_DASH = [4.0, 3.0]
_DOT = [1.0, 3.0]
_DASH_DOT = [5.0, 2.0, 1.0, 2.0]
_DASHES = {"lm": _DASH, "lookalike": _DASH_DOT, "out": _DOT, "twitch": _DOT, "limb": _DOT}
_LABEL_GAP = 8.0
_LABEL_UP = 5
_BRACKET_Y = 20
_STRIP_Y = 12.0


@dataclass(frozen=True, slots=True)
class _Mark:
    """One mark with its final position: painting only tests whether it lies in the dirty rectangle."""

    bounds: QRectF
    pen: QPen
    lines: tuple[QLineF, ...] = ()
    fills: tuple[QRectF, ...] = ()
    is_hatched: bool = False
    texts: tuple[tuple[QFont, QPointF, str], ...] = ()


class MarkPainter:
    """Lay out the marks of the visible period a few times a second; paint those in a dirty rectangle."""

    def __init__(self) -> None:
        self._marks: list[_Mark] = []
        self.has_series = False
        self.set_fonts()

    def set_fonts(self) -> None:
        """Apply the current text size."""
        self._small, self._bold, self._struck = font(11), font(12, bold=True), font(11)
        self._struck.setStrikeOut(True)
        self._metrics = {id(f): QFontMetricsF(f) for f in (self._small, self._bold, self._struck)}

    def paint(self, painter: QPainter, dirty: QRect) -> None:
        """Paint the marks that lie in a rectangle."""
        area = QRectF(dirty)
        for mark in self._marks:
            if not mark.bounds.intersects(area):
                continue
            painter.setPen(mark.pen)
            if mark.lines:
                painter.drawLines(mark.lines)
            for fill in mark.fills:
                if mark.is_hatched:
                    painter.fillRect(fill, QBrush(mark.pen.color(), Qt.BrushStyle.BDiagPattern))
                else:
                    painter.fillRect(fill, mark.pen.color())
            for used, at, text in mark.texts:
                painter.setFont(used)
                painter.drawText(at, text)

    def lay_out(self, view: Sweep, theme: Theme) -> None:
        """Lay out the brackets of every lane and the series below them."""
        start_s, end_s = view.visible_s
        movements = view.movements
        first = int(np.searchsorted(movements.onset_s, start_s - _LONGEST_S))
        last = int(np.searchsorted(movements.onset_s, end_s, side="right"))
        seen = [b for b in movements.brackets[first:last] if b.end_s >= start_s]
        self._marks = []
        for gap in view.gaps:
            self._gap(view, theme, gap)
        first = int(np.searchsorted(movements.limb_s, start_s - _LONGEST_S))
        last = int(np.searchsorted(movements.limb_s, end_s, side="right"))
        seen += [b for b in movements.limbs[first:last] if b.end_s >= start_s]
        for i, lane in enumerate(view.lanes):
            if lane.view.is_first or not i:
                mine = [b for b in seen if b.leg == lane.leg]
                self._lane(view, theme, mine, lane.top + text_px(_BRACKET_Y))
        first = int(np.searchsorted(movements.tick_s, start_s))
        last = int(np.searchsorted(movements.tick_s, end_s, side="right"))
        self.has_series = last > first
        for tick in movements.ticks[first:last]:
            self._tick(view, theme, tick, start_s)

    def _gap(self, view: Sweep, theme: Theme, gap: GapSpan) -> None:
        """Hatch a period that was not scored, with a text where there is room."""
        for lane in view.lanes:
            if lane.leg == gap.leg:
                self._hatch(view, theme, gap, lane)

    def _hatch(self, view: Sweep, theme: Theme, gap: GapSpan, lane: Lane) -> None:
        metrics = self._metrics[id(self._small)]
        text = f"{gap.cause} {wording.minutes_seconds(gap.end_s - gap.start_s)}, not counted"
        for x0, x1 in view.spans_of(gap.start_s, gap.end_s):
            box = QRectF(x0, lane.rect.top(), max(x1 - x0, 2.0), lane.rect.height())
            self._marks.append(_Mark(box, QPen(QColor(theme.dim)), fills=(box,), is_hatched=True))
            if metrics.horizontalAdvance(text) + 12 < box.width():
                at = QPointF(box.left() + 6, box.top() + 16)
                around = QRectF(at.x() - 3, at.y() - 13, metrics.horizontalAdvance(text) + 6, 18)
                self._marks.append(_Mark(around, QPen(QColor(theme.card)), fills=(around,)))
                texts = ((self._small, at, text),)
                self._marks.append(_Mark(around, QPen(QColor(theme.medium)), texts=texts))

    def _lane(self, view: Sweep, theme: Theme, brackets: Sequence[Bracket], y: int) -> None:
        taken: list[tuple[float, float]] = []
        for bracket in brackets:
            for x0, x1 in view.spans_of(bracket.onset_s, bracket.end_s):
                if bracket.key in view.chosen:
                    self._marks.append(_chosen(theme, view, bracket, x0, x1))
                self._marks.append(_bracket(theme, bracket, x0, max(x1, x0 + 2.0), float(y)))
            x = view.x_of(max(bracket.onset_s, view.visible_s[0]))
            self._label(theme, bracket, x, y - _LABEL_UP, taken, view.right_edge)

    def _label(
        self, theme: Theme, bracket: Bracket, x: float, y: float, taken: list[tuple[float, float]],
        right: float,
    ) -> None:  # fmt: skip
        """Add the label of a bracket, shortened so that it does not overlap its neighbour."""
        used = self._bold if bracket.life == "plm" else self._small
        metrics = self._metrics[id(used)]
        for text in (bracket.text, bracket.text.split(" · ")[0], bracket.text.split(" ")[0]):
            width = metrics.horizontalAdvance(text)
            left = min(x, right - width)
            if all(left > end or left + width < begin for begin, end in taken):
                break
        else:
            return
        taken.append((left, left + width + _LABEL_GAP))
        texts: tuple[tuple[QFont, QPointF, str], ...] = ((used, QPointF(left, y), text),)
        if bracket.life == "out":
            # Strike out the first word only: the reason stays readable.
            head, _, rest = text.partition(" ")
            shift = metrics.horizontalAdvance(head + " ")
            texts = ((self._struck, QPointF(left, y), head), (used, QPointF(left + shift, y), rest))
        bounds = QRectF(left - 2, y - 14, width + 8, 20)
        self._marks.append(_Mark(bounds, QPen(QColor(_colour(theme, bracket))), texts=texts))

    def _tick(self, view: Sweep, theme: Theme, tick: SeriesTick, start_s: float) -> None:
        y = view.strip_top + _STRIP_Y
        x = view.x_of(tick.onset_s)
        dot = QRectF(x - 1.5, y - 5, 3, 10)
        self._marks.append(_Mark(dot.adjusted(-2, -2, 2, 2), QPen(QColor(theme.text)), fills=(dot,)))
        if math.isnan(tick.imi_s):
            return
        before = view.x_of(max(tick.onset_s - tick.imi_s, start_s))
        text = f"{tick.imi_s:.1f} s"
        width = self._metrics[id(self._small)].horizontalAdvance(text) + 8
        texts: tuple[tuple[QFont, QPointF, str], ...] = ()
        if before > x:
            # The line crosses the edge of the sweep.
            lines = (QLineF(view.left_edge, y, x - 3, y), QLineF(before + 3, y, view.right_edge, y))
        elif x - before < width + 12:
            lines = (QLineF(before + 3, y, x - 3, y),) * 2
        else:
            middle = (before + x) / 2
            lines = (
                QLineF(before + 3, y, middle - width / 2, y),
                QLineF(middle + width / 2, y, x - 3, y),
            )
            texts = ((self._small, QPointF(middle - width / 2 + 4, y + 4), text),)
        bounds = QRectF(view.left_edge, y - 10, view.right_edge - view.left_edge, 20)
        if before <= x:
            bounds = QRectF(before, y - 10, x - before, 20)
        self._marks.append(_Mark(bounds, QPen(QColor(theme.soft), 0), lines=lines, texts=texts))


def _chosen(theme: Theme, view: Sweep, bracket: Bracket, x0: float, x1: float) -> _Mark:
    """Frame a selected movement over the whole height of its lane."""
    lane = next(lane for lane in view.lanes if lane.leg == bracket.leg)
    box = QRectF(x0 - 4, lane.rect.top() + 1, x1 - x0 + 8, lane.rect.height() - 2)
    corners = (box.topLeft(), box.topRight(), box.bottomRight(), box.bottomLeft(), box.topLeft())
    lines = tuple(QLineF(a, b) for a, b in pairwise(corners))
    return _Mark(box.adjusted(-1, -1, 1, 1), QPen(QColor(theme.accent), 0), lines=lines)


def _colour(theme: Theme, bracket: Bracket) -> str:
    colours = {"plm": theme.text, "flagged": theme.accent, "open": theme.accent, "lm": theme.soft}
    colours["lookalike"] = theme.soft
    return colours.get(bracket.life, theme.dim)


def _bracket(theme: Theme, bracket: Bracket, x0: float, x1: float, y: float) -> _Mark:
    pen = QPen(QColor(_colour(theme, bracket)), 0)
    bounds = QRectF(x0 - 2, y - 6, x1 - x0 + 4, 18)
    if bracket.life == "plm":
        fills = (QRectF(x0, y, x1 - x0, 3), QRectF(x0, y, 2, 8), QRectF(x1 - 2, y, 2, 8))
        return _Mark(bounds, pen, fills=fills)
    lines = [QLineF(x0, y, x1, y), QLineF(x0, y, x0, y + 8)]
    if bracket.life in _DASHES:
        pen.setDashPattern(_DASHES[bracket.life])
        lines.append(QLineF(x1, y, x1, y + 8))
    if bracket.life == "out":
        lines.append(QLineF(x0, y + 7, x1, y - 4))
    return _Mark(bounds, pen, lines=tuple(lines))
