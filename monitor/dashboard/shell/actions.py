"""The actions that change the view, by the names of the key table."""

from __future__ import annotations

from collections.abc import Callable

from monitor.dashboard import texts
from monitor.dashboard.panels.live import LivePanel
from monitor.dashboard.panels.overview import OverviewPanel
from monitor.dashboard.shell.time_navigation import Review
from monitor.dashboard.signal.sources import LiveSignal
from monitor.dashboard.viewmodel.commands import UseEstimate, ViewCommand

Act = Callable[[str], None]
"""Called with the argument after the colon of an action, empty if there is none."""

_REFERENCES = ("adult", "child", "none")


class ViewActions:
    """What keys and buttons change in the trace and in the overview.

    Parameters
    ----------
    live : LivePanel
    overview : OverviewPanel
    review : Review
    signal : LiveSignal
    send : callable
        Called with a command for the presenter.
    say : callable
        Called with a message for the user.
    """

    def __init__(
        self,
        live: LivePanel,
        overview: OverviewPanel,
        review: Review,
        signal: LiveSignal,
        send: Callable[[ViewCommand], None],
        say: Callable[[str], None],
    ) -> None:
        self._live, self._overview, self._review, self._signal = live, overview, review, signal
        self._send, self._say = send, say
        self._is_estimate_used = True

    def actions(self) -> dict[str, Act]:
        """Return the actions by name."""
        review, live = self._review, self._live
        return {
            "freeze": lambda _: review.freeze(),
            "epoch": lambda step: review.step_epoch(int(step)),
            "begin": lambda _: review.show(0.0),
            "page": lambda pages: review.turn(float(pages)),
            "sensitivity": lambda step: live.change_sensitivity(int(step)),
            "sweep": lambda step: self._resweep(int(step)),
            "night": lambda step: self._zoom(int(step)),
            "fit": lambda _: live.fit(),
            "band": lambda _: self._refilter(live.next_band),
            "notch": lambda _: self._refilter(live.next_notch),
            "envelope": lambda _: live.toggle_envelope(),
            "lanes": lambda step: self._say(texts.LANES_SHOWN.format(lanes=live.sweep.show_lanes(int(step)))),
            "estimate": lambda _: self._switch_estimate(),
            "reference": lambda _: self._next_reference(),
        }

    def _zoom(self, step: int) -> None:
        """Zoom the overview around the period under review, or around now."""
        period_s = self._review.window_s
        around_s = sum(period_s) / 2 if period_s is not None else self._review.now_s
        self._overview.zoom.step(step, around_s)

    def _resweep(self, step: int) -> None:
        self._live.change_sweep(step)
        self._review.resize()

    def _refilter(self, change: Callable[[], None]) -> None:
        change()
        self._signal.set_view(self._live.filter)
        self._review.reread()

    def _switch_estimate(self) -> None:
        screen = self._review.screen
        self._is_estimate_used = not self._is_estimate_used
        self._send(UseEstimate(self._is_estimate_used))
        message = texts.ESTIMATE_USED if self._is_estimate_used else texts.ESTIMATE_IGNORED
        self._say(message if screen is not None and screen.has_estimate else texts.NO_ESTIMATE)

    def _next_reference(self) -> None:
        curves, screen = self._overview.curves, self._review.screen
        now = curves.reference or (screen.night.audience if screen is not None else "adult")
        name = _REFERENCES[(_REFERENCES.index(now) + 1) % len(_REFERENCES)]
        curves.set_reference(name)
        self._say(texts.NO_REFERENCE_LINE if name == "none" else texts.REFERENCE_LINE.format(name=name))
