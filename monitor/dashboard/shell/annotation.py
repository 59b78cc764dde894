"""The entries of the technologist by keys and mouse; each is a fact with its author.

With the mouse a click selects a time, a drag a span of time.
"""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QWidget

from monitor.dashboard import texts
from monitor.dashboard.shell.actions import Act
from monitor.dashboard.shell.host import Host
from monitor.dashboard.shell.notes import Author, Question
from monitor.dashboard.signal.sweep import SweepView
from monitor.dashboard.viewmodel.screen import Bracket, EditPermissions
from monitor.model.facts import LEGS
from monitor.session.markers import EPOCH_S

_LEAST_PX = 5


class SpanDrag(QObject):
    """Turn clicks and drags with the left button into times and spans of the session.

    Parameters
    ----------
    widget : QWidget
        Whose x axis is time.
    moment_of : callable
        Converts a position into a time (s), None where there is none.
    needs_shift : bool
        Only with Shift held; otherwise the event is left to the widget.

    Signals
    -------
    clicked(float, QPoint)
        A time.
    dragged(float, float, QPoint)
        Start and end (s), and the position of the start.
    """

    clicked = Signal(float, QPoint)
    dragged = Signal(float, float, QPoint)

    def __init__(
        self, widget: QWidget, moment_of: Callable[[QPoint], float | None], *, needs_shift: bool
    ) -> None:
        super().__init__(widget)
        self._widget, self._moment_of, self._needs_shift = widget, moment_of, needs_shift
        self._from: tuple[QPoint, float] | None = None
        self._band = QFrame(widget)
        self._band.setProperty("span", "true")
        self._band.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._band.hide()
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the button from press to release."""
        if not isinstance(event, QMouseEvent):
            return super().eventFilter(watched, event)
        at = event.position().toPoint()
        if event.type() == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            has_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            moment_s = self._moment_of(at) if has_shift or not self._needs_shift else None
            self._from = None if moment_s is None else (at, moment_s)
            return self._from is not None
        if self._from is None:
            return super().eventFilter(watched, event)
        if event.type() == QEvent.Type.MouseMove:
            self._show(at)
        elif event.type() == QEvent.Type.MouseButtonRelease:
            self._release(at)
        return True

    def _show(self, at: QPoint) -> None:
        begin = self._from[0].x() if self._from else at.x()
        self._band.setGeometry(
            QRect(min(begin, at.x()), 0, max(2, abs(at.x() - begin)), self._widget.height())
        )
        self._band.show()

    def _release(self, at: QPoint) -> None:
        begin, self._from = self._from, None
        self._band.hide()
        if begin is None:
            return
        point, start_s = begin
        if abs(at.x() - point.x()) < _LEAST_PX:
            self.clicked.emit(start_s, point)
            return
        end_s = self._moment_of(at)
        if end_s is not None and end_s != start_s:
            self.dragged.emit(min(start_s, end_s), max(start_s, end_s), point)


_NEAR_S = 0.4


class Annotator(QObject):
    """Notes, lights, stages, corrections and marks of the user.

    Parameters
    ----------
    window : Host
        The window; its parts exist already.

    Attributes
    ----------
    author : Author
        Adds the name to each entry.
    """

    def __init__(self, window: Host) -> None:
        super().__init__(window.ground)
        self._window = window
        self.author = Author(window.notes, window.feed.client.send, window.show_message)
        self._artifact_from_s: float | None = None
        self._entry: int | None = None
        sweep = window.live.sweep
        self._over_trace = SpanDrag(sweep, partial(moment_at, sweep), needs_shift=False)
        self._over_night = SpanDrag(window.night.canvas, window.night.moment_at, needs_shift=True)
        self._over_trace.clicked.connect(self._pressed)
        self._over_trace.dragged.connect(self._dragged)
        self._over_night.dragged.connect(lambda start_s, end_s, _: self._ask_artifact(start_s, end_s, None))
        window.log.table.clicked.connect(self._chosen_in_log)
        window.acts.add(self._actions())

    def _actions(self) -> dict[str, Act]:
        return {
            "note": lambda text: self._ask_note(text, self._moment_s()),
            "note-here": lambda _: self._ask_note("", self._window.review.middle_s),
            "lights": lambda _: self._ask_lights(),
            "stage": self._stage,
            "movement": lambda step: self._go_to_movement(int(step)),
            "judge": lambda _: self._judge(),
            "artifact": lambda _: self._artifact(),
            "segment": lambda _: self._ask_segment(),
            "undo": lambda _: self._undo(),
        }

    # -- shared by all entries --------------------------------------------------------------------------

    @property
    def permissions(self) -> EditPermissions | None:
        """Which entries are possible now, None before the first screen."""
        return self._window.screen_view.permissions if self._window.screen_view is not None else None

    def may_write(self) -> bool:
        """Return whether entries are possible; if not, show what to do."""
        if self.permissions is None or self.permissions.may_write:
            return True
        self._window.show_message(self.permissions.why_not)
        return False

    def send(self, request: dict[str, object]) -> None:
        """Send an entry with the name of its author; its effect appears in the journal."""
        if self.may_write():
            self.author.sign(request)

    def journal_alerts(self, what: str, **about: object) -> None:
        """Record what the user did about alerts during a recording; the name is not asked for."""
        if (
            self.is_recording
            and self.permissions is not None
            and self.permissions.may_write
            and all(about.values())
        ):
            self.author.sign_at_once({"do": what, "t": self._window.now_s(), **about})

    def ask(self, question: Question) -> None:
        """Ask a question, if entries are possible."""
        if self.may_write():
            self._window.notes.ask(question)

    @property
    def is_recording(self) -> bool:
        """Whether the session is being recorded: then an entry applies to now by default."""
        screen = self._window.screen_view
        return screen is None or screen.top.phase == "recording"

    def _moment_s(self) -> float:
        return self._window.now_s() if self.is_recording else self._window.review.middle_s

    def text_of(self, t_s: float) -> str:
        """Return a time of the session as time of day."""
        screen = self._window.screen_view
        return "now" if screen is None else screen.wall.text(t_s)

    # -- notes, lights, stages, parts -------------------------------------------------------------------

    def _ask_note(self, text: str, at_s: float) -> None:
        if self.may_write():
            self._window.notes.open(text, at_s=at_s, moment=self.text_of(at_s))

    def _ask_lights(self) -> None:
        screen, at_s = self._window.screen_view, self._moment_s()
        state = "on" if screen is not None and screen.top.is_lights_off else "off"
        moment = "now" if self.is_recording else f"at {self.text_of(at_s)}"

        def enter(_: str) -> None:
            self.send({"do": "lights", "t": at_s, "state": state})
            self._window.show_message(texts.LIGHTS_SENT.format(state=state))
            if state == "on":
                self._window.pages.open_summary()

        self.ask(Question("", texts.LIGHTS_QUESTION.format(state=state, moment=moment), enter, is_fixed=True))

    def _stage(self, stage: str) -> None:
        window, review = self._window, self._window.review
        is_past = review.at_s is not None or not self.is_recording
        at_s = review.middle_s if is_past else window.now_s()
        start_s = max(0.0, at_s // EPOCH_S * EPOCH_S)
        epoch = int(start_s // EPOCH_S) + 1
        if not self.may_write():
            return
        if not is_past:
            self.send({"do": "stage", "t": start_s, "stage": stage})
            window.show_message(texts.STAGE_SENT.format(stage=stage, epoch=epoch))
            return
        # In review a stage applies to one epoch, and the next epoch is shown.
        self.send({"do": "stage", "t": start_s, "stage": stage, "duration_s": EPOCH_S})
        moment = self.text_of(start_s)
        window.show_message(texts.STAGE_EPOCH_SENT.format(stage=stage, epoch=epoch, moment=moment))
        if start_s + EPOCH_S < window.now_s():
            review.show(start_s + 1.5 * EPOCH_S - window.live.sweep.sweep_s / 2, is_exact=True)

    def _ask_segment(self) -> None:
        at_s = self._moment_s()

        def enter(label: str) -> None:
            self.send({"do": "segment", "t": at_s, "label": label})
            self._window.show_message(texts.SEGMENT_SENT.format(moment=self.text_of(at_s)))

        hint = texts.SEGMENT_QUESTION.format(moment=self.text_of(at_s))
        self.ask(Question(hint, texts.SEGMENT_DEFAULT, enter))

    def _undo(self, seq: int | None = None) -> None:
        screen = self._window.screen_view
        seq = seq if seq is not None or screen is None else screen.undo_seq
        if seq is None:
            self._window.show_message(texts.NOTHING_TO_UNDO)
            return
        self.send({"do": "undo", "seq": seq})

    # -- movements --------------------------------------------------------------------------------------

    def choose(self, keys: tuple[str, ...], entry: int | None = None) -> None:
        """Select movements by their keys, or an entry of a person by its number, or nothing."""
        self._entry = entry
        self._window.live.sweep.set_chosen(frozenset(keys))

    def _go_to_movement(self, step: int) -> None:
        bracket = self._window.review.to_movement(step)
        if bracket is not None:
            self._choose_bracket(bracket)

    def _choose_bracket(self, bracket: Bracket) -> None:
        self.choose((bracket.key,))
        is_out = self.permissions is not None and bracket.key in self.permissions.rejected
        what = texts.X_RESTORES if is_out else texts.X_REJECTS
        parts = [f"{bracket.leg} {self.text_of(bracket.onset_s)}", bracket.text, bracket.why]
        parts += [what] if bracket.life not in texts.NOT_REJECTABLE else []
        self._window.show_message(" · ".join(part for part in parts if part))

    def _pressed(self, t_s: float, at: QPoint) -> None:
        leg = leg_at(self._window.live.sweep, at)
        near = [
            bracket
            for bracket in self._window.live.sweep.movements.brackets
            if bracket.leg == leg and bracket.onset_s - _NEAR_S <= t_s <= bracket.end_s + _NEAR_S
        ]
        if near:
            self._choose_bracket(min(near, key=lambda b: abs((b.onset_s + b.end_s) / 2 - t_s)))
        else:
            self.choose(())

    def _chosen_in_log(self, at: QModelIndex) -> None:
        row = self._window.log.model.row(at.row())
        self.choose(row.keys, row.seq)
        if row.keys:
            self._window.show_message(
                f"{row.what}: {row.detail}" if row.detail else f"{row.what} · {texts.X_REJECTS}"
            )
        elif row.seq is not None:
            self._window.show_message(f"{row.what} · {texts.X_UNDOES}")

    def _judge(self) -> None:
        keys, permissions = sorted(self._window.live.sweep.chosen), self.permissions
        if not keys and self._entry is not None:
            self._undo(self._entry)
        elif not keys or permissions is None:
            self._window.show_message(texts.SELECT_FIRST)
        elif why := [
            texts.NOT_REJECTABLE[b.life] for b in self._brackets(keys) if b.life in texts.NOT_REJECTABLE
        ]:
            self._window.show_message(why[0])
        elif out := [key for key in keys if key in permissions.rejected]:
            self.send({"do": "accept", "movement": out[0]})
        else:
            reject = partial(self._reject, keys)
            self.ask(Question(texts.REJECT_QUESTION, texts.REJECT_DEFAULT, reject))

    def _brackets(self, keys: list[str]) -> list[Bracket]:
        return [each for each in self._window.live.sweep.movements.brackets if each.key in keys]

    def _reject(self, keys: list[str], reason: str) -> None:
        self.send({"do": "reject", "movements": keys, "reason": reason})
        self._window.show_message(texts.REJECT_SENT.format(reason=reason))

    # -- artifacts --------------------------------------------------------------------------------------

    def _artifact(self) -> None:
        at_s, begin_s = self._window.review.middle_s, self._artifact_from_s
        if not self.may_write():
            return
        if begin_s is None:
            self._artifact_from_s = at_s
            self._window.show_message(texts.ARTIFACT_BEGUN.format(moment=self.text_of(at_s)))
            return
        self._artifact_from_s = None
        if begin_s == at_s:
            self._window.show_message(texts.ARTIFACT_EMPTY)
            return
        self._ask_artifact(min(begin_s, at_s), max(begin_s, at_s), None)

    def _dragged(self, start_s: float, end_s: float, at: QPoint) -> None:
        leg = leg_at(self._window.live.sweep, at)
        if leg is not None and leg not in LEGS:
            self._window.show_message(texts.ARTIFACT_NO_LEG)
            return
        self._ask_artifact(start_s, end_s, leg)

    def _ask_artifact(self, start_s: float, end_s: float, leg: str | None) -> None:
        request: dict[str, object] = {"do": "artifact", "t": start_s, "duration_s": end_s - start_s}
        if leg is not None:
            request["legs"] = [leg]
        where = f"{leg} leg" if leg is not None else "both legs"
        start, end = self.text_of(start_s), self.text_of(end_s)

        def enter(_: str) -> None:
            self.send(request)
            self._window.show_message(texts.ARTIFACT_SENT.format(length_s=end_s - start_s, where=where))

        text = texts.ARTIFACT_QUESTION.format(start=start, end=end, where=where)
        self.ask(Question("", text, enter, is_fixed=True))


def moment_at(sweep: SweepView, at: QPoint) -> float | None:
    """Return the time (s) at a position on the trace; None outside it."""
    if not sweep.left_edge <= at.x() <= sweep.right_edge:
        return None
    first_s, last_s = sweep.visible_s
    back_px = sweep.right_edge - at.x() if sweep.is_page else sweep.x_of(last_s) - at.x()
    if back_px < 0:
        back_px += sweep.right_edge - sweep.left_edge
    return max(first_s, last_s - back_px * sweep.column_s, 0.0)


def leg_at(sweep: SweepView, at: QPoint) -> str | None:
    """Return the leg or limb whose lane, with the marks above it, contains a position."""
    above = [leg for leg, top in sweep.lane_tops() if top <= at.y()]
    return above[-1] if above else None
