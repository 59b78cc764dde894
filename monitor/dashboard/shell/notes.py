"""Notes and questions in the note field. The time of a note is that of the key press.

The author of the entries is asked once per window, written to the journal, and never sent to the network.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLabel

from monitor.dashboard import texts
from monitor.dashboard.panels.log import LetterField
from monitor.dashboard.viewmodel.commands import AddNote, Entry, NameAuthor
from monitor.model.facts import NOT_UNDONE

# Frame and padding of the field.
_BESIDE_PX = 22


def _nothing() -> None:
    return


@dataclass(frozen=True, slots=True)
class Question:
    """A question in the note field; Enter answers, Esc cancels. Nothing else waits for it.

    Attributes
    ----------
    hint : str
        The question, shown above the field and while it is empty.
    text : str
        The default answer.
    accept : callable
        Called with the answer, stripped of spaces; not called for an empty one.
    is_fixed : bool
        The text is a yes-or-no question.
    on_cancel : callable
        Called without an answer.
    """

    hint: str
    text: str
    accept: Callable[[str], None]
    is_fixed: bool = False
    on_cancel: Callable[[], None] = _nothing


class NoteTaker(QObject):
    """The function of the note field.

    Parameters
    ----------
    field : LetterField
    question : QLabel
        Shows the question.
    now_s : callable
        Returns the end of the recording so far (s).

    Signals
    -------
    written(AddNote)
        A note was completed.
    asked
        The field is needed: bring it to the front.
    """

    written = Signal(object)
    asked = Signal()

    def __init__(self, field: LetterField, question: QLabel, now_s: Callable[[], float]) -> None:
        super().__init__(field)
        self._field, self._question_label, self._now_s = field, question, now_s
        self._question: Question | None = None
        self._at_s: float | None = None
        field.returnPressed.connect(self._accepted)
        field.cancelled.connect(self.cancel)
        field.textEdited.connect(self._edited)

    def open(self, text: str = "", *, at_s: float | None = None, moment: str = "now") -> None:
        """Start a note for a time (s), now if None, with an optional text to edit."""
        at_s = self._now_s() if at_s is None else at_s
        hint = texts.NOTE_HINT.format(moment=moment)
        self.ask(Question(hint, text, lambda written: self.written.emit(AddNote(at_s, written))))

    def ask(self, question: Question) -> None:
        """Ask a question; a previous one without an answer is cancelled."""
        self._end()
        self._question = question
        self._field.setReadOnly(question.is_fixed)
        # The whole question is above the field; what would be cut off in it is left out there.
        is_shown = not question.is_fixed or self._fits(question.text)
        self._field.setText(question.text if is_shown else texts.YES_OR_NO)
        hint = question.hint.rpartition("\n")[2]
        self._field.setPlaceholderText(hint if self._fits(hint) else "")
        self._field.setAccessibleDescription(question.hint or question.text)
        self._show_question(question.hint or question.text)
        self.asked.emit()
        self._field.setFocus()
        if not question.is_fixed:
            self._field.selectAll()

    def _fits(self, text: str) -> bool:
        return self._field.fontMetrics().horizontalAdvance(text) + _BESIDE_PX <= self._field.width()

    def cancel(self) -> None:
        """Cancel the question or note."""
        self._end()
        self._at_s = None
        self._field.clear()
        self._field.setReadOnly(False)
        self._field.setPlaceholderText(texts.NOTE_FIELD)
        self._show_question("")
        self._field.clearFocus()

    def _show_question(self, hint: str) -> None:
        """Show the question above the field, which may hold a text or be too narrow."""
        self._question_label.setText(hint)
        self._question_label.setToolTip(hint)
        self._question_label.setVisible(bool(hint))

    def _end(self) -> None:
        question, self._question = self._question, None
        if question is not None:
            question.on_cancel()

    def _edited(self) -> None:
        # The field was opened with the mouse: the time of the note is that of the first key.
        if self._question is None and self._at_s is None:
            self._at_s = self._now_s()

    def _accepted(self) -> None:
        text, question, at_s = self._field.text().strip(), self._question, self._at_s
        self._question = None
        self.cancel()
        if question is not None and text:
            question.accept(text)
        elif question is not None:
            question.on_cancel()
        elif text:
            self.written.emit(AddNote(self._now_s() if at_s is None else at_s, text))


_LONGEST = 60
# A begin or end of a bio-calibration is not undone, but has an author.
_NOT_NAMED = NOT_UNDONE - {"biocal"}


class Author:
    """Send entries with the name of their author; the first time, ask for it.

    Entries are saved at once: one that waited for the name would be lost if the user left. The author is
    added to them once the name is known.

    Parameters
    ----------
    notes : NoteTaker
        Asks for the name.
    send : callable
        Called with a request to the recorder.
    say : callable
        Called with a message for the user.

    Attributes
    ----------
    name : str
        Empty until it was entered.
    """

    def __init__(
        self, notes: NoteTaker, send: Callable[[dict[str, Any]], None], say: Callable[[str], None]
    ) -> None:
        self._notes, self._send, self._say = notes, send, say
        self._unnamed: list[int] = []
        self._is_asking = False
        self.name = ""

    def sign(self, entry: Entry) -> None:
        """Send an entry with its author; without a name, send it and ask for the name."""
        self._send(entry.request(self.name))
        if not self.name and not self._is_asking:
            self.ask()

    def sign_later(self, entry: Entry) -> None:
        """Send an entry with its author; without a name, the caller asks for it: see `take`."""
        self._send(entry.request(self.name))
        self._is_asking |= not self.name

    def take(self, name: str) -> None:
        """Take the name that was asked for elsewhere; empty: not given, entries get the account name."""
        if name:
            self._named(name)
        elif self._is_asking:
            self._not_named()

    def sign_at_once(self, entry: Entry) -> None:
        """Send an entry without asking for the name: with the account name if none was entered."""
        self._send(entry.request(self.name or account()))

    def ask(self) -> None:
        """Ask for the name; without an answer entries get the account name."""
        self._notes.ask(
            Question(texts.NAME_QUESTION, self.name or account(), self._named, on_cancel=self._not_named)
        )
        self._is_asking = True

    def _named(self, name: str) -> None:
        self.name, self._is_asking = name[:_LONGEST], False
        self._say(texts.NAME_SET.format(name=self.name))
        self._name_all()

    def _not_named(self) -> None:
        self._is_asking = False
        self._name_all()

    def written(self, saved: Iterable[tuple[Mapping[str, Any], int]]) -> None:
        """Note which requests are in the journal, with their numbers there."""
        self._unnamed += [
            seq for request, seq in saved if not request.get("author") and request.get("do") not in _NOT_NAMED
        ]
        if not self._is_asking:
            self._name_all()

    def flush(self) -> None:
        """Name all entries now, with the account name if none was entered: the window closes."""
        self._name_all()

    def _name_all(self) -> None:
        if self._unnamed:
            of, self._unnamed = tuple(self._unnamed), []
            self._send(NameAuthor(of).request(self.name or account()))


def account() -> str:
    """Return the account name of this process."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "screen"
