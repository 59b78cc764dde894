"""The start screen: streams on the network, channels of the legs, start of the recording."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMainWindow, QScrollArea, QVBoxLayout, QWidget

from monitor.dashboard import texts
from monitor.dashboard.pages.start_form import ResumeCard, StartForm, StreamRow
from monitor.dashboard.style import label, set_screen_scale, set_text_scale, style_sheet
from monitor.dashboard.theme import NIGHT, Theme
from monitor.dashboard.viewmodel.alarm import Sounding
from monitor.dashboard.viewmodel.recorder_client import RecorderClient
from monitor.dashboard.viewmodel.sound import Speaker
from monitor.dashboard.viewmodel.stream_selection import (
    Choice,
    OfferedStream,
    StartDefaults,
    leg_names,
    suggested,
    what_is_missing,
)

if TYPE_CHECKING:
    from monitor.dashboard.viewmodel.settings import SavedChoice, SettingsFile

_UPDATE_MS = 100
_GONE_N = 30
_LEAST_SCALE = 0.95


class StartScreen(QMainWindow):
    """Select the streams of a recording.

    Parameters
    ----------
    client : RecorderClient
        Connected to the waiting recorder; requests ``lobby`` a few times a second.
    theme : Theme or None
        None: the theme saved for the bed.
    speaker : Speaker, optional
        Sound output for alerts, tested here.
    settings : callable, optional
        Returns the settings of a bed: the previous selection is suggested again.

    Signals
    -------
    began(str)
        The recording has started; the path of its session.
    """

    began = Signal(str)

    def __init__(
        self,
        client: RecorderClient,
        theme: Theme | None,
        speaker: Speaker | None = None,
        settings: Callable[[str], SettingsFile] | None = None,
    ) -> None:
        super().__init__()
        self._client, self._sounding = client, Sounding(speaker)
        self._theme, self._defaults = theme, StartDefaults(settings)
        self._streams: tuple[OfferedStream, ...] = ()
        self.rows: list[StreamRow] = []
        self._gone_n = 0
        self._waiting_for = ""
        self._study: str | None = None
        self._has_begun = self._is_sent = self._has_defaults = False
        self._is_warm, self._compiled_share = True, 0.0
        self.setWindowTitle("PLMS Monitor · start")
        self.state = label(texts.SEARCHING, "soft")
        self.state.setWordWrap(True)
        self._known = label("", "running")
        self._known.setWordWrap(True)
        self.resume_card = ResumeCard()
        self.resume_card.answered.connect(self._resume)
        self.form = StartForm()
        self.left, self.right, self.unit = self.form.left, self.form.right, self.form.unit
        self._bed, self._profile = self.form.bed, self.form.profile
        self.start_button, self.sound_button, self._sound = (
            self.form.start_button,
            self.form.sound_button,
            self.form.sound,
        )
        self.missing = self.form.missing
        # Until the recorder has answered there is nothing to start.
        self.start_button.setEnabled(False)
        self._set_up()
        self._timer = QTimer(self, interval=_UPDATE_MS)
        self._timer.timeout.connect(self.update_state)
        self._shown_theme = theme or NIGHT
        self.resize(960, 660)

    def set_theme(self, theme: Theme) -> None:
        """Change all colours and apply the current text size."""
        self._shown_theme = theme
        scale = min(self.width() / 1920, self.height() / 1080)
        set_screen_scale(scale)
        self.setStyleSheet(style_sheet(theme, max(scale, _LEAST_SCALE)))
        self.form.set_width(max(scale, 1.0))
        for row in self.rows:
            row.trace.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the texts to the size of the window."""
        super().resizeEvent(event)
        self.set_theme(self._shown_theme)

    def _set_up(self) -> None:
        for box in (self.left, self.right, self.unit):
            box.currentTextChanged.connect(self._check)
        self._bed.textChanged.connect(self._check)
        self.form.study.textEdited.connect(self._check)
        self.start_button.clicked.connect(self._start)
        self.form.cancel.clicked.connect(self._cancel)
        self.sound_button.clicked.connect(lambda: self._sound.setText(self._sounding.test()))
        for key in ("Return", "Enter"):
            QShortcut(QKeySequence(key), self).activated.connect(self._start)
        self._arrange()

    def _arrange(self) -> None:
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        self._list.addStretch()
        inside = QWidget()
        inside.setObjectName("ground")
        inside.setLayout(self._list)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        left = QVBoxLayout()
        left.addWidget(label(texts.START_TITLE, "title"))
        left.addWidget(self.state)
        left.addWidget(self._known)
        left.addWidget(self.resume_card)
        left.addWidget(scroll, 1)
        ground = QWidget()
        ground.setObjectName("ground")
        whole = QHBoxLayout(ground)
        whole.setContentsMargins(18, 16, 18, 16)
        whole.setSpacing(16)
        whole.addLayout(left, 1)
        whole.addWidget(self.form.frame)
        self.setCentralWidget(ground)

    # -- answers of the recorder ----------------------------------------------------------------------

    def start(self) -> None:
        """Start the requests to the recorder."""
        self._client.start()
        self._sounding.start()
        self._timer.start()

    def update_state(self) -> None:
        """Show the newest answer of the recorder."""
        if change := self._sounding.change():
            self._sound.setText(change)
        for text in self._client.refusals():
            self._is_sent = False
            self.missing.setText(text)
        latest = self._client.latest
        if latest is None:
            self._gone_n += self._client.has_asked.is_set()
            if self._gone_n >= _GONE_N:
                self.state.setText(texts.RECORDER_ENDED)
                self.start_button.setEnabled(False)
            return
        self._gone_n = 0
        session = latest.get("session")
        if session and latest.get("state") in ("recording", "ended"):
            self._has_begun = True
            self._timer.stop()
            self.began.emit(str(session))
            return
        self._take(latest)

    def show_begun(self) -> None:
        """Say that the recording has started and its window opens soon."""
        self.state.setText(texts.PREPARING_DISPLAY)
        self.start_button.setEnabled(False)

    def _take(self, answer: Mapping[str, Any]) -> None:
        streams = tuple(OfferedStream.of(one) for one in answer.get("streams") or ())
        if not self._has_defaults:
            self._has_defaults = True
            self._bed.setText(str(answer.get("bed") or ""))
            self._profile.setCurrentIndex(max(0, self._profile.findData(answer.get("main_profile"))))
            theme, problem = self._defaults.of_bed(self._bed.text())
            self._known.setText(problem)
            set_text_scale(self._defaults.text_scale)
            self.set_theme(theme if self._theme is None else self._theme)
            self.unit.setEditText(str((answer.get("wish") or {}).get("unit") or texts.UNIT_OF_STREAM))
        was_offered = self.resume_card.isVisibleTo(self)
        self.resume_card.show_offer(answer.get("cut_off"))
        if was_offered != self.resume_card.isVisibleTo(self):
            self._check()
        if streams != self._streams:
            self._show_streams(streams, answer.get("wish") or {})
        previews = {stream.uid: stream.preview for stream in streams}
        for row in self.rows:
            row.show_preview(previews[row.stream.uid])
        if (study := str(answer.get("study") or "")) != self._study:
            # From the command line, or of the session that is resumed.
            self._study = study
            self.form.study.setText(study)
        self._waiting_for = str(answer.get("missing") or "")
        self._is_warm = bool(answer.get("warm", True))
        self._compiled_share = float(answer.get("compiled_share") or 0.0)
        self._show_state()

    def _show_state(self) -> None:
        """Show what is missing; once the selection is complete, that it can be recorded."""
        state = self._waiting_for or texts.SELECT_AND_START
        if self.start_button.isEnabled():
            has_traces = any(row.box.isChecked() and row.trace.lines() for row in self.rows)
            state = texts.READY_TO_COMPARE if has_traces else texts.READY
        if not self._is_warm:
            state = f"{state} ({texts.PREPARING.format(percent=100 * self._compiled_share)})"
        self.state.setText(state[:1].upper() + state[1:])

    def _show_streams(self, streams: Sequence[OfferedStream], wish: Mapping[str, Any]) -> None:
        known = {stream.uid for stream in self._streams}
        chosen = {row.stream.uid for row in self.rows if row.box.isChecked()}
        shown = {stream.uid: [lane.channel for lane in stream.lanes if lane.is_shown] for stream in streams}
        offered = {stream.uid: stream.lanes for stream in streams}
        same = [row for row in self.rows if row.stream.lanes == offered.get(row.stream.uid)]
        shown |= {row.stream.uid: row.checked_channels for row in same}
        chosen |= suggested(streams) - known
        if (again := self._defaults.recall(streams)) is not None:
            chosen = set(again[0])
            shown |= {uid: list(again[1].lanes) for uid in chosen if again[1].lanes}
            # Names from the command line have priority.
            wish = self._restore_wish(again[1]) | {leg: name for leg, name in wish.items() if name}
        self._streams = tuple(streams)
        focused = next((row.stream.uid for row in self.rows if row.box.hasFocus()), "")
        is_first = not self.rows
        for row in self.rows:
            row.setParent(None)
            row.deleteLater()
        self.rows = [
            StreamRow(stream, self._shown_theme, shown[stream.uid], is_chosen=stream.uid in chosen)
            for stream in streams
        ]
        for i, row in enumerate(self.rows):
            row.box.toggled.connect(lambda _=False: self._refill({}))
            self._list.insertWidget(i, row)
            if row.stream.uid == focused or (is_first and i == 0):
                # With the keyboard the streams come first: Space selects one, Enter starts.
                row.box.setFocus()
        self._refill(wish)

    def _restore_wish(self, again: SavedChoice) -> dict[str, str]:
        """Restore the previous selection, and return its legs."""
        self._known.setText(texts.SAME_AS_LAST_TIME)
        profile = self._profile.findData(again.main_profile)
        self._profile.setCurrentIndex(profile if profile >= 0 else self._profile.currentIndex())
        self.unit.setEditText(again.unit or self.unit.currentText())
        return {"left": again.left or texts.NO_CHANNEL, "right": again.right or texts.NO_CHANNEL}

    def _refill(self, wish: Mapping[str, Any]) -> None:
        """Offer the channels of the selected streams; a previous selection stays if possible."""
        chosen = self._chosen()
        names = leg_names(self._streams, chosen)
        mine = [stream for stream in self._streams if stream.uid in chosen]
        for leg, box in (("left", self.left), ("right", self.right)):
            read = next((name for s in mine if (name := s.left if leg == "left" else s.right)), "")
            before = box.currentText()
            wanted = str(wish.get(leg) or "") or (before if before in names else read)
            box.blockSignals(True)
            box.clear()
            box.addItems([texts.NO_CHANNEL, *names])
            box.setCurrentText(wanted if wanted in names else texts.NO_CHANNEL)
            box.blockSignals(False)
        self._check()

    # -- input of the user ----------------------------------------------------------------------------

    def _chosen(self) -> tuple[str, ...]:
        return tuple(row.stream.uid for row in self.rows if row.box.isChecked())

    @property
    def choice(self) -> Choice:
        """The current selection."""
        lanes = tuple(lane for row in self.rows for lane in row.shown_lanes)
        return self.form.choice(self._chosen(), lanes)

    def _check(self) -> None:
        missing = what_is_missing(self._streams, self.choice) if self._streams else ""
        if self.resume_card.isVisibleTo(self):
            missing = texts.ANSWER_FIRST
        self.missing.setText(missing)
        self.start_button.setEnabled(bool(self._streams) and not missing)
        self._show_state()

    def _start(self) -> None:
        if self.start_button.isEnabled() and not self._is_sent:
            self._is_sent = True
            self._client.send(self.choice.request())
            self._defaults.save(self.choice, self._streams)
            self.missing.setText(texts.STARTING)

    def _resume(self, yes: bool) -> None:
        self._client.send({"do": "resume", "yes": yes})
        self.resume_card.hide()
        self._check()

    def _cancel(self) -> None:
        self._client.send({"do": "cancel"})
        self._has_begun = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close; the recorder continues to search unless it was cancelled."""
        self._timer.stop()
        if not self._has_begun:
            print(texts.START_SCREEN_CLOSED, flush=True)  # noqa: T201
        self._sounding.stop()
        self._client.stop()
        super().closeEvent(event)
