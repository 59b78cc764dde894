"""The one fixed place for alerts."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from monitor.dashboard.look import faded, font
from monitor.dashboard.theme import Theme
from monitor.dashboard.views import Alert

_MARKS = {"high": "!!!", "medium": "!!", "low": "!"}


class AlertField(QWidget):
    """The one fixed place for alerts: the highest, how many more, acknowledged or not."""

    clicked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setMinimumWidth(300)
        self.setAccessibleName("Alerts")
        self._theme = theme
        self._alerts: tuple[Alert, ...] = ()
        self._acknowledged: frozenset[str] = frozenset()

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self.update()

    def show_alerts(self, alerts: tuple[Alert, ...], acknowledged: frozenset[str]) -> None:
        """Take the alerts, highest first, and the keys of those somebody has seen."""
        if (alerts, acknowledged) != (self._alerts, self._acknowledged):
            self._alerts, self._acknowledged = alerts, acknowledged
            text = "; ".join(f"{alert.priority}: {alert.text}" for alert in alerts)
            self.setAccessibleDescription(text or "no alerts")
            self.setToolTip("\n".join(f"{_MARKS[a.priority]} {a.text}" for a in alerts))
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Acknowledge."""
        del event
        self.clicked.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the highest alert, or that there is none."""
        del event
        painter = QPainter(self)
        theme, box = self._theme, QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if not self._alerts:
            painter.setPen(QPen(QColor(theme.line), 0))
            painter.drawRoundedRect(box, 5, 5)
            painter.setPen(QColor(theme.soft))
            painter.setFont(font(13))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "no alerts")
            return
        alert = self._alerts[0]
        is_new = alert.key not in self._acknowledged
        colour = QColor(getattr(theme, alert.priority))
        painter.fillRect(box, faded(colour.name(), 0.16 if is_new else 0.05))
        painter.setPen(QPen(colour, 0))
        painter.drawRoundedRect(box, 5, 5)
        painter.fillRect(QRectF(box.left(), box.top(), 4, box.height()), colour)
        more = f" · {len(self._alerts) - 1} more" if len(self._alerts) > 1 else ""
        seen = "" if is_new else " · acknowledged"
        painter.setFont(font(12, bold=True))
        painter.setPen(colour)
        head = f"{_MARKS[alert.priority]}  {alert.priority.upper()} · technical{more}{seen}"
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter
        painter.drawText(box.adjusted(14, 4, -8, -box.height() / 2), left | right, head)
        painter.setPen(QColor(theme.text))
        painter.setFont(font(14, bold=is_new))
        body = box.adjusted(14, box.height() / 2 - 2, -8, -4)
        shown = painter.fontMetrics().elidedText(alert.text, Qt.TextElideMode.ElideRight, int(body.width()))
        painter.drawText(body, left | right, shown)
