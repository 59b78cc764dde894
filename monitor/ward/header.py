"""The bar above the tiles: the highest alerts of all beds by name, and the time of day."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from monitor.dashboard.style import elastic, label
from monitor.dashboard.theme import Theme
from monitor.model.clock import utc_now
from monitor.session.alert_types import RANK
from monitor.session.current_alerts import Alert
from monitor.ward import texts
from monitor.ward.tile import Tile
from monitor.ward.tile_widget import MARKS


class Header(QWidget):
    """One line: number of beds, alerts, clock."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("topbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.beds, self.alerts, self.clock = (
            label("", "soft"),
            elastic(label("", "strong")),
            label("", "field"),
        )
        self.clock.setAccessibleName("Time of day")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 3, 12, 3)
        row.setSpacing(16)
        row.addWidget(self.beds)
        row.addWidget(self.alerts, 1)
        row.addWidget(self.clock)

    def show_beds(self, tiles: Sequence[Tile], theme: Theme) -> None:
        """Set the content, and the clock."""
        n = len(tiles)
        _set(self.beds, texts.ONE_BED if n == 1 else texts.BEDS.format(n=n))
        found = sorted(
            ((alert, tile.bed) for tile in tiles for alert in tile.alerts[:1]),
            key=lambda one: RANK[one[0].priority],
        )
        _set(self.alerts, "      ".join(_line(alert, bed) for alert, bed in found) or texts.NO_ALERT_ANYWHERE)
        self.alerts.setToolTip("\n".join(_line(alert, bed) for alert, bed in found))
        colour = getattr(theme, found[0][0].priority) if found else theme.soft
        if self.alerts.property("colour") != colour:
            self.alerts.setProperty("colour", colour)
            self.alerts.setStyleSheet(f"color: {colour}")
        _set(self.clock, f"{utc_now().astimezone():%H:%M:%S}")


def _line(alert: Alert, bed: str) -> str:
    return f"{MARKS[alert.priority]} {bed}: {alert.text}"


def _set(where: QLabel, text: str) -> None:
    if where.text() != text:
        where.setText(text)
