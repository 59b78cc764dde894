"""The bio-calibration on the screen: a card below the trace; one key leads through its steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from monitor.dashboard import texts
from monitor.dashboard.pages.card_field import CardField
from monitor.dashboard.pages.lift_bars import LiftBars
from monitor.dashboard.style import card, label, set_flag
from monitor.dashboard.theme import Theme
from monitor.dashboard.viewmodel.calibration import CalibrationCourse, result_rows, when_of
from monitor.dashboard.viewmodel.commands import Entry
from monitor.dashboard.viewmodel.screen import Screen


class Signer(Protocol):
    """Send entries with the name of their author, which the card asks for."""

    name: str

    def sign_later(self, entry: Entry) -> None:
        """Send an entry now; its author may follow."""

    def take(self, name: str) -> None:
        """Take the author's name; empty: not given."""


class CalibrationPanel:
    """The card and the course that it shows.

    Parameters
    ----------
    ground : QWidget
        Parent of the card.
    theme : Theme
    signer : Signer
        Sends entries to the recorder.
    say : callable
        Called with a message for the user.

    Attributes
    ----------
    course : CalibrationCourse or None
        None while no calibration is running.
    name : CardField
        Shown while the name of the technologist is not known.
    """

    def __init__(self, ground: QWidget, theme: Theme, signer: Signer, say: Callable[[str], None]) -> None:
        self._signer, self._say, self._ground = signer, say, ground
        self._now_s = self._closed_s = 0.0
        self.course: CalibrationCourse | None = None
        self.frame = card("Bio-calibration")
        self.frame.setParent(ground)
        self.title, self._hint = label("", "title"), label("", "small")
        self.instruction, self.progress = label("", "figure"), label("", "field")
        self.mode = label("", "running")
        for text in (self.instruction, self.progress):
            text.setWordWrap(True)
        self.name, self._name_hint = CardField(), label(texts.CALIBRATION_NAME, "running")
        self.name.setAccessibleName("Name of the technologist")
        self.name.setMaxLength(60)
        self.name.returnPressed.connect(lambda: self._name(self.name.text().strip()))
        self.name.cancelled.connect(lambda: self._name(""))
        self.bars = LiftBars(theme)
        self.cells: list[QLabel] = []
        self._arrange()
        self.frame.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.frame.hide()

    def _arrange(self) -> None:
        table = QGridLayout()
        table.setHorizontalSpacing(36)
        table.setColumnStretch(3, 1)
        for row in range(3):
            for column in range(3):
                cell = label("", "soft" if row == 0 or column == 0 else "strong")
                self.cells.append(cell)
                table.addWidget(cell, row, column)
        head, who, left, both = QHBoxLayout(), QHBoxLayout(), QVBoxLayout(), QHBoxLayout()
        head.addWidget(self.title)
        head.addStretch()
        head.addWidget(self._hint)
        who.addWidget(self._name_hint)
        who.addWidget(self.name)
        who.addStretch()
        left.addWidget(self.instruction)
        left.addWidget(self.progress)
        left.addLayout(who)
        left.addLayout(table)
        left.addStretch()
        both.addLayout(left, 1)
        both.addWidget(self.bars)
        whole = QVBoxLayout(self.frame)
        whole.setContentsMargins(18, 10, 18, 10)
        whole.addLayout(head)
        whole.addWidget(self.mode)
        whole.addLayout(both, 1)

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self.bars.set_theme(theme)

    def next_step(self, screen: Screen | None, now_s: float) -> None:
        """Do what the key means now: start, next step, repeat, close; `now_s` is the time of the key (s)."""
        self._now_s = now_s
        if self.course is not None and self.course.result is not None:
            if self.course.result.has_passed:
                self.cancel(now_s)
                return
            self.course = None
        if self.course is None:
            self._begin(screen)
        else:
            self.course.next_step(now_s)
            self._send_if_over()
        self.show_course(screen)

    def cancel(self, now_s: float) -> None:
        """Close the card and end the mode; without a verdict that is said."""
        course = self.course
        if course is None:
            return
        self._now_s = now_s
        if course.result is None:
            self._say(texts.CALIBRATION_CANCELLED)
        self._end_mode()
        self._close()

    def _end_mode(self) -> None:
        if self.course is not None and not self.course.is_over:
            self._signer.sign_later(self.course.end(self._now_s))

    def _close(self) -> None:
        self.course, self._closed_s = None, self._now_s
        if self.name.isVisible():
            self._name("")
        self.frame.hide()

    def _name(self, name: str) -> None:
        """Take the name as it was typed, or leave it out; the keys are commands again."""
        self._signer.take(name)
        self._show_name(is_asked=False)
        self._ground.setFocus()

    def _show_name(self, *, is_asked: bool) -> None:
        for part in (self.name, self._name_hint):
            part.setVisible(is_asked)

    def _begin(self, screen: Screen | None) -> None:
        if screen is None or screen.top.phase != "recording" or not screen.legs:
            self._say(texts.CALIBRATION_NEEDS_RECORDING)
            return
        self._open(screen, self._now_s)
        if self.course is not None:
            self._signer.sign_later(self.course.begin())
        is_asked = not self._signer.name
        self._show_name(is_asked=is_asked)
        self.show_course(screen)
        if is_asked:
            self.name.setFocus()

    def _open(self, screen: Screen, begun_s: float) -> None:
        known, biocal = screen.permissions.calibrations, screen.biocal
        newest = known[-1].seq if known else -1
        self.course = CalibrationCourse(screen.legs, when_of(screen.top), newest, begun_s)
        self.course.is_known = biocal is not None and biocal.is_running

    def update(self, screen: Screen, now_s: float) -> None:
        """Show the current screen at a time (s); called a few times a second."""
        self._now_s = now_s
        biocal = screen.biocal
        if self.course is None:
            # Begun before this window was opened, or in another one: it must not go on unseen.
            if biocal is not None and biocal.is_running and biocal.start_s > self._closed_s:
                self._open(screen, biocal.start_s)
                self._show_name(is_asked=False)
                self.show_course(screen)
            return
        if screen.top.phase != "recording":
            self._close()
            return
        if self.course.has_ended(biocal):
            if self.course.result is None:
                self._say(texts.CALIBRATION_OVER.format(why=biocal.ended if biocal else ""))
                self._close()
                return
            self.course.is_over = True
        self.course.update(screen.movements, now_s)
        self._send_if_over()
        self.course.judged(screen.permissions.calibrations)
        if self.course.result is not None and self.course.result.has_passed:
            self._end_mode()
        self.show_course(screen)

    def _send_if_over(self) -> None:
        if self.course is not None and self.course.step == "judged" and not self.course.is_sent:
            self.course.is_sent = True
            self._signer.sign_later(self.course.request())

    def show_course(self, screen: Screen | None) -> None:
        """Show instruction, progress, amplitudes and result."""
        course = self.course
        if course is None or screen is None:
            return
        instruction, progress = course.texts(self._now_s)
        n, of = course.order.index(course.step), len(course.order) - 3
        step = texts.CALIBRATION_STEP.format(n=n, of=of) if 0 < n <= of else ""
        self.title.setText(texts.CALIBRATION_TITLE.format(when=course.when.upper()) + step)
        self.instruction.setText(instruction)
        set_flag(self.instruction, "alarm", on=course.result is not None and not course.result.has_passed)
        self.progress.setText(progress)
        self._show_mode(screen)
        self.bars.show_lifts(course.legs, course.lifts(screen.biocal))
        self._hint.setText(texts.CALIBRATION_HINTS.get(_kind(course), texts.CALIBRATION_RUNNING))
        rows = [texts.CALIBRATION_HEADS, *result_rows(course.result)] if course.result else []
        cells = [text for row in rows for text in row]
        for i, cell in enumerate(self.cells):
            cell.setText(cells[i] if i < len(cells) else "")
        self.frame.setAccessibleDescription(f"{instruction} {progress} {' '.join(cells)}")
        if not self.frame.isVisible():
            self.frame.show()
            self.frame.raise_()

    def _show_mode(self, screen: Screen) -> None:
        biocal, text = screen.biocal, ""
        if biocal is not None and biocal.is_running:
            start, limit = (screen.wall.text(t, seconds=False) for t in (biocal.start_s, biocal.limit_s))
            text = texts.CALIBRATION_NOT_COUNTED.format(start=start, limit=limit)
        self.mode.setText(text)

    def place(self, area: QRect) -> None:
        """Cover an area of the parent: that of the overview, the trace stays visible."""
        self.frame.setGeometry(area)


def _kind(course: CalibrationCourse) -> str:
    if course.result is None:
        return course.step
    return "pass" if course.result.has_passed else "repeat"
