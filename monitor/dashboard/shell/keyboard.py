"""Use by keyboard alone: Tab moves the focus; the focused widget gets its keys before the shortcuts."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QTabBar, QWidget

Key = Qt.Key
_PRESS = frozenset({Key.Key_Space, Key.Key_Return, Key.Key_Enter})
_WALK = frozenset(
    {Key.Key_Up, Key.Key_Down, Key.Key_PageUp, Key.Key_PageDown, Key.Key_Home, Key.Key_Return, Key.Key_Enter}
)
_SIDEWAYS = frozenset({Key.Key_Left, Key.Key_Right})


class Keyboard(QObject):
    """Make a window usable without a mouse.

    Parameters
    ----------
    home : QWidget
        Default widget for the focus; Esc returns to it.
    widgets : iterable of QWidget
        Widgets in the order of Tab; a click does not give them the focus.
    """

    def __init__(self, home: QWidget, widgets: Iterable[QWidget]) -> None:
        super().__init__(home)
        self._home = home
        self._widgets = tuple(widgets)
        for widget in self._widgets:
            widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            widget.installEventFilter(self)

    def put_in_order(self) -> None:
        """Set the tab order again: widgets that were moved in the window have lost it."""
        before = self._home
        for widget in self._widgets:
            QWidget.setTabOrder(before, widget)
            before = widget

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Give a focused widget its own keys instead of triggering shortcuts."""
        if isinstance(event, QKeyEvent) and isinstance(watched, QWidget):
            if event.type() == QEvent.Type.ShortcutOverride and self._is_own(watched, event):
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress and self._is_own(watched, event):
                return self._press(watched, event)
        return super().eventFilter(watched, event)

    def _is_own(self, widget: QWidget, event: QKeyEvent) -> bool:
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        if event.key() == Key.Key_Escape:
            return True
        own: frozenset[Key] = frozenset()
        if isinstance(widget, QAbstractButton):
            own = _PRESS
        elif isinstance(widget, QAbstractItemView):
            own = _WALK
        elif isinstance(widget, QTabBar):
            own = _SIDEWAYS
        return event.key() in own

    def _press(self, widget: QWidget, event: QKeyEvent) -> bool:
        if event.key() == Key.Key_Escape:
            self._home.setFocus()
            return True
        if isinstance(widget, QAbstractButton):
            widget.click()
            return True
        return False
