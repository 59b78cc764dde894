"""The entries of the technologist by keys and mouse; each is a fact with its author."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from PySide6.QtCore import QModelIndex, QObject, QPoint, Signal

from monitor.dashboard import texts
from monitor.dashboard.panels.log import LogPanel
from monitor.dashboard.panels.overview import OverviewPanel
from monitor.dashboard.shell.actions import Act
from monitor.dashboard.shell.notes import Author, NoteTaker, Question, account
from monitor.dashboard.shell.span_drag import SpanDrag, leg_at, moment_at
from monitor.dashboard.shell.time_navigation import Review
from monitor.dashboard.signal.sweep import SweepView
from monitor.dashboard.viewmodel.commands import (
    Accept,
    AddNote,
    AddSegment,
    EnterMovements,
    Entry,
    MarkArtifact,
    Reject,
    SwitchLights,
    Undo,
)
from monitor.dashboard.viewmodel.screen import Bracket, EditPermissions, Screen
from monitor.dashboard.viewmodel.undo import UndoView
from monitor.model.clock import utc_now

_NEAR_S = 0.4
_WHAT_X_DOES = {"lookalike": texts.X_COUNTS}


class Annotator(QObject):
    """Notes, lights, stages, corrections and marks of the user.

    Parameters
    ----------
    sweep : SweepView
    overview : OverviewPanel
    log : LogPanel
        Movements and times are selected in these three.
    review : Review
        The period shown, and the end of the recording so far.
    notes : NoteTaker
        Asks questions.
    author : Author
        Adds the name to each entry and sends it.
    say : callable
        Called with a message for the user.

    Attributes
    ----------
    screen : Screen or None
        The newest screen; set by the window.

    Signals
    -------
    lights_on
        Lights on was entered: the session is about to end.
    """

    lights_on = Signal()

    def __init__(
        self,
        sweep: SweepView,
        overview: OverviewPanel,
        log: LogPanel,
        review: Review,
        notes: NoteTaker,
        author: Author,
        say: Callable[[str], None],
    ) -> None:
        super().__init__(sweep)
        self._sweep, self._log, self._review = sweep, log, review
        self._notes, self.author, self._say = notes, author, say
        self.screen: Screen | None = None
        self._artifact_from_s: float | None = None
        self._entry: int | None = None
        self._undoing: int | None = None
        self._redoing: int | None = None
        # What the screen shows once an entry has its effect, the count before, the text.
        self._expected: tuple[Callable[[Screen], bool], int | None, str] | None = None
        self.over_trace = SpanDrag(sweep, partial(moment_at, sweep), needs_shift=False)
        self._over_night = SpanDrag(overview.canvas, overview.moment_at, needs_shift=True)
        self.over_trace.clicked.connect(self._pressed)
        self._over_night.dragged.connect(lambda from_s, to_s, _: self._ask_artifact(from_s, to_s))
        log.table.clicked.connect(self._chosen_in_log)
        notes.written.connect(self._send_note)

    def actions(self) -> dict[str, Act]:
        """Return the actions by name."""
        return {
            "note": lambda text: self.ask_note(text, self._moment_s()),
            "note-here": lambda _: self.ask_note("", self._review.middle_s),
            "lights": lambda _: self._ask_lights(),
            "movement": lambda step: self._go_to_movement(int(step)),
            "judge": lambda _: self.judge(),
            "artifact": lambda _: self._artifact(),
            "segment": lambda _: self._ask_segment(),
            "undo": lambda _: self._undo(),
            "redo": lambda _: self._redo(),
            "author": lambda _: self.author.ask(),
        }

    # -- shared by all entries --------------------------------------------------------------------------

    @property
    def permissions(self) -> EditPermissions | None:
        """Which entries are possible now, None before the first screen."""
        return self.screen.permissions if self.screen is not None else None

    def may_write(self) -> bool:
        """Return whether entries are possible; if not, show what to do."""
        if self.permissions is None or self.permissions.may_write:
            return True
        self._say(self.permissions.why_not)
        return False

    def send(self, entry: Entry) -> None:
        """Send an entry with the name of its author; its effect appears in the journal."""
        if self.may_write():
            self.author.sign(entry)

    def send_at_once(self, entry: Entry) -> None:
        """Send an entry about alerts during a recording; the name is not asked for."""
        if self.is_recording and self.permissions is not None and self.permissions.may_write:
            self.author.sign_at_once(entry)

    def ask(self, question: Question) -> None:
        """Ask a question, if entries are possible."""
        if self.may_write():
            self._notes.ask(question)

    @property
    def is_recording(self) -> bool:
        """Whether the session is being recorded: then an entry applies to now by default."""
        screen = self.screen
        return screen is None or screen.top.phase == "recording"

    def _moment_s(self) -> float:
        return self._review.now_s if self.is_recording else self._review.middle_s

    def text_of(self, t_s: float) -> str:
        """Return a time of the session as time of day."""
        screen = self.screen
        return "now" if screen is None else screen.wall.text(t_s)

    # -- notes, lights, stages, parts -------------------------------------------------------------------

    def ask_note(self, text: str, at_s: float) -> None:
        """Start a note for a time (s), with a text to edit."""
        if self.may_write():
            self._notes.open(text, at_s=at_s, moment=self.text_of(at_s))

    def _send_note(self, note: AddNote) -> None:
        self.send(note)
        self._say(texts.NOTE_SENT)

    def _ask_lights(self) -> None:
        screen, at_s = self.screen, self._moment_s()
        state = "on" if screen is not None and screen.top.is_lights_off else "off"
        moment = "now" if self.is_recording else f"at {self.text_of(at_s)}"

        def enter(_: str) -> None:
            self.send(SwitchLights(at_s, state))
            self._say(texts.LIGHTS_SENT.format(state=state))
            if state == "on":
                self.lights_on.emit()

        self.ask(Question("", texts.LIGHTS_QUESTION.format(state=state, moment=moment), enter, is_fixed=True))

    def _ask_segment(self) -> None:
        at_s = self._moment_s()

        def enter(label: str) -> None:
            self.send(AddSegment(at_s, label))
            self._say(texts.SEGMENT_SENT.format(moment=self.text_of(at_s)))

        hint = texts.SEGMENT_QUESTION.format(moment=self.text_of(at_s))
        self.ask(Question(hint, texts.SEGMENT_DEFAULT, enter))

    def _undo(self, seq: int | None = None) -> None:
        """Undo an entry, by default the last one; asks first unless it is the user's own and recent."""
        if self.screen is None or not self.may_write():
            return
        undo = self.screen.undo
        step = undo.latest if seq is None else undo.steps.get(seq)
        if step is None:
            self._say(texts.NOTHING_TO_UNDO)
        elif step.seq != self._undoing:
            reasons = undo.reasons_to_ask(step, self.author.name or account(), utc_now())
            what = f"{step.text}, {self.text_of(step.t_s)}"
            if reasons:
                question = texts.UNDO_QUESTION.format(what=what, why=", ".join(reasons))
                self.ask(Question("", question, lambda _: self._send_undo(step.seq), is_fixed=True))
            else:
                self._send_undo(step.seq)

    def _send_undo(self, seq: int) -> None:
        self._undoing = seq
        self.send(Undo(seq))

    def _redo(self) -> None:
        undo = self.screen.undo if self.screen is not None else UndoView()
        if undo.redo is None or undo.undone is None:
            self._say(texts.NOTHING_TO_REDO)
        elif self.may_write() and undo.undone.seq != self._redoing:
            self._redoing = undo.undone.seq
            self.send(undo.redo)
            self._say(texts.REDONE.format(what=f"{undo.undone.text}, {self.text_of(undo.undone.t_s)}"))

    def refused(self) -> None:
        """Note that the recorder refused an entry: it may be tried again."""
        self._undoing = self._redoing = self._expected = None

    def update(self) -> None:
        """Show what has become of entries; called a few times a second."""
        self._show_effect()
        undone = self.screen.undo.undone if self.screen is not None else None
        if undone is not None and undone.seq == self._undoing:
            self._undoing = None
            self._say(texts.UNDONE.format(what=f"{undone.text}, {self.text_of(undone.t_s)}"))

    # -- movements --------------------------------------------------------------------------------------

    def choose(self, keys: tuple[str, ...], entry: int | None = None) -> None:
        """Select movements by their keys, or an entry of a person by its number, or nothing."""
        self._entry = entry
        self._sweep.set_chosen(frozenset(keys))

    def _go_to_movement(self, step: int) -> None:
        bracket = self._review.to_movement(step)
        if bracket is not None:
            self.choose_bracket(bracket)

    def choose_bracket(self, bracket: Bracket) -> None:
        """Select the event of a bracket: of both legs, where their movements were combined."""
        self.choose(bracket.keys)
        is_out = self.is_rejected(bracket.key)
        what = texts.X_RESTORES if is_out else _WHAT_X_DOES.get(bracket.life, texts.X_REJECTS)
        leg = "both legs" if len(bracket.keys) > 1 else bracket.leg
        parts = [f"{leg} {self.text_of(bracket.onset_s)}", bracket.text, bracket.why]
        may_write = self.permissions is None or self.permissions.may_write
        parts += [what] if may_write and bracket.life not in texts.NOT_REJECTABLE else []
        self._say(" · ".join(part for part in parts if part))

    def _pressed(self, t_s: float, at: QPoint) -> None:
        """Select the movement under the mouse, or nothing, and mark its epoch in review."""
        self._review.mark(t_s)
        bracket = self.bracket_at(t_s, leg_at(self._sweep, at))
        if bracket is not None:
            self.choose_bracket(bracket)
        else:
            self.choose(())

    def is_rejected(self, key: str) -> bool:
        """Return whether a person rejected a movement."""
        return self.permissions is not None and key in self.permissions.rejected

    def bracket_at(self, t_s: float, leg: str | None) -> Bracket | None:
        """Return the movement of a leg at or near a time (s), None if there is none."""
        near = [
            bracket
            for bracket in self._sweep.movements.brackets
            if bracket.leg == leg and bracket.onset_s - _NEAR_S <= t_s <= bracket.end_s + _NEAR_S
        ]
        return min(near, key=lambda b: abs((b.onset_s + b.end_s) / 2 - t_s), default=None)

    def _chosen_in_log(self, at: QModelIndex) -> None:
        row = self._log.model.row(at.row())
        # A rejected event of both legs has a row for each: they are chosen as what was rejected, as one.
        event = {key: None for bracket in self._brackets(row.keys) for key in bracket.keys}
        self.choose(tuple(event) or row.keys, row.seq)
        start_s, end_s = self._sweep.visible_s
        if not (self._seen(row.keys) if row.keys else start_s <= row.t_s <= end_s):
            self._review.show_at(row.t_s)
            self._review.show_state()
        if row.keys:
            detail = row.detail if row.detail.startswith(row.what) else f"{row.what}: {row.detail}"
            said = [detail] if row.detail else [row.what, texts.X_REJECTS]
            lives = {_WHAT_X_DOES[b.life] for b in self._brackets(row.keys) if b.life in _WHAT_X_DOES}
            self._say(" · ".join([*said, *lives]))
        elif row.seq is not None:
            self._say(f"{row.what} · {texts.X_UNDOES}")

    def judge(self) -> None:
        """Reject the selected movement or restore it, or undo the selected entry."""
        keys, permissions = sorted(self._sweep.chosen), self.permissions
        if not keys and self._entry is not None:
            self._undo(self._entry)
        elif not keys or permissions is None:
            self._say(texts.SELECT_FIRST)
        elif not self._seen(keys):
            self.choose(())
            self._say(texts.NOT_SHOWN)
        elif why := [
            texts.NOT_REJECTABLE[b.life] for b in self._brackets(keys) if b.life in texts.NOT_REJECTABLE
        ]:
            self._say(why[0])
        elif out := [key for key in keys if key in permissions.rejected]:
            self._expect(out[0], texts.RESTORED)
            self.send(Accept(out[0]))
        elif like := [b.key for b in self._brackets(keys) if b.life == "lookalike"]:
            self._expect(like[0], texts.LOOKALIKE_COUNTED)
            self.send(Accept(like[0]))
        else:
            reject = partial(self._reject, keys)
            self.ask(Question(texts.REJECT_QUESTION, texts.REJECT_DEFAULT, reject))

    def _brackets(self, keys: Collection[str]) -> list[Bracket]:
        return [each for each in self._sweep.movements.brackets if each.key in keys]

    def _seen(self, keys: Collection[str]) -> bool:
        """Whether any of these movements is on the trace now."""
        start_s, end_s = self._sweep.visible_s
        return any(each.end_s > start_s and each.onset_s < end_s for each in self._brackets(keys))

    def _reject(self, keys: list[str], reason: str) -> None:
        self._expect(keys[0], texts.REJECTED.format(reason=reason))
        self.send(Reject(tuple(keys), reason))

    def _expect(self, key: str, text: str) -> None:
        """Note what the count is before a movement is rejected or restored, to show the effect."""
        if self.screen is not None:
            was = _judgement(self.screen, key)
            self._expected = (
                lambda screen: _judgement(screen, key) != was,
                self.screen.index.count,
                text,
            )

    def send_with_effect(self, entry: Entry, text: str) -> None:
        """Send an entry that may change the count, then show its effect with `text`; select a movement."""
        if self.screen is None or not self.may_write():
            return
        latest = self.screen.undo.latest
        newest = -1 if latest is None else latest.seq

        def is_there(screen: Screen) -> bool:
            made = screen.undo.latest
            if made is None or made.seq <= newest:
                return False
            if isinstance(entry, EnterMovements):
                self.choose((f"M{made.seq}",))
            return True

        self._expected = (is_there, self.screen.index.count, text)
        self.send(entry)

    def _show_effect(self) -> None:
        screen, expected = self.screen, self._expected
        if screen is None or expected is None:
            return
        is_there, before, text = expected
        if is_there(screen):
            self._expected = None
            after, counted = screen.index.count, screen.index.counted
            self._say(texts.EFFECT.format(what=text, counted=counted, before=before, after=after))

    # -- artifacts --------------------------------------------------------------------------------------

    def _artifact(self) -> None:
        at_s, begin_s = self._review.middle_s, self._artifact_from_s
        if not self.may_write():
            return
        if begin_s is None:
            self._artifact_from_s = at_s
            self._say(texts.ARTIFACT_BEGUN.format(moment=self.text_of(at_s)))
            return
        self._artifact_from_s = None
        if begin_s == at_s:
            self._say(texts.ARTIFACT_EMPTY)
            return
        self._ask_artifact(begin_s, at_s)

    def _ask_artifact(self, from_s: float, to_s: float) -> None:
        start_s, end_s, where = min(from_s, to_s), max(from_s, to_s), "both legs"
        artifact = MarkArtifact(start_s, end_s - start_s)
        start, end = self.text_of(start_s), self.text_of(end_s)

        def enter(_: str) -> None:
            self.send(artifact)
            self._say(texts.ARTIFACT_SENT.format(length_s=end_s - start_s, where=where))

        text = texts.ARTIFACT_QUESTION.format(start=start, end=end, where=where)
        self.ask(Question("", text, enter, is_fixed=True))


def _judgement(screen: Screen, key: str) -> tuple[bool, bool]:
    """Return whether a person rejected a movement, and whether a person made it one."""
    return key in screen.permissions.rejected, key in screen.permissions.restored
