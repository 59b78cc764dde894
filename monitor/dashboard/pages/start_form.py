"""The parts of the start screen: form with legs, unit, bed and rules; stream; offer to resume.

The offer is shown after a crash: resume the session that was cut off, or start a new one.
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
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from monitor.dashboard import texts
from monitor.dashboard.pages.preview import PreviewTrace
from monitor.dashboard.style import card, label, text_scale
from monitor.dashboard.theme import Theme
from monitor.dashboard.viewmodel.stream_selection import (
    AS_SENT,
    UNITS,
    Choice,
    LegPreview,
    OfferedLane,
    OfferedStream,
)
from monitor.model import wording

_WIDTH_PX = 340
_LANES_IN_ROW = 3


class StartForm:
    """The form on the right of the start screen.

    Attributes
    ----------
    frame : QFrame
    left, right, unit, profile : QComboBox
    bed, study : QLineEdit
    start_button, sound_button, cancel : QPushButton
    missing, sound : QLabel
        What is still missing, and the result of the sound test.
    """

    def __init__(self) -> None:
        self.frame = card("Recording")
        self.left, self.right, self.unit, self.profile = (QComboBox() for _ in range(4))
        self.bed, self.study = QLineEdit(), QLineEdit()
        self.study.setPlaceholderText(texts.STUDY_HINT)
        self.start_button, self.cancel = QPushButton(texts.START), QPushButton(texts.CANCEL)
        self.start_button.setProperty("main", "true")
        self.sound_button = QPushButton(texts.TEST_SOUND)
        self.missing, self.sound = label("", "running"), label("", "small")
        for text in (self.missing, self.sound):
            text.setWordWrap(True)
        self.unit.setEditable(True)
        self.unit.addItems([texts.UNIT_OF_STREAM, *UNITS])
        for name, shown in wording.RULES.items():
            self.profile.addItem(shown, name)
        self._arrange()

    def _arrange(self) -> None:
        form = QFormLayout()
        form.setVerticalSpacing(10)
        for field, name in texts.FORM.items():
            widget: QWidget = getattr(self, field)
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

    def set_width(self, scale: float) -> None:
        """Fit the width to the text size; `scale` 1 is 1920 x 1080."""
        self.frame.setFixedWidth(round(_WIDTH_PX * scale * text_scale()))

    def choice(self, uids: Collection[str], lanes: tuple[OfferedLane, ...] = ()) -> Choice:
        """Return the current selection, with these streams and other signals."""
        left, right = (
            "" if box.currentText() == texts.NO_CHANNEL else box.currentText()
            for box in (self.left, self.right)
        )
        unit = self.unit.currentText().strip()
        unit = AS_SENT if unit == texts.UNIT_OF_STREAM else unit
        profile = str(self.profile.currentData())
        bed, study = self.bed.text().strip(), self.study.text().strip()
        return Choice(tuple(uids), left, right, unit, bed, profile, study, lanes)


class StreamRow(QFrame):
    """One stream: selected or not, its properties, its recognised channels.

    Parameters
    ----------
    stream : OfferedStream
    theme : Theme
    shown : collection of str
        Channels that are shown beside the legs.
    is_chosen : bool
    """

    def __init__(
        self, stream: OfferedStream, theme: Theme, shown: Collection[str], *, is_chosen: bool
    ) -> None:
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
        self.trace = PreviewTrace(theme)
        whole.addWidget(self.trace)
        self.lane_boxes = [QCheckBox(lane.text) for lane in stream.lanes]
        if stream.lanes:
            whole.addLayout(self._lanes(shown))
        self.show_preview(stream.preview)

    def _lanes(self, shown: Collection[str]) -> QVBoxLayout:
        """Lay out a box for each signal that may be shown beside the legs."""
        column, grid = QVBoxLayout(), QGridLayout()
        column.addWidget(label(texts.SHOW_BESIDE_LEGS, "soft"))
        column.addLayout(grid)
        for i, (box, lane) in enumerate(zip(self.lane_boxes, self.stream.lanes, strict=True)):
            box.setAccessibleDescription(texts.SHOW_BESIDE_LEGS)
            box.setChecked(lane.channel in shown)
            box.setEnabled(self.box.isChecked())
            self.box.toggled.connect(box.setEnabled)
            grid.addWidget(box, i // _LANES_IN_ROW, i % _LANES_IN_ROW)
        for at in range(_LANES_IN_ROW):
            grid.setColumnStretch(at, 1)
        return column

    @property
    def checked_channels(self) -> list[str]:
        """The channels of the signals whose box is checked, whether the stream is selected or not."""
        boxes = zip(self.lane_boxes, self.stream.lanes, strict=True)
        return [lane.channel for box, lane in boxes if box.isChecked()]

    @property
    def shown_lanes(self) -> tuple[OfferedLane, ...]:
        """The signals that are to be shown beside the legs; none if the stream is not selected."""
        checked = self.checked_channels if self.box.isChecked() else []
        return tuple(lane for lane in self.stream.lanes if lane.channel in checked)

    def show_preview(self, preview: tuple[LegPreview, ...]) -> None:
        """Show the last seconds of the legs, as far as they are known."""
        self.trace.show_preview(preview)
        text = "; ".join(leg.text for leg in preview)
        description = "; ".join(part for part in (self.stream.about, self.stream.reading, text) if part)
        self.box.setAccessibleDescription(description)


class ResumeCard(QFrame):
    """The offer to resume a session; shown while the recorder waits for an answer.

    Signals
    -------
    answered(bool)
        Whether to resume.
    """

    answered = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("card", "true")
        self.setAccessibleName(texts.RESUME_NAME)
        self.text = label("", "running")
        self.text.setWordWrap(True)
        self.resume_button, self.new_button = QPushButton(texts.RESUME), QPushButton(texts.BEGIN_NEW)
        self.resume_button.setProperty("main", "true")
        self.resume_button.clicked.connect(lambda: self.answered.emit(True))
        self.new_button.clicked.connect(lambda: self.answered.emit(False))
        row = QHBoxLayout()
        row.addWidget(self.resume_button)
        row.addWidget(self.new_button)
        row.addStretch()
        whole = QVBoxLayout(self)
        whole.addWidget(self.text)
        whole.addLayout(row)
        self.hide()

    def show_offer(self, offer: Mapping[str, Any] | None) -> None:
        """Show the offer of the recorder; hide the card if there is none."""
        if offer is not None:
            self.text.setText(offer_text(offer))
        self.setVisible(offer is not None)


def offer_text(offer: Mapping[str, Any]) -> str:
    """Return the question, and what happens without an answer."""
    ago, length = (wording.hours(round(float(offer[name]) * 1e6)) for name in ("ago_s", "recorded_s"))
    whose = texts.RESUME_STUDY if offer.get("study") else texts.RESUME_NO_STUDY
    whose = whose.format(study=offer.get("study"), bed=offer.get("bed") or texts.THIS_BED)
    return texts.RESUME_OFFER.format(whose=whose, ago=ago, length=length, left_s=float(offer["left_s"]))
