"""Notes and questions in the note field. A note's time is when its key was pressed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from monitor.dashboard.log_panel import NoteField


class NoteTaker(QObject):
    """What the note field does.

    Parameters
    ----------
    field : NoteField
    send : callable
        Gets the request to the recorder.
    now_s : callable
        How far the recording has come (s).
    tell : callable
        Gets a line for the bar.
    """

    def __init__(
        self,
        field: NoteField,
        send: Callable[[dict[str, object]], None],
        now_s: Callable[[], float],
        tell: Callable[[str], None],
    ) -> None:
        super().__init__(field)
        self._field, self._send, self._now_s, self._tell = field, send, now_s, tell
        self._at_s: float | None = None
        self._lights = ""
        field.returnPressed.connect(self._accepted)
        field.given_up.connect(self.cancel)
        field.textEdited.connect(self._edited)

    def open(self, text: str = "") -> None:
        """Begin a note that is about this moment, perhaps with a text to edit."""
        self._lights = ""
        self._at_s = self._now_s()
        self._field.setReadOnly(False)
        self._field.setText(text)
        self._field.setPlaceholderText("Note, Enter sends it, Esc gives it up")
        self._field.setFocus()
        self._field.selectAll()

    def ask_lights(self, state: str) -> None:
        """Ask whether the lights went off or on at this moment; Enter accepts."""
        self._lights, self._at_s = state, self._now_s()
        self._field.setText(f"Lights {state} now?  Enter: yes, Esc: no")
        self._field.setReadOnly(True)
        self._field.setFocus()

    def cancel(self) -> None:
        """Give up what was begun."""
        self._lights, self._at_s = "", None
        self._field.clear()
        self._field.setReadOnly(False)
        self._field.setPlaceholderText("Note  (N or Enter)")
        self._field.clearFocus()

    def _edited(self) -> None:
        # The field was opened with the mouse: then the first key is the moment.
        if self._at_s is None:
            self._at_s = self._now_s()

    def _accepted(self) -> None:
        at_s = self._now_s() if self._at_s is None else self._at_s
        text = self._field.text().strip()
        if self._lights:
            self._send({"do": "lights", "t": at_s, "state": self._lights})
            self._tell(f"lights {self._lights}: sent")
        elif text:
            self._send({"do": "note", "t": at_s, "text": text})
            self._tell("note sent")
        self.cancel()
