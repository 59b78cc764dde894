"""The one fixed place for alerts, and for what can be heard of them."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from monitor.dashboard.look import font
from monitor.dashboard.theme import Theme, mix
from monitor.dashboard.views import Alert

MARKS = {"high": "!!!", "medium": "!!", "low": "!"}
# Share of the alert's colour in its ground: acknowledged is steady, new goes to and fro.
SEEN, NEW, NEW_BRIGHT = 0.05, 0.1, 0.2


class AlertField(QWidget):
    """The one fixed place for alerts: the highest, how many more, acknowledged or not, heard or not."""

    clicked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setMinimumWidth(300)
        self.setAccessibleName("Alerts")
        self._theme = theme
        self._alerts: tuple[Alert, ...] = ()
        self._acknowledged: frozenset[str] = frozenset()
        self._sound = ""
        self._is_bright = False

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self.update()

    def show_alerts(self, alerts: tuple[Alert, ...], acknowledged: frozenset[str], sound: str) -> None:
        """Take the alerts, highest first, the keys of those somebody has seen, and the state of the sound."""
        if (alerts, acknowledged, sound) != (self._alerts, self._acknowledged, self._sound):
            self._alerts, self._acknowledged, self._sound = alerts, acknowledged, sound
            text = "; ".join(f"{alert.priority}: {alert.text}" for alert in alerts)
            self.setAccessibleDescription(f"{text or 'no alerts'}; {sound}")
            self.setToolTip("\n".join(f"{MARKS[a.priority]} {a.text}" for a in alerts))
            self.update()

    def blink(self, *, is_bright: bool) -> None:
        """Go to the bright or the dark half of the to and fro; only an alert nobody has seen shows it."""
        if is_bright != self._is_bright:
            self._is_bright = is_bright
            if self._alerts and self._alerts[0].key not in self._acknowledged:
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
            self._none(painter, box)
            return
        alert = self._alerts[0]
        is_new = alert.key not in self._acknowledged
        colour = getattr(theme, alert.priority)
        share = (NEW_BRIGHT if self._is_bright else NEW) if is_new else SEEN
        painter.fillRect(box, QColor(mix(colour, theme.card, share)))
        painter.setPen(QPen(QColor(colour), 0))
        painter.drawRoundedRect(box, 5, 5)
        painter.fillRect(QRectF(box.left(), box.top(), 4, box.height()), QColor(colour))
        more = f" · {len(self._alerts) - 1} more" if len(self._alerts) > 1 else ""
        seen = "" if is_new else " · seen"
        head = box.adjusted(14, 4, -8, -box.height() / 2)
        left, middle = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(colour))
        painter.setFont(font(12, bold=True))
        text = f"{MARKS[alert.priority]}  {alert.priority.upper()} · technical{more}{seen}"
        painter.drawText(head, left | middle, text)
        text_px = painter.fontMetrics().horizontalAdvance(text)
        self._say_sound(painter, head.adjusted(text_px + 10, 0, 0, 0), theme.text)
        painter.setPen(QColor(theme.text))
        painter.setFont(font(14, bold=is_new))
        body = box.adjusted(14, box.height() / 2 - 2, -8, -4)
        shown = painter.fontMetrics().elidedText(alert.text, Qt.TextElideMode.ElideRight, int(body.width()))
        painter.drawText(body, left | middle, shown)

    def _none(self, painter: QPainter, box: QRectF) -> None:
        painter.setPen(QColor(self._theme.soft))
        painter.setFont(font(13))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(box.adjusted(14, 0, 0, 0), left, "no alerts")
        self._say_sound(painter, box.adjusted(0, 0, -10, 0), self._theme.soft)

    def _say_sound(self, painter: QPainter, box: QRectF, colour: str) -> None:
        painter.setFont(font(12, bold=self._sound not in ("", "sound on")))
        painter.setPen(QColor(colour))
        if painter.fontMetrics().horizontalAdvance(self._sound) <= box.width():
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._sound)
