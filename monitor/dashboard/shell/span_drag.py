"""Times and spans of the session selected with the mouse: a click is a time, a drag a span."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QWidget

from monitor.dashboard.signal.lane import Lane
from monitor.dashboard.signal.sweep import SweepView

_LEAST_PX = 5


class SpanDrag(QObject):
    """Turn clicks and drags with the left button into times and spans of the session.

    Parameters
    ----------
    widget : QWidget
        Whose x axis is time.
    moment_of : callable
        Converts a position into a time (s), None where there is none.
    needs_shift : bool
        Only with Shift held; otherwise the event is left to the widget.

    Signals
    -------
    clicked(float, QPoint)
        A time.
    dragged(float, float, QPoint)
        From where to where (s), and the position where the drag began.
    """

    clicked = Signal(float, QPoint)
    dragged = Signal(float, float, QPoint)

    def __init__(
        self, widget: QWidget, moment_of: Callable[[QPoint], float | None], *, needs_shift: bool
    ) -> None:
        super().__init__(widget)
        self._widget, self._moment_of, self._needs_shift = widget, moment_of, needs_shift
        self._from: tuple[QPoint, float] | None = None
        self._band = QFrame(widget)
        self._band.setProperty("span", "true")
        self._band.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._band.hide()
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the button from press to release."""
        if not isinstance(event, QMouseEvent):
            return super().eventFilter(watched, event)
        at = event.position().toPoint()
        if event.type() == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            has_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            moment_s = self._moment_of(at) if has_shift or not self._needs_shift else None
            self._from = None if moment_s is None else (at, moment_s)
            return self._from is not None
        if self._from is None:
            return super().eventFilter(watched, event)
        if event.type() == QEvent.Type.MouseMove:
            self._show(at)
        elif event.type() == QEvent.Type.MouseButtonRelease:
            self._release(at)
        return True

    def _show(self, at: QPoint) -> None:
        begin = self._from[0].x() if self._from else at.x()
        self._band.setGeometry(
            QRect(min(begin, at.x()), 0, max(2, abs(at.x() - begin)), self._widget.height())
        )
        self._band.show()

    def _release(self, at: QPoint) -> None:
        begin, self._from = self._from, None
        self._band.hide()
        if begin is None:
            return
        point, start_s = begin
        if abs(at.x() - point.x()) < _LEAST_PX:
            self.clicked.emit(start_s, point)
            return
        end_s = self._moment_of(at)
        if end_s is not None and end_s != start_s:
            self.dragged.emit(start_s, end_s, point)


def moment_at(sweep: SweepView, at: QPoint) -> float | None:
    """Return the time (s) at a position on the trace; None outside it."""
    if not sweep.left_edge <= at.x() <= sweep.right_edge:
        return None
    first_s, last_s = sweep.visible_s
    back_px = sweep.right_edge - at.x() if sweep.is_page else sweep.x_of(last_s) - at.x()
    if back_px < 0:
        back_px += sweep.right_edge - sweep.left_edge
    return max(first_s, last_s - back_px * sweep.column_s, 0.0)


def lane_at(sweep: SweepView, at: QPoint) -> Lane | None:
    """Return the lane that contains a position, with the marks above it."""
    above = [lane for lane in sweep.lanes if lane.top <= at.y()]
    return above[-1] if above else None


def leg_at(sweep: SweepView, at: QPoint) -> str | None:
    """Return the leg or limb whose lane, with the marks above it, contains a position, if one does."""
    lane = lane_at(sweep, at)
    return None if lane is None or not lane.view.is_limb else lane.leg
