"""The mouse over a stretch of time: a click is a moment, a drag a span."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QWidget

_LEAST_PX = 5


class SpanDrag(QObject):
    """Turn the left button over a widget into moments and spans of the session.

    Parameters
    ----------
    widget : QWidget
        Whose x axis is time.
    moment_of : callable
        Turns a position into a moment (s), None where there is none.
    needs_shift : bool
        Only with Shift held: without, the button is somebody else's.

    Signals
    -------
    clicked(float, QPoint)
        A moment.
    dragged(float, float, QPoint)
        Begin and end (s), and where it began.
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
            self.dragged.emit(min(start_s, end_s), max(start_s, end_s), point)
