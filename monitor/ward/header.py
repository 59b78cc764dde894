"""The bar above the tiles: the alerts of all beds by name, the state of the sound, the time of day."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from monitor.dashboard.style import elastic, label, set_flag
from monitor.dashboard.theme import Theme
from monitor.model.clock import local_now
from monitor.ward import texts
from monitor.ward.alerts import BedAlert
from monitor.ward.tile_widget import MARKS

_LONGEST_NAME = 60
_NAME_PX = 250


class Header(QWidget):
    """One line: number of beds, alerts, name of the user, encryption, sound, clock."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("topbar")
        # What the alerts were set for: all of it changes rarely.
        self._said: tuple[Any, ...] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.beds, self.alerts, self.clock = (
            label("", "soft"),
            elastic(label("", "strong")),
            label("", "field"),
        )
        self.alerts.setTextFormat(Qt.TextFormat.RichText)
        self.alerts.setAccessibleName("Alerts of all beds")
        self.clock.setAccessibleName("Time of day")
        self.sound, self.encryption = label("", "soft"), label("", "soft")
        self.encryption.hide()
        self.name = QLineEdit()
        self.name.setPlaceholderText(texts.NAME)
        self.name.setAccessibleName(texts.NAME)
        self.name.setMaxLength(_LONGEST_NAME)
        self.name.setToolTip(texts.NAME_HINT)
        self.name.setAccessibleDescription(texts.NAME_HINT)
        # Keys are commands, and Tab goes from bed to bed, until the field is clicked or called by its key.
        self.name.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 3, 12, 3)
        row.setSpacing(16)
        row.addWidget(self.beds)
        row.addWidget(self.alerts, 1)
        for each in (self.name, self.encryption, self.sound, self.clock):
            row.addWidget(each)
        self.set_scale(1.0)

    def set_scale(self, scale: float) -> None:
        """Set the width of the name to the size of the texts; 1 is for 1080 lines."""
        self.name.setFixedWidth(round(_NAME_PX * scale))
        self._scale = scale

    def show_alerts(self, n_beds: int, alerts: Sequence[BedAlert], theme: Theme) -> None:
        """Set the alerts, new ones first, and the clock."""
        _set(self.beds, texts.ONE_BED if n_beds == 1 else texts.BEDS.format(n=n_beds))
        _set(self.clock, f"{local_now():%H:%M:%S}")
        said = [(_line(one), one.alert.is_seen) for one in alerts], theme, self.alerts.width(), self._scale
        if said == self._said:
            return
        self._said = said
        shown = list(alerts[: self._room_n(alerts)])
        parts = [_coloured(one, theme) for one in shown]
        more = [texts.MORE_ALERTS.format(n=len(alerts) - len(shown))] if len(shown) < len(alerts) else []
        _set(self.alerts, "&nbsp;&nbsp;&nbsp; ".join(parts + more) or texts.NO_ALERT_ANYWHERE)
        self.alerts.setToolTip("<br>".join(_coloured(one, theme) for one in alerts))
        self.alerts.setAccessibleDescription("; ".join(map(_line, alerts)))

    def _room_n(self, alerts: Sequence[BedAlert]) -> int:
        """Return how many alerts fit into the line, with the number of the others; at least one."""
        self.alerts.ensurePolished()
        metrics = self.alerts.fontMetrics()
        more_px = metrics.horizontalAdvance(texts.MORE_ALERTS.format(n=99))
        width_px = 0
        for n, one in enumerate(alerts, start=1):
            width_px += metrics.horizontalAdvance(_line(one) + "     ")
            if width_px + (more_px if n < len(alerts) else 0) > self.alerts.width():
                return max(1, n - 1)
        return len(alerts)

    def show_sound(self, text: str, *, works: bool) -> None:
        """Set the state of the sound."""
        _set(self.sound, text)
        set_flag(self.sound, "alarm", on=not works)

    def show_encryption(self, *, is_encrypted: bool) -> None:
        """Say whether the ward's streams are encrypted."""
        _set(self.encryption, texts.ENCRYPTED if is_encrypted else texts.NOT_ENCRYPTED)
        set_flag(self.encryption, "alarm", on=not is_encrypted)
        self.encryption.show()


def _coloured(one: BedAlert, theme: Theme) -> str:
    colour = theme.soft if one.alert.is_seen else getattr(theme, one.alert.priority)
    return f'<span style="color: {colour}">{html.escape(_line(one))}</span>'


def _line(one: BedAlert) -> str:
    mark = texts.SEEN if one.alert.is_seen else MARKS[one.alert.priority]
    return f"{mark} {one.name}: {one.alert.text}"


def _set(where: QLabel, text: str) -> None:
    if where.text() != text:
        where.setText(text)
