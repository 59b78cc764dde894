"""The window: assembles the panels, follows the session at 30 Hz, maps keys to actions."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

import gc

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QFrame, QMainWindow, QWidget

from monitor.dashboard import texts
from monitor.dashboard.panels.key_bar import HelpSheet, KeyBar
from monitor.dashboard.panels.live import LivePanel
from monitor.dashboard.panels.log import LogPanel
from monitor.dashboard.panels.numbers import ImiPanel, IndexPanel, SeriesPanel, TonightPanel
from monitor.dashboard.panels.overview import OverviewPanel
from monitor.dashboard.panels.top_bar import TopBar
from monitor.dashboard.shell.actions import Actions
from monitor.dashboard.shell.annotation import Annotator
from monitor.dashboard.shell.feed import Feed
from monitor.dashboard.shell.keyboard import Keyboard
from monitor.dashboard.shell.layout import WindowLayout, show_screen
from monitor.dashboard.shell.lock import Lock
from monitor.dashboard.shell.notes import NoteTaker
from monitor.dashboard.shell.overlays import Pages
from monitor.dashboard.shell.settings_sync import SettingsSync
from monitor.dashboard.shell.time_navigation import Review
from monitor.dashboard.signal.sources import LiveSignal
from monitor.dashboard.style import style_sheet
from monitor.dashboard.theme import NIGHT, Theme
from monitor.dashboard.viewmodel.alarm import Sounding, still_seen
from monitor.dashboard.viewmodel.keys import keys_with, quick_notes_of
from monitor.dashboard.viewmodel.onset_follower import OnsetFollower
from monitor.dashboard.viewmodel.screen import Screen
from monitor.dashboard.viewmodel.settings import SettingsFile
from monitor.dashboard.viewmodel.sound import Speaker
from monitor.session.alert_types import Priority
from monitor.session.folder import SessionFolder
from monitor.session.journal_follower import beginning

_FRAME_MS = 33
_TEXT_MS = 264
# In updates of the texts.
_MESSAGE_N = 30
_BLINK_N = 3
_DESCRIBE_EVERY_N = 4
_RELAYOUT_MS = 80
_LEAST_SIZE = (1000, 600)


class DashboardWindow(QMainWindow):
    """The dashboard of one session.

    Parameters
    ----------
    folder : SessionFolder
        Running, finished or cut off.
    theme : Theme
    speaker : Speaker, optional
        Sound output for alerts; without it they are only shown.
    settings : SettingsFile, optional
        Settings of the bed; without it none are restored or saved.
    """

    def __init__(
        self,
        folder: SessionFolder,
        theme: Theme = NIGHT,
        speaker: Speaker | None = None,
        settings: SettingsFile | None = None,
    ) -> None:
        super().__init__()
        self.folder, self.theme = folder, theme
        self.setWindowTitle(f"PLMS Monitor · {folder.path.name}")
        self.live = LivePanel(theme, self.act)
        self.signal = LiveSignal(folder, self.live.filter)
        self.feed = Feed(folder, self.signal)
        self.onset_follower = OnsetFollower(folder.journal)
        self.review = Review(folder, self.live, self.signal)
        self.top = TopBar(theme)
        self.index, self.series, self.tonight = IndexPanel(theme), SeriesPanel(), TonightPanel()
        self.keys = keys_with(quick_notes_of(beginning(folder.journal)))
        self.log, self.night, self.imi = LogPanel(theme, self.keys), OverviewPanel(theme), ImiPanel(theme)
        self.keybar = KeyBar()
        self.sounding = Sounding(speaker)
        self.screen_view: Screen | None = None
        self.seen: dict[str, Priority] = {}
        self._frames = self._rounds = self._message_until = 0
        self._text_every_n = 1
        self.ground = QWidget()
        self.ground.setObjectName("ground")
        # Without it the panels of a large screen would prevent the window from shrinking.
        self.ground.setMinimumSize(*_LEAST_SIZE)
        self.setCentralWidget(self.ground)
        self.ground.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.ground.setFocus()
        self.window_layout = WindowLayout(self)
        self.help = HelpSheet(self.ground, self.keys)
        self.notes = NoteTaker(
            self.log.note,
            self.log.question,
            self.send,
            self.now_s,
            self.show_message,
            self.window_layout.reveal_log,
        )
        self.acts = Actions(self)
        self.annotator = Annotator(self)
        self.pages = Pages(self)
        self.settings_sync = SettingsSync(self, settings)
        self.lock = Lock(self)
        self._connect()
        self.keyboard = Keyboard(
            self.ground,
            (
                *self.live.buttons,
                *self.log.filters.values(),
                self.log.table,
                *self.log.quick.values(),
                self.keybar.menu,
            ),
        )
        self._relayout = QTimer(self, singleShot=True, interval=_RELAYOUT_MS)
        self._relayout.timeout.connect(self._arrange)
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer)
        self.set_frame_ms(_FRAME_MS)
        self._timer.timeout.connect(self.tick)
        self.resize(1600, 900)
        self._arrange()
        self.settings_sync.restore()

    def _connect(self) -> None:
        self._shortcuts: list[QShortcut] = []
        for key in self.keys:
            for sequence in key.sequences:
                shortcut = QShortcut(QKeySequence(sequence), self)
                shortcut.activated.connect(lambda action=key.action: self.act(action))
                self._shortcuts.append(shortcut)
        self.log.note.installEventFilter(self)
        for name, button in self.log.quick.items():
            action = next(key.action for key in self.keys if key.sequences == (name,))
            button.clicked.connect(lambda _=False, action=action: self.act(action))
        self.night.picked.connect(self._picked)
        self.top.alert.clicked.connect(lambda: self.act("acknowledge"))
        self.log.table.activated.connect(lambda at: self._picked(self.log.model.row(at.row()).t_s))
        self.log.table.doubleClicked.connect(lambda at: self._picked(self.log.model.row(at.row()).t_s))
        self.help.closed.connect(lambda: self.switch_keys(is_on=True))

    # -- life -----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start to follow the session."""
        self.feed.start()
        self.sounding.start()
        self._timer.start()
        # Objects of the start-up stay: a full collection would stop the display for a third of a second.
        gc.collect()
        gc.freeze()

    def stop(self) -> None:
        """End threads and timers; the recording is not affected."""
        self._timer.stop()
        self._relayout.stop()
        self.pages.stop()
        self.feed.stop()
        self.sounding.stop()
        self.settings_sync.stop()
        self.review.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close the window; print that the recording continues."""
        if self.lock.is_on:
            self.lock.refuse()
            event.ignore()
            return
        self.annotator.author.flush()
        self.stop()
        # A window may be closed before its first screen: poll once more.
        self.feed.poll()
        screen = self.feed.screen
        if screen is not None and screen.top.phase == "recording":
            # The window is gone: only the terminal is left for a message.
            print(texts.WINDOW_CLOSED.format(path=self.folder.path), flush=True)  # noqa: T201
        super().closeEvent(event)

    def set_frame_ms(self, frame_ms: int) -> None:
        """Draw a frame every so many milliseconds; the texts keep their own pace."""
        self._timer.setInterval(frame_ms)
        self._text_every_n = max(1, round(_TEXT_MS / frame_ms))

    # -- display --------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Do one frame: the new columns of the trace, and every quarter of a second the texts."""
        self._frames += 1
        self.signal.poll()
        if self.isVisible() and not self.isMinimized():
            self.review.follow()
        screen = self.feed.screen
        if screen is not None:
            self.live.sweep.set_movements(self.onset_follower.over(screen.movements, self.signal.newest_s))
            self.review.screen = self.screen_view = screen
        if self._frames % self._text_every_n == 1 % self._text_every_n:
            self._show_texts()

    def _show_texts(self) -> None:
        self._rounds += 1
        for text in self.feed.client.refusals():
            self.show_message(texts.REFUSED.format(problem=text))
        if self._rounds > self._message_until:
            self.keybar.show_message("")
        if self.feed.problem:
            self.show_message(self.feed.problem)
        if change := self.sounding.change():
            self.show_message(change)
        if problem := self.settings_sync.update():
            self.show_message(problem)
        screen = self.screen_view
        if screen is not None:
            self.seen = still_seen(self.seen, screen.alerts)
            self.sounding.update(screen.alerts, self.seen, is_recording=screen.top.phase == "recording")
        if screen is None or not self.isVisible():
            return
        if self._rounds % _DESCRIBE_EVERY_N == 1:
            self.live.sweep.describe_levels()
        show_screen(self, screen, is_bright=self._rounds // _BLINK_N % 2 == 0)

    def show_message(self, text: str) -> None:
        """Show a message in the bar at the bottom for a while."""
        self.keybar.show_message(text)
        self._message_until = self._rounds + _MESSAGE_N

    @property
    def overview_frame(self) -> QFrame:
        """The panel of the overview."""
        return self.night.frame

    def now_s(self) -> float:
        """Return the end of the recording so far, by the newest sample or fact (s)."""
        recorded_s = self.screen_view.top.recorded_s if self.screen_view is not None else 0.0
        return max(recorded_s, self.signal.newest_s)

    # -- actions --------------------------------------------------------------------------------------

    def act(self, action: str) -> None:
        """Run the action of a key or a button; see `monitor.dashboard.viewmodel.keys`."""
        self.acts.do(action)
        self.review.show_state()

    def send(self, request: dict[str, object]) -> None:
        """Send an entry to the recorder; its effect appears in the journal."""
        self.annotator.send(request)

    def acknowledge(self) -> None:
        """Acknowledge all current alerts."""
        if self.screen_view is not None:
            new = {a.key: a.priority for a in self.screen_view.alerts if a.key not in self.seen}
            self.annotator.journal_alerts("acknowledged", alerts=new)
            self.seen = {alert.key: alert.priority for alert in self.screen_view.alerts}
            self.top.alert.show_alerts(self.screen_view.alerts, frozenset(self.seen), self.sounding.text)

    def _picked(self, t_s: float) -> None:
        self.review.show(t_s - self.live.sweep.sweep_s / 2)

    def switch_keys(self, *, is_on: bool) -> None:
        """Switch all keys on, or off while letters are typed."""
        is_on = is_on and not self.lock.is_on
        for shortcut in self._shortcuts:
            shortcut.setEnabled(is_on)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Switch the keys off while the note field has the focus: letters are text, not commands."""
        if watched is self.log.note and event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.switch_keys(is_on=event.type() == QEvent.Type.FocusOut)
        return super().eventFilter(watched, event)

    # -- appearance -----------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Change all colours and apply the current text size."""
        self.theme = theme
        for part in (self.top, self.live.sweep, self.index.spark, self.log.model, self.night, self.imi):
            part.set_theme(theme)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out the panels again, once the size has settled."""
        super().resizeEvent(event)
        self._relayout.start()

    def _arrange(self) -> None:
        scale = min(self.width() / 1920, self.height() / 1080)
        self.setStyleSheet(style_sheet(self.theme, max(scale, 0.72)))
        self.log.set_scale(max(scale, 0.85))
        self.window_layout.apply(scale)
        self.keyboard.put_in_order()
        self.pages.place()
