"""The question of the start screen after a crash: go on with the session that was cut off, or begin anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from monitor.dashboard.look import label


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
        self.go_on_button, self.anew_button = QPushButton("&Go on with it"), QPushButton("&Begin a new one")
        self.go_on_button.setProperty("main", "true")
        self.go_on_button.clicked.connect(lambda: self.answered.emit(True))
        self.anew_button.clicked.connect(lambda: self.answered.emit(False))
        row = QHBoxLayout()
        row.addWidget(self.go_on_button)
        row.addWidget(self.anew_button)
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
