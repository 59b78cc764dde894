"""The legend: each colour and bracket of the trace as it is drawn there, with its meaning."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from monitor.dashboard import texts
from monitor.dashboard.signal.marks import bracket_mark
from monitor.dashboard.style import faded, label
from monitor.dashboard.theme import Theme
from monitor.dashboard.viewmodel.screen import Bracket, Life

_WIDTH_PX, _HEIGHT_PX = 46, 16
_LIVES: tuple[Life, ...] = ("flagged", "open", "lm", "plm", "out", "twitch", "limb")
_PER_COLUMN = 4


class Sample(QWidget):
    """One sign as it is drawn on the trace.

    Parameters
    ----------
    sign : str
        A life of a movement, or one of the other names in `monitor.dashboard.texts.LEGEND`.
    theme : Theme
    """

    def __init__(self, sign: str, theme: Theme) -> None:
        super().__init__()
        self._sign, self.theme = sign, theme
        self.setAccessibleName(f"Sign: {texts.LEGEND[sign]}")
        self.setAccessibleDescription(texts.LEGEND[sign])
        self.setFixedSize(_WIDTH_PX, _HEIGHT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the sign."""
        del event
        painter, theme = QPainter(self), self.theme
        middle, right = _HEIGHT_PX / 2, _WIDTH_PX - 4.0
        if self._sign in _LIVES:
            movement = Bracket(0.0, 1.0, "left", self._sign, "", "", "")
            bracket_mark(theme, movement, 4.0, right, 4.0).draw(painter)
        elif self._sign in ("left", "right"):
            painter.setPen(QPen(QColor(theme.leg(self._sign)), 0))
            painter.drawLines([QLineF(x, middle - 5, x, middle + 5) for x in range(6, int(right), 2)])
        elif self._sign in ("onset", "offset"):
            pen = QPen(faded(theme.text, 0.55), 0)
            pen.setDashPattern([5.0, 3.0] if self._sign == "onset" else [1.0, 3.0])
            painter.setPen(pen)
            painter.drawLine(QLineF(4, middle, right, middle))
        elif self._sign == "gap":
            painter.fillRect(
                QRectF(4, 1, right - 4, _HEIGHT_PX - 2), QBrush(QColor(theme.dim), Qt.BrushStyle.BDiagPattern)
            )
        elif self._sign == "epoch":
            painter.fillRect(QRectF(4, 2, right - 4, _HEIGHT_PX - 4), faded(theme.accent, 0.28))
        elif self._sign == "position":
            painter.fillRect(QRectF(4, middle - 1, right - 4, 2), QColor(theme.other))
        else:
            colour = theme.text if self._sign == "arousal" else theme.accent
            painter.fillRect(QRectF(4, 1, right - 4, _HEIGHT_PX - 2), faded(colour, 0.09))
            painter.fillRect(QRectF(4, _HEIGHT_PX - 5, right - 4, 3), QColor(colour))
        painter.end()


class Legend(QWidget):
    """All signs with their meanings, in columns."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName("Legend")
        self.samples = [Sample(sign, theme) for sign in texts.LEGEND]
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 4, 0, 4)
        grid.setVerticalSpacing(1)
        for i, (sample, meaning) in enumerate(zip(self.samples, texts.LEGEND.values(), strict=True)):
            row, column = i % _PER_COLUMN, i // _PER_COLUMN * 2
            grid.addWidget(sample, row, column)
            grid.addWidget(label(meaning, "small"), row, column + 1)
        grid.setColumnStretch(grid.columnCount(), 1)

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        for sample in self.samples:
            sample.theme = theme
            sample.update()
