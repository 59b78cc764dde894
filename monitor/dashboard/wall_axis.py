"""The axis with the time of day below the night."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

import pyqtgraph as pg

from monitor.dashboard.walltime import WallTime

_STEPS_S = (60, 120, 300, 600, 1800, 3600, 7200)


class WallAxis(pg.AxisItem):  # type: ignore[misc]
    """Time of day along the bottom."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.wall = WallTime()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """Return marks at round times of the day."""
        step_s = next((s for s in _STEPS_S if (maxVal - minVal) / s * 62 <= max(size, 1)), _STEPS_S[-1])
        return [(step_s, self.wall.ticks(minVal, maxVal, step_s))]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Write the marks."""
        del scale, spacing
        return [self.wall.text(value, seconds=False) for value in values]
