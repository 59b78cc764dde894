"""The mouse over the trace: the wheel moves and scales it, and what lies under the pointer is read out."""

from __future__ import annotations

import bisect
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QLabel

from monitor.dashboard import texts
from monitor.dashboard.shell.annotation import Annotator
from monitor.dashboard.shell.span_drag import lane_at, leg_at, moment_at
from monitor.dashboard.signal.sweep import SweepView
from monitor.dashboard.signal.traces import Measured
from monitor.dashboard.style import label
from monitor.dashboard.viewmodel.lanes import LaneView
from monitor.dashboard.viewmodel.places import events_of
from monitor.dashboard.viewmodel.screen import Bracket, MovementsView

_NOTCH = 120
_BESIDE_PX = 14


def read_text(view: LaneView, found: Measured) -> str:
    """Return the lowest and the highest value of a lane as a text."""
    form = texts.READ_UV if view.is_limb else texts.READ_SIGNAL
    return form.format(low=found.low_uv, high=found.high_uv, unit=view.unit).strip()


class Pointer(QObject):
    """Wheel and read-out.

    Parameters
    ----------
    sweep : SweepView
    annotator : Annotator
        Finds the movement at a place, and writes times of day.
    act : callable
        Called with an action of the key table.
    """

    def __init__(self, sweep: SweepView, annotator: Annotator, act: Callable[[str], None]) -> None:
        super().__init__(sweep)
        self._sweep, self._annotator, self._act = sweep, annotator, act
        self._turned = 0
        self._onsets: tuple[MovementsView | None, list[float]] = (None, [])
        self.readout: QLabel = label("", "readout")
        self.readout.setParent(sweep)
        self.readout.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.readout.hide()
        sweep.setMouseTracking(True)
        sweep.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """Take the wheel; follow the pointer while no button is held."""
        if isinstance(event, QWheelEvent):
            self._wheel(event)
            return True
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            if event.buttons():
                self.readout.hide()
            else:
                self._read(event.position().toPoint())
        elif event.type() in (QEvent.Type.Leave, QEvent.Type.MouseButtonPress):
            self.readout.hide()
        return super().eventFilter(watched, event)

    def _wheel(self, event: QWheelEvent) -> None:
        """Page; with Ctrl change the sensitivity, with Shift the length of the page."""
        delta = event.angleDelta()
        # With some window systems Shift turns the wheel sideways.
        self._turned += delta.y() or delta.x()
        notches = int(self._turned / _NOTCH)
        self._turned -= notches * _NOTCH
        step = -1 if notches > 0 else 1
        held = event.modifiers()
        if held & Qt.KeyboardModifier.ControlModifier:
            action = f"sensitivity:{step}"
        elif held & Qt.KeyboardModifier.ShiftModifier:
            action = f"sweep:{step}"
        else:
            action = f"page:{step}"
        for _ in range(abs(notches)):
            self._act(action)
        self.readout.hide()

    def _read(self, at: QPoint) -> None:
        t_s, lane = moment_at(self._sweep, at), lane_at(self._sweep, at)
        if t_s is None or lane is None or at.y() >= self._sweep.strip_top:
            self.readout.hide()
            return
        head = self._annotator.text_of(t_s)
        column_s = self._sweep.column_s
        found = None if lane.traces is None else lane.traces.measured(lane.name, t_s - column_s, t_s)
        if found is not None:
            head += f" · {lane.view.title} " + read_text(lane.view, found)
        bracket = self._annotator.bracket_at(t_s, leg_at(self._sweep, at))
        lines = [head] + ([] if bracket is None else self._of_movement(bracket))
        self.readout.setText("\n".join(lines))
        self.readout.adjustSize()
        right = self._sweep.width() - self.readout.width()
        x = at.x() + _BESIDE_PX if at.x() + _BESIDE_PX < right else at.x() - _BESIDE_PX - self.readout.width()
        y = min(at.y() + _BESIDE_PX, self._sweep.height() - self.readout.height())
        self.readout.move(max(0, x), y)
        self.readout.show()

    def _of_movement(self, bracket: Bracket) -> list[str]:
        """Return length, interval to the movement before, and why it is counted or not."""
        lines = [bracket.text]
        if self._onsets[0] is not self._sweep.movements:
            movements = self._sweep.movements
            counted = [event.onset_s for event in events_of(movements) if event.life in ("lm", "plm", "out")]
            self._onsets = (movements, counted)
        at = bisect.bisect_left(self._onsets[1], bracket.onset_s)
        if at > 0:
            lines[0] += texts.READ_INTERVAL.format(interval_s=bracket.onset_s - self._onsets[1][at - 1])
        return lines + ([bracket.why] if bracket.why else [])
