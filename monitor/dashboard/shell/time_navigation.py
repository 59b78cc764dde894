"""Live view, frozen view or review: the period that the trace shows."""

from __future__ import annotations

import numpy as np

from monitor.dashboard.panels.live import LivePanel
from monitor.dashboard.signal.sources import LiveSignal, PageReader
from monitor.dashboard.viewmodel.screen import Bracket, Screen
from monitor.session.folder import SessionFolder


class Review:
    """Move the trace through the session.

    Parameters
    ----------
    folder : SessionFolder
    panel : LivePanel
    signal : LiveSignal

    Attributes
    ----------
    screen : Screen or None
        The newest screen; set by the window.
    """

    def __init__(self, folder: SessionFolder, panel: LivePanel, signal: LiveSignal) -> None:
        self._panel, self._signal = panel, signal
        self._reader = PageReader(folder)
        self._page_s: float | None = None
        self._is_frozen = self._is_parked = self._was_live = self._is_asked = False
        self.screen: Screen | None = None

    @property
    def window_s(self) -> tuple[float, float] | None:
        """The period under review (s), None while live."""
        if self._page_s is None:
            return None
        return self._page_s, self._page_s + self._panel.sweep.sweep_s

    @property
    def at_s(self) -> float | None:
        """The time that stage keys apply to in review (s); None while live or at the newest page."""
        sweep_s = self._panel.sweep.sweep_s
        if self._page_s is None or self._page_s + sweep_s >= self.now_s:
            return None
        return self._page_s + sweep_s / 2

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
        if self._page_s is not None:
            if not self._is_asked:
                self._ask()
            page = self._reader.take()
            if page is not None and page.start_s == self._page_s:
                self._panel.sweep.set_traces(page.traces)
                self._panel.sweep.repaint_all()
            return
        if self.screen is not None and not self._is_recording and not self._is_frozen:
            # Nothing is being recorded: show a page, until the user moves or recording resumes.
            self._park(self.screen)
            return
        if not self._is_frozen:
            self._panel.sweep.set_traces(self._signal.traces)
            self._panel.sweep.advance(self._signal.newest_s)

    def _park(self, screen: Screen) -> None:
        """Show the last page of a recording that ended in this window, else the first with a movement."""
        onsets_s = screen.movements.onset_s
        if self._was_live:
            self.turn(0)
        else:
            self.show(float(onsets_s[0]) - self._panel.sweep.sweep_s / 2 if len(onsets_s) else 0.0)
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
            self.show(self.screen.top.recorded_s - self._panel.sweep.sweep_s)

    def turn(self, pages: float) -> None:
        """Move by pages or parts of one; after the newest page of a running recording comes the live view."""
        sweep_s = self._panel.sweep.sweep_s
        from_s = self._page_s if self._page_s is not None else self.now_s - sweep_s
        to_s = from_s + pages * sweep_s
        if self._has_live and to_s + sweep_s > self.now_s:
            self.live()
        else:
            self.show(to_s)

    def to_movement(self, step: int) -> Bracket | None:
        """Go to the previous or next movement; return it, None if there is none."""
        if self.screen is None or not len(self.screen.movements.onset_s):
            return None
        onsets_s = self.screen.movements.onset_s
        sweep_s = self._panel.sweep.sweep_s
        here_s = self.now_s if self._page_s is None else self._page_s + sweep_s / 2
        # The movement in the middle is the current one.
        edge_s = here_s - 0.05 if step < 0 else here_s + 0.05
        at = int(np.searchsorted(onsets_s, edge_s)) + (-1 if step < 0 else 0)
        if not 0 <= at < len(onsets_s):
            return None
        self.show(float(onsets_s[at]) - sweep_s / 2, is_exact=True)
        return self.screen.movements.brackets[at]

    def show(self, start_s: float, *, is_exact: bool = False) -> None:
        """Show the page that starts at a time; with `is_exact` it may start before the recording."""
        sweep_s = self._panel.sweep.sweep_s
        last_s = self.now_s - sweep_s
        self._is_parked = False
        self._page_s = start_s if is_exact else max(0.0, min(start_s, last_s))
        self._is_frozen = self._panel.sweep.is_frozen = False
        self._panel.sweep.set_traces({})
        self._panel.sweep.set_page(self._page_s)
        self._ask()

    def reread(self) -> None:
        """Read the page again, after a change of length or filter."""
        if self._page_s is not None:
            self.show(self._page_s)

    def show_state(self) -> None:
        """Show the state of the view in the head of the panel."""
        if self.screen is not None:
            self._panel.show_state(
                is_frozen=self._is_frozen,
                page_s=self._page_s,
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
        self._is_asked = self.screen is not None
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
