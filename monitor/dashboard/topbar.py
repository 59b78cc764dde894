"""The bar at the top: who, since when, how late, lights, stage, streams, alert."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from monitor.dashboard.alert_field import AlertField
from monitor.dashboard.chip_strip import ChipStrip
from monitor.dashboard.look import label, set_flag, text_px
from monitor.dashboard.theme import Theme
from monitor.dashboard.views import TopView
from monitor.dashboard.walltime import WallTime, clock_text

_PHASES = {"recording": "RECORDING", "ended": "ENDED", "cut off": "CUT OFF"}
_CLOCKS = {"recording": "CLOCK", "ended": "ENDED AT", "cut off": "CUT OFF AT"}


class _Field(QWidget):
    """A caption, a value, and what belongs to it."""

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
        self._bed, self._recording, self._clock = _Field("BED"), _Field("RECORDING"), _Field("CLOCK")
        self._lights, self._stage, self._saved = _Field("LIGHTS"), _Field("STAGE"), _Field("LAST SAVED")
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
        """Leave out on a small screen what can be done without."""
        for field in (self._bed, self._clock):
            field.beside.setVisible(not is_small)

    def show_top(self, top: TopView, wall: WallTime) -> None:
        """Take what stands at the top now."""
        self._bed.caption.setText(f"{top.bed} · STUDY".upper() if top.study else "BED")
        self._bed.show_text(top.study or top.bed, f"{top.audience} profile")
        stale = f"NOT RESPONDING {top.stale_s:.0f} s" if top.stale_s else ""
        self._recording.caption.setText(stale or _PHASES[top.phase])
        set_flag(self._recording.caption, "alarm", on=top.phase == "cut off")
        for part in (self._recording.caption, self._recording.value):
            set_flag(part, "stale", on=bool(stale))
        self._recording.show_text(("● " if top.phase == "recording" else "■ ") + clock_text(top.recorded_s))
        self._clock.show_text(top.clock_text, f"epoch {top.epoch}")
        self._clock.caption.setText(_CLOCKS[top.phase] if wall.is_known else "TIME")
        self._saved.show_text(top.saved_text or "–")
        self._saved.caption.setText("NOT SAVED SINCE" if top.is_saved_old else "LAST SAVED")
        set_flag(self._saved.value, "alarm", on=top.is_saved_old)
        lights = {True: "OFF", False: "ON", None: "–"}[top.is_lights_off]
        since = "" if top.lights_since_s is None else f"since {wall.text(top.lights_since_s, seconds=False)}"
        self._lights.show_text(lights, since or "not marked")
        self._stage.show_text(top.stage or "–", top.stage_about)


def _divider() -> QFrame:
    line = QFrame()
    line.setFixedWidth(1)
    line.setFixedHeight(44)
    line.setStyleSheet("background: rgba(128, 128, 128, 60); border: none;")
    return line
