"""A field of one line on a card."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit


class CardField(QLineEdit):
    """One line of text; Esc leaves it. While it has the focus, letters are not commands."""

    cancelled = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Cancel on Esc; every other key is typed."""
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
            return
        super().keyPressEvent(event)
