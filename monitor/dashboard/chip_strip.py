"""The streams in the top bar: a shape and a word for each, and what arrives."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from monitor.dashboard.look import font, text_px
from monitor.dashboard.theme import Theme
from monitor.dashboard.views import Chip

_ROWS = 2
_SHAPE_PX = 10.0
_WORST = {"bad": 0, "warn": 1, "off": 2, "ok": 3}
_LEAST_COLUMN_PX = 190
_MORE_PX = 46
_BETWEEN_PX = 9


class ChipStrip(QWidget):
    """All streams in one painted strip, two rows; of more than fit the worst are shown, and how many not."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(_LEAST_COLUMN_PX)
        self.setAccessibleName("Streams")
        self._theme = theme
        self._chips: tuple[Chip, ...] = ()

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self.update()

    def show_chips(self, chips: Sequence[Chip]) -> None:
        """Take the streams as they are now."""
        if tuple(chips) != self._chips:
            self._chips = tuple(chips)
            told = [" ".join((c.name, c.word, c.received, c.missing)) for c in chips]
            self.setAccessibleDescription("; ".join(told))
            self.setToolTip("\n".join(told))
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
            painter.drawText(self.rect().adjusted(0, 0, -4, -4), corner, f"+{hidden_n} more")

    def _chip(self, painter: QPainter, chip: Chip, box: QRectF) -> None:
        theme = self._theme
        shape = QRectF(box.left(), box.center().y() - _SHAPE_PX / 2, _SHAPE_PX, _SHAPE_PX)
        paint_health(painter, theme, chip.health, shape)
        x = box.left() + _SHAPE_PX + 8
        word = theme.high if chip.health == "bad" else theme.text if chip.health == "warn" else theme.soft
        # While all is well the name may take the word's room, in trouble the word comes first.
        word_px = _width(chip.word, 13)
        kept_px = word_px if chip.health in ("bad", "warn") else 0.0
        x, room = self._text(painter, chip.name, theme.text, (14, True), x, box, kept_px)
        if word_px > room + _BETWEEN_PX and not kept_px:
            return
        x, room = self._text(painter, chip.word, word, (13, chip.health == "bad"), x, box, 0.0)
        both = "  ".join(part for part in (chip.received, chip.missing) if part)
        # Half a number is worse than none; what is missing matters more than what is there.
        for rest in (both, chip.missing if chip.health != "ok" else chip.received):
            if _width(rest, 12) <= room:
                self._text(painter, rest, theme.soft, (12, False), x, box, 0.0)
                return

    def _text(
        self, painter: QPainter, text: str, colour: str, px_bold: tuple[int, bool], x: float, box: QRectF,
        kept_px: float,
    ) -> tuple[float, float]:  # fmt: skip
        """Write a text that leaves so much room behind it; return where it ends, and the room there is."""
        used = font(px_bold[0], bold=px_bold[1])
        metrics = QFontMetricsF(used)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0.0, box.right() - x - kept_px))
        painter.setFont(used)
        painter.setPen(QColor(colour))
        area = QRectF(x, box.top(), box.right() - x, box.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, shown)
        x += metrics.horizontalAdvance(shown) + _BETWEEN_PX
        return x, box.right() - x


def _width(text: str, px: int) -> float:
    return QFontMetricsF(font(px, bold=True)).horizontalAdvance(text) + _BETWEEN_PX if text else 0.0


def paint_health(painter: QPainter, theme: Theme, health: str, box: QRectF) -> None:
    """Paint a shape for how a stream is: disc well, triangle warned, square bad, ring off."""
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
