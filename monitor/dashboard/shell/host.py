"""The interface of the window for its parts.

Parts use a `Host` and never import the window: the window imports its parts, not the reverse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QWidget

from monitor.dashboard.panels.key_bar import HelpSheet, KeyBar
from monitor.dashboard.panels.live import LivePanel
from monitor.dashboard.panels.log import LogPanel
from monitor.dashboard.panels.numbers import ImiPanel, IndexPanel, SeriesPanel, TonightPanel
from monitor.dashboard.panels.overview import OverviewPanel
from monitor.dashboard.panels.top_bar import TopBar
from monitor.dashboard.shell.feed import Feed
from monitor.dashboard.shell.notes import Author, NoteTaker
from monitor.dashboard.shell.time_navigation import Review
from monitor.dashboard.signal.sources import LiveSignal
from monitor.dashboard.theme import Theme
from monitor.dashboard.viewmodel.alarm import Sounding
from monitor.dashboard.viewmodel.screen import EditPermissions, Screen
from monitor.session.alert_types import Priority
from monitor.session.folder import SessionFolder


class ActionTable(Protocol):
    """The actions of the window, by name."""

    def add(self, more: Mapping[str, Callable[[str], None]]) -> None:
        """Add actions by their names."""

    def get(self, name: str) -> Callable[[str], None]:
        """Return the current function of an action."""


class Entries(Protocol):
    """The entries of the user."""

    author: Author

    @property
    def permissions(self) -> EditPermissions | None:
        """Which entries are possible now, None before the first screen."""

    @property
    def is_recording(self) -> bool:
        """Whether the session is still being recorded."""

    def may_write(self) -> bool:
        """Return whether entries are possible; if not, show what to do."""

    def journal_alerts(self, what: str, **about: object) -> None:
        """Record what the user did about alerts."""


class PagesOver(Protocol):
    """The pages over the panels."""

    def update(self, screen: Screen) -> None:
        """Show the current screen."""

    def open_summary(self) -> None:
        """Show the summary."""


class Lockable(Protocol):
    """The lock of the window."""

    def close(self) -> None:
        """Lock."""


class LogPlace(Protocol):
    """The position of the log."""

    @property
    def log_x(self) -> int:
        """Left edge of the log column (pixels of the ground)."""


class Host(Protocol):
    """The window as seen by its parts."""

    folder: SessionFolder
    theme: Theme
    ground: QWidget
    screen_view: Screen | None
    seen: dict[str, Priority]
    live: LivePanel
    log: LogPanel
    night: OverviewPanel
    imi: ImiPanel
    index: IndexPanel
    series: SeriesPanel
    tonight: TonightPanel
    top: TopBar
    keybar: KeyBar
    help: HelpSheet
    notes: NoteTaker
    signal: LiveSignal
    feed: Feed
    review: Review
    sounding: Sounding

    @property
    def overview_frame(self) -> QFrame:
        """The panel of the overview."""

    @property
    def acts(self) -> ActionTable:
        """The actions by name."""

    @property
    def annotator(self) -> Entries:
        """The entries of the user."""

    @property
    def pages(self) -> PagesOver:
        """The pages over the panels."""

    @property
    def lock(self) -> Lockable:
        """The lock."""

    @property
    def window_layout(self) -> LogPlace:
        """The layout of the panels."""

    def act(self, action: str) -> None:
        """Run the action of a key or a button."""

    def send(self, request: dict[str, object]) -> None:
        """Send an entry to the recorder."""

    def show_message(self, text: str) -> None:
        """Show a line of text for a while."""

    def now_s(self) -> float:
        """Return the end of the recording so far (s)."""

    def set_theme(self, theme: Theme) -> None:
        """Change all colours and the size of the texts."""

    def acknowledge(self) -> None:
        """Acknowledge all current alerts."""

    def switch_keys(self, *, is_on: bool) -> None:
        """Switch all keys on, or off while letters are typed."""

    def focusWidget(self) -> QWidget:  # noqa: N802
        """Return the widget that has the focus."""

    def isAncestorOf(self, child: QWidget) -> bool:  # noqa: N802
        """Return whether a widget is inside this window."""

    def windowState(self) -> Qt.WindowState:  # noqa: N802
        """Return whether the window fills the screen."""

    def setWindowState(self, state: Qt.WindowState) -> None:  # noqa: N802
        """Let the window fill the screen, or not."""
