"""The layout of the panels: three columns on a large screen, tabs on a small one.

Also which panel shows which part of a `Screen`.
"""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QTabWidget, QVBoxLayout, QWidget

from monitor.dashboard import texts
from monitor.dashboard.shell.host import Host
from monitor.dashboard.style import text_px, text_scale
from monitor.dashboard.viewmodel.screen import Screen

_SMALL = 0.8
_SMALL_WIDER = 1.1


class WindowLayout:
    """Lay out the panels of a window, again whenever it changes between large and small.

    Parameters
    ----------
    window : Host
    """

    def __init__(self, window: Host) -> None:
        self._window = window
        self._is_small: bool | None = None
        self._left, self._right = QWidget(), QWidget()
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._tabs.tabBar().setDrawBase(False)
        self._left_box, self._right_box = QVBoxLayout(self._left), QVBoxLayout(self._right)
        for box in (self._left_box, self._right_box):
            box.setContentsMargins(0, 0, 0, 0)
            box.setSpacing(7)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(8, 7, 8, 7)
        self._grid.setSpacing(7)
        whole = QVBoxLayout(window.ground)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(window.top)
        whole.addLayout(self._grid, 1)
        whole.addWidget(window.keybar)
        self._grid.setColumnStretch(1, 1)
        self._grid.setRowStretch(0, 62)
        self._grid.setRowStretch(1, 30)

    def apply(self, scale: float) -> None:
        """Lay out for a size; `scale` 1 is 1920 x 1080."""
        is_small = scale < _SMALL
        if is_small != self._is_small:
            self._is_small = is_small
            focused = self._window.focusWidget()
            self._place()
            self._restore_focus(focused)
            self._window.top.set_small(is_small=is_small)
        # Larger texts need wider panels; the width is taken from the trace.
        wider = min(text_scale(), _SMALL_WIDER) if is_small else text_scale()
        self._left.setFixedWidth(round(max(352 * scale, 262) * wider))
        right_px = round(max(396 * scale, 340) * wider)
        self._window.night.frame.setMinimumHeight(text_px(max(230 * scale, 180)))
        self._right.setFixedWidth(right_px)
        self._window.imi.frame.setFixedWidth(right_px - (2 if self._is_small else 0))
        self._window.top.setFixedHeight(text_px(max(66 * scale, 54)))
        self._window.keybar.setFixedHeight(text_px(max(36 * scale, 30)))

    def _restore_focus(self, focused: QWidget | None) -> None:
        """Restore the focus: moving a panel removes it from the panel's widgets."""
        if focused is None or not self._window.isAncestorOf(focused):
            return
        if self._window.log.frame.isAncestorOf(focused):
            self.reveal_log()
        focused.setFocus()

    def reveal_log(self) -> None:
        """Bring the log with its note field to the front, if it is one of the tabs."""
        at = self._tabs.indexOf(self._window.log.frame)
        if at >= 0:
            self._tabs.setCurrentIndex(at)

    @property
    def log_x(self) -> int:
        """Left edge of the log column (pixels of the ground)."""
        return self._right.x()

    def _place(self) -> None:
        window, grid = self._window, self._grid
        panels = (window.index, window.series, window.tonight, window.log, window.imi)
        frames = [panel.frame for panel in panels]
        while self._tabs.count():
            self._tabs.removeTab(0)
        for frame in frames:
            frame.setParent(None)
        for widget in (self._left, self._right, window.live.frame, window.night.frame, self._tabs):
            grid.removeWidget(widget)
        self._right_box.removeWidget(self._tabs)
        self._left_box.addWidget(window.index.frame, 10)
        self._left_box.addWidget(window.series.frame, 3)
        grid.addWidget(window.live.frame, 0, 1)
        if self._is_small:
            tabs = {"log": window.log.frame, "tonight": window.tonight.frame, "imi": window.imi.frame}
            for name, frame in tabs.items():
                self._tabs.addTab(frame, texts.TABS[name])
            self._right_box.addWidget(self._tabs)
            grid.addWidget(self._left, 0, 0)
            grid.addWidget(self._right, 0, 2, 2, 1)
            grid.addWidget(window.night.frame, 1, 0, 1, 2)
        else:
            self._left_box.addWidget(window.tonight.frame, 10)
            grid.addWidget(self._left, 0, 0)
            self._right_box.addWidget(window.log.frame)
            grid.addWidget(self._right, 0, 2)
            grid.addWidget(window.night.frame, 1, 0, 1, 2)
            grid.addWidget(window.imi.frame, 1, 2)
        self._tabs.setVisible(bool(self._is_small))
        for frame in frames:
            # The content of a background tab stays hidden.
            if not self._is_small or self._tabs.indexOf(frame) <= 0:
                frame.setVisible(True)


def show_screen(window: Host, screen: Screen, *, is_bright: bool) -> None:
    """Show a screen on every panel of a window; called a few times a second.

    Parameters
    ----------
    window : Host
    screen : Screen
    is_bright : bool
        Phase of blinking alerts.
    """
    sweep = window.live.sweep
    sweep.wall = screen.wall
    sweep.set_lanes(screen.lanes)
    sweep.set_thresholds(screen.above_rest_uv)
    sweep.set_gaps(screen.night.gaps)
    sweep.update_texts()
    window.top.show_top(screen.top, screen.wall)
    window.top.chips.show_chips(screen.chips)
    window.top.alert.show_alerts(screen.alerts, frozenset(window.seen), window.sounding.text)
    window.top.alert.blink(is_bright=is_bright)
    window.index.show_view(screen.index)
    window.index.show_signature(screen.permissions.signature_text, is_signed=screen.permissions.is_signed)
    window.series.show_view(screen.series)
    window.tonight.show_rows(screen.tonight, screen.excluded)
    window.night.show_overview(screen.night, screen.wall)
    window.night.show_window(window.review.window_s)
    window.imi.show_view(screen.imi)
    window.log.show_log(screen.log)
    window.pages.update(screen)
    window.keybar.footer.setText(screen.footer)
    window.review.show_state()
