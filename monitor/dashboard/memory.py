"""What a bed's start screen remembers: the streams, legs and unit of last time. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from monitor.dashboard.lobby_view import Choice, LobbyStream, remembered
from monitor.dashboard.settings import RememberedChoice, SettingsFile
from monitor.dashboard.theme import NIGHT, Theme, theme_named
from monitor.errors import InputError


class Memory:
    """Remember the choice of a start screen.

    Parameters
    ----------
    settings : callable or None
        Gives the settings of a bed, or raises `InputError`; None remembers nothing.
    """

    def __init__(self, settings: Callable[[str], SettingsFile] | None) -> None:
        self._settings = settings
        self._choice: RememberedChoice | None = None

    def of_bed(self, bed: str) -> tuple[Theme, str]:
        """Take up what a bed was left with; return its theme, and what could not be read, in words."""
        if self._settings is None:
            return NIGHT, ""
        try:
            settings, problem = self._settings(bed).load()
        except InputError:
            return NIGHT, ""
        self._choice = settings.choice
        return theme_named(settings.theme), problem

    def recall(self, streams: Sequence[LobbyStream]) -> tuple[frozenset[str], RememberedChoice] | None:
        """Return the remembered choice and its streams as soon as all are there; only once."""
        choice, uids = self._choice, remembered(streams, self._choice)
        if choice is None or not uids:
            return None
        self._choice = None
        return uids, choice

    def keep(self, choice: Choice, streams: Sequence[LobbyStream]) -> None:
        """Write down what was chosen; a bed that forgets it is no reason not to record."""
        if self._settings is None:
            return
        try:
            file = self._settings(choice.bed)
            before, _ = file.load()
            file.save(before.model_copy(update={"choice": choice.to_remember(streams)}))
        except InputError:
            return
