"""Restore the settings of a bed, and save changes."""

from __future__ import annotations

import threading
from collections.abc import Callable

from monitor.dashboard.viewmodel.settings import ScreenSettings, SettingsFile
from monitor.model.errors import InputError
from monitor.session.folder import SessionFolder
from monitor.session.journal_follower import beginning


def settings_of(folder: SessionFolder) -> SettingsFile | None:
    """Return the settings file of the bed of a session, None if its journal names no bed."""
    try:
        return SettingsFile.of_bed(str(beginning(folder.journal)["bed"]))
    except (KeyError, InputError):
        return None


class SettingsSync:
    """Restore the settings of the screen, and save them once they have been steady for a moment.

    Parameters
    ----------
    file : SettingsFile or None
        None: nothing is restored or saved.
    current : callable
        Returns the present settings of the screen.
    apply : callable
        Called with restored settings.

    Notes
    -----
    The disk may be slow: settings are saved in a thread, and the display does not wait.
    """

    def __init__(
        self,
        file: SettingsFile | None,
        current: Callable[[], ScreenSettings],
        apply: Callable[[ScreenSettings], None],
    ) -> None:
        self._file, self._current, self._apply = file, current, apply
        self._saved = self._before = ScreenSettings()
        self._problem = ""
        self._saving: threading.Thread | None = None

    def restore(self) -> bool:
        """Read the settings and apply them; return whether there are any."""
        if self._file is None:
            return False
        self._saved, self._problem = self._file.load()
        self._apply(self._saved)
        self._before = self._saved
        return True

    def update(self) -> str:
        """Save changed settings; return the problem since the last call, empty if there was none."""
        problem, self._problem = self._problem, ""
        now = self._now()
        is_steady, self._before = now == self._before, now
        is_saving = self._saving is not None and self._saving.is_alive()
        if self._file is not None and is_steady and now != self._saved and not is_saving:
            self._saved = now
            self._saving = threading.Thread(target=self._save, args=(self._file, now), name="settings")
            self._saving.start()
        return problem

    def stop(self) -> None:
        """Save what has not been saved yet."""
        if self._saving is not None:
            self._saving.join()
        now = self._now()
        if self._file is not None and now != self._saved:
            self._saved = now
            self._save(self._file, now)

    def _save(self, file: SettingsFile, settings: ScreenSettings) -> None:
        try:
            file.save(settings)
        except InputError as err:
            self._problem = str(err)

    def _now(self) -> ScreenSettings:
        # The selection of streams is saved by the start screen.
        return self._current().model_copy(update={"choice": self._saved.choice})
