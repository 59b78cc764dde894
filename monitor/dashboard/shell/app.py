"""Start the dashboard: on a session, or on the start screen of a recorder that has not begun."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from monitor.dashboard.pages.start_screen import StartScreen
from monitor.dashboard.shell.settings_sync import settings_of
from monitor.dashboard.shell.window import DashboardWindow
from monitor.dashboard.theme import NIGHT, Theme
from monitor.dashboard.viewmodel.recorder_client import RecorderClient
from monitor.dashboard.viewmodel.settings import SettingsFile
from monitor.dashboard.viewmodel.sound import Speaker
from monitor.model.safe_file import written_whole
from monitor.session.control import ControlClient
from monitor.session.folder import SessionFolder

_SWITCH_S = 0.001


def application() -> QApplication:
    """Return the one application object, made at the first call."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        return app
    # Scoring a night of 3000 movements holds the interpreter for tens of ms; painting must get in between.
    sys.setswitchinterval(_SWITCH_S)
    made = QApplication(sys.argv[:1])
    made.setApplicationName("PLMS Monitor")
    made.setStyle("Fusion")
    # An interrupt closes the window as the mouse does; the frame timer lets Python see the signal.
    signal.signal(signal.SIGINT, lambda *_: _leave(made))
    made.commitDataRequest.connect(lambda _: _unlock())
    return made


def _leave(app: QApplication) -> None:
    _unlock()
    app.quit()


def _unlock() -> None:
    """Open the lock of every window: it keeps people away, not the system or whoever started the program."""
    for window in QApplication.topLevelWidgets():
        if isinstance(window, DashboardWindow):
            window.lock.open()


def open_window(path: Path, theme: Theme | None) -> DashboardWindow:
    """Make the window of a session, as its bed's screen was left; a theme that is asked for comes first."""
    folder = SessionFolder.open(path)
    window = DashboardWindow(folder, theme or NIGHT, Speaker(), settings_of(folder))
    if theme is not None:
        window.set_theme(theme)
    return window


def run_session(path: Path, theme: Theme | None = None) -> int:
    """Open a session and return once its window is closed."""
    app = application()
    window = open_window(path, theme)
    _fit(window)
    window.start()
    window.showMaximized()
    return int(app.exec())


class StartScreenApp:
    """First the start screen, then the session it has begun.

    Parameters
    ----------
    contact : Path
        Of the recorder that waits.
    theme : Theme or None
        None: the one the bed's screen was left with.
    """

    def __init__(self, contact: Path, theme: Theme | None) -> None:
        self._theme = theme
        self.window: DashboardWindow | None = None
        self.start_screen = StartScreen(
            RecorderClient(lambda: ControlClient.at(contact), "lobby"), theme, Speaker(), SettingsFile.of_bed
        )
        self.start_screen.began.connect(self._open)

    def start(self) -> None:
        """Show the start screen."""
        self.start_screen.show()
        self.start_screen.start()

    def _open(self, session: str) -> None:
        self.window = open_window(Path(session), self._theme)
        _fit(self.window)
        self.window.start()
        self.window.showMaximized()
        self.start_screen.close()


def run_start_screen(contact: Path, theme: Theme | None = None) -> int:
    """Show the start screen of a recorder, and the night once it runs."""
    app = application()
    lobby = StartScreenApp(contact, theme)
    lobby.start()
    return int(app.exec())


def _fit(window: DashboardWindow) -> None:
    window.resize(window.screen().availableSize() * 0.94)


def screenshot(path: Path, file: Path, size: tuple[int, int], theme: Theme | None, after_s: float) -> int:
    """Render a session into a picture and quit."""
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
