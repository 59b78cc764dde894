"""The bar at the top: study, recording time, clock, last saved, lights, stage, streams, alerts.

Streams are shown with a shape, a word and the received data; alerts have one fixed place.
"""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from monitor.dashboard import texts
from monitor.dashboard.style import font, label, set_flag, text_px
from monitor.dashboard.theme import Theme, mix
from monitor.dashboard.viewmodel.screen import Chip, TopView
from monitor.session.current_alerts import Alert
from monitor.session.wall_time import WallTime, clock_text

_ROWS = 2
_SHAPE_PX = 10.0
_WORST = {"bad": 0, "warn": 1, "off": 2, "ok": 3}
_LEAST_COLUMN_PX = 190
# Wider columns have nothing more to show: the alerts take the room.
_MOST_COLUMN_PX = 320
_MORE_PX = 46
_BETWEEN_PX = 9


class ChipStrip(QWidget):
    """All streams in two painted rows; if not all fit, the worst and the number of the others."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(_LEAST_COLUMN_PX)
        self.setAccessibleName("Streams")
        self._theme = theme
        self._chips: tuple[Chip, ...] = ()

    def set_theme(self, theme: Theme) -> None:
        """Change the colours and apply the current text size."""
        self._theme = theme
        self._fit()
        self.update()

    def _fit(self) -> None:
        columns = max(1, -(-len(self._chips) // _ROWS))
        self.setMaximumWidth(text_px(_MOST_COLUMN_PX) * columns)

    def show_chips(self, chips: Sequence[Chip]) -> None:
        """Set the streams."""
        if tuple(chips) != self._chips:
            self._chips = tuple(chips)
            self._fit()
            lines = [" ".join((c.name, c.word, c.received, c.missing)) for c in chips]
            self.setAccessibleDescription("; ".join(lines))
            self.setToolTip("\n".join(lines))
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the chips column by column."""
        del event
        if not self._chips:
            return
        most = max(1, self.width() // text_px(_LEAST_COLUMN_PX)) * _ROWS
        shown = list(self._chips)
        if len(shown) > most:
            worst = sorted(shown, key=lambda chip: _WORST[chip.health])[:most]
            shown = [chip for chip in shown if chip in worst]
        hidden_n = len(self._chips) - len(shown)
        columns = -(-len(shown) // _ROWS)
        width = (self.width() - 12 - (text_px(_MORE_PX) if hidden_n else 0)) / columns
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for i, chip in enumerate(shown):
            box = QRectF(12 + i // _ROWS * width, 0, width - 8, self.height() / _ROWS)
            box.moveTop(i % _ROWS * self.height() / _ROWS)
            self._chip(
                painter, chip, box.adjusted(0, 5 if i % _ROWS == 0 else 0, 0, 0 if i % _ROWS == 0 else -5)
            )
        if hidden_n:
            painter.setFont(font(11))
            painter.setPen(QColor(self._theme.soft))
            corner = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
            painter.drawText(
                self.rect().adjusted(0, 0, -4, -4), corner, texts.MORE_STREAMS.format(n=hidden_n)
            )

    def _chip(self, painter: QPainter, chip: Chip, box: QRectF) -> None:
        theme = self._theme
        shape = QRectF(box.left(), box.center().y() - _SHAPE_PX / 2, _SHAPE_PX, _SHAPE_PX)
        paint_health(painter, theme, chip.health, shape)
        x = box.left() + _SHAPE_PX + 8
        word = theme.high if chip.health == "bad" else theme.text if chip.health == "warn" else theme.soft
        # Without a problem the name may use the space of the word; otherwise the word has priority.
        word_px = _width(chip.word, 13)
        reserved_px = word_px if chip.health in ("bad", "warn") else 0.0
        x, room = self._text(painter, chip.name, theme.text, (14, True), x, box, reserved_px)
        if word_px > room + _BETWEEN_PX and not reserved_px:
            return
        x, room = self._text(painter, chip.word, word, (13, chip.health == "bad"), x, box, 0.0)
        both = "  ".join(part for part in (chip.received, chip.missing) if part)
        # A cut number misleads, so it is omitted; for a problem the missing data matters most.
        for rest in (both, chip.missing if chip.health != "ok" else chip.received):
            if _width(rest, 12) <= room:
                self._text(painter, rest, theme.soft, (12, False), x, box, 0.0)
                return

    def _text(
        self, painter: QPainter, text: str, colour: str, px_bold: tuple[int, bool], x: float, box: QRectF,
        reserved_px: float,
    ) -> tuple[float, float]:  # fmt: skip
        """Paint a text and leave `reserved_px` after it; return its end and the remaining width."""
        used = font(px_bold[0], bold=px_bold[1])
        metrics = QFontMetricsF(used)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0.0, box.right() - x - reserved_px))
        painter.setFont(used)
        painter.setPen(QColor(colour))
        area = QRectF(x, box.top(), box.right() - x, box.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, shown)
        x += metrics.horizontalAdvance(shown) + _BETWEEN_PX
        return x, box.right() - x


def _width(text: str, px: int) -> float:
    return QFontMetricsF(font(px, bold=True)).horizontalAdvance(text) + _BETWEEN_PX if text else 0.0


def paint_health(painter: QPainter, theme: Theme, health: str, box: QRectF) -> None:
    """Paint the shape of a state: disc ok, triangle warning, square bad, ring off."""
    colours = {"ok": theme.good, "warn": theme.medium, "bad": theme.high, "off": theme.dim}
    colour = QColor(colours[health])
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    if health == "ok":
        painter.drawEllipse(box)
    elif health == "warn":
        top = QPointF(box.center().x(), box.top())
        painter.drawPolygon(QPolygonF([box.bottomLeft(), box.bottomRight(), top]))
    elif health == "bad":
        painter.drawRect(box)
    else:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 0))
        painter.drawEllipse(box)


MARKS = {"high": "!!!", "medium": "!!", "low": "!"}
# Share of the alert's colour in the background: steady if acknowledged, blinking if new.
SEEN, NEW, NEW_BRIGHT = 0.05, 0.1, 0.2
_ALERT_PX = (14, 13, 12, 11)


class AlertField(QWidget):
    """The one fixed place for alerts: the highest, the number of others, acknowledged or not, sound."""

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
        """Set the alerts, highest first, the keys of the acknowledged ones, and the state of the sound."""
        if (alerts, acknowledged, sound) != (self._alerts, self._acknowledged, self._sound):
            self._alerts, self._acknowledged, self._sound = alerts, acknowledged, sound
            text = "; ".join(f"{alert.priority}: {alert.text}" for alert in alerts)
            self.setAccessibleDescription(f"{text or texts.NO_ALERTS}; {sound}")
            self.setToolTip("\n".join(f"{MARKS[a.priority]} {a.text}" for a in alerts))
            self.update()

    def blink(self, *, is_bright: bool) -> None:
        """Blink: show the bright or the dark phase; only an alert that is not acknowledged blinks."""
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
        text = box.adjusted(14, 4, -8, -4)
        left, middle, top = (
            Qt.AlignmentFlag.AlignLeft,
            Qt.AlignmentFlag.AlignVCenter,
            Qt.AlignmentFlag.AlignTop,
        )
        self._head(painter, alert, text.adjusted(0, 0, 0, -text.height() / 2), colour, is_new=is_new)
        painter.setPen(QColor(theme.text))
        # A long text is smaller, then in two lines.
        for px in _ALERT_PX:
            painter.setFont(font(px, bold=is_new))
            if painter.fontMetrics().horizontalAdvance(alert.text) <= text.width():
                painter.drawText(text.adjusted(0, text.height() / 2 - 2, 0, 0), left | middle, alert.text)
                return
        lines_px = 2 * painter.fontMetrics().lineSpacing()
        wrapped = box.adjusted(14, box.height() - lines_px - 2, -8, 0)
        painter.drawText(wrapped, left | top | Qt.TextFlag.TextWordWrap, alert.text)

    def _head(self, painter: QPainter, alert: Alert, box: QRectF, colour: str, *, is_new: bool) -> None:
        """Paint the priority above an alert, and the state of the sound."""
        room = box.width() - self._show_sound(painter, box, self._theme.text)
        painter.setPen(QColor(colour))
        painter.setFont(font(12, bold=True))
        heads = self._heads(alert, is_new=is_new)
        fitting = (each for each in heads if painter.fontMetrics().horizontalAdvance(each) <= room)
        painter.drawText(
            box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, next(fitting, heads[-1])
        )

    def _heads(self, alert: Alert, *, is_new: bool) -> tuple[str, ...]:
        """Return the line above an alert: whole, and ever shorter where the sound needs the room."""
        more = f" · {len(self._alerts) - 1} more" if len(self._alerts) > 1 else ""
        seen = "" if is_new else " · seen"
        name = f"{MARKS[alert.priority]}  {alert.priority.upper()}"
        return f"{name} · technical{more}{seen}", f"{name}{more}{seen}", f"{name}{more}", name

    def _none(self, painter: QPainter, box: QRectF) -> None:
        painter.setPen(QColor(self._theme.soft))
        painter.setFont(font(13))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(box.adjusted(14, 0, 0, 0), left, texts.NO_ALERTS)
        self._show_sound(painter, box.adjusted(0, 0, -10, 0), self._theme.soft)

    def _show_sound(self, painter: QPainter, box: QRectF, colour: str) -> float:
        """Paint the state of the sound on the right; return the width that it takes."""
        painter.setFont(font(12, bold=self._sound not in ("", texts.SOUND_ON)))
        painter.setPen(QColor(colour))
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._sound)
        return painter.fontMetrics().horizontalAdvance(self._sound) + 10.0


class _Field(QWidget):
    """A caption, a value, and a remark beside it."""

    def __init__(self, caption: str) -> None:
        super().__init__()
        self.caption, self.value, self.beside = (
            label(caption, "caption"),
            label("", "field"),
            label("", "small"),
        )
        row = QHBoxLayout()
        row.setSpacing(7)
        row.addWidget(self.value)
        row.addWidget(self.beside, 0, Qt.AlignmentFlag.AlignBottom)
        row.addStretch()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 6, 12, 6)
        whole.setSpacing(0)
        whole.addWidget(self.caption)
        whole.addLayout(row)

    def show_text(self, value: str, beside: str = "") -> None:
        self.value.setText(value)
        self.beside.setText(beside)


class TopBar(QWidget):
    """The whole bar."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("topbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._bed, self._recording, self._clock = _Field(texts.BED), _Field("RECORDING"), _Field("CLOCK")
        self._lights, self._stage, self._saved = _Field("LIGHTS"), _Field("STAGE"), _Field(texts.LAST_SAVED)
        self.alert = AlertField(theme)
        self.chips = ChipStrip(theme)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 12, 0)
        row.setSpacing(0)
        for i, field in enumerate(
            (self._bed, self._recording, self._clock, self._saved, self._lights, self._stage)
        ):
            if i:
                row.addWidget(_divider())
            row.addWidget(field)
        row.addWidget(_divider())
        row.addWidget(self.chips, 3)
        row.addWidget(self.alert, 2)
        self.alert.setFixedHeight(text_px(46))

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self.alert.set_theme(theme)
        self.chips.set_theme(theme)
        self.alert.setFixedHeight(text_px(46))

    def set_small(self, *, is_small: bool) -> None:
        """Hide less important texts on a small screen."""
        for field in (self._bed, self._clock):
            field.beside.setVisible(not is_small)

    def show_top(self, top: TopView, wall: WallTime) -> None:
        """Set the content of the bar."""
        bed = texts.FILE if top.is_file else texts.BED
        self._bed.caption.setText(f"{top.bed} · STUDY".upper() if top.study else bed)
        self._bed.show_text(top.study or top.bed, f"{top.audience} profile")
        stale = texts.NOT_RESPONDING.format(age_s=top.stale_s) if top.stale_s else ""
        share = f" {top.scored_share:.0%}" if top.phase == "scoring" else ""
        self._recording.caption.setText(stale or texts.PHASES[top.phase] + share)
        set_flag(self._recording.caption, "alarm", on=top.phase in ("cut off", "not scored"))
        for part in (self._recording.caption, self._recording.value):
            set_flag(part, "stale", on=bool(stale))
        self._recording.show_text(("● " if top.phase == "recording" else "■ ") + clock_text(top.recorded_s))
        self._clock.show_text(top.clock_text, f"epoch {top.epoch}")
        self._clock.caption.setText((top.clock_name or texts.CLOCKS[top.phase]) if wall.is_known else "TIME")
        self._saved.show_text(top.saved_text or "–")
        self._saved.caption.setText(texts.NOT_SAVED_SINCE if top.is_saved_old else texts.LAST_SAVED)
        set_flag(self._saved.value, "alarm", on=top.is_saved_old)
        lights = {True: "OFF", False: "ON", None: "–"}[top.is_lights_off]
        since = "" if top.lights_since_s is None else f"since {wall.text(top.lights_since_s, seconds=False)}"
        self._lights.show_text(lights, since or texts.NO_LIGHTS)
        self._stage.show_text(top.stage or "–", top.stage_about)


def _divider() -> QFrame:
    line = QFrame()
    line.setFixedWidth(1)
    line.setFixedHeight(44)
    line.setStyleSheet("background: rgba(128, 128, 128, 60); border: none;")
    return line
