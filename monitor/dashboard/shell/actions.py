"""The actions of keys and buttons, by the names of the key table; each part of the window adds its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt

from monitor.dashboard import texts
from monitor.dashboard.shell.host import Host
from monitor.dashboard.style import set_text_scale, text_scale
from monitor.dashboard.theme import next_theme
from monitor.dashboard.viewmodel.keys import split
from monitor.dashboard.viewmodel.settings import TEXT_SCALES

Act = Callable[[str], None]
"""Called with the argument after the colon of an action, empty if there is none."""


class Actions:
    """The actions of a window.

    Parameters
    ----------
    window : Host
        The window; its parts exist already.
    """

    def __init__(self, window: Host) -> None:
        self._window = window
        self._known: dict[str, Act] = {}
        self.add(self._of_the_view())
        self.add(self._of_the_session())

    def add(self, more: Mapping[str, Act]) -> None:
        """Add actions by their names."""
        self._known.update(more)

    def get(self, name: str) -> Act:
        """Return the current function of an action, to be extended by another part."""
        return self._known[name]

    @property
    def names(self) -> frozenset[str]:
        """The names of all actions."""
        return frozenset(self._known)

    def do(self, action: str) -> None:
        """Run the action of a key or a button.

        Raises
        ------
        KeyError
            If the action is unknown.
        """
        name, argument = split(action)
        self._known[name](argument)

    def _of_the_view(self) -> dict[str, Act]:
        window = self._window
        review, live = window.review, window.live
        return {
            "freeze": lambda _: review.freeze(),
            "live": lambda _: self._go_live(),
            "page": lambda pages: review.turn(float(pages)),
            "sensitivity": lambda step: live.change_sensitivity(int(step)),
            "sweep": lambda step: self._resweep(int(step)),
            "night": lambda step: self._zoom(int(step)),
            "fit": lambda _: live.fit(),
            "band": lambda _: self._refilter(live.next_band),
            "notch": lambda _: self._refilter(live.next_notch),
            "envelope": lambda _: live.toggle_envelope(),
            "lanes": lambda step: window.show_message(
                texts.LANES_SHOWN.format(lanes=live.sweep.show_lanes(int(step)))
            ),
            "estimate": lambda _: self._switch_estimate(),
            "theme": lambda _: window.set_theme(next_theme(window.theme)),
            "text": lambda step: self._resize_text(int(step)),
            "full-screen": lambda _: self._full_screen(),
            "lock": lambda _: window.lock.close(),
            "help": lambda _: self._help(),
        }

    def _of_the_session(self) -> dict[str, Act]:
        window = self._window
        return {
            "pause-sound": lambda _: self._pause_sound(),
            "test-sound": lambda _: window.show_message(window.sounding.test()),
            "acknowledge": lambda _: window.acknowledge(),
        }

    def _pause_sound(self) -> None:
        window = self._window
        window.show_message(window.sounding.pause())
        left_s = window.sounding.pause_left_s
        about = {"state": "paused", "duration_s": left_s} if left_s > 0 else {"state": "on"}
        window.annotator.journal_alerts("sound", **about)

    def _go_live(self) -> None:
        self._window.notes.cancel()
        self._window.review.live()

    def _zoom(self, step: int) -> None:
        """Zoom the overview around the period under review, or around now."""
        period_s = self._window.review.window_s
        around_s = sum(period_s) / 2 if period_s is not None else self._window.now_s()
        self._window.night.zoom.step(step, around_s)

    def _resweep(self, step: int) -> None:
        self._window.live.change_sweep(step)
        self._window.review.reread()

    def _refilter(self, change: Callable[[], None]) -> None:
        change()
        self._window.signal.set_view(self._window.live.filter)
        self._window.review.reread()

    def _switch_estimate(self) -> None:
        presenter = self._window.feed.presenter
        is_used = presenter.switch_estimate()
        message = texts.ESTIMATE_USED if is_used else texts.ESTIMATE_IGNORED
        self._window.show_message(message if presenter.has_estimate else texts.NO_ESTIMATE)

    def _full_screen(self) -> None:
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _resize_text(self, step: int) -> None:
        """Set the next larger or smaller text size; 0 is the default size."""
        at = TEXT_SCALES.index(text_scale()) + step if step else TEXT_SCALES.index(1.0)
        set_text_scale(TEXT_SCALES[min(max(at, 0), len(TEXT_SCALES) - 1)])
        self._window.set_theme(self._window.theme)
        self._window.show_message(texts.TEXT_SIZE.format(scale=text_scale()))

    def _help(self) -> None:
        self._window.switch_keys(is_on=False)
        self._window.help.open()
