"""Notes and questions in the note field. A note's time is when its key was pressed.

Who enters something: asked once per window, written into the journal, never sent to the network.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QLabel

from monitor.dashboard.panels.log import NoteField

_IDLE = "Note  (N or Enter)"


def _nothing() -> None:
    return


@dataclass(frozen=True, slots=True)
class Question:
    """What the field asks; Enter answers, Esc gives up. It never stops anything else.

    Attributes
    ----------
    hint : str
        What is asked, seen while the field is empty.
    text : str
        The answer that Enter alone gives.
    accept : callable
        Gets the answer, without spaces around it; not called for an empty one.
    is_fixed : bool
        The text is the question: yes or no.
    give_up : callable
        Called if nothing is answered.
    """

    hint: str
    text: str
    accept: Callable[[str], None]
    is_fixed: bool = False
    give_up: Callable[[], None] = _nothing


class NoteTaker(QObject):
    """What the note field does.

    Parameters
    ----------
    field : NoteField
    asking : QLabel
        Says what is asked.
    send : callable
        Gets the request to the recorder.
    now_s : callable
        How far the recording has come (s).
    tell : callable
        Gets a line for the bar.
    reveal : callable
        Brings the field to the front.
    """

    def __init__(
        self,
        field: NoteField,
        asking: QLabel,
        send: Callable[[dict[str, object]], None],
        now_s: Callable[[], float],
        tell: Callable[[str], None],
        reveal: Callable[[], None],
    ) -> None:
        super().__init__(field)
        self._field, self._asking = field, asking
        self._send, self._now_s, self._show_message, self._reveal = send, now_s, tell, reveal
        self._question: Question | None = None
        self._at_s: float | None = None
        field.returnPressed.connect(self._accepted)
        field.given_up.connect(self.cancel)
        field.textEdited.connect(self._edited)

    def open(self, text: str = "", *, at_s: float | None = None, moment: str = "this moment") -> None:
        """Begin a note about a moment (s), now if None, perhaps with a text to edit."""
        at_s = self._now_s() if at_s is None else at_s

        def send(written: str) -> None:
            self._send({"do": "note", "t": at_s, "text": written})
            self._show_message("note sent")

        self.ask(Question(f"Note about {moment}", text, send))

    def ask(self, question: Question) -> None:
        """Ask something; what was asked before and not answered is given up."""
        self._end()
        self._question = question
        self._field.setReadOnly(question.is_fixed)
        self._field.setText(question.text)
        self._field.setPlaceholderText(question.hint)
        self._field.setAccessibleDescription(question.hint or question.text)
        self._say(question.hint)
        self._reveal()
        self._field.setFocus()
        if not question.is_fixed:
            self._field.selectAll()

    def cancel(self) -> None:
        """Give up what was begun."""
        self._end()
        self._at_s = None
        self._field.clear()
        self._field.setReadOnly(False)
        self._field.setPlaceholderText(_IDLE)
        self._say("")
        self._field.clearFocus()

    def _say(self, hint: str) -> None:
        """Say what is asked, whole also where the field has a text or is too narrow."""
        self._asking.setText(hint)
        self._asking.setToolTip(hint)
        self._asking.setVisible(bool(hint))

    def _end(self) -> None:
        question, self._question = self._question, None
        if question is not None:
            question.give_up()

    def _edited(self) -> None:
        # The field was opened with the mouse: then the first key is the moment.
        if self._question is None and self._at_s is None:
            self._at_s = self._now_s()

    def _accepted(self) -> None:
        text, question, at_s = self._field.text().strip(), self._question, self._at_s
        self._question = None
        self.cancel()
        if question is not None and text:
            question.accept(text)
        elif question is not None:
            question.give_up()
        elif text:
            self._send({"do": "note", "t": self._now_s() if at_s is None else at_s, "text": text})
            self._show_message("note sent")


_LONGEST = 60


class Author:
    """Sign what is sent with a name; the first time, ask for it.

    Parameters
    ----------
    notes : NoteTaker
        Asks.
    send : callable
        Gets the signed request.
    tell : callable
        Gets a line for the bar.

    Attributes
    ----------
    name : str
        Empty until told.
    """

    def __init__(
        self, notes: NoteTaker, send: Callable[[dict[str, object]], None], tell: Callable[[str], None]
    ) -> None:
        self._notes, self._send, self._show_message = notes, send, tell
        self._waiting: list[dict[str, object]] = []
        self.name = ""

    def sign(self, request: dict[str, object]) -> None:
        """Send a request with the name of whoever makes it, once that is known."""
        if self.name:
            self._send(request | {"author": self.name})
            return
        self._waiting.append(request)
        self.ask()

    def sign_unasked(self, request: dict[str, object]) -> None:
        """Send what cannot wait for a name: under the account's, if no other was told yet."""
        self._send(request | {"author": self.name or account()})

    def ask(self) -> None:
        """Ask for the name; what waits for it is sent in any case, then under the account's name."""
        hint = "Your name or initials, asked once:"
        self._notes.ask(Question(hint, self.name or account(), self._named, give_up=self.flush))

    def _named(self, name: str) -> None:
        self.name = name[:_LONGEST]
        self._show_message(f"entries are signed {self.name}")
        self.flush()

    def flush(self) -> None:
        """Send what waits, under the account's name if no other was told."""
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            self.sign_unasked(request)


def account() -> str:
    """Return the name of the account this runs under."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "screen"
