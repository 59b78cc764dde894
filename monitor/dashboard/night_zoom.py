"""Look closer at a part of the night: with the wheel, or with keys."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QWheelEvent

_LEAST_S = 120.0
_WHEEL_STEP = 120.0
_FACTOR = 1.5
# Where now stands while a part that ends with it is followed.
_NOW_AT = 0.94


class NightZoom(QObject):
    """Which stretch of the night the overview shows.

    Parameters
    ----------
    plots : GraphicsLayoutWidget
        Whose wheel is listened to.
    curve : PlotItem
        The others follow its time axis.
    """

    def __init__(self, plots: Any, curve: Any) -> None:
        super().__init__()
        self._plots, self._curve = plots, curve
        self._full_s = self._end_s = 0.0
        self._part: tuple[float, float] | None = None
        self._is_following = False
        plots.viewport().installEventFilter(self)

    @property
    def is_on(self) -> bool:
        """Whether only a part is shown."""
        return self._part is not None

    @property
    def shown_s(self) -> tuple[float, float]:
        """The stretch that is shown (s)."""
        return self._part or (0.0, self._full_s)

    def set_full(self, full_s: float, end_s: float) -> None:
        """Say how long the whole picture is and how far the night has come (s)."""
        self._full_s, self._end_s = full_s, end_s
        if self._part is not None and self._is_following:
            length_s = self._part[1] - self._part[0]
            start_s = max(0.0, end_s - _NOW_AT * length_s)
            self._part = (start_s, start_s + length_s)
        self._apply()

    def step(self, step: int, around_s: float) -> None:
        """Look closer (1), from farther off (-1), or at all (0); the moment stays in its place."""
        if step == 0:
            self._part = None
        else:
            start_s, end_s = self.shown_s
            around_s = min(max(around_s, start_s), end_s)
            factor = _FACTOR**-step
            length_s = max(_LEAST_S, (end_s - start_s) * factor)
            share = (around_s - start_s) / (end_s - start_s) if end_s > start_s else 0.0
            start_s = max(0.0, around_s - share * length_s)
            self._part = (start_s, start_s + length_s) if length_s < self._full_s else None
        self._is_following = self._part is not None and self._part[0] <= self._end_s <= self._part[1]
        self._apply()

    def _apply(self) -> None:
        self._curve.setXRange(*self.shown_s, padding=0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Zoom where the wheel is turned."""
        if event.type() == QEvent.Type.Wheel and isinstance(event, QWheelEvent):
            turned = event.angleDelta().y() / _WHEEL_STEP
            if turned:
                at = self._plots.mapToScene(event.position().toPoint())
                self.step(1 if turned > 0 else -1, float(self._curve.vb.mapSceneToView(at).x()))
            return True
        return super().eventFilter(watched, event)
