"""The panel of the trace: its head describes the view, its buttons change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout

from monitor.dashboard import texts
from monitor.dashboard.signal.lane import FULL_SCALES_UV
from monitor.dashboard.signal.sweep import SWEEPS_S, SweepView
from monitor.dashboard.signal.traces import ViewFilter
from monitor.dashboard.style import card, elastic, label, set_flag, show_fitting
from monitor.dashboard.theme import Theme
from monitor.dashboard.viewmodel.screen import WaitingView
from monitor.dashboard.viewmodel.settings import BANDS_HZ, NOTCHES_HZ
from monitor.session.wall_time import WallTime


class LivePanel:
    """Trace, head and buttons.

    Parameters
    ----------
    theme : Theme
    act : callable
        Called with an action of the key table when a button is pressed.
    """

    def __init__(self, theme: Theme, act: Callable[[str], None]) -> None:
        self.frame = card("Live EMG")
        self.sweep = SweepView(theme)
        self.filter = ViewFilter()
        self._title, self._state = label(texts.LIVE_TITLE, "title"), elastic(label(texts.LIVE_HEAD, "small"))
        self._buttons = {
            name: QPushButton() for name in ("sweep", "sensitivity", "band", "notch", "envelope")
        }
        actions: dict[str, str] = {"sweep": "sweep:1", "sensitivity": "sensitivity:1"}
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._title)
        head.addWidget(self._state, 1)
        for name, button in self._buttons.items():
            action = actions.get(name, name)
            button.clicked.connect(lambda _=False, action=action: act(action))
            head.addWidget(button)
        whole = QVBoxLayout(self.frame)
        head.setContentsMargins(8, 0, 4, 0)
        whole.setContentsMargins(6, 8, 6, 4)
        whole.setSpacing(0)
        self.waiting = QProgressBar()
        self.waiting.setRange(0, 100)
        self.waiting.setAccessibleName("Detector")
        self.waiting.hide()
        whole.addLayout(head)
        whole.addWidget(self.waiting)
        whole.addWidget(self.sweep, 1)
        self.refresh()

    @property
    def title(self) -> str:
        """The title of the panel: live, frozen, review or editing."""
        return self._title.text()

    @property
    def buttons(self) -> tuple[QPushButton, ...]:
        """The buttons of the head, from the left."""
        return tuple(self._buttons.values())

    def refresh(self) -> None:
        """Update the texts of the buttons."""
        shown = {
            "sweep": f"{self.sweep.sweep_s} s sweep",
            "sensitivity": f"±{self.sweep.full_uv} µV",
            "band": self.filter.band_text,
            "notch": self.filter.notch_text,
            "envelope": texts.ENVELOPE if self.sweep.shows_envelope else texts.NO_ENVELOPE,
        }
        for name, text in shown.items():
            self._buttons[name].setText(text)

    def show_state(
        self,
        *,
        is_frozen: bool,
        page_s: float | None,
        epoch: int,
        is_live: bool,
        is_editable: bool,
        wall: WallTime,
    ) -> None:
        """Show whether the view is live, frozen, or a page that may be edited; and the epoch for stages."""
        if page_s is not None:
            start, end = wall.text(page_s), wall.text(page_s + self.sweep.sweep_s)
            heads = (texts.REVIEW_HEAD_LIVE,) * is_live + (texts.REVIEW_HEAD, texts.REVIEW_HEAD_SHORT)
            is_edit = is_editable and not is_live
            title = texts.EDIT_TITLE if is_edit else texts.REVIEW_TITLE
            states = [head.format(start=start, end=end, epoch=epoch) for head in heads]
        elif is_frozen:
            title, states = texts.FROZEN_TITLE, [texts.FROZEN_HEAD, texts.FROZEN_HEAD_SHORT]
        else:
            title, states = texts.LIVE_TITLE, [texts.LIVE_HEAD if is_live else texts.NO_RECORDING]
        self._title.setText(title)
        show_fitting(self._state, states)
        set_flag(self._title, "alarm", on=is_frozen)

    def show_waiting(self, view: WaitingView | None) -> None:
        """Show why no movements are shown yet, and how much of that is done; None if nothing waits."""
        self.waiting.setVisible(view is not None)
        if view is not None:
            self.waiting.setValue(round(100 * view.share))
            self.waiting.setFormat(view.text)

    def change_sweep(self, step: int) -> None:
        """Set the next longer or shorter sweep."""
        at = SWEEPS_S.index(self.sweep.sweep_s) + step
        self.sweep.sweep_s = SWEEPS_S[min(max(at, 0), len(SWEEPS_S) - 1)]
        self._changed()

    def change_sensitivity(self, step: int) -> None:
        """Set the next step of the scale; a larger scale makes the trace smaller."""
        at = FULL_SCALES_UV.index(self.sweep.full_uv) + step
        self.sweep.full_uv = FULL_SCALES_UV[min(max(at, 0), len(FULL_SCALES_UV) - 1)]
        self._changed()

    def fit(self) -> None:
        """Set the smallest scale that holds the visible trace, once."""
        sweep = self.sweep
        sizes = [
            lane.traces.largest_uv(lane.name, sweep.sweep_s)
            for lane in sweep.lanes
            if lane.traces and lane.view.is_limb
        ]
        known = [size for size in sizes if np.isfinite(size)]
        if known:
            fitting = [scale for scale in FULL_SCALES_UV if scale >= max(known)]
            self.sweep.full_uv = fitting[0] if fitting else FULL_SCALES_UV[-1]
            self._changed()

    def next_band(self) -> None:
        """Set the next band of the display filter."""
        low_hz, high_hz = _after(BANDS_HZ, (self.filter.low_hz, self.filter.high_hz))
        self.filter = ViewFilter(low_hz, high_hz, self.filter.notch_hz)
        self._changed()

    def next_notch(self) -> None:
        """Set the next notch of the display filter."""
        notch_hz = _after(NOTCHES_HZ, self.filter.notch_hz)
        self.filter = ViewFilter(self.filter.low_hz, self.filter.high_hz, notch_hz)
        self._changed()

    def set_view(self, sweep_s: int, full_uv: int, view: ViewFilter, *, shows_envelope: bool) -> None:
        """Set sweep, sensitivity, filter and envelope together."""
        self.sweep.sweep_s, self.sweep.full_uv = sweep_s, full_uv
        self.filter, self.sweep.shows_envelope = view, shows_envelope
        self._changed()

    def toggle_envelope(self) -> None:
        """Show or hide the envelope."""
        self.sweep.shows_envelope = not self.sweep.shows_envelope
        self._changed()

    def _changed(self) -> None:
        self.refresh()
        self.sweep.repaint_all()


_T = TypeVar("_T")


def _after(values: tuple[_T, ...], value: _T) -> _T:
    return values[(values.index(value) + 1) % len(values)]
