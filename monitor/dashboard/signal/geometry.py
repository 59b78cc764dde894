"""Positions of times on the sweep, and the period that is visible. No Qt."""

from __future__ import annotations

import math

_ERASE_SHARE = 0.03


class SweepGeometry:
    """Time along the width of a widget: live, columns are counted modulo the width; a page is shifted.

    Attributes
    ----------
    sweep_s : int
        Length of the sweep.
    """

    def __init__(self) -> None:
        self.sweep_s: int = 30
        self._page_s: float | None = None
        self._newest_s = 0.0
        self._gutter = self._bottom = 0
        self._width, self._ratio = 1, 1.0

    @property
    def is_page(self) -> bool:
        """Whether a page of the past is shown instead of the live sweep."""
        return self._page_s is not None

    @property
    def visible_s(self) -> tuple[float, float]:
        """Visible period of the session (s)."""
        if self._page_s is not None:
            return self._page_s, self._page_s + self.sweep_s
        return max(0.0, self._newest_s - self.sweep_s * (1 - _ERASE_SHARE)), self._newest_s

    @property
    def column_s(self) -> float:
        """Seconds per pixel of the widget."""
        return self.sweep_s / self._width

    @property
    def _columns(self) -> int:
        """Pixel columns of the device."""
        return max(1, round(self._width * self._ratio))

    @property
    def _raster_s(self) -> float:
        return self.sweep_s / self._columns

    def x_of(self, t_s: float) -> float:
        """Return the position of a time, in pixels of this widget."""
        if self._page_s is not None:
            return self._gutter + (t_s - self._page_s) / self.column_s
        return self._gutter + (t_s / self.column_s) % self._width

    def spans_of(self, start_s: float, end_s: float) -> list[tuple[float, float]]:
        """Return the position of a period (pixels): no part, one, or two around the edge."""
        first_s, last_s = self.visible_s
        start_s, end_s = max(start_s, first_s), min(end_s, last_s)
        if end_s < start_s:
            return []
        x0, x1 = self.x_of(start_s), self.x_of(end_s)
        return [(x0, x1)] if x1 >= x0 else [(x0, self.right_edge), (self.left_edge, x1)]

    def erased_s(self, x: float) -> float:
        """Return when the sweep erases a position (s); not after the newest sample if it is erased now."""
        if self._page_s is not None:
            return math.inf
        # One pixel less, because a movement that begins now lies at the cursor itself.
        ahead = (x - 1 - self._gutter - self._newest_s / self.column_s) % self._width - self._erase_px
        return self._newest_s + ahead * self.column_s

    @property
    def left_edge(self) -> float:
        """Left edge of the trace (pixels)."""
        return float(self._gutter)

    @property
    def right_edge(self) -> float:
        """Right edge of the trace (pixels)."""
        return float(self._gutter + self._width)

    @property
    def _cursor_x(self) -> int:
        return self._gutter + int(self._newest_s / self.column_s) % self._width

    @property
    def _erase_px(self) -> int:
        return max(8, round(self._width * _ERASE_SHARE))
