"""Batched items of the night plot: one picture for all movements of a leg, one for all gaps."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from monitor.dashboard.time_views import Floats, GapSpan

_HIGH = 0.88
_LOW = 0.4
_ROWS = {"left": 1.06, "right": 0.06}


class TickItem(pg.GraphicsObject):  # type: ignore[misc]
    """A line for every movement of one leg: tall and coloured in a series, short and dim otherwise.

    Parameters
    ----------
    low : float
        Lower edge of the leg's row.
    """

    def __init__(self, low: float) -> None:
        super().__init__()
        self._low = low
        self._plm, self._other = np.empty(0), np.empty(0)
        self._colours = (QColor("white"), QColor("grey"))

    def set_colours(self, plm: str, other: str) -> None:
        """Change the colours."""
        self._colours = (QColor(plm), QColor(other))
        self.update()

    def set_ticks(self, onset_s: Floats, is_plm: npt.NDArray[np.bool_]) -> None:
        """Take the onsets (s), and which of them are in a series."""
        plm, other = onset_s[is_plm], onset_s[~is_plm]
        if not (np.array_equal(plm, self._plm) and np.array_equal(other, self._other)):
            self._plm, self._other = plm, other
            self.prepareGeometryChange()
            self.update()

    def boundingRect(self) -> QRectF:
        """Return the whole row: what is outside the view is cut anyway."""
        last = max((float(t[-1]) for t in (self._plm, self._other) if len(t)), default=0.0)
        return QRectF(0.0, self._low, last + 1.0, _HIGH)

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Paint at most one line per pixel."""
        pixel = self.pixelVectors()[0]
        width_s = max(pixel.x() if pixel is not None else 1.0, 1e-3)
        for times_s, colour, height in ((self._other, 1, _LOW), (self._plm, 0, _HIGH)):
            columns = np.unique((times_s / width_s).astype(np.int64)) * width_s
            middle = self._low + _HIGH / 2
            painter.setPen(QPen(self._colours[colour], 0))
            painter.drawLines(
                [QLineF(x, middle - height / 2, x, middle + height / 2) for x in columns.tolist()]
            )


class GapItem(pg.GraphicsObject):  # type: ignore[misc]
    """Hatching where a leg could not be scored."""

    def __init__(self) -> None:
        super().__init__()
        self._gaps: tuple[GapSpan, ...] = ()
        self._colour = QColor("grey")

    def set_colour(self, colour: str) -> None:
        """Change the colour."""
        self._colour = QColor(colour)
        self.update()

    def set_gaps(self, gaps: Sequence[GapSpan]) -> None:
        """Take the gaps."""
        if tuple(gaps) != self._gaps:
            self._gaps = tuple(gaps)
            self.prepareGeometryChange()
            self.update()

    def boundingRect(self) -> QRectF:
        """Return both rows."""
        return QRectF(0.0, 0.0, max((gap.end_s for gap in self._gaps), default=0.0) + 1.0, 2.0)

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Paint in pixels: the hatching looks the same at every zoom, no gap is narrower than 3."""
        turn = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        brush = QBrush(self._colour, Qt.BrushStyle.BDiagPattern)
        for gap in self._gaps:
            low = _ROWS[gap.leg]
            box = turn.mapRect(QRectF(gap.start_s, low, gap.end_s - gap.start_s, _HIGH))
            if box.width() < 3:
                box.setWidth(3)
            painter.fillRect(box, brush)
        painter.restore()
