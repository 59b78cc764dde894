"""The bio-calibration on the screen: a card beside the trace that stops nothing; one key leads through it."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from monitor.dashboard.style import card, label, set_flag
from monitor.dashboard.viewmodel.calibration import CalibrationCourse, result_rows, when_of
from monitor.dashboard.viewmodel.screen import Screen

_HINTS = {
    "ready": "B: begin, 30 s of rest   ·   Shift+B: not now",
    "judged": "",
    "pass": "B: put away",
    "repeat": "B: again   ·   Shift+B: put away",
}
_RUNNING = "B: next step   ·   Shift+B: give up   ·   all other keys work as always"


class Host(Protocol):
    """What the card needs of the window it lies on."""

    ground: QWidget
    screen_view: Screen | None

    @property
    def overview_frame(self) -> QFrame:
        """The panel of the overview; the card lies above it."""

    def now_s(self) -> float:
        """Return the newest moment of the session (s)."""

    def send(self, request: dict[str, object]) -> None:
        """Ask the recorder for something."""

    def show_message(self, text: str) -> None:
        """Show a line of text for a while."""


class CalibrationPanel:
    """The card, and the course it shows.

    Parameters
    ----------
    window : Host

    Attributes
    ----------
    course : Course or None
        None while there is no calibration.
    """

    def __init__(self, window: Host) -> None:
        self._window = window
        self.course: CalibrationCourse | None = None
        self.frame = card("Bio-calibration")
        self.frame.setParent(window.ground)
        self._title, self._hint = label("", "title"), label("", "small")
        self._say, self._progress = label("", "figure"), label("", "field")
        for text in (self._say, self._progress):
            text.setWordWrap(True)
        self._cells: list[QLabel] = []
        self._table = QGridLayout()
        self._table.setHorizontalSpacing(36)
        self._table.setColumnStretch(3, 1)
        for row in range(3):
            for column in range(3):
                cell = label("", "soft" if row == 0 or column == 0 else "strong")
                self._cells.append(cell)
                self._table.addWidget(cell, row, column)
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addStretch()
        head.addWidget(self._hint)
        whole = QVBoxLayout(self.frame)
        whole.setContentsMargins(18, 10, 18, 10)
        whole.addLayout(head)
        whole.addWidget(self._say)
        whole.addWidget(self._progress)
        whole.addLayout(self._table)
        whole.addStretch()
        self.frame.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.frame.hide()

    def go_on(self) -> None:
        """Do what the key means now: begin, next step, again, put away."""
        screen = self._window.screen_view
        if self.course is not None and self.course.result is not None:
            if self.course.result.has_passed:
                self.give_up()
                return
            self.course = None
        if self.course is None:
            self._begin(screen)
        else:
            self.course.go_on(self._window.now_s())
            self._send_if_over()
        self.show_course()

    def give_up(self) -> None:
        """Put the card away; nothing is recorded of a calibration that was not ended."""
        self.course = None
        self.frame.hide()

    def _begin(self, screen: Screen | None) -> None:
        if screen is None or screen.top.phase != "recording" or not screen.legs:
            self._window.show_message("bio-calibration needs a running recording")
            return
        known = screen.permissions.calibrations
        self.course = CalibrationCourse(screen.legs, when_of(screen.top), known[-1].seq if known else -1)

    def look(self, screen: Screen) -> None:
        """Follow the night; called a few times a second."""
        if self.course is None:
            return
        self.course.look(screen.movements, self._window.now_s())
        self._send_if_over()
        self.course.judged(screen.permissions.calibrations)
        self.show_course()

    def _send_if_over(self) -> None:
        if self.course is not None and self.course.step == "judged" and not self.course.is_sent:
            self.course.is_sent = True
            self._window.send(self.course.request())

    def show_course(self) -> None:
        """Show how far it is."""
        course = self.course
        if course is None:
            return
        say, progress = course.texts(self._window.now_s())
        n, of = course.order.index(course.step), len(course.order) - 3
        step = f"   ·   step {n} of {of}" if 0 < n <= of else ""
        self._title.setText(f"BIO-CALIBRATION {course.when.upper()} THE NIGHT{step}")
        self._say.setText(say)
        set_flag(self._say, "alarm", on=course.result is not None and not course.result.has_passed)
        self._progress.setText(progress)
        self._hint.setText(_HINTS.get(_kind(course), _RUNNING))
        rows = [("", "rest", "above rest, each"), *result_rows(course.result)] if course.result else []
        texts = [text for row in rows for text in row]
        for i, cell in enumerate(self._cells):
            cell.setText(texts[i] if i < len(texts) else "")
        self.frame.setAccessibleDescription(f"{say} {progress} {' '.join(texts)}")
        if not self.frame.isVisible():
            self.place()
            self.frame.show()
            self.frame.raise_()

    def place(self) -> None:
        """Lie over the night's overview: the trace stays to be seen."""
        night = self._window.overview_frame
        corner = night.mapTo(self._window.ground, night.rect().topLeft())
        self.frame.setGeometry(corner.x(), corner.y(), night.width(), night.height())


def _kind(course: CalibrationCourse) -> str:
    if course.result is None:
        return course.step
    return "pass" if course.result.has_passed else "repeat"
