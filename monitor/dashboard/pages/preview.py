"""The preview of a stream on the start screen: the last seconds of each leg, painted."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from monitor.dashboard import texts
from monitor.dashboard.style import font, text_px
from monitor.dashboard.theme import Theme
from monitor.dashboard.viewmodel.stream_selection import LegPreview

# Of a leg: its text, and its trace below.
_TEXT_PX, _TRACE_PX, _BETWEEN_PX = 17, 34, 6
FULL_SCALES_UV = (20, 50, 100, 200, 500, 1000, 5000)


class PreviewTrace(QWidget):
    """A few seconds of each leg, one scale for both."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._preview: tuple[LegPreview, ...] = ()
        self.setAccessibleName(texts.PREVIEW)

    def set_theme(self, theme: Theme) -> None:
        """Change the colours and apply the current text size."""
        self._theme = theme
        self._fit()

    def show_preview(self, preview: tuple[LegPreview, ...]) -> None:
        """Set the legs; without any nothing is shown."""
        if preview != self._preview:
            self._preview = preview
            self.setAccessibleDescription("; ".join(leg.text for leg in preview))
        self._fit()

    @property
    def full_uv(self) -> int:
        """The scale: the smallest that holds both traces (uV)."""
        largest = max(
            (abs(value) for leg in self._preview for pair in leg.trace_uv for value in pair), default=0.0
        )
        return next((scale for scale in FULL_SCALES_UV if scale >= largest), FULL_SCALES_UV[-1])

    def lines(self) -> tuple[str, ...]:
        """Return the text of each leg."""
        return tuple(leg.text for leg in self._preview)

    def _fit(self) -> None:
        self.setVisible(bool(self._preview))
        self.setFixedHeight(max(1, text_px(_TEXT_PX + _TRACE_PX + _BETWEEN_PX) * len(self._preview)))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint text and trace of each leg."""
        del event
        painter = QPainter(self)
        for i, leg in enumerate(self._preview):
            top = text_px(_TEXT_PX + _TRACE_PX + _BETWEEN_PX) * i
            self._text(painter, leg, top)
            self._trace(painter, leg, top + text_px(_TEXT_PX))

    def _text(self, painter: QPainter, leg: LegPreview, top: int) -> None:
        theme, scale = self._theme, f"±{self.full_uv} µV"
        painter.setFont(font(12, bold=leg.is_bad))
        painter.setPen(QColor(theme.medium if leg.is_bad else theme.leg(leg.leg)))
        box = QRectF(0, top, self.width(), text_px(_TEXT_PX))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | middle, leg.text)
        taken = QFontMetricsF(painter.font()).horizontalAdvance(leg.text)
        painter.setFont(font(11))
        painter.setPen(QColor(theme.dim))
        if leg.trace_uv and taken + QFontMetricsF(painter.font()).horizontalAdvance(scale) < box.width():
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | middle, scale)

    def _trace(self, painter: QPainter, leg: LegPreview, top: int) -> None:
        height = text_px(_TRACE_PX)
        painter.fillRect(QRectF(0, top, self.width(), height), QColor(self._theme.well))
        colour = QColor(self._theme.leg(leg.leg))
        step, middle, per_uv = (
            self.width() / max(len(leg.trace_uv), 1),
            top + height / 2,
            height / 2 / self.full_uv,
        )
        for i, (low, high) in enumerate(leg.trace_uv):
            box = QRectF(i * step, middle - high * per_uv, step, max((high - low) * per_uv, 1.0))
            painter.fillRect(box, colour)
