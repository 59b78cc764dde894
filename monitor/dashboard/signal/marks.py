"""The movements above the trace: brackets by state of the movement, and the line of a series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen, QRegion

from monitor.dashboard.signal.lane import RIGHT_PX, Lane, Sweep
from monitor.dashboard.signal.signal_lane import level_text, step_above
from monitor.dashboard.style import faded, font, text_px
from monitor.dashboard.theme import Theme
from monitor.dashboard.viewmodel.screen import Bracket, EventSpan, GapSpan, SeriesTick
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
# Arousals and respiratory events: height of their bars above the bottom of the lanes, opacity over the lanes.
_EVENT_UP = {"arousal": 20, "respiratory": 5}
# Levels such as SpO2 are written this far from each other (pixels).
_NUMBER_EVERY_PX = 90
_EVENT_OPACITY = 0.09


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark with its final position: painting only tests whether it lies in the dirty rectangle.

    Attributes
    ----------
    until_s : float
        A label is removed as a whole at this time of the session: the sweep would erase a part of it.
    """

    bounds: QRectF
    pen: QPen
    lines: tuple[QLineF, ...] = ()
    fills: tuple[QRectF, ...] = ()
    is_hatched: bool = False
    texts: tuple[tuple[QFont, QPointF, str], ...] = ()
    until_s: float = math.inf

    def draw(self, painter: QPainter) -> None:
        """Draw lines, fills and texts."""
        painter.setPen(self.pen)
        if self.lines:
            painter.drawLines(self.lines)
        for fill in self.fills:
            if self.is_hatched:
                painter.fillRect(fill, QBrush(self.pen.color(), Qt.BrushStyle.BDiagPattern))
            else:
                painter.fillRect(fill, self.pen.color())
        for used, at, text in self.texts:
            painter.setFont(used)
            painter.drawText(at, text)


class MarkPainter:
    """Lay out the marks of the visible period a few times a second; paint those in a dirty rectangle."""

    def __init__(self) -> None:
        self._marks: list[Mark] = []
        # Rectangles of the labels of this layout: none is drawn over another.
        self._taken: list[QRectF] = []
        self._next_s = math.inf
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
            mark.draw(painter)

    def lay_out(self, view: Sweep, theme: Theme) -> QRegion:
        """Lay out gaps, brackets of every lane and series; return where a label came or went.

        Labels are placed from the newest to the oldest: a label of the previous sweep gives way.
        """
        before = self._labels()
        start_s, end_s = view.visible_s
        movements = view.movements
        first = int(np.searchsorted(movements.onset_s, start_s - _LONGEST_S))
        last = int(np.searchsorted(movements.onset_s, end_s, side="right"))
        seen = [b for b in movements.brackets[first:last] if b.end_s >= start_s]
        self._marks, self._taken = [], []
        for gap in reversed(view.gaps):
            self._gap(view, theme, gap)
        for event in view.events:
            if event.kind == "artifact":
                self._artifact(view, theme, event)
            elif event.kind == "position":
                self._position(view, theme, event)
            else:
                self._event(view, theme, event)
        for lane in view.lanes:
            if lane.view.about is not None and lane.view.about.style != "trace":
                self._numbers(view, theme, lane)
        first = int(np.searchsorted(movements.limb_s, start_s - _LONGEST_S))
        last = int(np.searchsorted(movements.limb_s, end_s, side="right"))
        seen += [b for b in movements.limbs[first:last] if b.end_s >= start_s]
        for i, lane in enumerate(view.lanes):
            if lane.view.is_first or not i:
                mine = [b for b in reversed(seen) if b.leg == lane.leg]
                self._lane(view, theme, mine, lane.top + text_px(_BRACKET_Y))
        first = int(np.searchsorted(movements.tick_s, start_s))
        last = int(np.searchsorted(movements.tick_s, end_s, side="right"))
        self.has_series = last > first
        for tick in reversed(movements.ticks[first:last]):
            self._tick(view, theme, tick)
        self._next_s = min((mark.until_s for mark in self._marks), default=math.inf)
        after = self._labels()
        return _region(
            [mark.bounds for key, mark in (before | after).items() if (key in before) != (key in after)]
        )

    def _labels(self) -> dict[tuple[object, ...], Mark]:
        """Return the labels by position and text."""
        return {
            (mark.bounds.getRect(), *(text for _, _, text in mark.texts)): mark
            for mark in self._marks
            if mark.texts
        }

    def remove_labels(self, newest_s: float) -> QRegion:
        """Remove the labels that the sweep reaches now, as wholes; return where they were."""
        if newest_s < self._next_s:
            return QRegion()
        gone = [mark for mark in self._marks if mark.until_s <= newest_s]
        self._marks = [mark for mark in self._marks if mark.until_s > newest_s]
        self._next_s = min((mark.until_s for mark in self._marks), default=math.inf)
        return _region([mark.bounds for mark in gone])

    def _place(self, view: Sweep, box: QRectF) -> float | None:
        """Take the room of a label; return until when it can stay (s), None if it cannot be drawn whole."""
        until_s = view.erased_s(box.left())
        is_inside = view.left_edge <= box.left() and box.right() <= view.right_edge + RIGHT_PX
        if not is_inside or until_s <= view.visible_s[1] or any(box.intersects(each) for each in self._taken):
            return None
        self._taken.append(box)
        return until_s

    def _gap(self, view: Sweep, theme: Theme, gap: GapSpan) -> None:
        """Hatch a period that was not scored, with a text where there is room."""
        for lane in view.lanes:
            if lane.leg == gap.leg:
                self._hatch(view, theme, gap, lane)

    def _event(self, view: Sweep, theme: Theme, event: EventSpan) -> None:
        """Shade an arousal or a respiratory event over all lanes, with its name on a bar at their bottom."""
        colour = theme.text if event.kind == "arousal" else theme.accent
        top, y = float(text_px(_BRACKET_Y)), view.strip_top - text_px(_EVENT_UP[event.kind])
        text = f"{event.label.replace('_', ' ')} {event.end_s - event.start_s:.1f} s"
        width = self._metrics[id(self._small)].horizontalAdvance(text)
        for x0, x1 in view.spans_of(event.start_s, event.end_s):
            box = QRectF(x0, top, max(x1 - x0, 2.0), view.strip_top - top)
            self._marks.append(Mark(box, QPen(faded(colour, _EVENT_OPACITY)), fills=(box,)))
            bar = QRectF(x0, y, max(x1 - x0, 2.0), 3)
            self._marks.append(Mark(bar, QPen(QColor(colour)), fills=(bar,)))
            at = QPointF(min(x0 + 2, max(view.left_edge, view.right_edge - width)), y - 3)
            around = QRectF(at.x() - 2, at.y() - 13, width + 4, 17)
            until_s = self._place(view, around)
            if until_s is not None:
                texts = ((self._small, at, text),)
                self._marks.append(Mark(around, QPen(QColor(colour)), texts=texts, until_s=until_s))

    def _position(self, view: Sweep, theme: Theme, event: EventSpan) -> None:
        """Draw a body position as a bar above the other signals, with its name."""
        first = next((lane for lane in view.lanes if not lane.view.is_limb), None)
        if first is None:
            return
        width = self._metrics[id(self._small)].horizontalAdvance(event.label)
        for x0, x1 in view.spans_of(event.start_s, event.end_s):
            bar = QRectF(x0, first.rect.top() - 2, max(x1 - x0, 2.0), 2)
            self._marks.append(Mark(bar, QPen(QColor(theme.other)), fills=(bar,)))
            at = QPointF(x0 + 3, first.rect.top() - 5)
            around = QRectF(x0 + 1, first.rect.top() - text_px(15), width + 4, text_px(14))
            until_s = self._place(view, around)
            if until_s is not None:
                texts = ((self._small, at, event.label),)
                self._marks.append(Mark(around, QPen(QColor(theme.other)), texts=texts, until_s=until_s))

    def _artifact(self, view: Sweep, theme: Theme, event: EventSpan) -> None:
        """Hatch the other signals where all signals have an artifact; the legs are hatched as a gap."""
        if not event.is_of_all:
            return
        for lane in (lane for lane in view.lanes if not lane.view.is_limb):
            for x0, x1 in view.spans_of(event.start_s, event.end_s):
                box = QRectF(x0, lane.rect.top(), max(x1 - x0, 2.0), lane.rect.height())
                self._marks.append(Mark(box, QPen(QColor(theme.dim)), fills=(box,), is_hatched=True))

    def _numbers(self, view: Sweep, theme: Theme, lane: Lane) -> None:
        """Write the levels of a lane along it."""
        start_s, end_s = view.visible_s
        step_s = step_above(text_px(_NUMBER_EVERY_PX) * view.column_s)
        middle = lane.rect.center().y() + text_px(4)
        for number in range(math.ceil(start_s / step_s), math.floor(end_s / step_s) + 1):
            text = level_text(lane.traces, lane.name, number * step_s)
            x = view.x_of(number * step_s)
            width = self._metrics[id(self._small)].horizontalAdvance(text)
            around = QRectF(x, middle - text_px(12), width + 4, text_px(16))
            until_s = self._place(view, around) if text else None
            if until_s is not None:
                texts = ((self._small, QPointF(x + 2, middle), text),)
                self._marks.append(Mark(around, QPen(QColor(theme.soft)), texts=texts, until_s=until_s))

    def _hatch(self, view: Sweep, theme: Theme, gap: GapSpan, lane: Lane) -> None:
        metrics = self._metrics[id(self._small)]
        text = f"{gap.cause} {wording.minutes_seconds(gap.end_s - gap.start_s)}, not counted"
        for x0, x1 in view.spans_of(gap.start_s, gap.end_s):
            box = QRectF(x0, lane.rect.top(), max(x1 - x0, 2.0), lane.rect.height())
            self._marks.append(Mark(box, QPen(QColor(theme.dim)), fills=(box,), is_hatched=True))
            around = QRectF(x0 + 3, box.top() + 3, metrics.horizontalAdvance(text) + 6, text_px(18))
            # The edge of a gap that is being erased moves, and a text would move with it.
            is_whole = view.is_page or x0 == view.left_edge or gap.start_s > view.visible_s[0]
            if not is_whole or around.right() + 3 > box.right():
                continue
            until_s = self._place(view, around)
            if until_s is not None:
                texts = ((self._small, QPointF(x0 + 6, around.top() + text_px(13)), text),)
                self._marks.append(Mark(around, QPen(QColor(theme.card)), fills=(around,), until_s=until_s))
                self._marks.append(Mark(around, QPen(QColor(theme.medium)), texts=texts, until_s=until_s))

    def _lane(self, view: Sweep, theme: Theme, brackets: Sequence[Bracket], y: int) -> None:
        for bracket in brackets:
            for x0, x1 in view.spans_of(bracket.onset_s, bracket.end_s):
                if bracket.key in view.chosen:
                    self._marks.append(_chosen(theme, view, bracket, x0, x1))
                self._marks.append(bracket_mark(theme, bracket, x0, max(x1, x0 + 2.0), float(y)))
            start_s = view.visible_s[0]
            if bracket.onset_s >= start_s or view.is_page:
                self._label(view, theme, bracket, view.x_of(max(bracket.onset_s, start_s)), y - _LABEL_UP)

    def _label(self, view: Sweep, theme: Theme, bracket: Bracket, x: float, y: float) -> None:
        """Add the label of a bracket, shortened so that it does not overlap its neighbour."""
        used = self._bold if bracket.life == "plm" else self._small
        metrics = self._metrics[id(used)]
        for text in (bracket.text, bracket.text.split(" · ")[0], bracket.text.split(" ")[0]):
            width = metrics.horizontalAdvance(text)
            left = min(x, view.right_edge + RIGHT_PX - _LABEL_GAP - width)
            bounds = QRectF(left, y - text_px(14), width + _LABEL_GAP, text_px(20))
            until_s = self._place(view, bounds)
            if until_s is not None:
                break
        else:
            return
        texts: tuple[tuple[QFont, QPointF, str], ...] = ((used, QPointF(left, y), text),)
        if bracket.life == "out":
            # Strike out the first word only: the reason stays readable.
            head, _, rest = text.partition(" ")
            shift = metrics.horizontalAdvance(head + " ")
            texts = ((self._struck, QPointF(left, y), head), (used, QPointF(left + shift, y), rest))
        self._marks.append(Mark(bounds, QPen(QColor(_colour(theme, bracket))), texts=texts, until_s=until_s))

    def _tick(self, view: Sweep, theme: Theme, tick: SeriesTick) -> None:
        y = view.strip_top + text_px(_STRIP_Y)
        x = view.x_of(tick.onset_s)
        dot = QRectF(x - 1.5, y - 5, 3, 10)
        self._marks.append(Mark(dot.adjusted(-2, -2, 2, 2), QPen(QColor(theme.text)), fills=(dot,)))
        if math.isnan(tick.imi_s):
            return
        start_s = view.visible_s[0]
        before_s = tick.onset_s - tick.imi_s
        before = view.x_of(max(before_s, start_s))
        lines: tuple[QLineF, ...]
        if before > x:
            # The line crosses the edge of the sweep.
            lines = (QLineF(view.left_edge, y, x - 3, y), QLineF(before + 3, y, view.right_edge, y))
        else:
            # Live, the text stays in the middle of the whole interval while the line before it is erased.
            first = before if view.is_page else x - tick.imi_s / view.column_s
            lines = self._interval(view, theme, f"{tick.imi_s:.1f} s", (first, x), (before, y))
        bounds = QRectF(view.left_edge, y - 10, view.right_edge - view.left_edge, 20)
        if before <= x:
            bounds = QRectF(before, y - 10, x - before, 20)
        self._marks.append(Mark(bounds, QPen(QColor(theme.soft), 0), lines=lines))

    def _interval(
        self, view: Sweep, theme: Theme, text: str, ends: tuple[float, float], start: tuple[float, float]
    ) -> tuple[QLineF, ...]:
        """Add the text of an interval if it has room; return the line, or its parts beside the text."""
        (first, x), (before, y) = ends, start
        width = self._metrics[id(self._small)].horizontalAdvance(text) + 8
        middle = (first + x) / 2
        box = QRectF(middle - width / 2, y - text_px(10), width, text_px(20))
        until_s = self._place(view, box) if x - first >= width + 12 else None
        if until_s is None:
            return (QLineF(before + 3, y, x - 3, y),)
        texts = ((self._small, QPointF(box.left() + 4, y + text_px(4)), text),)
        self._marks.append(Mark(box, QPen(QColor(theme.soft), 0), texts=texts, until_s=until_s))
        return (QLineF(before + 3, y, box.left(), y), QLineF(box.right(), y, x - 3, y))


def _region(boxes: Sequence[QRectF]) -> QRegion:
    region = QRegion()
    for box in boxes:
        region += box.toAlignedRect()
    return region


def _chosen(theme: Theme, view: Sweep, bracket: Bracket, x0: float, x1: float) -> Mark:
    """Frame a selected movement over the whole height of its lane."""
    lane = next(lane for lane in view.lanes if lane.leg == bracket.leg)
    box = QRectF(x0 - 4, lane.rect.top() + 1, x1 - x0 + 8, lane.rect.height() - 2)
    corners = (box.topLeft(), box.topRight(), box.bottomRight(), box.bottomLeft(), box.topLeft())
    lines = tuple(QLineF(a, b) for a, b in pairwise(corners))
    return Mark(box.adjusted(-1, -1, 1, 1), QPen(QColor(theme.accent), 0), lines=lines)


def _colour(theme: Theme, bracket: Bracket) -> str:
    colours = {"plm": theme.text, "flagged": theme.accent, "open": theme.accent, "lm": theme.soft}
    colours["lookalike"] = theme.soft
    return colours.get(bracket.life, theme.dim)


def bracket_mark(theme: Theme, bracket: Bracket, x0: float, x1: float, y: float) -> Mark:
    """Return the bracket of a movement between two positions (pixels), by its life."""
    pen = QPen(QColor(_colour(theme, bracket)), 0)
    bounds = QRectF(x0 - 2, y - 6, x1 - x0 + 4, 18)
    if bracket.life == "plm":
        fills = (QRectF(x0, y, x1 - x0, 3), QRectF(x0, y, 2, 8), QRectF(x1 - 2, y, 2, 8))
        return Mark(bounds, pen, fills=fills)
    lines = [QLineF(x0, y, x1, y), QLineF(x0, y, x0, y + 8)]
    if bracket.life in _DASHES:
        pen.setDashPattern(_DASHES[bracket.life])
        lines.append(QLineF(x1, y, x1, y + 8))
    if bracket.life == "out":
        lines.append(QLineF(x0, y + 7, x1, y - 4))
    return Mark(bounds, pen, lines=tuple(lines))
