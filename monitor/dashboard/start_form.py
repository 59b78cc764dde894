"""What is chosen on the start screen: legs, unit, bed, rules; and the buttons below."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtWidgets import QComboBox, QFormLayout, QLineEdit, QPushButton, QVBoxLayout

from monitor.dashboard import words
from monitor.dashboard.lobby_view import AS_SENT, UNITS, Choice
from monitor.dashboard.look import card, label

NOBODY = "(none)"
_AS_SAID = "as the stream says"


class StartForm:
    """The card on the right of the start screen.

    Attributes
    ----------
    frame : QFrame
    left, right, unit, profile : QComboBox
    bed : QLineEdit
    start_button, sound_button, cancel : QPushButton
    missing, sound : QLabel
        What is still to be said, and how the test of the sound went.
    """

    def __init__(self) -> None:
        self.frame = card("What is recorded")
        self.left, self.right, self.unit, self.profile = (QComboBox() for _ in range(4))
        self.bed = QLineEdit()
        self.start_button, self.cancel = QPushButton("Start recording"), QPushButton("Give up")
        self.start_button.setProperty("main", "true")
        self.sound_button = QPushButton("&Test sound")
        self.missing, self.sound = label("", "running"), label("", "small")
        for text in (self.missing, self.sound):
            text.setWordWrap(True)
        self.unit.setEditable(True)
        self.unit.addItems([_AS_SAID, *UNITS])
        for name, shown in words.RULES.items():
            self.profile.addItem(shown, name)
        self._arrange()

    def _arrange(self) -> None:
        form = QFormLayout()
        form.setVerticalSpacing(10)
        for name, widget in (
            ("Left leg", self.left), ("Right leg", self.right), ("Unit", self.unit), ("Bed", self.bed),
            ("Main rules", self.profile),
        ):  # fmt: skip
            widget.setAccessibleName(name)
            form.addRow(label(name, "soft"), widget)
        column = QVBoxLayout(self.frame)
        column.setContentsMargins(18, 16, 18, 16)
        column.addLayout(form)
        column.addSpacing(14)
        column.addWidget(self.sound_button)
        column.addWidget(self.sound)
        column.addStretch()
        column.addWidget(self.missing)
        column.addWidget(self.start_button)
        column.addWidget(self.cancel)
        self.frame.setFixedWidth(340)

    def choice(self, uids: Collection[str]) -> Choice:
        """Return what is chosen so far, of these streams."""
        left, right = (
            "" if box.currentText() == NOBODY else box.currentText() for box in (self.left, self.right)
        )
        unit = self.unit.currentText().strip()
        unit = AS_SENT if unit.startswith("as the stream") else unit
        profile = str(self.profile.currentData())
        return Choice(tuple(uids), left, right, unit, self.bed.text().strip(), profile)
