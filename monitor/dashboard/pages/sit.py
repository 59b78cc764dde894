"""The suggested immobilisation test: a card in the place of the night, with clock, question and results."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from monitor.dashboard import texts
from monitor.dashboard.pages.card_field import CardField
from monitor.dashboard.style import card, label
from monitor.dashboard.viewmodel.commands import EnterDiscomfort, Entry, MarkSit
from monitor.dashboard.viewmodel.screen import Screen

_ROWS, _COLUMNS = 3, 7


class SitPanel:
    """The card of the test.

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
    field : CardField
        Takes the discomfort score.
    """

    def __init__(self, ground: QWidget, send: Callable[[Entry], None], say: Callable[[str], None]) -> None:
        self._ground, self._send, self._say = ground, send, say
        self._now_s = 0.0
        self._screen: Screen | None = None
        self.frame = card("Immobilisation test")
        self.frame.setParent(ground)
        self._title, self._hint = label(texts.SIT_TITLE.upper(), "title"), label("", "small")
        self.clock, self.state = label("", "figure"), label("", "field")
        self.state.setWordWrap(True)
        self.question = label("", "running")
        self.field = CardField()
        self.field.setAccessibleName("Discomfort, 0 to 100")
        self.field.setValidator(QIntValidator(0, 100, self.field))
        self.field.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.field.setFixedWidth(90)
        self.field.returnPressed.connect(self._entered)
        self.field.cancelled.connect(self._leave)
        self.cells: list[QLabel] = []
        self._arrange()
        self.frame.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.frame.hide()

    def _arrange(self) -> None:
        table = QGridLayout()
        table.setHorizontalSpacing(22)
        table.setColumnStretch(_COLUMNS, 1)
        for row in range(_ROWS):
            for column in range(_COLUMNS):
                cell = label("", "soft" if row == 0 or column == 0 else "strong")
                self.cells.append(cell)
                table.addWidget(cell, row, column)
        head, asked = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self._title)
        head.addStretch()
        head.addWidget(self._hint)
        asked.addWidget(self.question)
        asked.addWidget(self.field)
        asked.addStretch()
        whole = QVBoxLayout(self.frame)
        whole.setContentsMargins(18, 10, 18, 10)
        whole.addLayout(head)
        whole.addWidget(self.clock)
        whole.addWidget(self.state)
        whole.addLayout(asked)
        whole.addLayout(table)
        whole.addStretch()

    def begin_or_answer(self, screen: Screen | None, now_s: float) -> None:
        """Do what the key means now: begin the test, or enter a discomfort score."""
        self._now_s = now_s
        if screen is None or screen.sit is None or screen.top.phase != "recording":
            self._say(texts.SIT_ONLY)
        elif not screen.sit.is_begun:
            self._send(MarkSit(now_s, "begin"))
        else:
            self.field.setFocus()
            self.field.selectAll()

    def can_end(self, screen: Screen | None) -> bool:
        """Return whether a test is running; if not, say so."""
        sit = screen.sit if screen is not None else None
        if sit is None or not sit.is_begun or sit.is_over:
            self._say(texts.SIT_ONLY if sit is None else texts.SIT_NOT_RUNNING)
            return False
        return True

    def end(self, now_s: float) -> None:
        """End the test before its hour."""
        self._send(MarkSit(now_s, "end"))

    def _entered(self) -> None:
        text = self.field.text().strip()
        if text:
            self._send(EnterDiscomfort(self._now_s, float(text)))
            self._say(texts.SIT_SENT.format(score=text))
        self._leave()

    def _leave(self) -> None:
        self.field.clear()
        self._ground.setFocus()

    def update(self, screen: Screen, now_s: float, *, is_covered: bool) -> None:
        """Show the current screen at a time (s); `is_covered` while another card needs the place."""
        self._screen, self._now_s = screen, now_s
        sit = screen.sit
        is_shown = sit is not None and screen.top.phase == "recording" and not is_covered
        if is_shown != self.frame.isVisible():
            self.frame.setVisible(is_shown)
            self.frame.raise_()
        if sit is None or not is_shown:
            return
        self.clock.setText(sit.clock)
        self.state.setText(sit.state)
        self.question.setText(sit.question or (texts.SIT_FIELD if sit.is_begun else ""))
        self.question.setProperty("role", "running" if sit.question else "soft")
        self.question.style().polish(self.question)
        self.field.setVisible(sit.is_begun)
        self._hint.setText(texts.SIT_HINT_RUNNING if sit.is_begun else texts.SIT_HINT_READY)
        texts_of = [text for row in sit.rows for text in row]
        for cell, text in zip(self.cells, texts_of, strict=True):
            cell.setText(text)
        self.frame.setAccessibleDescription(f"{sit.clock} {sit.state} {sit.question} {' '.join(texts_of)}")

    def place(self, area: QRect) -> None:
        """Cover an area of the parent: that of the overview."""
        self.frame.setGeometry(area)
