"""The bio-calibration on the screen: a card below the trace; one key leads through its steps."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from monitor.dashboard import texts
from monitor.dashboard.style import card, label, set_flag
from monitor.dashboard.viewmodel.calibration import CalibrationCourse, result_rows, when_of
from monitor.dashboard.viewmodel.commands import Entry
from monitor.dashboard.viewmodel.screen import Screen


class CalibrationPanel:
    """The card and the course that it shows.

    Parameters
    ----------
    ground : QWidget
        Parent of the card.
    send : callable
        Called with an entry for the recorder.
    say : callable
        Called with a message for the user.

    Attributes
    ----------
    course : CalibrationCourse or None
        None while no calibration is running.
    """

    def __init__(self, ground: QWidget, send: Callable[[Entry], None], say: Callable[[str], None]) -> None:
        self._send, self._say = send, say
        self._now_s = 0.0
        self.course: CalibrationCourse | None = None
        self.frame = card("Bio-calibration")
        self.frame.setParent(ground)
        self._title, self._hint = label("", "title"), label("", "small")
        self._instruction, self._progress = label("", "figure"), label("", "field")
        for text in (self._instruction, self._progress):
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
        whole.addWidget(self._instruction)
        whole.addWidget(self._progress)
        whole.addLayout(self._table)
        whole.addStretch()
        self.frame.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.frame.hide()

    def next_step(self, screen: Screen | None, now_s: float) -> None:
        """Do what the key means now: start, next step, repeat, close; `now_s` is the time of the key (s)."""
        self._now_s = now_s
        if self.course is not None and self.course.result is not None:
            if self.course.result.has_passed:
                self.cancel()
                return
            self.course = None
        if self.course is None:
            self._begin(screen)
        else:
            self.course.next_step(now_s)
            self._send_if_over()
        self.show_course()

    def cancel(self) -> None:
        """Close the card; a calibration that was not finished is not recorded."""
        self.course = None
        self.frame.hide()

    def _begin(self, screen: Screen | None) -> None:
        if screen is None or screen.top.phase != "recording" or not screen.legs:
            self._say(texts.CALIBRATION_NEEDS_RECORDING)
            return
        known = screen.permissions.calibrations
        self.course = CalibrationCourse(screen.legs, when_of(screen.top), known[-1].seq if known else -1)

    def update(self, screen: Screen, now_s: float) -> None:
        """Show the current screen at a time (s); called a few times a second."""
        self._now_s = now_s
        if self.course is None:
            return
        self.course.update(screen.movements, now_s)
        self._send_if_over()
        self.course.judged(screen.permissions.calibrations)
        self.show_course()

    def _send_if_over(self) -> None:
        if self.course is not None and self.course.step == "judged" and not self.course.is_sent:
            self.course.is_sent = True
            self._send(self.course.request())

    def show_course(self) -> None:
        """Show instruction, progress and result."""
        course = self.course
        if course is None:
            return
        instruction, progress = course.texts(self._now_s)
        n, of = course.order.index(course.step), len(course.order) - 3
        step = texts.CALIBRATION_STEP.format(n=n, of=of) if 0 < n <= of else ""
        self._title.setText(texts.CALIBRATION_TITLE.format(when=course.when.upper()) + step)
        self._instruction.setText(instruction)
        set_flag(self._instruction, "alarm", on=course.result is not None and not course.result.has_passed)
        self._progress.setText(progress)
        self._hint.setText(texts.CALIBRATION_HINTS.get(_kind(course), texts.CALIBRATION_RUNNING))
        rows = [texts.CALIBRATION_HEADS, *result_rows(course.result)] if course.result else []
        cells = [text for row in rows for text in row]
        for i, cell in enumerate(self._cells):
            cell.setText(cells[i] if i < len(cells) else "")
        self.frame.setAccessibleDescription(f"{instruction} {progress} {' '.join(cells)}")
        if not self.frame.isVisible():
            self.frame.show()
            self.frame.raise_()

    def place(self, area: QRect) -> None:
        """Cover an area of the parent: that of the overview, the trace stays visible."""
        self.frame.setGeometry(area)


def _kind(course: CalibrationCourse) -> str:
    if course.result is None:
        return course.step
    return "pass" if course.result.has_passed else "repeat"
