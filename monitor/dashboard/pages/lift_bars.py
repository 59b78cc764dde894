"""Bars of the movements of a bio-calibration: one row for each leg, the height is the amplitude."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from monitor.dashboard import texts
from monitor.dashboard.style import font, text_px
from monitor.dashboard.theme import Theme
from monitor.dashboard.viewmodel.screen import Lift

_MOST = 8
_LEAST_TOP_UV = 40.0
_BAR_PX, _GAP_PX, _NAME_PX = 34, 10, 52


class LiftBars(QWidget):
    """The amplitude over rest of each lift, with its number (uV)."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._lifts: dict[str, list[float]] = {}
        self.setMinimumWidth(_NAME_PX + _MOST * (_BAR_PX + _GAP_PX))
        self.setAccessibleName(texts.CALIBRATION_BARS)

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self.update()

    def show_lifts(self, legs: Sequence[str], lifts: Sequence[Lift]) -> None:
        """Show the latest movements of each leg."""
        found = {leg: [each.over_rest_uv for each in lifts if each.leg == leg][-_MOST:] for leg in legs}
        if found == self._lifts:
            return
        self._lifts = found
        self.setAccessibleDescription(
            "; ".join(f"{leg} {', '.join(f'{uv:.0f}' for uv in own) or 'none'}" for leg, own in found.items())
        )
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a row of bars for each leg, all on one scale."""
        del event
        painter, theme = QPainter(self), self._theme
        top_uv = max([_LEAST_TOP_UV, *(uv for own in self._lifts.values() for uv in own)])
        row_px = self.height() / max(1, len(self._lifts))
        line_px = text_px(14)
        painter.setFont(font(12))
        for i, (leg, own) in enumerate(self._lifts.items()):
            base = (i + 1) * row_px - 4
            full = row_px - line_px - 10
            painter.setPen(QColor(theme.soft))
            at = QRectF(0, base - line_px, _NAME_PX, line_px)
            painter.drawText(at, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, leg)
            painter.setPen(QPen(QColor(theme.line), 0))
            painter.drawLine(_NAME_PX, round(base), self.width(), round(base))
            for k, uv in enumerate(own):
                x = _NAME_PX + k * (_BAR_PX + _GAP_PX)
                height = max(2.0, full * max(0.0, uv) / top_uv)
                painter.fillRect(QRectF(x, base - height, _BAR_PX, height), QColor(theme.leg(leg)))
                painter.setPen(QColor(theme.text))
                above = QRectF(x - _GAP_PX / 2, base - height - line_px, _BAR_PX + _GAP_PX, line_px)
                painter.drawText(above, Qt.AlignmentFlag.AlignCenter, f"{uv:.0f}")
