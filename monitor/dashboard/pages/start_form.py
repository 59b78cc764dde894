"""What is chosen on the start screen: legs, unit, bed, rules; and the buttons below.

One stream on the start screen.

The question of the start screen after a crash: go on with the session that was cut off, or begin anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
)

from monitor.dashboard.style import card, label
from monitor.dashboard.viewmodel.stream_selection import AS_SENT, UNITS, Choice, OfferedStream
from monitor.model import wording

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
        for name, shown in wording.RULES.items():
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


class StreamRow(QFrame):
    """One stream: chosen or not, what it is, how the monitor reads it."""

    def __init__(self, stream: OfferedStream, *, is_chosen: bool) -> None:
        super().__init__()
        self.stream = stream
        self.setProperty("card", "true")
        self.box = QCheckBox(stream.name)
        self.box.setChecked(is_chosen)
        whole = QVBoxLayout(self)
        whole.addWidget(self.box)
        whole.addWidget(label(stream.about, "small"))
        reading = label(stream.reading, "running" if stream.has_legs or stream.is_text else "soft")
        reading.setWordWrap(True)
        whole.addWidget(reading)
        self._preview = label("", "small")
        whole.addWidget(self._preview)
        self.show_preview(stream.preview)

    def show_preview(self, text: str) -> None:
        """Say how the legs look at rest, as far as is known."""
        self._preview.setText(text)
        self._preview.setVisible(bool(text))
        told = "; ".join(part for part in (self.stream.about, self.stream.reading, text) if part)
        self.box.setAccessibleDescription(told)


class ResumeCard(QFrame):
    """Shown as long as the recorder asks.

    Signals
    -------
    answered(bool)
        Whether to go on.
    """

    answered = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("card", "true")
        self.setAccessibleName("A recording was cut off")
        self.text = label("", "running")
        self.text.setWordWrap(True)
        self.go_on_button, self.new_button = QPushButton("&Go on with it"), QPushButton("&Begin a new one")
        self.go_on_button.setProperty("main", "true")
        self.go_on_button.clicked.connect(lambda: self.answered.emit(True))
        self.new_button.clicked.connect(lambda: self.answered.emit(False))
        row = QHBoxLayout()
        row.addWidget(self.go_on_button)
        row.addWidget(self.new_button)
        row.addStretch()
        whole = QVBoxLayout(self)
        whole.addWidget(self.text)
        whole.addLayout(row)
        self.hide()

    def show_offer(self, offer: Mapping[str, Any] | None) -> None:
        """Show what the recorder offers; nothing if it does not ask."""
        if offer is not None:
            self.text.setText(offer_text(offer))
        self.setVisible(offer is not None)


def offer_text(offer: Mapping[str, Any]) -> str:
    """Write the question, and what happens without an answer."""
    minutes, recorded_min = float(offer["ago_s"]) / 60, float(offer["recorded_s"]) // 60
    ago = f"{minutes:.0f} min ago" if minutes >= 1 else "just now"
    otherwise = "it is gone on with" if offer["otherwise"] else "a new one begins"
    left_s, length = float(offer["left_s"]), f"{recorded_min // 60:.0f}:{recorded_min % 60:02.0f} h"
    return (
        f"A recording of this bed was cut off {ago}, after {length}. "
        f"Going on marks the time between as missing. Without an answer {otherwise} in {left_s:.0f} s."
    )
