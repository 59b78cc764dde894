"""The thread that follows the session: painting never waits for it."""

from __future__ import annotations

import queue
import threading
import time

from monitor.dashboard.signal.sources import LiveSignal
from monitor.dashboard.viewmodel.commands import ViewCommand
from monitor.dashboard.viewmodel.file_review import FileReview
from monitor.dashboard.viewmodel.outdated import outdated
from monitor.dashboard.viewmodel.presenter import Presenter
from monitor.dashboard.viewmodel.recorder_client import RecorderClient
from monitor.dashboard.viewmodel.screen import Screen
from monitor.model.errors import InputError
from monitor.session.control import ControlClient
from monitor.session.disk_space import DiskWatch
from monitor.session.folder import SessionFolder
from monitor.session.recorder_status import LiveStatus, RecorderStatus

# Onsets do not wait for it: `OnsetFollower` shows them.
_POLL_S = 0.1
_DISK_EVERY_N = 20
# A screen that is older is shown as outdated.
_OUTDATED_S = 2.0


class Feed:
    """Follow one session: journal, recorder, disk.

    Parameters
    ----------
    folder : SessionFolder
    signal : LiveSignal
        Its newest sample gives the end of the recording so far; it is polled elsewhere.
    file : FileReview, optional
        Instead of a session: no recorder is asked.

    Attributes
    ----------
    screen : Screen or None
        The newest screen; replaced, never changed. One of old facts says so.
    problem : str
        Why the session cannot be read, empty if it can.
    presenter : Presenter
        Its state may be read once the thread has ended.
    """

    def __init__(self, folder: SessionFolder, signal: LiveSignal, file: FileReview | None = None) -> None:
        self.folder, self._signal, self._file = folder, signal, file
        self.presenter = Presenter(folder, file=file)
        self.client = RecorderClient(lambda: ControlClient(folder), "status")
        self._commands: queue.SimpleQueue[ViewCommand] = queue.SimpleQueue()
        self.screen: Screen | None = None
        # The last one that could be made, and when.
        self._whole: Screen | None = None
        self._whole_at_s = time.monotonic()
        self.problem = ""
        self._disk = DiskWatch((folder.recording, folder.journal))
        self._saved_s_ago: float | None = None
        self._disk_s: float | None = None
        self._polls = 0
        self._newest_s = 0.0
        self._moved_at_s: float | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presenter", daemon=True)

    def start(self) -> None:
        """Start to follow the session."""
        if self._file is None:
            self.client.start()
        else:
            self._file.scoring.start()
        self._thread.start()

    def stop(self) -> None:
        """End both threads."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        self.client.stop()

    def send(self, command: ViewCommand) -> None:
        """Send a command to the presenter, from any thread; its effect is in one of the next screens."""
        self._commands.put(command)

    def poll(self) -> None:
        """Read the session once; called by the thread."""
        try:
            self.screen = self._whole = self._newest_screen()
            self.problem, self._whole_at_s = "", time.monotonic()
        except InputError as err:
            self._failed(str(err))
        except Exception as err:  # noqa: BLE001 - the window must not stand still with what it showed last
            self._failed(f"{type(err).__name__}: {err}")

    def _newest_screen(self) -> Screen | None:
        while not self._commands.empty():
            self.presenter.do(self._commands.get())
        if self._polls % _DISK_EVERY_N == 0:
            self._saved_s_ago, self._disk_s = self._disk.look()
        self._polls += 1
        latest = self.client.latest
        status = RecorderStatus.of(latest) if latest is not None else None
        before_s, self._newest_s = self._newest_s, self._end_s
        if before_s and self._newest_s > before_s:
            self._moved_at_s = time.monotonic()
        live_status = LiveStatus(status, self._newest_s, self._saved_s_ago, self._disk_s, self.unheard_s)
        return self.presenter.poll(live_status)

    def _failed(self, reason: str) -> None:
        """Show that the last screen becomes old, unless the next poll is in time."""
        self.problem, age_s = reason, time.monotonic() - self._whole_at_s
        if self._whole is not None and age_s > _OUTDATED_S:
            self.screen = outdated(self._whole, age_s, reason)

    @property
    def _end_s(self) -> float:
        return self._signal.newest_s if self._file is None else self._file.scoring.length_s

    @property
    def unheard_s(self) -> float:
        """Age of the recorder's last answer or sample (s); if there was none, of its last write."""
        signs = [at_s for at_s in (self.client.answered_at_s, self._moved_at_s) if at_s is not None]
        return time.monotonic() - max(signs) if signs else self._saved_s_ago or 0.0

    def _run(self) -> None:
        # Whether a recorder answers decides between "recording" and "cut off": ask before the first poll.
        if self._file is None:
            self.client.has_asked.wait(2.0)
        while not self._ending.wait(_POLL_S):
            self.poll()
