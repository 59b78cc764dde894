"""Live view, frozen view or review: the period that the trace shows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal

from monitor.dashboard.panels.live import LivePanel
from monitor.dashboard.signal.epochs import epoch_number
from monitor.dashboard.signal.page_sources import PageSource
from monitor.dashboard.signal.sources import LiveSignal, PageReader
from monitor.dashboard.viewmodel.places import events_of
from monitor.dashboard.viewmodel.screen import Bracket, Screen
from monitor.session.markers import EPOCH_S

# What lies this close to the time in focus is the current one.
_SAME_S = 0.05
_ROUNDING_S = 1e-6
# A page of the present is read again as it grows, until its end is surely on disk.
_GROWN_S, _WRITTEN_S = 1.0, 5.0


class _Arrival(QObject):
    """Calls the window in its own thread once a page has been read in another."""

    read = Signal()

    def __init__(self, show: Callable[[], None]) -> None:
        super().__init__()
        self._show = show
        self.read.connect(self._arrived, Qt.ConnectionType.QueuedConnection)

    def _arrived(self) -> None:
        self._show()


class Review:
    """Move the trace through the session.

    Parameters
    ----------
    pages : PageSource
        Where the samples of the past are.
    panel : LivePanel
    signal : LiveSignal

    Attributes
    ----------
    screen : Screen or None
        The newest screen; set by the window.
    """

    def __init__(self, pages: PageSource, panel: LivePanel, signal: LiveSignal) -> None:
        self._panel, self._signal = panel, signal
        # A page is shown once it has been read, not with the next frame.
        self._arrival = _Arrival(self._show_page)
        self._reader = PageReader(pages, has_read=self._arrival.read.emit)
        self._page_s: float | None = None
        self._focus_s = self._read_to_s = 0.0
        self._is_frozen = self._is_parked = self._was_live = self._is_asked = self._was_scoring = False
        self.screen: Screen | None = None

    @property
    def window_s(self) -> tuple[float, float] | None:
        """The period under review (s), None while live."""
        if self._page_s is None:
            return None
        return self._page_s, self._page_s + self._panel.sweep.sweep_s

    @property
    def focus_s(self) -> float:
        """The time in focus (s): what was searched for or clicked, else the first epoch shown; live, now."""
        return self.now_s if self._page_s is None else self._focus_s

    @property
    def epoch_s(self) -> float:
        """Start of the epoch that stage keys apply to (s): the one in focus, live the running one."""
        return max(0.0, (self.focus_s + _ROUNDING_S) // EPOCH_S * EPOCH_S)

    @property
    def is_past(self) -> bool:
        """Whether that epoch is over: its stage then applies to it alone."""
        return not self._is_recording or (self._page_s is not None and self.epoch_s + EPOCH_S <= self.now_s)

    @property
    def middle_s(self) -> float:
        """The time in focus (s): the middle of the page, or now."""
        if self._page_s is None:
            return self.now_s
        return min(max(self._page_s + self._panel.sweep.sweep_s / 2, 0.0), self.now_s)

    @property
    def _is_recording(self) -> bool:
        return self.screen is not None and self.screen.top.phase == "recording"

    @property
    def _has_live(self) -> bool:
        # A killed recorder leaves its ring behind.
        return bool(self._signal.traces) and self._is_recording

    def follow(self) -> None:
        """Update one frame: new columns while live, the page once it has been read."""
        if self._is_parked and self._has_live:
            self.live()
        if self.screen is not None:
            self._reader.place_ahead(self.screen.streams, self.screen.anchors)
        self._was_live |= self._is_recording
        is_scoring = self.screen is not None and self.screen.top.phase == "scoring"
        if self.screen is not None and self._is_parked and self._was_scoring and not is_scoring:
            # The movements of a file have come: the user has not moved from its first page.
            self._park(self.screen)
        self._was_scoring = is_scoring
        if self._page_s is not None:
            if not self._is_asked or self._has_grown:
                self._ask()
            self._show_page()
            return
        if self.screen is not None and not self._is_recording and not self._is_frozen:
            # Nothing is being recorded: show a page, until the user moves or recording resumes.
            self._park(self.screen)
            return
        if not self._is_frozen:
            self._panel.sweep.set_traces(self._signal.traces)
            self._panel.sweep.advance(self._signal.newest_s)

    def _show_page(self) -> None:
        """Show the page that was asked for, once it has been read."""
        page = self._reader.take()
        if page is not None and page.start_s == self._page_s:
            self._panel.sweep.set_traces(page.traces)
            self._panel.sweep.repaint_all()

    @property
    def _has_grown(self) -> bool:
        """Whether a page that was read before its end was recorded can be read further."""
        end_s = self._page_s + self._panel.sweep.sweep_s if self._page_s is not None else 0.0
        is_part = self._read_to_s < end_s + _WRITTEN_S
        return is_part and self.now_s >= self._read_to_s + _GROWN_S

    def _park(self, screen: Screen) -> None:
        """Show the last page of a recording that ended in this window, else the first with a movement."""
        onsets_s = screen.movements.onset_s
        if self._was_live:
            self.show(math.inf)
        else:
            self.show_at(float(onsets_s[0]) if len(onsets_s) else 0.0)
        self._is_parked = True

    def freeze(self) -> None:
        """Freeze the view, or resume it."""
        self._is_frozen = not self._is_frozen and self._page_s is None
        self._panel.sweep.is_frozen = self._is_frozen

    def live(self) -> None:
        """Return to now."""
        self._is_parked = False
        self._is_frozen = self._panel.sweep.is_frozen = False
        if self._has_live:
            self._page_s = None
            self._panel.sweep.set_page(None)
        elif self.screen is not None:
            self.show(math.inf)

    @property
    def _step_s(self) -> float:
        """Pages start at its multiples: an epoch, or a page that is shorter."""
        return min(EPOCH_S, self._panel.sweep.sweep_s)

    @property
    def _last_page_s(self) -> float:
        """Start of the page that ends with the recording, aligned to the epochs."""
        over_s = self.now_s - self._panel.sweep.sweep_s - _ROUNDING_S
        return max(0.0, math.ceil(over_s / self._step_s) * self._step_s)

    def turn(self, pages: float) -> None:
        """Move by pages or parts of one; after the newest page of a running recording comes the live view.

        Whole pages start with an epoch, no later than what was shown ended: nothing is skipped. Parts of one
        do not.
        """
        sweep_s = self._panel.sweep.sweep_s
        # The live sweep shows less than a page: some of it is being erased.
        to_s = self._panel.sweep.visible_s[0] + pages * sweep_s
        if pages == round(pages):
            back = math.ceil((to_s - _ROUNDING_S) / self._step_s)
            to_s = (back if pages < 0 else math.floor((to_s + _ROUNDING_S) / self._step_s)) * self._step_s
        if pages > 0 and self._has_live and to_s + sweep_s > self.now_s:
            self.live()
        else:
            self.show(to_s)

    def to_movement(self, step: int) -> Bracket | None:
        """Go to the previous or next movement; return it, None if there is none.

        The movements of both legs that were combined are one.
        """
        if self.screen is None:
            return None
        events = events_of(self.screen.movements)
        at = self.to_next([event.onset_s for event in events], step)
        return None if at is None else events[at]

    def to_next(self, times_s: Sequence[float], step: int) -> int | None:
        """Go to the time before (-1) or after (1) the one in focus.

        Parameters
        ----------
        times_s : sequence of float
            In order (s).
        step : int

        Returns
        -------
        int or None
            Its place in `times_s`, None if there is none.
        """
        edge_s = self.focus_s + (-_SAME_S if step < 0 else _SAME_S)
        at = int(np.searchsorted(times_s, edge_s)) + (-1 if step < 0 else 0)
        if not 0 <= at < len(times_s):
            return None
        self.show_at(times_s[at])
        return at

    def show_at(self, t_s: float) -> None:
        """Show a time (s), in the middle epoch of a page that starts with an epoch."""
        step_s = self._step_s
        before = int(self._panel.sweep.sweep_s // step_s) // 2
        at_s = math.floor((t_s + _ROUNDING_S) / step_s) * step_s
        self.show(at_s - before * step_s)
        self._focus_s = t_s

    def show(self, start_s: float) -> None:
        """Show the page that starts at a time (s), at the latest the last one; its first epoch is marked."""
        sweep_s = self._panel.sweep.sweep_s
        self._is_parked = False
        self._page_s = max(0.0, min(start_s, self._last_page_s))
        self._focus_s = self._page_s + min(sweep_s, EPOCH_S) / 2
        self._is_frozen = self._panel.sweep.is_frozen = False
        self._panel.sweep.set_traces({})
        self._panel.sweep.set_page(self._page_s)
        self._ask()

    def mark(self, t_s: float) -> None:
        """Mark the epoch of a time (s); turn the page if it is not shown."""
        if self._page_s is None:
            return
        if self._page_s <= t_s < self._page_s + self._panel.sweep.sweep_s:
            self._focus_s = t_s
        elif t_s > self._page_s:
            self.show(t_s // EPOCH_S * EPOCH_S)
        else:
            self.show_at(t_s)

    def step_epoch(self, step: int) -> None:
        """Mark the next or previous epoch; after the newest one of a recording comes the live view."""
        to_s = self.epoch_s + step * EPOCH_S
        if self._page_s is None:
            self.show_at(max(to_s, 0.0))
        elif self._has_live and to_s + EPOCH_S > self.now_s:
            self.live()
        elif 0.0 <= to_s < self.now_s:
            self.mark(to_s + min(EPOCH_S, self._panel.sweep.sweep_s) / 2)

    def reread(self) -> None:
        """Read the page again, after a change of filter."""
        if self._page_s is not None:
            self._panel.sweep.set_traces({})
            self._ask()

    def resize(self) -> None:
        """Show the time in focus again, after a change of length."""
        if self._page_s is not None:
            self.show_at(self._focus_s)

    def show_state(self) -> None:
        """Show the state of the view in the head of the panel."""
        if self.screen is not None:
            self._panel.show_state(
                is_frozen=self._is_frozen,
                page_s=self._page_s,
                epoch=epoch_number(self.epoch_s),
                is_live=self._is_recording,
                is_editable=self.screen.permissions.may_write,
                wall=self.screen.wall,
            )

    def close(self) -> None:
        """End the reader's thread."""
        self._reader.close()

    @property
    def now_s(self) -> float:
        """The end of the recording so far, by the newest sample or fact (s)."""
        recorded_s = self.screen.top.recorded_s if self.screen is not None else 0.0
        return max(recorded_s, self._signal.newest_s)

    def _ask(self) -> None:
        # Without a screen it is not known where the samples lie: the page is asked for with the first one.
        self._is_asked, self._read_to_s = self.screen is not None, self.now_s
        if self._page_s is None or self.screen is None:
            return
        screen = self.screen
        self._reader.ask(
            (self._page_s, self._page_s + self._panel.sweep.sweep_s),
            self._panel.filter,
            screen.streams,
            screen.anchors,
            screen.rests,
        )
