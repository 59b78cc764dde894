"""The page of the guide for the person at the window, over its panels."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from importlib import resources
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QTextBrowser, QVBoxLayout, QWidget

from monitor.dashboard import texts
from monitor.dashboard.style import label

_PAGE = "technologist.md"
_SHARE = 0.82


class GuidePage(QFrame):
    """The guide, as a person who scores needs it; its links lead to the other pages. Esc closes it.

    Parameters
    ----------
    parent : QWidget
        Covered in part while it is open.
    """

    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._room = parent
        self.setProperty("card", "true")
        self.setAccessibleName("Guide")
        self.browser = QTextBrowser()
        self.browser.setOpenExternalLinks(False)
        self.browser.setFrameShape(QFrame.Shape.NoFrame)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(24, 18, 24, 12)
        whole.addWidget(self.browser, 1)
        whole.addWidget(label(texts.GUIDE_NOTE, "small"))
        self.setFocusProxy(self.browser)
        self.hide()

    def open(self) -> None:
        """Show the page from its beginning."""
        path = Path(str(resources.files("monitor") / "guide" / _PAGE))
        self.browser.setSource(QUrl.fromLocalFile(str(path)))
        room = self._room.size()
        self.resize(round(room.width() * _SHARE), round(room.height() * _SHARE))
        self.move((room.width() - self.width()) // 2, (room.height() - self.height()) // 2)
        self.show()
        self.raise_()
        self.browser.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close the page on Esc or F1; other keys scroll it."""
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F1):
            self.hide()
            self.closed.emit()
