"""The lock: the picture goes on, keys and clicks do nothing until somebody says that it is meant."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from monitor.dashboard.shell.host import Host
from monitor.dashboard.style import label

WORD = "unlock"
_LOCKED = "SCREEN LOCKED"
_HOW = f"The recording goes on. Type “{WORD}” and press Enter."


class Cover(QWidget):
    """A sheet of glass over the window: it shows everything and takes every key and click itself.

    Signals
    -------
    opened
        Somebody typed the word.
    """

    opened = Signal()

    def __init__(self, room: QWidget) -> None:
        super().__init__(room)
        self._room = room
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(_LOCKED)
        self._typed = ""
        self._card = QFrame(self)
        self._card.setProperty("card", "true")
        self._title, self._line = label(_LOCKED, "title"), label("", "strong")
        inside = QHBoxLayout(self._card)
        inside.setContentsMargins(16, 4, 16, 4)
        inside.setSpacing(16)
        inside.addWidget(self._title)
        inside.addWidget(self._line)
        room.installEventFilter(self)
        self.hide()

    def cover(self) -> None:
        """Cover the room."""
        self._say("")
        self._fit()
        self.show()
        self.raise_()
        self.setFocus()

    def hint(self) -> None:
        """Say how it is opened."""
        self._say(self._typed)

    def _fit(self) -> None:
        self.setGeometry(self._room.rect())
        self._card.adjustSize()
        # Over the bar of keys: they do nothing now.
        self._card.move((self.width() - self._card.width()) // 2, self.height() - self._card.height() - 2)

    def _say(self, typed: str) -> None:
        self._typed = typed
        self._line.setText(typed if typed else _HOW)
        self.setAccessibleDescription(_HOW)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as the room."""
        if watched is self._room and event.type() == QEvent.Type.Resize and self.isVisible():
            self._fit()
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        """Keep every key and click; Tab would else lead to what lies below."""
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
            is_right = self._typed.strip().lower() == WORD
            self._say("")
            if is_right:
                self.opened.emit()
        elif event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Backspace):
            self._say("" if event.key() == Qt.Key.Key_Escape else self._typed[:-1])
        elif event.text().isprintable() and event.text():
            self._say((self._typed + event.text())[-len(WORD) * 2 :])


class Lock:
    """Lock and unlock a window. The recorder knows nothing of it, and `stop` works as ever.

    Parameters
    ----------
    window : Host
    """

    def __init__(self, window: Host) -> None:
        self._window = window
        self._cover = Cover(window.ground)
        self._cover.opened.connect(self.open)
        self.is_on = False

    def close(self) -> None:
        """Lock."""
        self._window.notes.cancel()
        self.is_on = True
        self._window.switch_keys(is_on=False)
        self._cover.cover()

    def open(self) -> None:
        """Unlock."""
        self.is_on = False
        self._cover.hide()
        self._window.ground.setFocus()
        self._window.switch_keys(is_on=True)

    def refuse(self) -> None:
        """Say that something was not done because of the lock."""
        self._cover.hint()
        self._window.show_message(f"the screen is locked: type “{WORD}” first")
