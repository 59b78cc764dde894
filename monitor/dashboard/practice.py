"""The technologist's work: what keys and mouse enter into the night; each entry a signed fact."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QObject, QPoint

from monitor.dashboard.actions import Act
from monitor.dashboard.author import Author
from monitor.dashboard.note import Question
from monitor.dashboard.pointer import SpanDrag
from monitor.dashboard.sweep import SweepView
from monitor.dashboard.time_views import Bracket
from monitor.dashboard.views import DeskView
from monitor.facts import LEGS
from monitor.markers import EPOCH_S

if TYPE_CHECKING:
    from monitor.dashboard.window import DashboardWindow

_NEAR_S = 0.4
_CHOOSE = "choose a movement first: click on it, or Ctrl+← and Ctrl+→"
# By life; the rest a person may take out of the count.
_NOT_JUDGED = {
    "twitch": "a twitch is not counted: there is nothing to reject",
    "flagged": "not yet a movement: wait until it has lasted half a second",
    "limb": "this limb is counted nowhere",
}


class Practice(QObject):
    """Enter, judge, mark.

    Parameters
    ----------
    window : DashboardWindow
        Whose parts are there already.

    Attributes
    ----------
    author : Author
        Signs what is entered.
    """

    def __init__(self, window: DashboardWindow) -> None:
        super().__init__(window)
        self._window = window
        self.author = Author(window.notes, window.feed.link.send, window.tell)
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

    # -- what all entries share -------------------------------------------------------------------------

    @property
    def desk(self) -> DeskView | None:
        """What may be entered now, None before the first picture."""
        return self._window.screen_view.desk if self._window.screen_view is not None else None

    def may_write(self) -> bool:
        """Whether something can be entered; if not, say what to do."""
        if self.desk is None or self.desk.may_write:
            return True
        self._window.tell(self.desk.why_not)
        return False

    def send(self, request: dict[str, object]) -> None:
        """Enter something, signed; what comes of it is seen in the journal."""
        if self.may_write():
            self.author.sign(request)

    def journal_alerts(self, what: str, **about: object) -> None:
        """Have it noted what a person did about alerts while the night is recorded; no name is asked for."""
        if self.is_recording and self.desk is not None and self.desk.may_write and all(about.values()):
            self.author.sign_unasked({"do": what, "t": self._window.now_s(), **about})

    def ask(self, question: Question) -> None:
        """Ask what an entry needs, where one can be made."""
        if self.may_write():
            self._window.notes.ask(question)

    @property
    def is_recording(self) -> bool:
        """Whether the night goes on: then an entry is about now, unless it says otherwise."""
        screen = self._window.screen_view
        return screen is None or screen.top.phase == "recording"

    def _moment_s(self) -> float:
        return self._window.now_s() if self.is_recording else self._window.review.middle_s

    def text_of(self, t_s: float) -> str:
        """Write a moment as the time of day."""
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
            self._window.tell(f"lights {state}: sent")
            if state == "on":
                self._window.pages.open_summary()

        self.ask(Question("", f"Lights {state} {moment}?  Enter: yes, Esc: no", enter, is_fixed=True))

    def _stage(self, stage: str) -> None:
        window, review = self._window, self._window.review
        is_past = review.at_s is not None or not self.is_recording
        at_s = review.middle_s if is_past else window.now_s()
        start_s = max(0.0, at_s // EPOCH_S * EPOCH_S)
        epoch = f"epoch {int(start_s // EPOCH_S) + 1}"
        if not self.may_write():
            return
        if not is_past:
            self.send({"do": "stage", "t": start_s, "stage": stage})
            window.tell(f"stage {stage} from {epoch} on: sent")
            return
        # Back in the night it is that one epoch, and the next is shown.
        self.send({"do": "stage", "t": start_s, "stage": stage, "duration_s": EPOCH_S})
        window.tell(f"stage {stage} for {epoch} ({self.text_of(start_s)}): sent")
        if start_s + EPOCH_S < window.now_s():
            review.show(start_s + 1.5 * EPOCH_S - window.live.sweep.sweep_s / 2, is_exact=True)

    def _ask_segment(self) -> None:
        at_s = self._moment_s()

        def enter(label: str) -> None:
            self.send({"do": "segment", "t": at_s, "label": label})
            self._window.tell(f"the night is split at {self.text_of(at_s)}: sent")

        hint = f"What begins at {self.text_of(at_s)}?"
        self.ask(Question(hint, "treatment started", enter))

    def _undo(self, seq: int | None = None) -> None:
        screen = self._window.screen_view
        seq = seq if seq is not None or screen is None else screen.undo_seq
        if seq is None:
            self._window.tell("nothing of yours to take back")
            return
        self.send({"do": "undo", "seq": seq})

    # -- movements --------------------------------------------------------------------------------------

    def choose(self, keys: tuple[str, ...], entry: int | None = None) -> None:
        """Choose movements by their keys, or an entry of a person by its number, or nothing."""
        self._entry = entry
        self._window.live.sweep.set_chosen(frozenset(keys))

    def _go_to_movement(self, step: int) -> None:
        bracket = self._window.review.to_movement(step)
        if bracket is not None:
            self._choose_bracket(bracket)

    def _choose_bracket(self, bracket: Bracket) -> None:
        self.choose((bracket.key,))
        is_out = self.desk is not None and bracket.key in self.desk.rejected
        what = "X: counts again" if is_out else "X: does not count"
        parts = [f"{bracket.leg} {self.text_of(bracket.onset_s)}", bracket.text, bracket.why]
        parts += [what] if bracket.life not in _NOT_JUDGED else []
        self._window.tell(" · ".join(part for part in parts if part))

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
            self._window.tell(
                f"{row.what}: {row.detail}" if row.detail else f"{row.what} · X: does not count"
            )
        elif row.seq is not None:
            self._window.tell(f"{row.what} · X: take it back")

    def _judge(self) -> None:
        keys, desk = sorted(self._window.live.sweep.chosen), self.desk
        if not keys and self._entry is not None:
            self._undo(self._entry)
        elif not keys or desk is None:
            self._window.tell(_CHOOSE)
        elif why := [_NOT_JUDGED[b.life] for b in self._brackets(keys) if b.life in _NOT_JUDGED]:
            self._window.tell(why[0])
        elif out := [key for key in keys if key in desk.rejected]:
            self.send({"do": "accept", "movement": out[0]})
        else:
            hint = "Why does this movement not count?"
            self.ask(Question(hint, "artifact", lambda reason: self._reject(keys, reason)))

    def _brackets(self, keys: list[str]) -> list[Bracket]:
        return [each for each in self._window.live.sweep.movements.brackets if each.key in keys]

    def _reject(self, keys: list[str], reason: str) -> None:
        self.send({"do": "reject", "movements": keys, "reason": reason})
        self._window.tell(f"does not count, {reason}: sent · X: bring it back")

    # -- artifacts --------------------------------------------------------------------------------------

    def _artifact(self) -> None:
        at_s, begin_s = self._window.review.middle_s, self._artifact_from_s
        if not self.may_write():
            return
        if begin_s is None:
            self._artifact_from_s = at_s
            self._window.tell(f"artifact from {self.text_of(at_s)}: go to its end, then Shift+X again")
            return
        self._artifact_from_s = None
        if begin_s == at_s:
            self._window.tell("no artifact: it ended where it began")
            return
        self._ask_artifact(min(begin_s, at_s), max(begin_s, at_s), None)

    def _dragged(self, start_s: float, end_s: float, at: QPoint) -> None:
        leg = leg_at(self._window.live.sweep, at)
        if leg is not None and leg not in LEGS:
            self._window.tell("no artifact: this limb is counted nowhere")
            return
        self._ask_artifact(start_s, end_s, leg)

    def _ask_artifact(self, start_s: float, end_s: float, leg: str | None) -> None:
        request: dict[str, object] = {"do": "artifact", "t": start_s, "duration_s": end_s - start_s}
        if leg is not None:
            request["legs"] = [leg]
        where = f"{leg} leg" if leg is not None else "both legs"
        span = f"{self.text_of(start_s)} – {self.text_of(end_s)}"

        def enter(_: str) -> None:
            self.send(request)
            self._window.tell(f"artifact {end_s - start_s:.1f} s, {where}: sent · Ctrl+Z takes it back")

        text = f"Artifact {span}, {where}?  Enter: yes, Esc: no"
        self.ask(Question("", text, enter, is_fixed=True))


def moment_at(sweep: SweepView, at: QPoint) -> float | None:
    """Return what moment (s) lies under a position on the trace; None beside it."""
    if not sweep.left_edge <= at.x() <= sweep.right_edge:
        return None
    first_s, last_s = sweep.visible_s
    back_px = sweep.right_edge - at.x() if sweep.is_page else sweep.x_of(last_s) - at.x()
    if back_px < 0:
        back_px += sweep.right_edge - sweep.left_edge
    return max(first_s, last_s - back_px * sweep.column_s, 0.0)


def leg_at(sweep: SweepView, at: QPoint) -> str | None:
    """Return which leg's (or limb's) lane a position lies in, the marks above it included."""
    above = [leg for leg, top in sweep.lane_tops() if top <= at.y()]
    return above[-1] if above else None
