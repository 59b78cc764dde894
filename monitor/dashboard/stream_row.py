"""One stream on the start screen."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QFrame, QVBoxLayout

from monitor.dashboard.lobby_view import LobbyStream
from monitor.dashboard.look import label


class StreamRow(QFrame):
    """One stream: chosen or not, what it is, how the monitor reads it."""

    def __init__(self, stream: LobbyStream, *, is_chosen: bool) -> None:
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
