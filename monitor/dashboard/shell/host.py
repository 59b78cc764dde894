"""What the parts of the window may use of it and of each other.

Parts take a `Host` and never import the window: the window imports its parts, not the other way.
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
        """Return what an action does now."""


class Entries(Protocol):
    """What a person enters into the session."""

    author: Author

    @property
    def permissions(self) -> EditPermissions | None:
        """What may be entered now, None before the first screen."""

    @property
    def is_recording(self) -> bool:
        """Whether the session is still being recorded."""

    def may_write(self) -> bool:
        """Say whether something can be entered; if not, show why."""

    def journal_alerts(self, what: str, **about: object) -> None:
        """Record what a person did about alerts."""


class PagesOver(Protocol):
    """What lies over the panels."""

    def look(self, screen: Screen) -> None:
        """Follow the session."""

    def open_summary(self) -> None:
        """Show the summary."""


class Lockable(Protocol):
    """The lock of the window."""

    def close(self) -> None:
        """Lock."""


class LogPlace(Protocol):
    """Where the log is on the screen."""

    @property
    def log_x(self) -> int:
        """Where the column of the log begins (pixels of the ground)."""


class Host(Protocol):
    """The window, as its parts know it."""

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
        """What a person enters."""

    @property
    def pages(self) -> PagesOver:
        """What lies over the panels."""

    @property
    def lock(self) -> Lockable:
        """The lock."""

    @property
    def window_layout(self) -> LogPlace:
        """Where the panels are."""

    def act(self, action: str) -> None:
        """Do what a key or a button asks for."""

    def send(self, request: dict[str, object]) -> None:
        """Enter something into the session."""

    def show_message(self, text: str) -> None:
        """Show a line of text for a while."""

    def now_s(self) -> float:
        """Return how far the recording has come (s)."""

    def set_theme(self, theme: Theme) -> None:
        """Change all colours and the size of the texts."""

    def acknowledge(self) -> None:
        """Acknowledge all alerts there are now."""

    def switch_keys(self, *, is_on: bool) -> None:
        """Switch all keys on, or off while letters are typed."""

    def focusWidget(self) -> QWidget:  # noqa: N802
        """Return the widget that has the focus."""

    def isAncestorOf(self, child: QWidget) -> bool:  # noqa: N802
        """Say whether a widget lies in this window."""

    def windowState(self) -> Qt.WindowState:  # noqa: N802
        """Return whether the window fills the screen."""

    def setWindowState(self, state: Qt.WindowState) -> None:  # noqa: N802
        """Let the window fill the screen, or not."""
