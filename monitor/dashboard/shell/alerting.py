"""The alerts of the window: acknowledged ones, their sound, the field in the top bar."""

from __future__ import annotations

from collections.abc import Callable

from monitor.dashboard.panels.top_bar import AlertField
from monitor.dashboard.shell.actions import Act
from monitor.dashboard.viewmodel.alarm import Sounding, still_seen
from monitor.dashboard.viewmodel.commands import Acknowledge, Entry, SwitchSound
from monitor.dashboard.viewmodel.screen import Screen
from monitor.session.alert_priority import Priority


class Alerting:
    """Show and sound the alerts of the newest screen, and acknowledge them.

    Parameters
    ----------
    field : AlertField
    sounding : Sounding
    now_s : callable
        Returns the end of the recording so far (s).
    send : callable
        Called with an entry for the recorder.
    say : callable
        Called with a message for the user.

    Attributes
    ----------
    screen : Screen or None
        The newest screen; set by the window.
    seen : dict of str to Priority
        Acknowledged alerts by their keys, with their priority.
    """

    def __init__(
        self,
        field: AlertField,
        sounding: Sounding,
        now_s: Callable[[], float],
        send: Callable[[Entry], None],
        say: Callable[[str], None],
    ) -> None:
        self._field, self._sounding, self._now_s = field, sounding, now_s
        self._send, self._say = send, say
        self.screen: Screen | None = None
        self.seen: dict[str, Priority] = {}

    def actions(self) -> dict[str, Act]:
        """Return the actions by name."""
        return {
            "pause-sound": lambda _: self._pause_sound(),
            "test-sound": lambda _: self._say(self._sounding.test()),
            "acknowledge": lambda _: self.acknowledge(),
        }

    def update(self) -> None:
        """Sound the current alerts; called a few times a second, also while the window is hidden."""
        screen = self.screen
        if screen is None:
            return
        self.seen = still_seen(self.seen, screen.alerts)
        self._sounding.update(screen.alerts, self.seen, is_recording=screen.top.phase == "recording")

    def show(self, *, is_bright: bool) -> None:
        """Show the alerts; `is_bright` is the phase of blinking ones."""
        if self.screen is not None:
            self._field.show_alerts(self.screen.alerts, frozenset(self.seen), self._sounding.text)
            self._field.blink(is_bright=is_bright)

    def acknowledge(self) -> None:
        """Acknowledge all current alerts."""
        screen = self.screen
        if screen is None:
            return
        new = {alert.key: alert.priority for alert in screen.alerts if alert.key not in self.seen}
        if new:
            self._send(Acknowledge(self._now_s(), new))
        self.seen = {alert.key: alert.priority for alert in screen.alerts}
        self._field.show_alerts(screen.alerts, frozenset(self.seen), self._sounding.text)

    def _pause_sound(self) -> None:
        self._say(self._sounding.pause())
        left_s, now_s = self._sounding.pause_left_s, self._now_s()
        self._send(SwitchSound(now_s, "paused", left_s) if left_s > 0 else SwitchSound(now_s, "on"))
