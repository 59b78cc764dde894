"""The window: assembles the panels, follows the session at 30 Hz, maps keys to actions."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

import gc

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QMainWindow, QWidget

from monitor.dashboard import texts
from monitor.dashboard.pages.calibration import CalibrationPanel
from monitor.dashboard.pages.guide import GuidePage
from monitor.dashboard.pages.sit import SitPanel
from monitor.dashboard.panels.key_bar import HelpSheet, KeyBar
from monitor.dashboard.panels.live import LivePanel
from monitor.dashboard.panels.log import LogPanel
from monitor.dashboard.panels.numbers import ImiPanel, IndexPanel, SeriesPanel, TonightPanel
from monitor.dashboard.panels.overview import OverviewPanel
from monitor.dashboard.panels.top_bar import TopBar
from monitor.dashboard.shell.actions import Act, ViewActions
from monitor.dashboard.shell.alerting import Alerting
from monitor.dashboard.shell.annotation import Annotator
from monitor.dashboard.shell.closing import Closing
from monitor.dashboard.shell.feed import Feed
from monitor.dashboard.shell.jumps import Jumps
from monitor.dashboard.shell.keyboard import Keyboard
from monitor.dashboard.shell.layout import Panels, WindowLayout
from monitor.dashboard.shell.lock import Lock
from monitor.dashboard.shell.marking import Marking
from monitor.dashboard.shell.notes import Author, NoteTaker, Question
from monitor.dashboard.shell.overlays import Pages
from monitor.dashboard.shell.pointer import Pointer
from monitor.dashboard.shell.settings_sync import SettingsSync
from monitor.dashboard.shell.stage_entry import StageEntry
from monitor.dashboard.shell.time_navigation import Review
from monitor.dashboard.signal.page_sources import FilePages, SessionPages
from monitor.dashboard.signal.sources import LiveSignal
from monitor.dashboard.signal.traces import ViewFilter
from monitor.dashboard.style import set_screen_scale, set_text_scale, style_sheet, text_scale
from monitor.dashboard.theme import NIGHT, Theme, next_theme, theme_named
from monitor.dashboard.viewmodel.alarm import Sounding
from monitor.dashboard.viewmodel.file_review import FileReview
from monitor.dashboard.viewmodel.keys import keys_with, quick_notes_of, split
from monitor.dashboard.viewmodel.onset_follower import OnsetFollower
from monitor.dashboard.viewmodel.screen import Screen
from monitor.dashboard.viewmodel.settings import TEXT_SCALES, ScreenSettings, SettingsFile
from monitor.dashboard.viewmodel.sound import Speaker
from monitor.model import wording
from monitor.model.wording import counted
from monitor.session.folder import SessionFolder
from monitor.session.journal_follower import beginning

_FRAME_MS = 33
_TEXT_MS = 264
# In updates of the texts.
_MESSAGE_N = 30
_BLINK_N = 3
_DESCRIBE_EVERY_N = 4
_RELAYOUT_MS = 80
_SIZE, _LEAST_SIZE = (1600, 900), (1000, 600)


class DashboardWindow(QMainWindow):
    """The dashboard of one session.

    Parameters
    ----------
    folder : SessionFolder
        Running, finished or cut off; for a file without a session its path, where no session can be.
    theme : Theme
    speaker : Speaker, optional
        Sound output for alerts; without it they are only shown.
    settings : SettingsFile, optional
        Settings of the bed; without it none are restored or saved.
    file : FileReview, optional
        A file without a session: it is shown instead, and nothing can be entered.
    size : QSize, optional
        Size for which it is first laid out; 1600 x 900 by default.
    """

    def __init__(
        self,
        folder: SessionFolder,
        theme: Theme = NIGHT,
        speaker: Speaker | None = None,
        settings: SettingsFile | None = None,
        file: FileReview | None = None,
        size: QSize | None = None,
    ) -> None:
        super().__init__()
        self.folder, self.theme, self._file = folder, theme, file
        self.setWindowTitle(f"PLMS Monitor · {folder.path.name}")
        self.screen_view: Screen | None = None
        self.frames_n = self._rounds = self._message_until = 0
        self._text_every_n = 1
        self._sheet = ""
        self.ground = self._make_ground()
        self.keys = keys_with(quick_notes_of(beginning(folder.journal)))
        self.panels = self._make_panels(theme)
        self.window_layout = WindowLayout(self.ground, self.panels)
        self.help, self.guide = HelpSheet(self.ground, self.keys, theme), GuidePage(self.ground)
        self.signal = LiveSignal(folder, self.live.filter)
        self.feed = Feed(folder, self.signal, file)
        self.onset_follower = OnsetFollower(folder.journal)
        pages = SessionPages(folder) if file is None else FilePages(file.recording)
        self.review = Review(pages, self.live, self.signal)
        self.sounding = Sounding(speaker)
        self._make_parts()
        self.settings_sync = SettingsSync(settings, self._settings, self._apply_settings)
        self._connect()
        self._connect_parts()
        self.layout_timer = QTimer(self, singleShot=True, interval=_RELAYOUT_MS)
        self.layout_timer.timeout.connect(self._arrange)
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer)
        self.set_frame_ms(_FRAME_MS)
        self._timer.timeout.connect(self.tick)
        self.resize(size or QSize(*_SIZE))
        if not self.settings_sync.restore():
            self._arrange()

    def _make_ground(self) -> QWidget:
        ground = QWidget()
        ground.setObjectName("ground")
        # Without it the panels of a large screen would prevent the window from shrinking.
        ground.setMinimumSize(*_LEAST_SIZE)
        self.setCentralWidget(ground)
        ground.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        ground.setFocus()
        return ground

    def _make_panels(self, theme: Theme) -> Panels:
        self.live, self.night, self.imi = LivePanel(theme, self.act), OverviewPanel(theme), ImiPanel(theme)
        self.log, self.top, self.keybar = LogPanel(theme, self.keys), TopBar(theme), KeyBar()
        return Panels(
            top=self.top,
            index=IndexPanel(theme),
            series=SeriesPanel(),
            tonight=TonightPanel(),
            live=self.live,
            night=self.night,
            log=self.log,
            imi=self.imi,
            keybar=self.keybar,
        )

    def _make_parts(self) -> None:
        """Make the parts that act; each is given what it uses, none knows the window."""
        say, send = self.show_message, self.feed.client.send
        self.notes = NoteTaker(self.log.note, self.log.question, self.now_s)
        author = Author(self.notes, send, say)
        self.annotator = Annotator(
            self.live.sweep, self.night, self.log, self.review, self.notes, author, say
        )
        self.alerting = Alerting(self.top.alert, self.sounding, self.now_s, self.annotator.send_at_once, say)
        self.closing = Closing(self.folder.path, self.annotator, self.notes, send, say)
        calibration = CalibrationPanel(self.ground, self.theme, author, say)
        sit = SitPanel(self.ground, self.annotator.send, say)
        # While one of these has the focus, letters are text.
        self._text_fields = (self.log.note, self.log.search, calibration.name, sit.field)
        self.pages = Pages(
            self.ground,
            self.window_layout,
            calibration,
            sit,
            self.act,
            self.feed.send,
            self.now_s,
            self.theme,
        )
        self.lock = Lock(self.ground)
        view = ViewActions(self.live, self.night, self.review, self.signal, self.feed.send, say)
        self.acts: dict[str, Act] = self._actions()
        stages = StageEntry(self.annotator, self.review, say)
        self.marking = Marking(self.live.sweep, self.annotator.over_trace, self.annotator, say)
        self.pointer = Pointer(self.live.sweep, self.annotator, self.act)
        jumps = Jumps(self.review, self.notes, say)
        for part in (view, jumps, self.annotator, stages, self.alerting, self.closing, self.pages):
            self.acts |= part.actions()
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

    def _actions(self) -> dict[str, Act]:
        return {
            "live": lambda _: self._go_live(),
            "theme": lambda _: self.set_theme(next_theme(self.theme)),
            "text": lambda step: self._resize_text(int(step)),
            "full-screen": lambda _: self.setWindowState(
                self.windowState() ^ Qt.WindowState.WindowFullScreen
            ),
            "lock": lambda _: self.lock.close(),
            "help": lambda _: self._over(self.help),
            "guide": lambda _: self._over(self.guide),
            "search": lambda _: self._search(),
            "copy-log": lambda _: self.show_message(
                texts.LOG_COPIED.format(rows=counted(self.log.copy(), "row"))
            ),
            "sit": lambda how: self._sit(is_end=bool(how)),
            "menu": lambda _: self.pages.open_menu(self.keybar.menu),
        }

    def _connect(self) -> None:
        self._shortcuts: list[QShortcut] = []
        for key in self.keys:
            for sequence in key.sequences:
                shortcut = QShortcut(QKeySequence(sequence), self)
                shortcut.activated.connect(lambda action=key.action: self.act(action))
                self._shortcuts.append(shortcut)
        for field in self._text_fields:
            field.installEventFilter(self)
        for name, button in self.log.quick.items():
            action = next(key.action for key in self.keys if key.sequences == (name,))
            button.clicked.connect(lambda _=False, action=action: self.act(action))
        self.night.picked.connect(self.review.show_at)
        self.top.alert.clicked.connect(lambda: self.act("acknowledge"))
        for chosen in (self.log.table.activated, self.log.table.doubleClicked):
            chosen.connect(lambda at: self.review.show_at(self.log.model.row(at.row()).t_s))
        for sheet in (self.help, self.guide):
            sheet.closed.connect(lambda: self.switch_keys(is_on=True))

    def _connect_parts(self) -> None:
        self.notes.asked.connect(self.window_layout.reveal_log)
        self.annotator.lights_on.connect(self.pages.open_summary)
        self.lock.switched.connect(self._locked)
        self.keybar.menu.clicked.connect(lambda: self.act("menu"))

    # -- life -----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start to follow the session."""
        self.feed.start()
        self.sounding.start()
        self._timer.start()
        # Objects of the start-up stay: a full collection would stop the display for a third of a second.
        gc.freeze()

    def stop(self) -> None:
        """End threads and timers; the recording is not affected."""
        self._timer.stop()
        self.layout_timer.stop()
        self.closing.stop()
        self.feed.stop()
        self.sounding.stop()
        self.settings_sync.stop()
        self.review.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close the window; print that the recording continues."""
        if self.lock.is_on:
            self.lock.hint()
            self.show_message(texts.LOCK_REFUSES)
            event.ignore()
            return
        self.annotator.author.written(self.feed.client.written())
        self.annotator.author.flush()
        self.stop()
        # A window may be closed before its first screen: poll once more.
        self.feed.poll()
        screen = self.feed.screen
        if screen is not None and screen.top.phase == "recording":
            # The window is gone: only the terminal is left for a message.
            print(texts.WINDOW_CLOSED.format(path=wording.argument(self.folder.path)), flush=True)  # noqa: T201
        super().closeEvent(event)

    def set_frame_ms(self, frame_ms: int) -> None:
        """Draw a frame every so many milliseconds; the texts keep their own pace."""
        self._timer.setInterval(frame_ms)
        self._text_every_n = max(1, round(_TEXT_MS / frame_ms))

    # -- display --------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Do one frame: the new columns of the trace, and every quarter of a second the texts."""
        self.frames_n += 1
        self.signal.poll()
        if self.isVisible() and not self.isMinimized():
            self.review.follow()
        screen = self.feed.screen
        if screen is not None:
            self.live.sweep.set_movements(self.onset_follower.over(screen.movements, self.signal.newest_s))
            self.screen_view = screen
            for part in (self.review, self.annotator, self.alerting, self.pages):
                part.screen = screen
        if self.frames_n % self._text_every_n == 1 % self._text_every_n:
            self.show_texts()

    def show_texts(self) -> None:
        """Show the newest screen in all panels."""
        self._rounds += 1
        self.annotator.author.written(self.feed.client.written())
        for text in self.feed.client.refusals():
            self.annotator.refused()
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
            self.alerting.update()
            self.annotator.update()
        if screen is None or not self.isVisible():
            return
        if self._rounds % _DESCRIBE_EVERY_N == 1:
            self.live.sweep.describe_levels()
        self.panels.show(screen, self.review.window_s, self.review.epoch_s)
        self.alerting.show(is_bright=self._rounds // _BLINK_N % 2 == 0)
        self.pages.update()
        self.review.show_state()

    def show_message(self, text: str) -> None:
        """Show a message in the bar at the bottom for a while."""
        self.keybar.show_message(text)
        self._message_until = self._rounds + _MESSAGE_N

    def now_s(self) -> float:
        """Return the end of the recording so far, by the newest sample or fact (s)."""
        return self.review.now_s

    # -- actions --------------------------------------------------------------------------------------

    def act(self, action: str) -> None:
        """Run the action of a key or a button; see `monitor.dashboard.viewmodel.keys`."""
        name, argument = split(action)
        refusal = "" if self._file is None else self._file.refusal(name, self.screen_view)
        if refusal:
            self.show_message(refusal)
        else:
            self.acts[name](argument)
        self.review.show_state()

    def _go_live(self) -> None:
        self.notes.cancel()
        self.review.live()
        self.pages.close()

    def _over(self, sheet: HelpSheet | GuidePage) -> None:
        """Open a sheet over the window: until it is closed the keys are its own."""
        self.switch_keys(is_on=False)
        sheet.open()

    def _search(self) -> None:
        self.window_layout.reveal_log()
        self.log.find()

    def _sit(self, *, is_end: bool) -> None:
        """Begin the immobilisation test, enter a discomfort score, or end it early."""
        panel = self.pages.sit
        if not is_end:
            panel.begin_or_answer(self.screen_view, self.now_s())
        elif panel.can_end(self.screen_view):
            end = Question("", texts.SIT_END_QUESTION, lambda _: panel.end(self.now_s()), is_fixed=True)
            self.annotator.ask(end)

    def _locked(self, is_on: bool) -> None:
        if is_on:
            self.notes.cancel()
        self.switch_keys(is_on=not is_on)

    def switch_keys(self, *, is_on: bool) -> None:
        """Switch all keys on, or off while letters are typed."""
        is_on = is_on and not self.lock.is_on
        for shortcut in self._shortcuts:
            shortcut.setEnabled(is_on)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Switch the keys off while a field for text has the focus: letters are no commands there."""
        if watched in self._text_fields and event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.switch_keys(is_on=event.type() == QEvent.Type.FocusOut)
        return super().eventFilter(watched, event)

    # -- appearance -----------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Change all colours and apply the current text size."""
        self.theme = theme
        self.panels.set_theme(theme)
        self.pages.calibration.set_theme(theme)
        self.help.set_theme(theme)
        self.pages.trends.set_theme(theme)
        self._arrange()

    def _resize_text(self, step: int) -> None:
        """Set the next larger or smaller text size; 0 is the default size."""
        at = TEXT_SCALES.index(text_scale()) + step if step else TEXT_SCALES.index(1.0)
        set_text_scale(TEXT_SCALES[min(max(at, 0), len(TEXT_SCALES) - 1)])
        self.set_theme(self.theme)
        self.show_message(texts.TEXT_SIZE.format(scale=text_scale()))

    def _settings(self) -> ScreenSettings:
        live = self.live
        return ScreenSettings.model_construct(
            theme=self.theme.name,  # type: ignore[arg-type]
            sweep_s=live.sweep.sweep_s,  # type: ignore[arg-type]
            full_uv=live.sweep.full_uv,  # type: ignore[arg-type]
            band_hz=(live.filter.low_hz, live.filter.high_hz),
            notch_hz=live.filter.notch_hz,
            shows_envelope=live.sweep.shows_envelope,
            text_scale=text_scale(),
            log_filter=self.log.model.filter_name,
            reference=self.night.curves.reference,  # type: ignore[arg-type]
        )

    def _apply_settings(self, settings: ScreenSettings) -> None:
        view = ViewFilter(*settings.band_hz, settings.notch_hz)
        self.live.set_view(settings.sweep_s, settings.full_uv, view, shows_envelope=settings.shows_envelope)
        self.signal.set_view(view)
        self.log.set_filter(settings.log_filter)
        self.night.curves.set_reference(settings.reference)
        set_text_scale(settings.text_scale)
        self.set_theme(theme_named(settings.theme))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out the panels again, once the size has settled."""
        super().resizeEvent(event)
        self.layout_timer.start()

    def _arrange(self) -> None:
        scale = min(self.width() / 1920, self.height() / 1080)
        if set_screen_scale(scale):
            self.panels.set_theme(self.theme)
        sheet = style_sheet(self.theme, max(scale, 0.72))
        if sheet != self._sheet:
            # Two frames pass while it is applied to all widgets.
            self._sheet = sheet
            self.setStyleSheet(sheet)
        self.log.set_scale(min(max(scale, 0.85), 1.0))
        self.window_layout.apply(scale)
        self.keyboard.put_in_order()
        self.pages.place()
