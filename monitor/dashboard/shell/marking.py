"""Events drawn with the mouse: a drag measures and offers what to enter, a right click changes a movement."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import QMenu

from monitor.dashboard import texts
from monitor.dashboard.shell.annotation import Annotator
from monitor.dashboard.shell.pointer import read_text
from monitor.dashboard.shell.span_drag import SpanDrag, lane_at, leg_at, moment_at
from monitor.dashboard.signal.sweep import SweepView
from monitor.dashboard.viewmodel.commands import (
    EnterMovements,
    Entry,
    MarkArousal,
    MarkArtifact,
    MarkRespiratory,
)
from monitor.dashboard.viewmodel.screen import Bracket
from monitor.model.facts import LEGS, Leg

if TYPE_CHECKING:
    from monitor.model.payloads import DrawnData

_EDGE_PX = 5
# Between the two parts of a movement that is split (s).
_SPLIT_S = 0.01
_ENDED = ("lm", "plm", "out")


class Marking(QObject):
    """Enter movements, arousals, respiratory events and artifacts on the trace.

    Parameters
    ----------
    sweep : SweepView
    over_trace : SpanDrag
        Gives the spans that are dragged.
    annotator : Annotator
        Sends the entries, and knows which movement is selected.
    say : callable
        Called with a message for the user.

    Attributes
    ----------
    menu : QMenu
        What the last drag or right click offers.
    """

    def __init__(
        self, sweep: SweepView, over_trace: SpanDrag, annotator: Annotator, say: Callable[[str], None]
    ) -> None:
        super().__init__(sweep)
        self._sweep, self._annotator, self._say = sweep, annotator, say
        self.menu = QMenu(sweep)
        over_trace.dragged.connect(self._dragged)
        sweep.installEventFilter(self)

    # -- a span that was dragged ------------------------------------------------------------------------

    def _dragged(self, from_s: float, to_s: float, at: QPoint) -> None:
        edge = self._edge_at(at)
        if edge is not None:
            self._move_edge(*edge, to_s)
            return
        start_s, end_s = min(from_s, to_s), max(from_s, to_s)
        leg = leg_at(self._sweep, at)
        self._open(texts.SPAN_MENU, self._measured(start_s, end_s, at), at)
        if leg in LEGS:
            drawn: DrawnData = {"leg": leg, "onset": start_s, "end": end_s}
            self._offer(texts.ADD_MOVEMENT, EnterMovements((drawn,)))
            self._offer(texts.ADD_ARTIFACT, MarkArtifact(start_s, end_s - start_s, (leg,)))
        self._offer(texts.ADD_ARTIFACT_BOTH, MarkArtifact(start_s, end_s - start_s))
        self._offer(texts.ADD_AROUSAL, MarkArousal(start_s, end_s - start_s))
        kinds = self.menu.addMenu(texts.ADD_RESPIRATORY)
        for label, text in texts.RESPIRATORY_LABELS.items():
            entry = MarkRespiratory(start_s, end_s - start_s, label)
            kinds.addAction(text).triggered.connect(partial(self._enter, entry, text))
        note = self.menu.addAction(texts.ADD_NOTE)
        note.triggered.connect(lambda: self._annotator.ask_note("", start_s))

    def _measured(self, start_s: float, end_s: float, at: QPoint) -> str:
        """Return length, rate, peak and RMS of a span, and the movements that begin in it."""
        length_s = end_s - start_s
        parts = [texts.MEASURED.format(length_s=length_s, rate_hz=1 / length_s)]
        lane = lane_at(self._sweep, at)
        if lane is not None and lane.traces is not None:
            found = lane.traces.measured(lane.name, start_s, end_s)
            if found is not None and lane.view.is_limb:
                parts.append(texts.MEASURED_UV.format(peak_uv=found.peak_uv, rms_uv=found.rms_uv))
            elif found is not None:
                parts.append(read_text(lane.view, found))
        leg = leg_at(self._sweep, at)
        own = [b for b in self._sweep.movements.brackets if b.leg == leg and start_s <= b.onset_s < end_s]
        n = sum(b.life in _ENDED for b in own)
        if n > 1:
            parts.append(texts.MEASURED_MOVEMENTS.format(n=n, per_h=n * 3600 / length_s))
        return " · ".join(parts)

    # -- a movement under the mouse ---------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """Open the menu of a movement; show where an edge can be dragged."""
        if isinstance(event, QContextMenuEvent):
            self._right_clicked(event.pos())
            return True
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent) and not event.buttons():
            at = event.position().toPoint()
            is_edge = self._edge_at(at) is not None
            self._sweep.setCursor(Qt.CursorShape.SizeHorCursor if is_edge else Qt.CursorShape.ArrowCursor)
        return super().eventFilter(watched, event)

    def _right_clicked(self, at: QPoint) -> None:
        t_s = moment_at(self._sweep, at)
        bracket = None if t_s is None else self._annotator.bracket_at(t_s, leg_at(self._sweep, at))
        if t_s is None or bracket is None:
            self._say(texts.NO_MOVEMENT_HERE)
            return
        self._annotator.choose_bracket(bracket)
        self._open(texts.MOVEMENT_MENU, " · ".join(filter(None, (bracket.text, bracket.why))), at)
        is_out = self._annotator.is_rejected(bracket.key)
        judge = self.menu.addAction(texts.RESTORE_MOVEMENT if is_out else texts.REJECT_MOVEMENT)
        judge.triggered.connect(self._annotator.judge)
        if not is_out and bracket.life in _ENDED:
            self._offer_changes(bracket, t_s)

    def _offer_changes(self, bracket: Bracket, t_s: float) -> None:
        onset_s, end_s = bracket.onset_s, bracket.end_s
        if t_s < end_s:
            self._offer(texts.START_HERE, _drawn(bracket, (t_s, end_s)))
        if t_s > onset_s:
            self._offer(texts.END_HERE, _drawn(bracket, (onset_s, t_s)))
        if onset_s < t_s < end_s - _SPLIT_S:
            self._offer(texts.SPLIT_HERE, _drawn(bracket, (onset_s, t_s), (t_s + _SPLIT_S, end_s)))
        after = self._after(bracket)
        if after is not None:
            whole: DrawnData = {"leg": cast(Leg, bracket.leg), "onset": onset_s, "end": after.end_s}
            self._offer(texts.MERGE_NEXT, EnterMovements((whole,), (bracket.key, after.key)))
        other = LEGS[1 - LEGS.index(cast(Leg, bracket.leg))]
        if self._annotator.screen is not None and other in self._annotator.screen.legs:
            moved: DrawnData = {"leg": other, "onset": onset_s, "end": end_s}
            self._offer(texts.OTHER_LEG.format(leg=other), EnterMovements((moved,), (bracket.key,)))

    def _after(self, bracket: Bracket) -> Bracket | None:
        """Return the next movement of the same leg that may be merged."""
        own = [
            b
            for b in self._sweep.movements.brackets
            if b.leg == bracket.leg
            and b.onset_s > bracket.onset_s
            and b.life in _ENDED
            and not self._annotator.is_rejected(b.key)
        ]
        return own[0] if own else None

    def _edge_at(self, at: QPoint) -> tuple[Bracket, bool] | None:
        """Return the selected movement whose edge is under the mouse, and whether it is its start."""
        leg = leg_at(self._sweep, at)
        for bracket in self._sweep.movements.brackets:
            if bracket.key not in self._sweep.chosen or bracket.leg != leg or bracket.life not in _ENDED:
                continue
            if self._annotator.is_rejected(bracket.key):
                continue
            for edge_s, is_start in ((bracket.onset_s, True), (bracket.end_s, False)):
                start_s, end_s = self._sweep.visible_s
                if start_s <= edge_s <= end_s and abs(self._sweep.x_of(edge_s) - at.x()) <= _EDGE_PX:
                    return bracket, is_start
        return None

    def _move_edge(self, bracket: Bracket, is_start: bool, to_s: float) -> None:
        span = (to_s, bracket.end_s) if is_start else (bracket.onset_s, to_s)
        if span[1] <= span[0]:
            self._say(texts.EDGE_CROSSED)
            return
        self._enter(_drawn(bracket, span), texts.EDGE_MOVED)

    # -- shared -----------------------------------------------------------------------------------------

    def _open(self, name: str, head: str, at: QPoint) -> None:
        self.menu.clear()
        self.menu.setAccessibleName(name)
        self.menu.addAction(head).setEnabled(False)
        self.menu.addSeparator()
        self.menu.popup(self._sweep.mapToGlobal(at))

    def _offer(self, text: str, entry: Entry) -> None:
        self.menu.addAction(text).triggered.connect(partial(self._enter, entry, text))

    def _enter(self, entry: Entry, text: str, _is_checked: bool = False) -> None:
        self._annotator.send_with_effect(entry, text.replace("&", ""))


def _drawn(bracket: Bracket, *spans: tuple[float, float]) -> EnterMovements:
    """Return the entry of one or more movements in place of one."""
    drawn: list[DrawnData] = [
        {"leg": cast(Leg, bracket.leg), "onset": start_s, "end": end_s} for start_s, end_s in spans
    ]
    return EnterMovements(tuple(drawn), (bracket.key,))
