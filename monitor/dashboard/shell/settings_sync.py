"""Restore the settings of a bed in a window, and save changes."""

from __future__ import annotations

import threading

from monitor.dashboard.shell.host import Host
from monitor.dashboard.signal.traces import ViewFilter
from monitor.dashboard.style import set_text_scale, text_scale
from monitor.dashboard.theme import theme_named
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
    """Restore a window's settings, and save them once they have been steady for a moment.

    Parameters
    ----------
    window : Host
    file : SettingsFile or None
        None: nothing is restored or saved.

    Notes
    -----
    The disk may be slow: settings are saved in a thread, and the display does not wait.
    """

    def __init__(self, window: Host, file: SettingsFile | None) -> None:
        self._window, self._file = window, file
        self._saved = self._before = ScreenSettings()
        self._problem = ""
        self._saving: threading.Thread | None = None

    def restore(self) -> None:
        """Read the settings and apply them."""
        if self._file is None:
            return
        self._saved, self._problem = self._file.load()
        apply(self._window, self._saved)
        self._before = self._saved

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
        window, view = self._window, self._window.live.filter
        return ScreenSettings.model_construct(
            theme=window.theme.name,  # type: ignore[arg-type]
            sweep_s=window.live.sweep.sweep_s,  # type: ignore[arg-type]
            full_uv=window.live.sweep.full_uv,  # type: ignore[arg-type]
            band_hz=(view.low_hz, view.high_hz),
            notch_hz=view.notch_hz,
            shows_envelope=window.live.sweep.shows_envelope,
            text_scale=text_scale(),
            log_filter=window.log.model.filter_name,
            reference=window.night.curves.reference,  # type: ignore[arg-type]
            choice=self._saved.choice,
        )


def apply(window: Host, settings: ScreenSettings) -> None:
    """Apply saved settings to a window."""
    window.live.set_view(
        settings.sweep_s,
        settings.full_uv,
        ViewFilter(*settings.band_hz, settings.notch_hz),
        shows_envelope=settings.shows_envelope,
    )
    window.signal.set_view(window.live.filter)
    window.log.set_filter(settings.log_filter)
    window.night.curves.set_reference(settings.reference)
    set_text_scale(settings.text_scale)
    window.set_theme(theme_named(settings.theme))
