"""Start the dashboard: on a session, or with the start screen of a recorder that is not recording yet."""

# ruff: noqa: N802  # Qt names what it calls

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from monitor.dashboard.pages.start_screen import StartScreen
from monitor.dashboard.shell.lock import Lock
from monitor.dashboard.theme import NIGHT, Theme
from monitor.dashboard.viewmodel.recorder_client import RecorderClient
from monitor.dashboard.viewmodel.sound import Speaker
from monitor.session.control import ControlClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.dashboard.shell.window import DashboardWindow
    from monitor.dashboard.viewmodel.settings import SettingsFile

_SWITCH_S = 0.001
_AGAIN_MS = 20
# A window on another desktop is not painted.
_PAINTED_MS = 500
# A recording without a choice, as of `demo`, begins this soon; its window is open some time later.
_OPENS_SOON_S, _OPENED_S = 1.0, 10.0
# The window opens once the start screen learns that the recording has begun.
_LOBBY_S = 0.1
# The first texts and columns of the trace.
_TRACE_MS = 300


def application() -> QApplication:
    """Return the application object, created by the first call."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        return app
    # Scoring 3000 movements holds the interpreter for tens of ms; painting must be able to interrupt it.
    sys.setswitchinterval(_SWITCH_S)
    made = QApplication(sys.argv[:1])
    made.setApplicationName("PLMS Monitor")
    made.setStyle("Fusion")
    # An interrupt closes the window like the mouse; the frame timer lets Python handle the signal.
    signal.signal(signal.SIGINT, lambda *_: _leave(made))
    made.commitDataRequest.connect(lambda _: _unlock())
    return made


def _leave(app: QApplication) -> None:
    _unlock()
    app.quit()


def _unlock() -> None:
    """Open the lock of every window: it stops users, not the system or an interrupt from the terminal."""
    for window in QApplication.topLevelWidgets():
        lock = getattr(window, "lock", None)
        if isinstance(lock, Lock):
            lock.open()


def open_window(path: Path, theme: Theme | None) -> DashboardWindow:
    """Make the window of a session with the saved settings of its bed; `theme` overrides the saved one."""
    from monitor.dashboard.shell.settings_sync import settings_of
    from monitor.dashboard.shell.window import DashboardWindow
    from monitor.session.folder import SessionFolder

    folder = SessionFolder.open(path)
    window = DashboardWindow(folder, theme or NIGHT, Speaker(), settings_of(folder), size=_available())
    if theme is not None:
        window.set_theme(theme)
    return window


def open_file(path: Path, fd: int, theme: Theme | None) -> DashboardWindow:
    """Make the window of a file without a session.

    Parameters
    ----------
    path : Path
    fd : int
        Descriptor of the pipe through which its scoring comes; see `monitor.session.scoring_pipe`.
    theme : Theme or None
    """
    from monitor.dashboard.shell.window import DashboardWindow
    from monitor.dashboard.viewmodel.file_review import FileReview
    from monitor.session.folder import SessionFolder
    from monitor.session.scoring_pipe import ScoringFollower

    file = FileReview(path, ScoringFollower(fd))
    return DashboardWindow(SessionFolder(path), theme or NIGHT, Speaker(), file=file, size=_available())


def run_file(path: Path, fd: int, theme: Theme | None = None) -> int:
    """Open a file without a session and return once its window is closed."""
    app = application()
    window = open_file(path, fd, theme)
    _fit(window)
    window.start()
    window.showMaximized()
    return int(app.exec())


def run_session(path: Path, theme: Theme | None = None) -> int:
    """Open a session and return once its window is closed."""
    app = application()
    window = open_window(path, theme)
    _fit(window)
    window.start()
    window.showMaximized()
    return int(app.exec())


class _Painted(QObject):
    """Call a function once, after a window has first been painted.

    Parameters
    ----------
    window : QWidget
        Shown.
    then : callable
        Called after a while even if the window is not painted.
    """

    def __init__(self, window: QWidget, then: Callable[[], None]) -> None:
        super().__init__(window)
        self._then: Callable[[], None] | None = then
        window.windowHandle().installEventFilter(self)
        QTimer.singleShot(_PAINTED_MS, self._call)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Wait for the event in which the window is painted."""
        if event.type() == QEvent.Type.Expose:
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self._call)
        return False

    def _call(self) -> None:
        then, self._then = self._then, None
        if then is not None:
            then()


def _settings_of_bed(bed: str) -> SettingsFile:
    # Imported here: the start screen is shown before the settings can be read.
    from monitor.dashboard.viewmodel.settings import SettingsFile

    return SettingsFile.of_bed(bed)


class _Loading:
    """Load what the window of a session needs in a thread, while the start screen is shown.

    First the modules, then the compiler with the kernels of the trace. A window that can be opened by then
    is opened first: until the kernels are compiled Python runs them.
    """

    def __init__(self) -> None:
        self._can_open, self._wants_to_open, self._is_open = (threading.Event() for _ in range(3))
        self._thread = threading.Thread(target=self._run, name="window-loading", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def can_open(self) -> bool:
        """Return whether the window can be opened now; it is opened before anything else is loaded."""
        self._wants_to_open.set()
        return self._can_open.is_set()

    def opened(self) -> None:
        """Continue: the window and the first of the trace are painted."""
        self._is_open.set()

    def _run(self) -> None:
        try:
            # The start screen reads the settings with the first answer of the recorder.
            importlib.import_module("monitor.dashboard.viewmodel.settings")
            importlib.import_module("monitor.dashboard.shell.window")
            importlib.import_module("monitor.dashboard.signal.raster").run_uncompiled()
            self._can_open.set()
            if self._wants_to_open.wait(_OPENS_SOON_S):
                self._is_open.wait(_OPENED_S)
            importlib.import_module("monitor.dashboard.signal.traces").warm_up()
        finally:
            # What could not be loaded is reported where it is used.
            self._can_open.set()
            gc.freeze()
            gc.enable()


class StartScreenApp:
    """The start screen, followed by the window of the new session.

    The window is loaded while the start screen is shown. It opens once that is done: it is never shown
    unpainted.

    Parameters
    ----------
    contact : Path
        Contact file of the waiting recorder.
    theme : Theme or None
        None: the theme saved for the bed.
    """

    def __init__(self, contact: Path, theme: Theme | None) -> None:
        self._theme = theme
        self.window: DashboardWindow | None = None
        self.start_screen = StartScreen(
            RecorderClient(lambda: ControlClient.at(contact), "lobby", _LOBBY_S),
            theme,
            Speaker(),
            _settings_of_bed,
        )
        self.start_screen.began.connect(self._open)
        self._loading = _Loading()

    def start(self) -> None:
        """Show the start screen, and load the window once it is painted."""
        self.start_screen.show()
        _Painted(self.start_screen, self._begin)

    def _begin(self) -> None:
        if not self.start_screen.isVisible():
            # Closed meanwhile.
            return
        self.start_screen.start()
        self._loading.start()

    def _open(self, session: str) -> None:
        if not self._loading.can_open():
            self.start_screen.show_begun()
            QTimer.singleShot(_AGAIN_MS, lambda: self._open(session))
            return
        self.window = open_window(Path(session), self._theme)
        _fit(self.window)
        self.window.start()
        self.window.showMaximized()
        self.start_screen.close()
        _Painted(self.window, lambda: QTimer.singleShot(_TRACE_MS, self._loading.opened))


def run_start_screen(contact: Path, theme: Theme | None = None) -> int:
    """Show the start screen of a recorder, then the session once it is being recorded."""
    app = application()
    start_screen = StartScreenApp(contact, theme)
    start_screen.start()
    return int(app.exec())


def _available() -> QSize:
    """Return the size of a window that fills the screen: it is laid out for that before it is shown."""
    return QGuiApplication.primaryScreen().availableSize()


def _fit(window: DashboardWindow) -> None:
    window.resize(window.screen().availableSize() * 0.94)


def screenshot(path: Path, file: Path, size: tuple[int, int], theme: Theme | None, after_s: float) -> int:
    """Render a session into an image file and quit."""
    from monitor.dashboard.shell.window import DashboardWindow
    from monitor.model.safe_file import written_whole
    from monitor.session.folder import SessionFolder

    app = application()
    window = DashboardWindow(SessionFolder.open(path), theme or NIGHT)
    window.resize(*size)
    window.start()
    window.show()

    def take() -> None:
        with written_whole(file) as part:
            window.grab().save(os.fspath(part))
        window.close()
        app.quit()

    QTimer.singleShot(round(after_s * 1000), take)
    return int(app.exec())
