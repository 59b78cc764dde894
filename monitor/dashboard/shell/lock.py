"""The lock: the display continues, keys and clicks do nothing until the unlock word is typed."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from monitor.dashboard import texts
from monitor.dashboard.style import label


class Cover(QWidget):
    """A transparent cover over the window: everything stays visible, keys and clicks go to the cover.

    Signals
    -------
    opened
        The unlock word was typed.
    """

    opened = Signal()

    def __init__(self, room: QWidget) -> None:
        super().__init__(room)
        self._room = room
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(texts.LOCKED)
        self._typed = ""
        self._card = QFrame(self)
        self._card.setProperty("card", "true")
        self._title, self._line = label(texts.LOCKED, "title"), label("", "strong")
        inside = QHBoxLayout(self._card)
        inside.setContentsMargins(16, 4, 16, 4)
        inside.setSpacing(16)
        inside.addWidget(self._title)
        inside.addWidget(self._line)
        room.installEventFilter(self)
        self.hide()

    def cover(self) -> None:
        """Cover the window."""
        self._show_typed("")
        self._fit()
        self.show()
        self.raise_()
        self.setFocus()

    def hint(self) -> None:
        """Show how to unlock."""
        self._show_typed(self._typed)

    def _fit(self) -> None:
        self.setGeometry(self._room.rect())
        self._card.adjustSize()
        # Over the key bar: the keys do nothing now.
        self._card.move((self.width() - self._card.width()) // 2, self.height() - self._card.height() - 2)

    def _show_typed(self, typed: str) -> None:
        self._typed = typed
        # Dots, as for every word that opens something; the hint stays.
        self._line.setText(f"{texts.HOW_TO_UNLOCK}   {'•' * len(typed)}".rstrip())
        self.setAccessibleDescription(texts.HOW_TO_UNLOCK)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the size of the window."""
        if watched is self._room and event.type() == QEvent.Type.Resize and self.isVisible():
            self._fit()
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        """Accept every key and click; otherwise Tab would reach the widgets below."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            self._key(event)
            return True
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        mouse = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick, QEvent.Type.Wheel)
        if event.type() in mouse:
            self.hint()
            return True
        return super().event(event)

    def _key(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            is_right = self._typed.strip().lower() == texts.UNLOCK_WORD
            self._show_typed("")
            if is_right:
                self.opened.emit()
        elif event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Backspace):
            self._show_typed("" if event.key() == Qt.Key.Key_Escape else self._typed[:-1])
        elif event.text().isprintable() and event.text():
            self._show_typed((self._typed + event.text())[-len(texts.UNLOCK_WORD) * 2 :])


class Lock(QObject):
    """Lock and unlock a window. The recorder is not affected, and `stop` still works.

    Parameters
    ----------
    ground : QWidget
        What is covered.

    Signals
    -------
    switched(bool)
        Whether the lock is on now.
    """

    switched = Signal(bool)

    def __init__(self, ground: QWidget) -> None:
        super().__init__(ground)
        self._ground = ground
        self._cover = Cover(ground)
        self._cover.opened.connect(self.open)
        self.is_on = False

    def close(self) -> None:
        """Lock."""
        self.is_on = True
        self.switched.emit(True)
        self._cover.cover()

    def open(self) -> None:
        """Unlock."""
        self.is_on = False
        self._cover.hide()
        self._ground.setFocus()
        self.switched.emit(False)

    def hint(self) -> None:
        """Show how to unlock."""
        self._cover.hint()
