"""The panels of the window: which shows which part of a `Screen`, and their layout.

Three columns on a large screen, tabs on a small one.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QGridLayout, QTabWidget, QVBoxLayout, QWidget

from monitor.dashboard import texts
from monitor.dashboard.panels.key_bar import KeyBar
from monitor.dashboard.panels.live import LivePanel
from monitor.dashboard.panels.log import LogPanel
from monitor.dashboard.panels.numbers import ImiPanel, IndexPanel, SeriesPanel, TonightPanel
from monitor.dashboard.panels.overview import OverviewPanel
from monitor.dashboard.panels.top_bar import TopBar
from monitor.dashboard.style import text_scale
from monitor.dashboard.theme import Theme
from monitor.dashboard.viewmodel.overview import top_of
from monitor.dashboard.viewmodel.screen import Screen
from monitor.session.markers import EPOCH_S

_SMALL = 0.8
# Beside larger texts the trace keeps its room on a small screen; the log needs more of it than the numbers.
_SMALL_WIDER, _LOG_WIDER = 1.1, 1.2


@dataclass(frozen=True, slots=True)
class Panels:
    """The panels of a window."""

    top: TopBar
    index: IndexPanel
    series: SeriesPanel
    tonight: TonightPanel
    live: LivePanel
    night: OverviewPanel
    log: LogPanel
    imi: ImiPanel
    keybar: KeyBar

    def show(self, screen: Screen, window_s: tuple[float, float] | None, epoch_s: float) -> None:
        """Show a screen; called a few times a second.

        Parameters
        ----------
        screen : Screen
        window_s : tuple of float, optional
            The period under review (s), None while live.
        epoch_s : float
            Start of the marked epoch (s).
        """
        sweep, permissions = self.live.sweep, screen.permissions
        sweep.wall = screen.wall
        sweep.set_lanes(screen.lanes)
        sweep.set_thresholds(screen.above_rest_uv)
        sweep.set_spans(screen.night.gaps, screen.night.events)
        sweep.set_epochs(screen.night.stages, epoch_s)
        sweep.set_states(screen.leg_states)
        sweep.update_texts()
        self.live.show_waiting(screen.waiting)
        marked_s = None if window_s is None else (epoch_s, epoch_s + EPOCH_S)
        self.top.show_top(top_of(screen, marked_s), screen.wall)
        self.top.chips.show_chips(screen.chips)
        self.index.show_view(screen.index)
        self.index.show_signature(permissions.signature_text, is_signed=permissions.is_signed)
        self.series.show_view(screen.series)
        self.tonight.show_rows(screen.tonight, screen.excluded)
        self.night.show_overview(screen.night, screen.wall)
        self.night.show_window(window_s)
        self.imi.show_view(screen.imi)
        self.log.show_log(screen.log)
        if window_s is not None:
            self.log.show_time(window_s)
        self.keybar.footer.setText(screen.footer)

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        for part in (self.top, self.live.sweep, self.index.spark, self.log.model, self.night, self.imi):
            part.set_theme(theme)


class WindowLayout:
    """Lay out the panels, again whenever the window changes between large and small.

    Parameters
    ----------
    ground : QWidget
        Their parent.
    panels : Panels
    """

    def __init__(self, ground: QWidget, panels: Panels) -> None:
        self._ground, self._panels = ground, panels
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
        whole = QVBoxLayout(ground)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(panels.top)
        whole.addLayout(self._grid, 1)
        whole.addWidget(panels.keybar)
        self._grid.setColumnStretch(1, 1)
        self._grid.setRowStretch(0, 62)
        self._grid.setRowStretch(1, 30)

    def apply(self, scale: float) -> None:
        """Lay out for a size; `scale` 1 is 1920 x 1080."""
        is_small = scale < _SMALL
        if is_small != self._is_small:
            self._is_small = is_small
            focused = self._ground.focusWidget()
            self._place()
            self._restore_focus(focused)
            self._panels.top.set_small(is_small=is_small)
        # Larger texts need wider panels; the width is taken from the trace.
        wider, log_wider = (
            min(text_scale(), most) if is_small else text_scale() for most in (_SMALL_WIDER, _LOG_WIDER)
        )
        self._left.setFixedWidth(round(max(352 * scale, 262) * wider))
        right_px = round(max(396 * scale, 340) * log_wider)
        self._panels.night.frame.setMinimumHeight(
            round(180 * text_scale() if is_small else 230 * scale * min(text_scale(), _SMALL_WIDER))
        )
        self._right.setFixedWidth(right_px)
        self._panels.imi.frame.setFixedWidth(right_px - (2 if self._is_small else 0))
        self._panels.top.setFixedHeight(round(max(66 * scale, 54) * text_scale()))
        self._panels.keybar.setFixedHeight(round(max(36 * scale, 30) * text_scale()))

    def _restore_focus(self, focused: QWidget | None) -> None:
        """Restore the focus: moving a panel removes it from the panel's widgets."""
        if focused is None or not self._ground.isAncestorOf(focused):
            return
        if self._panels.log.frame.isAncestorOf(focused):
            self.reveal_log()
        focused.setFocus()

    def reveal_log(self) -> None:
        """Bring the log with its note field to the front, if it is one of the tabs."""
        at = self._tabs.indexOf(self._panels.log.frame)
        if at >= 0:
            self._tabs.setCurrentIndex(at)

    @property
    def page_area(self) -> QRect:
        """The area of a page: between the bars, up to the log, where questions about the page are asked."""
        top_px, bottom_px = self._panels.top.height(), self._panels.keybar.y()
        return QRect(8, top_px + 7, max(400, self._right.x() - 15), max(200, bottom_px - top_px - 14))

    @property
    def overview_area(self) -> QRect:
        """The area of the overview."""
        frame = self._panels.night.frame
        return QRect(frame.mapTo(self._ground, frame.rect().topLeft()), frame.size())

    def _place(self) -> None:
        parts, grid = self._panels, self._grid
        frames = [each.frame for each in (parts.index, parts.series, parts.tonight, parts.log, parts.imi)]
        while self._tabs.count():
            self._tabs.removeTab(0)
        for frame in frames:
            frame.setParent(None)
        for widget in (self._left, self._right, parts.live.frame, parts.night.frame, self._tabs):
            grid.removeWidget(widget)
        self._right_box.removeWidget(self._tabs)
        self._left_box.addWidget(parts.index.frame, 10)
        self._left_box.addWidget(parts.series.frame, 3)
        grid.addWidget(parts.live.frame, 0, 1)
        if self._is_small:
            tabs = {"log": parts.log.frame, "tonight": parts.tonight.frame, "imi": parts.imi.frame}
            for name, frame in tabs.items():
                self._tabs.addTab(frame, texts.TABS[name])
            self._right_box.addWidget(self._tabs)
            grid.addWidget(self._left, 0, 0)
            grid.addWidget(self._right, 0, 2, 2, 1)
            grid.addWidget(parts.night.frame, 1, 0, 1, 2)
        else:
            self._left_box.addWidget(parts.tonight.frame, 10)
            grid.addWidget(self._left, 0, 0)
            self._right_box.addWidget(parts.log.frame)
            grid.addWidget(self._right, 0, 2)
            grid.addWidget(parts.night.frame, 1, 0, 1, 2)
            grid.addWidget(parts.imi.frame, 1, 2)
        self._tabs.setVisible(bool(self._is_small))
        for frame in frames:
            # The content of a background tab stays hidden.
            if not self._is_small or self._tabs.indexOf(frame) <= 0:
                frame.setVisible(True)
