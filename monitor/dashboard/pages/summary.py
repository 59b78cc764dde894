"""The summary of the session, over the panels; one key closes it, and the display continues."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from monitor.dashboard import texts
from monitor.dashboard.style import card, elastic, label
from monitor.dashboard.viewmodel.screen import Screen
from monitor.dashboard.viewmodel.summary import Section, headline, sections

# Three columns need so much room, by the height of the text.
_WIDE_LINES = 78


class SummaryPage:
    """The page.

    Parameters
    ----------
    room : QWidget
        Parent of the page.
    buttons : Mapping of str to str
        Text of each button, and its action; ``finish`` and ``sign`` are visible when they are possible.
    act : callable
        Called with the action of a button.

    Attributes
    ----------
    shown : Mapping or None
        The summary that is shown, as in `summary.json`.
    """

    def __init__(self, room: QWidget, buttons: Mapping[str, str], act: Callable[[str], None]) -> None:
        self.frame = card("Summary of the recording")
        self.frame.setParent(room)
        self.frame.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.shown: Mapping[str, Any] | None = None
        self._drawn: tuple[Section, ...] = ()
        self._columns, self._line_px = 3, 0
        self._title, self._signature_text = label(texts.SUMMARY_TITLE, "title"), label("", "pill")
        self._value, self._name, self._base = label("–", "huge"), label("", "field"), label("", "soft")
        self._base.setWordWrap(True)
        self._body = QScrollArea()
        self._body.setWidgetResizable(True)
        self._body.setFrameShape(QFrame.Shape.NoFrame)
        self._body.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._body.setProperty("page", "true")
        self._buttons: dict[str, QPushButton] = {}
        self._arrange(buttons, act)
        self.frame.hide()

    def _arrange(self, buttons: Mapping[str, str], act: Callable[[str], None]) -> None:
        head = QHBoxLayout()
        for widget in (self._title, self._signature_text):
            head.addWidget(widget)
        head.addStretch()
        for text, action in buttons.items():
            button = QPushButton(text)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _=False, action=action: act(action))
            head.addWidget(button)
            self._buttons[action] = button
        beside = QVBoxLayout()
        beside.addStretch()
        beside.addWidget(self._name)
        beside.addWidget(self._base)
        beside.addWidget(label(texts.NOT_MEDICAL, "small"))
        beside.addStretch()
        number = QHBoxLayout()
        number.setSpacing(18)
        number.addWidget(self._value)
        number.addLayout(beside, 1)
        whole = QVBoxLayout(self.frame)
        whole.setContentsMargins(18, 12, 18, 12)
        whole.addLayout(head)
        whole.addLayout(number)
        whole.addWidget(self._body, 1)

    def show_screen(self, screen: Screen) -> None:
        """Show the current summary; nothing is done while the page is hidden."""
        summary = screen.permissions.summary
        if summary is None or not self.frame.isVisible():
            return
        self._signature_text.setText(screen.permissions.signature_text)
        is_recording = screen.top.phase == "recording"
        self._buttons["finish"].setVisible(is_recording)
        self._buttons["sign"].setVisible(screen.permissions.may_write and not is_recording)
        if summary is self.shown:
            return
        self.shown = summary
        value, name, base = headline(summary)
        self._value.setText(value)
        self._name.setText(name)
        self._base.setText(base)
        found = sections(summary, screen.permissions.calibrations, screen.wall)
        tables = "; ".join(f"{s.title}: " + ", ".join(" ".join(row) for row in s.rows) for s in found)
        self.frame.setAccessibleDescription(
            f"{name} {value}, {screen.permissions.signature_text}. {base}. {tables}"
        )
        if found != self._drawn:
            self._drawn = found
            self._body.setWidget(_tables(found, self._columns))

    def texts(self) -> set[tuple[str, ...]]:
        """Return the rows that are shown."""
        return {row for section in self._drawn for row in section.rows}

    def place(self, area: QRect) -> None:
        """Cover an area of the parent."""
        self.frame.setGeometry(area)
        self._name.ensurePolished()
        line_px = self._base.fontMetrics().height()
        n = 2 if self.frame.width() < _WIDE_LINES * line_px else 3
        if (n, line_px) != (self._columns, self._line_px):
            # Rows of another text size take another height.
            self._columns, self._line_px = n, line_px
            self._body.setWidget(_tables(self._drawn, n))


def _tables(found: tuple[Section, ...], n_columns: int) -> QWidget:
    ground = QWidget()
    ground.setProperty("page", "true")
    ground.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    columns = [QVBoxLayout() for _ in range(n_columns)]
    filled = [0] * n_columns
    for section in found:
        at = filled.index(min(filled))
        filled[at] += len(section.rows) + 3
        columns[at].addLayout(_table(section))
        columns[at].addSpacing(14)
    whole = QHBoxLayout(ground)
    whole.setContentsMargins(0, 0, 8, 0)
    whole.setSpacing(36)
    for column in columns:
        column.addStretch()
        whole.addLayout(column, 1)
    return ground


def _table(section: Section) -> QGridLayout:
    grid = QGridLayout()
    grid.setVerticalSpacing(2)
    grid.setHorizontalSpacing(14)
    grid.addWidget(label(section.title.upper(), "title"), 0, 0)
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    for column, head in enumerate(section.heads[1:], start=1):
        grid.addWidget(label(head, "small", align=right), 0, column)
    for row, cells in enumerate(section.rows, start=1):
        grid.addWidget(elastic(label(cells[0], "soft")), row, 0)
        for column, cell in enumerate(cells[1:], start=1):
            grid.addWidget(label(cell, "strong", align=right), row, column)
    grid.setColumnStretch(0, 1)
    return grid
